import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Address, formatAddress, HOME, linkTo, listOf, parseAddress } from './address.ts';

describe('the address', () => {
  it('names the page, the item and the filters', () => {
    expect(parseAddress('#/alerts/a-123?severity=high&q=ssh%20login')).toEqual({
      page: 'alerts',
      item: 'a-123',
      query: { severity: 'high', q: 'ssh login' },
    });
    expect(formatAddress({ page: 'alerts', item: 'a/b', query: { q: 'ä&=', empty: '' } })).toBe(
      '#/alerts/a%2Fb?q=%C3%A4%26%3D',
    );
    expect(linkTo('health')).toBe('#/health');
  });

  it('is the first page where nothing can be read', () => {
    for (const hash of ['', '#', '#/', '#//x', '#/../etc', '#/<script>', '#javascript:alert(1)', '#/ALERTS']) {
      expect(parseAddress(hash)).toEqual(HOME);
    }
  });

  it('takes what it can of a hostile one, and no prototype', () => {
    expect(parseAddress('#/alerts/%E0%A4%A').item).toBe('%E0%A4%A');
    const { query } = parseAddress('#/alerts?__proto__=x&constructor=y&q=1&q=2');
    expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
    expect(Object.keys(query)).toEqual(['__proto__', 'constructor', 'q']);
    expect(query.q).toBe('1');
    const many = parseAddress(`#/alerts?${Array.from({ length: 5000 }, (_, index) => `k${index}=v`).join('&')}`);
    expect(Object.keys(many.query)).toHaveLength(32);
    expect(parseAddress(`#/alerts/${'a'.repeat(100_000)}`).item).toHaveLength(512);
  });

  it('comes back as it was written', () => {
    const page = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
    const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' });
    const query = fc.dictionary(fc.stringMatching(/^[a-z]{1,10}$/), text, { maxKeys: 8, noNullPrototype: true });
    fc.assert(
      fc.property(page, fc.option(text), query, (name, item, values) => {
        const address: Address = { page: name, item, query: values };
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  it('never throws and stays bounded, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (hash) => {
        const address = parseAddress(`#/alerts/${hash}`);
        expect(parseAddress(formatAddress(address)).page).toBe('alerts');
      }),
    );
    expect(formatAddress({ page: 'a', item: '\ud800', query: {} })).toBe('#/a/%EF%BF%BD');
  });

  it('holds several words in one value', () => {
    expect(listOf('high,critical')).toEqual(['high', 'critical']);
    expect(listOf('')).toEqual([]);
    expect(listOf(undefined)).toEqual([]);
  });
});
