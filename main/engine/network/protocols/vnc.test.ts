import { describe, expect, it } from 'vitest';
import { big16, big32, bytesOf, type Exchange, expectRobust, loginsOf, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';
import { hello, serverName } from './tls/testing.ts';
import { tls } from './tls/tls.ts';
import { vnc } from './vnc.ts';

describe('VNC', () => {
  const exchange: Exchange = [
    ['responder', bytesOf('RFB 003.008\n')],
    ['initiator', bytesOf('RFB 003.008\n')],
    ['responder', bytesOf(2, 2, 1)],
    ['initiator', bytesOf(2)],
    ['responder', new Uint8Array(16).fill(7)],
    ['initiator', new Uint8Array(16).fill(8)],
    ['responder', big32(0)],
    ['initiator', bytesOf(1)],
    ['responder', bytesOf(big16(1280), big16(800), new Uint8Array(16), big32(4), 'desk')],
  ];

  it('tells security, outcome and screen', () => {
    const facts = feed(vnc, exchange);
    expect(loginsOf(facts)).toEqual([' success vnc']);
    expect(propertiesOf(facts, 'security-offered')).toEqual(['vnc none']);
    expect(propertiesOf(facts, 'hostname')).toEqual(['desk']);
    expect(propertiesOf(facts, 'screen')).toEqual(['1280x800']);
  });

  it('tells a refusal with its reason, and a server that asks for nothing', () => {
    const refused = feed(vnc, [...exchange.slice(0, 6), ['responder', bytesOf(big32(1), big32(6), 'denied')]]);
    expect(loginsOf(refused)).toEqual([' failure vnc']);
    expect(propertiesOf(refused, 'refused')).toEqual(['denied']);
    const open = feed(vnc, [
      ['responder', bytesOf('RFB 003.003\n')],
      ['initiator', bytesOf('RFB 003.003\n')],
      ['responder', big32(1)],
    ]);
    expect(loginsOf(open)).toEqual([' success none']);
  });

  const versions = exchange.slice(0, 2);
  const clientTls = hello({ extensions: [serverName('screen.example')] });
  const vencrypt = (kind: number, ...then: Exchange): Exchange => [
    ...versions,
    ['responder', bytesOf(2, 19, 2)],
    ['initiator', bytesOf(19)],
    ['responder', bytesOf(0, 2)],
    ['initiator', bytesOf(0, 2)],
    ['responder', bytesOf(0, 2, big32(256), big32(260))],
    ['initiator', big32(kind)],
    ...then,
  ];

  it('goes on in TLS, with VeNCrypt and without', () => {
    for (const said of [
      vencrypt(260, ['responder', bytesOf(1)], ['initiator', clientTls]),
      [...versions, ['responder', bytesOf(1, 18)], ['initiator', bytesOf(18)], ['initiator', clientTls]] as Exchange,
    ]) {
      const facts = feed(vnc, said, { others: [tls] });
      expect(facts.find((fact) => fact.type === 'tls-client')).toMatchObject({ serverName: 'screen.example' });
    }
    expect(propertiesOf(feed(vnc, vencrypt(260)), 'encryption')).toEqual(['x509-none']);
    expect(
      feed(vnc, vencrypt(260, ['responder', bytesOf(0)], ['initiator', clientTls]), { others: [tls] }),
    ).not.toContainEqual(expect.objectContaining({ type: 'tls-client' }));
  });

  it('tells a login with VeNCrypt that everybody can read, and never its password', () => {
    const login = bytesOf(big32(3), big32(6), 'kim', 'geheim');
    const facts = feed(vnc, vencrypt(256, ['initiator', login], ['responder', big32(0)]));
    expect(loginsOf(facts)).toEqual(['kim success vencrypt plain cleartext']);
    expect(JSON.stringify(facts)).not.toContain('geheim');
  });

  it('stands cuts and damage', () => {
    expectRobust(vnc, exchange);
    expectRobust(vnc, vencrypt(256, ['initiator', bytesOf(big32(1), big32(1), 'ab')], ['responder', big32(0)]));
    expectRobust(vnc, vencrypt(260, ['responder', bytesOf(1)], ['initiator', clientTls]), { others: [tls] });
  });
});
