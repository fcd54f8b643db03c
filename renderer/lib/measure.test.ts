import { describe, expect, it } from 'vitest';
import { measureText } from './measure.ts';

describe('measureText', () => {
  it.each([
    [2_100_000, 'B', '2.1 MB'],
    [1, 'packets', '1 packet'],
    [1_800, 'packets', '1,800 packets'],
    [0.1234, '', '0.123'],
    [0, '', '0'],
    [0.000_021, '', '2.1e-5'],
    [14, 's', '14 s'],
    [318, 's', '5 min 18 s'],
    [1_200_000, 'µs', '1.2 s'],
    [318e6, 'µs', '5 min 18 s'],
    [Number.NaN, 'B', '–'],
  ] as const)('says %d %s as "%s"', (value, unit, said) => {
    expect(measureText(value, unit)).toBe(said);
  });
});
