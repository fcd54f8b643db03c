import { describe, expect, it } from 'vitest';
import { freeze } from './frozen-list.ts';

interface Row {
  readonly id: string;
  readonly value: number;
}
const row = (id: string, value = 0): Row => ({ id, value });
const keyOf = ({ id }: Row): string => id;

describe('a frozen list', () => {
  const held = [row('a'), row('b'), row('c')];
  const last = new Map(held.map((one) => [one.id, one]));
  const order = ['a', 'b', 'c'];

  it('counts what is new and shows it not', () => {
    expect(freeze([row('n1'), row('n2'), ...held], order, keyOf, last)).toEqual({ rows: held, newCount: 2 });
  });

  it('changes rows where they are, also when they would move', () => {
    const { rows, newCount } = freeze([row('c', 9), row('a', 1), row('b')], order, keyOf, last);
    expect(rows).toEqual([row('a', 1), row('b'), row('c', 9)]);
    expect(newCount).toBe(0);
  });

  it('keeps what is gone until it is let go on', () => {
    expect(freeze([row('a')], order, keyOf, last)).toEqual({ rows: held, newCount: 0 });
  });
});
