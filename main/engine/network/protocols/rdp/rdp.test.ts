import { describe, expect, it } from 'vitest';
import { certificate, commonName } from '../certificate/testing.ts';
import {
  big16,
  bytesOf,
  type Exchange,
  expectRobust,
  little16,
  little32,
  loginsOf,
  propertiesOf,
  utf16,
} from '../service-testing.ts';
import { feed } from '../testing.ts';
import { rdp } from './index.ts';

describe('RDP', () => {
  const tpkt = (...parts: (string | number | Uint8Array)[]) => {
    const content = bytesOf(...parts);
    return bytesOf(3, 0, big16(content.length + 4), content);
  };
  const request = (data: Uint8Array) => tpkt(data.length + 6, 0xe0, 0, 0, 0, 0, 0, data);
  const confirm = (data: Uint8Array) => tpkt(data.length + 6, 0xd0, 0, 0, 0, 0, 0, data);
  const cookie = bytesOf('Cookie: mstshash=alice\r\n', 1, 0, little16(8), little32(3));
  const core = bytesOf(
    little32(0x00080004),
    little16(1024),
    little16(768),
    little32(0),
    little32(0x409),
    little32(2600),
    utf16('WS1'.padEnd(16, '\0')),
  );
  const settings = bytesOf('Duca', 0x81, 0x20, little16(0xc001), little16(core.length + 4), core);
  const exchange: Exchange = [
    ['initiator', request(cookie)],
    ['responder', confirm(bytesOf(2, 0, little16(8), little32(0)))],
    ['initiator', tpkt(2, 0xf0, 0x80, new Uint8Array(20), settings)],
  ];

  it('tells the cookie, security and what the client says of itself', () => {
    const facts = feed(rdp, exchange);
    expect(loginsOf(facts)).toEqual(['alice attempt standard']);
    expect(propertiesOf(facts, 'security-requested')).toEqual(['tls credssp']);
    expect(propertiesOf(facts, 'client-host')).toEqual(['WS1']);
    expect(propertiesOf(facts, 'keyboard')).toEqual(['0x00000409']);
    const chosen = feed(rdp, [exchange[0], ['responder', confirm(bytesOf(2, 0, little16(8), little32(2)))]]);
    expect(loginsOf(chosen)).toEqual(['alice attempt credssp']);
    const refused = feed(rdp, [exchange[0], ['responder', confirm(bytesOf(3, 0, little16(8), little32(5)))]]);
    expect(propertiesOf(refused, 'refused')).toEqual(['credssp-required']);
  });

  const serverData = (method: number, ...certificates: readonly Uint8Array[]) => {
    const blobs = certificates.map((der) => bytesOf(little32(der.length), der));
    const chain = bytesOf(little32(0x80000002), little32(blobs.length), ...blobs, new Uint8Array(16));
    const security = bytesOf(
      little32(method),
      little32(2),
      little32(32),
      little32(chain.length),
      new Uint8Array(32).fill(9),
      chain,
    );
    const core = bytesOf(little16(0x0c01), little16(8), little32(0x00080004));
    const blocks = bytesOf(core, little16(0x0c02), little16(4 + security.length), security);
    const length = big16(0x8000 | blocks.length);
    return tpkt(2, 0xf0, 0x80, new Uint8Array(20), 'McDn', length, blocks);
  };
  const own = certificate({ subject: commonName('SERVR') });
  const root = certificate({ subject: commonName('ROOT') });

  it('tells how the server encrypts and who it is', () => {
    const facts = feed(rdp, [...exchange, ['responder', serverData(2, root, own)]]);
    expect(propertiesOf(facts, 'encryption')).toEqual(['rc4-128']);
    expect(facts.filter((fact) => fact.type === 'certificate')).toMatchObject([
      { commonName: 'SERVR', position: 0, fromInitiator: false },
      { commonName: 'ROOT', position: 1, fromInitiator: false },
    ]);
    expect(propertiesOf(feed(rdp, [...exchange, ['responder', serverData(0)]]), 'encryption')).toEqual(['none']);
  });

  it('is not told by other uses of X.224', () => {
    expect(feed(rdp, [['initiator', request(bytesOf(0xc1, 2, 1, 0, 0xc2, 2, 1, 2))]])).toEqual([]);
  });

  it('stands cuts and damage', () => expectRobust(rdp, [...exchange, ['responder', serverData(2, root, own)]]));
});
