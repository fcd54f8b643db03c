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

  it('lets what is far out count by ever less, and always more than what is nearer', () => {
    const settings = { meanings: ['amount'], scaling: 'standard', limit: 10 } as const;
    const unit = Scaler.fit(matrixOf([[-1], [1]]), settings);
    expect(scaled(unit, [2.9])[0]).toBeCloseTo(2.9, 12);
    const far = [3, 5, 10, 100, 1e4].map((value) => scaled(unit, [value])[0]!);
    expect(far).toEqual([...far].sort((a, b) => a - b));
    expect(new Set(far).size).toBe(far.length);
    expect(scaled(unit, [8])[0]).toBeCloseTo(6.5, 12);
    expect(scaled(unit, [-8])[0]).toBeCloseTo(-6.5, 12);
  });

  it('cuts off where a document of the first version says so', () => {
    const { knee, halfWay, ...first } = JSON.parse(JSON.stringify(scaler));
    expect(knee).toBeCloseTo(6, 12);
    const read = Scaler.fromJSON({ ...first, version: 1 });
    expect(scaled(read, [1e3, 1_000, 6])[0]).toBe(20);
    expect(scaled(read, [21, 1_000, 6])[0]).toBeCloseTo(18 / 1.482_602_218_5, 6);
    expect(() => Scaler.fromJSON({ ...first, knee, version: 1 })).toThrow(ModelDocumentError);
    expect(() => Scaler.fromJSON({ ...first, knee, halfWay, version: 2 })).toThrow(ModelDocumentError);
  });

  it('goes on beyond the knee as documents of the second version did', () => {
    const unit = Scaler.fit(matrixOf([[-1], [1]]), { meanings: ['amount'], scaling: 'standard', limit: 10 });
    const { halfWay, ...second } = JSON.parse(JSON.stringify(unit));
    expect(halfWay).toBe(5);
    const read = Scaler.fromJSON({ ...second, version: 2 });
    expect(scaled(read, [13])[0]).toBeCloseTo(6.5, 12);
    expect(scaled(Scaler.fromJSON(JSON.parse(JSON.stringify(read))), [13])[0]).toBeCloseTo(6.5, 12);
  });

  it('takes what is missing for usual', () => {
    for (const missing of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(scaled(scaler, [missing, missing, 6]).slice(0, 2)).toEqual([0, 0]);
    }
  });

  it('does not divide by nothing where a column never varies', () => {
    const constant = Scaler.fit(matrixOf([[7], [7], [7]]), { meanings: ['amount'], scaling: 'robust', limit: 10 });
    expect(scaled(constant, [7])).toEqual([0]);
    expect(scaled(constant, [8])[0]).toBeCloseTo(3, 12);
    expect(scaled(constant, [6])[0]).toBeCloseTo(-3, 12);
  });

  it('takes what is usual among the others where hardly a value is not the median', () => {
    const rare = Scaler.fit(matrixOf([...Array.from({ length: 997 }, () => [0]), [4], [4], [900]]), {
      ...ROBUST,
      meanings: ['amount'],
    });
    expect(scaled(rare, [4])[0]).toBeCloseTo(3, 12);
    expect(scaled(rare, [0])[0]).toBe(0);
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
      { ...sound, version: 4 },
      { ...sound, knee: 21 },
      { ...sound, halfWay: 0 },
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
