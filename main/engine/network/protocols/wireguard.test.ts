import { describe, expect, it } from 'vitest';
import { bytesOf, type Exchange, expectRobust, little32, propertiesOf } from './service-testing.ts';
import { feed } from './testing.ts';
import { wireguard } from './wireguard.ts';

describe('WireGuard', () => {
  const exchange: Exchange = [
    ['initiator', bytesOf(little32(1), little32(0x11223344), new Uint8Array(140).fill(7))],
    ['responder', bytesOf(little32(2), little32(0x55667788), little32(0x11223344), new Uint8Array(80).fill(9))],
    ['initiator', bytesOf(little32(4), little32(0x55667788), new Uint8Array(8), new Uint8Array(16).fill(3))],
  ];

  it('is told by its handshake, also by a padded one, and by data met in the middle', () => {
    const facts = feed(wireguard, exchange);
    expect(propertiesOf(facts, 'tunnel')).toEqual(['established']);
    expect(propertiesOf(facts, 'handshake')).toEqual(['answered']);
    const padded = feed(wireguard, [
      ['initiator', bytesOf(exchange[0][1], new Uint8Array(50))],
      ['responder', bytesOf(exchange[1][1], new Uint8Array(8))],
    ]);
    expect(padded[0]).toMatchObject({ type: 'protocol', protocol: 'wireguard' });
    expect(feed(wireguard, [exchange[2]])[0]).toMatchObject({ type: 'protocol' });
    expect(feed(wireguard, [['initiator', bytesOf(little32(4), new Uint8Array(27))]])).toEqual([]);
  });

  it('stands damage', () => expectRobust(wireguard, exchange));
});
