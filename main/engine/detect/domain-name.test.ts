import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLocalName, isReversedAddress, isReverseLookup, splitName } from './domain-name.ts';

describe('names of domains', () => {
  it.each([
    ['www.example.org', 'example.org', 'www'],
    ['a.b.Example.ORG.', 'example.org', 'a.b'],
    ['example.org', 'example.org', ''],
    ['www.example.co.uk', 'example.co.uk', 'www'],
    ['example.co.uk', 'example.co.uk', ''],
    ['co.uk', 'co.uk', ''],
    ['x.co.example.org', 'example.org', 'x.co'],
    ['host', 'host', ''],
    ['abc.0a1b2c', '', 'abc.0a1b2c'],
    ['.', '', ''],
    ['', '', ''],
  ])('splits %s', (name, domain, sub) => expect(splitName(name)).toEqual({ domain, sub }));

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const { domain, sub } = splitName(name);
        return domain.length + sub.length <= name.length;
      }),
    );
  });

  it('knows addresses backwards', () => {
    expect(isReversedAddress('2.0.0.127')).toBe(true);
    expect(isReversedAddress('300.0.0.127')).toBe(false);
    expect(isReversedAddress(`${'0.'.repeat(31)}1.list`)).toBe(true);
    expect(isReversedAddress('www')).toBe(false);
  });

  it('knows names that nobody can register', () => {
    expect(isReverseLookup('1.2.0.192.in-addr.arpa.')).toBe(true);
    expect(isLocalName('printer.local')).toBe(true);
    expect(isLocalName('local.example.org')).toBe(false);
  });
});
