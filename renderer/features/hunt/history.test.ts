import { describe, expect, it } from 'vitest';
import { MOST_REMEMBERED, readHistory, remember } from './history.ts';

describe('the history', () => {
  it('has each query once, the latest first, and not too many', () => {
    const many = Array.from({ length: 60 }, (_, i) => `flows limit ${i + 1}`);
    const history = many.reduce<readonly string[]>(remember, []);
    expect([history.length, history[0]]).toEqual([MOST_REMEMBERED, 'flows limit 60']);
    expect(remember(history, ' flows limit 30 ').slice(0, 2)).toEqual(['flows limit 30', 'flows limit 60']);
    expect(remember(['flows'], '  ')).toEqual(['flows']);
    expect(remember([], 'x'.repeat(3_000))).toEqual([]);
  });

  it('reads nothing but queries', () => {
    expect(readHistory('["flows",7,null,"","alerts"]')).toEqual(['flows', 'alerts']);
    for (const wrong of [null, '', '{', '{"a":1}', 'null', '7']) expect(readHistory(wrong)).toEqual([]);
  });
});
