import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { Addresses } from './addresses.ts';

describe('addresses for the window', () => {
  it('wait for its page, and are told once', () => {
    let nowMs = 0;
    const addresses = new Addresses(() => nowMs);
    const told: string[] = [];
    addresses.show('/a');
    addresses.show('/b');
    const close = addresses.watch((address) => told.push(address));
    addresses.show('/c');
    nowMs += 5_000;
    close();
    addresses.watch((address) => told.push(address));
    expect(told).toEqual(['/b', '/c']);
  });

  it('are told again to a page that began anew before it could have heard', () => {
    const addresses = new Addresses(() => 0);
    const told: string[] = [];
    addresses.show('/a');
    addresses.watch(() => {})();
    addresses.watch((address) => told.push(address));
    expect(told).toEqual(['/a']);
  });
});

describe('an address', () => {
  it.each(['/alerts', '#/alerts/a-1?severity=high', '/'])('is a path of the app: %s', (text) => {
    expect(parseAddress(text)).toBe(text.replace('#', ''));
  });

  it.each([
    7,
    null,
    '',
    'alerts',
    '//example.com',
    'https://example.com',
    '/a"b',
    '/a<b',
    '/a\n',
    `/${'a'.repeat(2_000)}`,
  ])('is nothing else: %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});
