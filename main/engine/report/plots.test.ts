import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberLine } from './plots.ts';

interface Drawn {
  readonly band: readonly [start: number, width: number];
  readonly here: number;
}

function drawn(value: number, low: number, high: number): Drawn {
  const text = numberLine(value, { low, high }).text;
  const [, start, width] = /class="band" x="([^"]+)" width="([^"]+)"/.exec(text) ?? [];
  const [, here] = /class="here" x="([^"]+)"/.exec(text) ?? [];
  return { band: [Number(start), Number(width)], here: Number(here) + 1.5 };
}

describe('a number on a line with its usual range', () => {
  it('lies in the range, left or right of it', () => {
    const inside = drawn(5, 0, 10);
    expect(inside.band).toEqual([0, 240]);
    expect(inside.here).toBeCloseTo(120, 0);
    const above = drawn(1_000_000, 0, 10);
    expect(above.here).toBeGreaterThan(above.band[0] + above.band[1]);
    const below = drawn(-50, 0, 10);
    expect(below.here).toBeLessThan(below.band[0]);
    expect(drawn(3, 0, 0).here).toBeGreaterThan(200);
  });

  it('is drawn within the line, whatever the numbers', () => {
    const number = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(number, number, number, (value, a, b) => {
        const { band, here } = drawn(value, Math.min(a, b), Math.max(a, b));
        for (const place of [band[0], band[0] + band[1], here]) {
          expect(place).toBeGreaterThanOrEqual(-0.2);
          expect(place).toBeLessThanOrEqual(240.2);
        }
        expect(band[1]).toBeGreaterThan(80);
      }),
    );
  });
});
