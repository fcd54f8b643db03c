import { describe, expect, it } from 'vitest';
import type { ModelKind } from '../../../contract/models.ts';
import { Ensemble } from './ensemble.ts';
import { baseline, isolationForest, localOutlierFactor, ModelDocumentError, readModel } from './index.ts';
import type { Matrix } from './matrix.ts';
import type { AnomalyModel } from './model.ts';
import { Random } from './random.ts';

const COLUMNS = 3;

function normalRows(rows: number, seed: number): Matrix {
  const random = new Random(seed);
  return { rows, columns: COLUMNS, data: Float64Array.from({ length: rows * COLUMNS }, () => random.normal()) };
}

/** A model whose score is one column's distance from 0, and that counts how often it is asked. */
function columnModel(kind: ModelKind, column: number): AnomalyModel & { asked: number } {
  return {
    kind,
    columns: COLUMNS,
    asked: 0,
    score(values, offset = 0) {
      this.asked += 1;
      return Math.abs(values[offset + column]!);
    },
    explain: () => Float64Array.from({ length: COLUMNS }, (_, index) => (index === column ? 2 : -1)),
    toJSON: () => ({ kind }),
  };
}

/** Largest distance of the share of p-values up to p from p. */
function unevenness(pValues: readonly number[]): number {
  const sorted = [...pValues].sort((a, b) => a - b);
  return Math.max(...sorted.map((p, index) => Math.abs((index + 1) / sorted.length - p)));
}

const CALIBRATING = normalRows(2_000, 1);
const JOINING = normalRows(2_000, 2);
const FRESH = normalRows(4_000, 3);
const pValuesOf = (ensemble: Ensemble) =>
  Array.from({ length: FRESH.rows }, (_, row) => ensemble.pValue(FRESH.data, row * COLUMNS));

describe('an ensemble', () => {
  const cases: [string, AnomalyModel[]][] = [
    ['of independent models', [columnModel('baseline', 0), columnModel('isolation-forest', 1)]],
    ['of models that say the same', [columnModel('baseline', 0), columnModel('isolation-forest', 0)]],
    ['with a thorough model', [columnModel('baseline', 0), columnModel('dbscan', 1)]],
    [
      'of real models',
      (() => {
        const rows = normalRows(1_000, 9);
        return [baseline.fit(rows), isolationForest.fit(rows), localOutlierFactor.fit(rows)];
      })(),
    ],
  ];

  it.each(cases)('gives usual rows even p-values: %s', (_, models) => {
    const pValues = pValuesOf(Ensemble.calibrate(models, CALIBRATING, JOINING));
    // Kolmogorov and Smirnov, two samples of 2,000 and 4,000: once in a thousand times more than this.
    expect(unevenness(pValues)).toBeLessThan(0.054);
    const share = (limit: number) => pValues.filter((p) => p <= limit).length / pValues.length;
    expect(share(0.01)).toBeGreaterThan(0.004);
    expect(share(0.01)).toBeLessThan(0.02);
  });

  it('holds what is far beyond few held-back rows below e times the mean of what the models say', () => {
    const models = [columnModel('baseline', 0), columnModel('isolation-forest', 1)];
    const joining = normalRows(60, 4);
    // One wild row among few makes the tail of the combination so long that nothing would be unusual any more.
    joining.data.fill(50, 0, COLUMNS);
    const ensemble = Ensemble.calibrate(models, CALIBRATING, joining);
    for (const row of [Float64Array.of(40, 0, 0), Float64Array.of(6, 6, 0), Float64Array.of(30, 30, 0)]) {
      const mean = ensemble
        .verdicts(row)
        .reduce((sum, { pValue, weight }) => sum + weight * Math.log(pValue ?? Number.NaN), 0);
      expect(ensemble.pValue(row)).toBeLessThanOrEqual(Math.exp(1 + mean) * (1 + 1e-9));
    }
  });

  it('asks thorough models of what the quick ones find unusual only', () => {
    const quick = columnModel('baseline', 0);
    const thorough = columnModel('one-class-svm', 1);
    const ensemble = Ensemble.calibrate([thorough, quick], CALIBRATING, JOINING);
    thorough.asked = 0;
    quick.asked = 0;
    const pValues = pValuesOf(ensemble);
    expect(quick.asked).toBe(FRESH.rows);
    expect(thorough.asked).toBe(pValues.filter((p) => p <= 0.05).length);
    expect(thorough.asked / FRESH.rows).toBeGreaterThan(0.03);
    expect(thorough.asked / FRESH.rows).toBeLessThan(0.07);
  });

  it('asks models of every row where there are no quick ones', () => {
    const only = columnModel('dbscan', 0);
    const ensemble = Ensemble.calibrate([only], CALIBRATING, JOINING);
    only.asked = 0;
    expect(unevenness(pValuesOf(ensemble))).toBeLessThan(0.054);
    expect(only.asked).toBe(FRESH.rows);
  });

  it('finds what all find a little unusual, and what one finds very unusual', () => {
    const models = [columnModel('baseline', 0), columnModel('isolation-forest', 1), columnModel('autoencoder', 2)];
    const ensemble = Ensemble.calibrate(models, CALIBRATING, JOINING);
    const p = (...values: number[]) => ensemble.pValue(Float64Array.from(values));
    expect(p(2, 2, 2)).toBeLessThan(0.015);
    expect(p(0.7, 9, 0.7)).toBeLessThan(0.005);
    expect(p(0.7, 0.7, 0.7)).toBeGreaterThan(0.2);
    expect(p(3, 3, 3)).toBeLessThan(p(2, 2, 2));
  });

  it('says what each model says, with weights that add up to 1', () => {
    const models = [columnModel('baseline', 0), columnModel('isolation-forest', 1), columnModel('dbscan', 2)];
    const verdicts = Ensemble.calibrate(models, CALIBRATING, JOINING).verdicts(Float64Array.of(5, 0, 0));
    expect(verdicts.map(({ kind, weight }) => [kind, weight])).toEqual([
      ['baseline', 0.25],
      ['isolation-forest', 0.5],
      ['dbscan', 0.25],
    ]);
    expect(verdicts[0]!.pValue).toBeLessThan(0.001);
    expect(verdicts[1]!.pValue).toBe(1);
  });

  it('explains by the models that find it unusual, and by nothing where none does', () => {
    const models = [columnModel('baseline', 0), columnModel('isolation-forest', 1)];
    const ensemble = Ensemble.calibrate(models, CALIBRATING, JOINING);
    const shares = ensemble.explain(Float64Array.of(4, 0, 0));
    expect([...shares]).toEqual([1, 0, 0]);
    const both = ensemble.explain(Float64Array.of(2, 2, 0));
    expect(both[0]! + both[1]!).toBeCloseTo(1);
    // The forest has twice the weight.
    expect(both[1]! / both[0]!).toBeCloseTo(2, 0);
    expect([...ensemble.explain(Float64Array.of(0, 0, 0))]).toEqual([0, 0, 0]);
  });

  it('works with few held-back rows, and with rows that are all alike', () => {
    const models = () => [columnModel('baseline', 0), columnModel('dbscan', 1)];
    const few = Ensemble.calibrate(models(), normalRows(15, 4), normalRows(15, 5));
    expect(few.pValue(Float64Array.of(0, 0, 0))).toBeGreaterThan(0.3);
    expect(few.pValue(Float64Array.of(9, 9, 9))).toBeLessThan(0.1);
    const same = { rows: 50, columns: COLUMNS, data: new Float64Array(50 * COLUMNS) };
    const alike = Ensemble.calibrate(models(), same, same);
    expect(alike.pValue(Float64Array.of(0, 0, 0))).toBe(1);
    expect(alike.pValue(Float64Array.of(5, 5, 5))).toBeLessThan(0.05);
  });

  it('is refused with two models of one kind or of different columns', () => {
    const rows = normalRows(300, 6);
    const sound = JSON.parse(
      JSON.stringify(Ensemble.calibrate([baseline.fit(rows), isolationForest.fit(rows)], rows, rows)),
    );
    expect(Ensemble.fromJSON(sound, readModel).kinds).toEqual(['baseline', 'isolation-forest']);
    const [first] = sound.quick;
    const narrow = baseline
      .fit({ rows: 10, columns: 1, data: Float64Array.from({ length: 10 }, (_, i) => i) })
      .toJSON();
    for (const quick of [[first, first], [sound.quick[1], { ...first, model: narrow }], []]) {
      expect(() => Ensemble.fromJSON({ ...sound, quick }, readModel)).toThrow(ModelDocumentError);
    }
    expect(() => Ensemble.fromJSON({ ...sound, gate: 2 }, readModel)).toThrow(ModelDocumentError);
    expect(() => Ensemble.fromJSON({ ...sound, allJoint: sound.quickJoint }, readModel)).toThrow(ModelDocumentError);
  });
});
