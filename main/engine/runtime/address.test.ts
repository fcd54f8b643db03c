import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressWords,
  formatAddress,
  formatMac,
  hashAddress,
  isBroadcast,
  isInternal,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isPrivate,
  isUnspecified,
  parseAddress,
} from './address.ts';

const word = fc.oneof(fc.constant(0), fc.integer());
const words = fc.oneof(
  fc.tuple(word, word, word, word),
  fc.integer().map((last): [number, number, number, number] => [0, 0, 0xffff, last]),
);

function parsed(text: string): AddressWords {
  const address = parseAddress(text);
  if (address === null) throw new Error(`not an address: ${text}`);
  return address;
}

describe('formatAddress and parseAddress', () => {
  it('undo one another for every address', () => {
    fc.assert(
      fc.property(words, (address) => {
        const text = formatAddress(...address);
        expect(isIPv4(text) || isIPv6(text)).toBe(true);
        expect(parseAddress(text)).toEqual(address);
      }),
    );
  });

  // Examples of RFC 5952 section 4 and RFC 4291 section 2.2.
  it.each([
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:1:0:0:0:1:0', '0:0:1::1:0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['192.168.0.1', '192.168.0.1'],
    ['255.255.255.255', '255.255.255.255'],
  ])('reads %s and writes %s', (given, written) => {
    expect(formatAddress(...parsed(given))).toBe(written);
  });

  it('agrees with node:net on what is an address', () => {
    const character = fc.constantFrom(...'0123456789abcf:.');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 40 }), (text) => {
        expect(parseAddress(text) !== null).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', '1::2::3', ':1', '1:2:3:4:5:6:7', 'fe80::1%eth0', 'x'.repeat(1000)])(
    'refuses %j',
    (text) => {
      expect(parseAddress(text)).toBeNull();
    },
  );
});

describe('formatMac', () => {
  it('writes six pairs of digits', () => {
    expect(formatMac(0x001b, 0x210a0b0c)).toBe('00:1b:21:0a:0b:0c');
    expect(formatMac(0xffff, -1)).toBe('ff:ff:ff:ff:ff:ff');
    expect(formatMac(0, 1)).toBe('00:00:00:00:00:01');
  });
});

describe('kinds of address', () => {
  const kinds = { isMulticast, isBroadcast, isLoopback, isLinkLocal, isPrivate, isUnspecified };
  it.each([
    ['224.0.0.1', 'isMulticast'],
    ['239.255.255.250', 'isMulticast'],
    ['ff02::1', 'isMulticast'],
    ['255.255.255.255', 'isBroadcast'],
    ['127.0.0.53', 'isLoopback'],
    ['::1', 'isLoopback'],
    ['169.254.1.1', 'isLinkLocal'],
    ['fe80::1', 'isLinkLocal'],
    ['febf::1', 'isLinkLocal'],
    ['10.255.0.1', 'isPrivate'],
    ['172.16.0.1', 'isPrivate'],
    ['172.31.255.1', 'isPrivate'],
    ['192.168.1.1', 'isPrivate'],
    ['100.64.0.1', 'isPrivate'],
    ['100.127.255.1', 'isPrivate'],
    ['fd00::1', 'isPrivate'],
    ['0.0.0.0', 'isUnspecified'],
    ['::', 'isUnspecified'],
    ['8.8.8.8', ''],
    ['172.32.0.1', ''],
    ['100.128.0.1', ''],
    ['223.255.255.255', ''],
    ['2001:db8::1', ''],
    ['fec0::1', ''],
  ])('%s: %s', (text, expected) => {
    const address = parsed(text);
    const found = Object.entries(kinds).filter(([, test]) => test(...address));
    expect(found.map(([name]) => name).join()).toBe(expected);
    expect(isInternal(...address)).toBe(['isPrivate', 'isLinkLocal', 'isLoopback'].includes(expected));
  });
});

describe('hashAddress', () => {
  it('spreads neighbours evenly', () => {
    const buckets = new Uint32Array(256);
    for (let host = 0; host < 65_536; host++) buckets[hashAddress(0, 0, 0xffff, 0x0a000000 + host, 1) & 255]!++;
    expect(Math.min(...buckets)).toBeGreaterThan(180);
    expect(Math.max(...buckets)).toBeLessThan(340);
  });

  it('gives another order with another seed', () => {
    fc.assert(
      fc.property(words, (address) => {
        expect(hashAddress(...address, 1)).toBe(hashAddress(...address, 1));
        expect(hashAddress(...address, 1)).not.toBe(hashAddress(...address, 2));
      }),
    );
  });
});
