import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitingRows } from './waiting-rows.ts';

const COLUMNS = 3;

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant('push' as const) },
    { weight: 5, arbitrary: fc.constant('shift' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  { maxLength: 200 },
);

describe('rows that wait', () => {
  it('come back as they came, in their order, and those without room do not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), steps, (capacity, list) => {
        const rows = new WaitingRows<number>(COLUMNS, capacity);
        const expected: number[] = [];
        const values = new Float64Array(COLUMNS);
        let number = 0;
        for (const step of list) {
          if (step === 'push') {
            number++;
            values.set([number, Number.NaN, number / 3]);
            expect(rows.push(number, values)).toBe(expected.length < capacity);
            if (expected.length < capacity) expected.push(number);
          } else if (step === 'clear') {
            expect(rows.clear()).toBe(expected.length);
            expected.length = 0;
          } else {
            const oldest = expected.shift();
            values.fill(-1);
            expect(rows.shift(values)).toBe(oldest);
            expect([...values]).toEqual(oldest === undefined ? [-1, -1, -1] : [oldest, Number.NaN, oldest / 3]);
          }
          expect(rows.length).toBe(expected.length);
        }
      }),
    );
  });

  it('are copies', () => {
    const rows = new WaitingRows<string>(COLUMNS, 2);
    const values = Float64Array.of(1, 2, 3);
    rows.push('first', values);
    values.fill(9);
    expect(rows.shift(values)).toBe('first');
    expect([...values]).toEqual([1, 2, 3]);
  });
});
