import { describe, expect, it } from 'vitest';
import {
  big16,
  bytesOf,
  commandsOf,
  type Exchange,
  expectRobust,
  little16,
  little32,
  loginsOf,
  propertiesOf,
  utf16,
} from '../service-testing.ts';
import { feed } from '../testing.ts';
import { ntlmChallenge, ntlmLogin, ntlmStart, rpcAnswer, rpcBind, rpcCreate } from '../windows-testing.ts';
import { smb } from './index.ts';

it('tells sizes of compressed messages that overflow', () => {
  const compressed = (size: number, offset: number): Exchange => {
    const header = bytesOf('\xfcSMB', little32(size), little16(1), little16(0), little32(offset));
    return [['initiator', bytesOf(0, 0, big16(header.length), header)]];
  };
  expect(propertiesOf(feed(smb, compressed(0xffffffff, 0x10)), 'compression-overflow')).toEqual(['0x10000000f']);
  expect(propertiesOf(feed(smb, compressed(4_096, 0x10)), 'compression-overflow')).toEqual([]);
});

describe('SMB 2', () => {
  const frame = (message: Uint8Array) => bytesOf(0, message.length >> 16, big16(message.length & 0xffff), message);
  const message = (
    command: number,
    id: number,
    status: number,
    isReply: boolean,
    ...parts: (string | number | Uint8Array)[]
  ) =>
    bytesOf(
      '\xfeSMB',
      little16(64),
      little16(0),
      little32(status),
      little16(command),
      little16(1),
      little32(isReply ? 1 : 0),
      little32(0),
      little32(id),
      little32(0),
      new Uint8Array(32),
      ...parts,
    );
  const ask = (command: number, id: number, ...parts: (string | number | Uint8Array)[]) =>
    ['initiator', frame(message(command, id, 0, false, ...parts))] as const;
  const answer = (command: number, id: number, status: number, ...parts: (string | number | Uint8Array)[]) =>
    ['responder', frame(message(command, id, status, true, ...parts))] as const;
  const setup = (blob: Uint8Array) =>
    bytesOf(little16(25), 0, 1, new Uint8Array(8), little16(88), little16(blob.length), new Uint8Array(8), blob);
  const setupAnswer = (blob: Uint8Array) =>
    bytesOf(little16(9), little16(0), little16(72), little16(blob.length), blob);
  const create = (name: string) =>
    bytesOf(little16(57), new Uint8Array(42), little16(120), little16(2 * name.length), new Uint8Array(8), utf16(name));
  const share = '\\\\dc1\\ADMIN$';
  const write = (data: Uint8Array) =>
    bytesOf(little16(49), little16(112), little32(data.length), new Uint8Array(40), data);
  const login = [
    ask(0, 0, little16(36), little16(1), little16(1), new Uint8Array(30), little16(0x0311)),
    answer(0, 0, 0, little16(65), little16(3), little16(0x0311), new Uint8Array(58)),
    ask(1, 1, setup(ntlmStart)),
    answer(1, 1, 0xc0000016, setupAnswer(ntlmChallenge)),
    ask(1, 2, setup(ntlmLogin('CORP', 'alice', 'WS1'))),
  ] as const;
  const exchange: Exchange = [
    ...login,
    answer(1, 2, 0, setupAnswer(new Uint8Array(0))),
    ask(3, 3, little16(9), little16(0), little16(72), little16(2 * share.length), utf16(share)),
    answer(3, 3, 0, little16(16), new Uint8Array(14)),
    ask(5, 4, create('PSEXESVC.exe')),
    answer(5, 4, 0, new Uint8Array(88)),
    ask(9, 5, write(new Uint8Array(5_000))),
    answer(9, 5, 0, new Uint8Array(16)),
    ask(9, 6, write(rpcBind)),
    ask(9, 7, write(rpcCreate)),
    answer(8, 8, 0, bytesOf(little16(17), 80, 0, little32(rpcAnswer.length), new Uint8Array(8), rpcAnswer)),
    ask(5, 9, create('secret.txt')),
    answer(5, 9, 0xc0000022, new Uint8Array(9)),
  ];

  it('tells dialect, login, share, files and calls in pipes', () => {
    const facts = feed(smb, exchange);
    expect(propertiesOf(facts, 'dialect')).toEqual(['3.1.1']);
    expect(propertiesOf(facts, 'signing')).toEqual(['required']);
    expect(propertiesOf(facts, 'server-name')).toEqual(['dc1.corp.x']);
    expect(loginsOf(facts)).toEqual(['alice@CORP success ntlmv2']);
    expect(propertiesOf(facts, 'share')).toEqual([share]);
    expect(commandsOf(facts)).toEqual([
      'negotiate 3.1.1 0',
      `tree-connect ${share} 0`,
      'create PSEXESVC.exe 0',
      'rpc-call svcctl.CreateServiceW 0',
      `create secret.txt ${0xc0000022}`,
    ]);
  });

  it('tells a refused login, and that all is encrypted', () => {
    const facts = feed(smb, [...login, answer(1, 2, 0xc000006d, setupAnswer(new Uint8Array(0)))]);
    expect(loginsOf(facts)).toEqual(['alice@CORP failure ntlmv2']);
    expect(propertiesOf(facts, 'login-status')).toEqual(['0xc000006d']);
    const hidden = feed(smb, [['initiator', frame(bytesOf('\xfdSMB', new Uint8Array(60)))]]);
    expect(propertiesOf(hidden, 'encryption')).toEqual(['on']);
  });

  it('finds its place again after a loss', () => {
    // The last message of the client came in pieces of which the first was met in the middle.
    const facts = feed(smb, [
      ['responder', exchange[1][1]],
      ['initiator', bytesOf('garbage')],
      exchange[6],
      exchange[7],
    ]);
    expect(commandsOf(facts)).toEqual([`tree-connect ${share} 0`]);
  });

  it('stands cuts and damage', () => expectRobust(smb, exchange));
});
