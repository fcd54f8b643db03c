import { describe, expect, it } from 'vitest';
import { ntlmMessage } from './ntlm.ts';
import { bytesOf, little32 } from './service-testing.ts';
import { ntlmChallenge, ntlmLogin, ntlmStart } from './windows-testing.ts';

describe('NTLM', () => {
  it('reads all three messages, wrapped or not', () => {
    expect(ntlmMessage(ntlmStart)).toEqual({ kind: 'negotiate', domain: '', host: '' });
    expect(ntlmMessage(bytesOf(0x60, 0x28, ntlmChallenge))).toMatchObject({
      kind: 'challenge',
      target: 'CORP',
      dnsComputer: 'dc1.corp.x',
      version: '10.0.17763',
    });
    expect(ntlmMessage(ntlmLogin('CORP', 'alice', 'WS1'))).toEqual({
      kind: 'authenticate',
      user: 'alice',
      domain: 'CORP',
      host: 'WS1',
      isAnonymous: false,
      method: 'ntlmv2',
    });
  });

  it('reads nothing where there is none', () => {
    expect(ntlmMessage(bytesOf('NTLMSS'))).toBeUndefined();
    expect(ntlmMessage(bytesOf('NTLMSSP\0', little32(9), new Uint8Array(40)))).toBeUndefined();
    expect(ntlmMessage(bytesOf('NTLMSSP\0', little32(3), new Uint8Array(60).fill(0xff)))).toMatchObject({ user: '' });
  });
});
