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
} from '../service-testing.ts';
import { feed } from '../testing.ts';
import { smb } from './index.ts';

describe('SMB 1', () => {
  const frame = (message: Uint8Array) => bytesOf(0, 0, big16(message.length), message);
  const message = (command: number, flags: number, status: number, words: Uint8Array, data: Uint8Array) =>
    bytesOf(
      '\xffSMB',
      command,
      little32(status),
      flags,
      little16(0),
      new Uint8Array(18),
      little16(9),
      words.length / 2,
      words,
      little16(data.length),
      data,
    );
  const name = (text: string) =>
    [...Buffer.from(text.padEnd(16), 'latin1')]
      .map((byte) => String.fromCharCode(65 + (byte >> 4), 65 + (byte & 15)))
      .join('');
  const setup = bytesOf(0xff, 0, little16(0), new Uint8Array(10), little16(0), little16(24), new Uint8Array(8));
  const tree = bytesOf(0xff, 0, little16(0), little16(0), little16(1));
  const exchange: Exchange = [
    ['initiator', bytesOf(0x81, 0, 0, 0x44, 0x20, name('SERVER'), 0, 0x20, name('CLIENT'), 0)],
    ['responder', bytesOf(0x82, 0, 0, 0)],
    ['initiator', frame(message(0x72, 0, 0, new Uint8Array(0), bytesOf(2, 'LANMAN1.0\0', 2, 'NT LM 0.12\0')))],
    ['responder', frame(message(0x72, 0x80, 0, bytesOf(little16(1), 0x07, new Uint8Array(31)), new Uint8Array(8)))],
    ['initiator', frame(message(0x73, 0, 0, setup, bytesOf(new Uint8Array(24), 'bob\0CORP\0Unix\0Samba\0')))],
    [
      'responder',
      frame(message(0x73, 0x80, 0xc000006d, bytesOf(0xff, 0, little16(0), little16(0)), bytesOf('Windows\0LAN\0'))),
    ],
    ['initiator', frame(message(0x75, 0, 0, tree, bytesOf(0, '\\\\SERVER\\IPC$\0', 'IPC\0')))],
    ['responder', frame(message(0x75, 0x80, 0, new Uint8Array(6), bytesOf('IPC\0')))],
  ];

  it('tells names, dialect, login and share', () => {
    const facts = feed(smb, exchange);
    expect(propertiesOf(facts, 'client-name')).toEqual(['CLIENT']);
    expect(propertiesOf(facts, 'dialect')).toEqual(['NT LM 0.12']);
    expect(propertiesOf(facts, 'server-system')).toEqual(['Windows']);
    expect(loginsOf(facts)).toEqual(['bob@CORP failure ntlmv1']);
    expect(propertiesOf(facts, 'share')).toEqual(['\\\\SERVER\\IPC$']);
  });

  it('tells what a transaction announces, and answers under a number that nobody gave', () => {
    const words = bytesOf(
      1,
      little16(0),
      new Uint8Array(4),
      little32(66_512),
      new Uint8Array(24),
      1,
      little16(5),
      little16(0),
    );
    const numbered = (bytes: Uint8Array, id: number) => {
      bytes.set(little16(id), 30);
      return frame(bytes);
    };
    const trans2 = bytesOf(new Uint8Array(26), 1, 0, little16(0x0e), little16(0));
    const facts = feed(smb, [
      ['initiator', numbered(message(0xa0, 0, 0, words, new Uint8Array(4)), 64)],
      ['initiator', numbered(message(0x32, 0, 0, trans2, new Uint8Array(4)), 65)],
      ['responder', numbered(message(0x32, 0x80, 0xc0000002, new Uint8Array(0), new Uint8Array(0)), 81)],
    ]);
    expect(commandsOf(facts)).toEqual(['nt-transaction 0x5 66512 -1', 'transaction2 0xe -1']);
    expect(propertiesOf(facts, 'back-door')).toEqual(['DoublePulsar']);
  });

  it('does not follow a chain in a circle', () => {
    const circle = bytesOf(0x75, 0, little16(32), little16(0), little16(1));
    expect(commandsOf(feed(smb, [['initiator', frame(message(0x75, 0, 0, circle, bytesOf(0, 'x\0')))]]))).toEqual([
      'tree-connect x -1',
    ]);
  });

  it('stands cuts and damage', () => expectRobust(smb, exchange));
});
