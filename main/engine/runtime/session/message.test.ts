import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseClientMessage } from './message.ts';
import { RateLimit } from './rate.ts';

describe('parseClientMessage', () => {
  it('knows calls and cancels', () => {
    expect(parseClientMessage('{"id":1,"call":"status"}')).toEqual({ id: 1, call: 'status', input: {} });
    expect(parseClientMessage('{"id":2,"call":"a","input":{"x":1}}')).toEqual({ id: 2, call: 'a', input: { x: 1 } });
    expect(parseClientMessage('{"id":0,"cancel":true}')).toEqual({ id: 0, cancel: true });
  });

  it.each([
    'x',
    '[]',
    'null',
    '1',
    '{}',
    '{"id":"1","call":"a"}',
    '{"id":-1,"call":"a"}',
    '{"id":1.5,"call":"a"}',
    '{"id":1}',
    '{"id":1,"cancel":1}',
    '{"id":1,"call":"a","cancel":true,"id":null}',
    `{"id":1,"call":"${'a'.repeat(200)}"}`,
  ])('refuses %s', (line) => {
    expect(() => parseClientMessage(line)).toThrow(/message/);
  });

  it('gives a message or an error with words for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (line) => {
        try {
          expect(Number.isSafeInteger(parseClientMessage(line).id)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('RateLimit', () => {
  it('lets a burst through, then the average', () => {
    const rate = new RateLimit(10, 3, 0);
    expect([rate.take(0), rate.take(0), rate.take(0)]).toEqual([0, 0, 0]);
    expect(rate.take(0)).toBeCloseTo(100);
    expect(rate.take(100)).toBe(0);
    expect(rate.take(100)).toBeGreaterThan(0);
    // A long silence does not save up more than the burst.
    expect([1, 2, 3, 4].map(() => rate.take(1_000_000) === 0)).toEqual([true, true, true, false]);
  });
});
