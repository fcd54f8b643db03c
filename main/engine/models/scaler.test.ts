import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelDocumentError, matrixOf, Scaler, type ScalerSettings } from './index.ts';

const ROBUST: ScalerSettings = { meanings: ['amount', 'wide-amount', 'name'], scaling: 'robust', limit: 20 };
const ROWS = matrixOf([
  [1, 10, 6],
  [2, 100, 17],
  [3, 1_000, 6],
  [4, 10_000, 6],
  [5, 1e9, 1],
]);

function scaled(scaler: Scaler, row: readonly number[]): number[] {
  const target = new Float64Array(scaler.outputs);
  scaler.transform(Float64Array.from(row), 0, target, 0);
  return [...target];
}

describe('scaler', () => {
  const scaler = Scaler.fit(ROWS, ROBUST);

  it('centres amounts on the median in robust deviations', () => {
    expect(scaled(scaler, [3, 1_000, 6]).slice(0, 2)).toEqual([0, 0]);
    expect(scaled(scaler, [4, 1_000, 6])[0]).toBeCloseTo(1 / 1.482_602_218_5, 9);
    expect(scaled(scaler, [3, 1e4, 6])[1]).toBeCloseTo(scaled(scaler, [3, 1e5, 6])[1]! / 2, 2);
  });

  it('by mean and standard deviation where asked', () => {
    const standard = Scaler.fit(ROWS, { ...ROBUST, scaling: 'standard' });
    expect(scaled(standard, [5, 0, 0])[0]).toBeCloseTo(2 / Math.SQRT2, 12);
  });

  it('gives each name a column, and one to all that are unknown', () => {
    const hot = Math.SQRT1_2;
    expect(scaler.outputs).toBe(6);
    expect(scaled(scaler, [3, 1_000, 1]).slice(2)).toEqual([hot, 0, 0, 0]);
    expect(scaled(scaler, [3, 1_000, 17]).slice(2)).toEqual([0, 0, hot, 0]);
    expect(scaled(scaler, [3, 1_000, 99]).slice(2)).toEqual([0, 0, 0, hot]);
    expect([...scaler.sources]).toEqual([0, 1, 2, 2, 2, 2]);
    expect([...scaler.gather(Float64Array.of(1, 2, 3, 4, 5, 6))]).toEqual([1, 2, 18]);
  });

  it('is finite and bounded whatever comes', () => {
    fc.assert(
      fc.property(fc.tuple(fc.double(), fc.double(), fc.double()), (row) => {
        for (const value of scaled(scaler, row)) expect(Math.abs(value)).toBeLessThanOrEqual(20);
      }),
    );
  });

  it('takes what is missing for usual', () => {
    expect(scaled(scaler, [Number.NaN, Number.POSITIVE_INFINITY, 6]).slice(0, 2)).toEqual([0, 0]);
  });

  it('does not divide by nothing where a column never varies', () => {
    const constant = Scaler.fit(matrixOf([[7], [7], [7]]), { meanings: ['amount'], scaling: 'robust', limit: 50 });
    expect(scaled(constant, [7])).toEqual([0]);
    expect(scaled(constant, [8])).toEqual([50]);
  });

  it('falls back to wider measures where more than half of the values are equal', () => {
    const rare = Scaler.fit(
      matrixOf([...Array.from({ length: 95 }, () => [0]), ...Array.from({ length: 5 }, () => [1])]),
      {
        ...ROBUST,
        meanings: ['amount'],
      },
    );
    expect(scaled(rare, [1])[0]).toBeCloseTo(1 / Math.sqrt(0.05 * 0.95), 6);
  });

  it('is the same after it was saved and read', () => {
    const read = Scaler.fromJSON(JSON.parse(JSON.stringify(scaler)));
    expect(read.transformRows(ROWS)).toEqual(scaler.transformRows(ROWS));
    expect(read.toJSON()).toEqual(scaler.toJSON());
  });

  it('refuses documents and settings that do not fit', () => {
    const sound = JSON.parse(JSON.stringify(scaler));
    const part = sound.parts[0];
    const broken: unknown[] = [
      null,
      { ...sound, kind: 'dbscan' },
      { ...sound, version: 2 },
      { ...sound, limit: 0 },
      { ...sound, parts: [] },
      { ...sound, parts: [{ ...part, deviation: 0 }] },
      { ...sound, parts: [{ ...part, centre: null }] },
      { ...sound, parts: [{ ...part, meaning: 'else' }] },
      { ...sound, parts: [{ ...part, count: 65 }] },
      { ...sound, parts: [{ ...part, more: 1 }] },
      { ...sound, parts: new Array(4_097).fill(part) },
    ];
    for (const document of broken) expect(() => Scaler.fromJSON(document)).toThrow(ModelDocumentError);
    expect(() => Scaler.fit(ROWS, { ...ROBUST, meanings: ['amount'] })).toThrow('1 meanings for 3 columns');
    expect(() => Scaler.fit(ROWS, { ...ROBUST, limit: 0 })).toThrow('limit is 0');
  });
});
