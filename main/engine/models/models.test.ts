import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dbscan,
  isolationForest,
  localOutlierFactor,
  MODEL_FAMILIES,
  ModelDocumentError,
  matrixOf,
  oneClassSvm,
  readModel,
  scoreRows,
} from './index.ts';
import { aucOf, twoGroups } from './testing.ts';

const TABLE = twoGroups(11);
/** The baseline looks at each column alone, where what lies between two groups is usual. */
const LEAST_AUC = { baseline: 0.6, others: 0.95 };

const copyOf = (document: object): Record<string, unknown> => JSON.parse(JSON.stringify(document));

describe.each(Object.values(MODEL_FAMILIES))('$kind', (family) => {
  const { kind } = family;
  const model = family.fit(TABLE.train);

  it('ranks unusual rows above usual ones', () => {
    expect(aucOf(model, TABLE)).toBeGreaterThan(kind === 'baseline' ? LEAST_AUC.baseline : LEAST_AUC.others);
  });

  it('is the same for the same rows and seed', () => {
    expect(JSON.stringify(family.fit(TABLE.train))).toBe(JSON.stringify(model));
  });

  it('scores the same after it was saved and read', () => {
    const read = readModel(copyOf(model.toJSON()));
    expect(read.kind).toBe(kind);
    expect(scoreRows(read, TABLE.test)).toEqual(scoreRows(model, TABLE.test));
    expect(read.explain(TABLE.test.data, 10)).toEqual(model.explain(TABLE.test.data, 10));
    expect(read.toJSON()).toEqual(model.toJSON());
  });

  it('gives the same score at any offset, and twice', () => {
    const scores = scoreRows(model, TABLE.test);
    for (const row of [0, 7, 239]) {
      const alone = TABLE.test.data.slice(row * 5, row * 5 + 5);
      expect(model.score(alone)).toBe(scores[row]);
    }
    expect(scoreRows(model, TABLE.test)).toEqual(scores);
  });

  it('explains by the column that is wrong', () => {
    for (let column = 0; column < 5; column++) {
      const row = Float64Array.from({ length: 5 }, (_, index) => (index === column ? 25 : 4));
      const parts = model.explain(row);
      expect(parts.indexOf(Math.max(...parts)), `column ${column}`).toBe(column);
    }
  });

  it('stays finite for any finite row', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 5, maxLength: 5 }),
        (row) => {
          const values = Float64Array.from(row);
          expect(Number.isFinite(model.score(values))).toBe(true);
          expect(model.explain(values).every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it('learns from rows that are all equal, and from two', () => {
    for (const rows of [
      Array.from({ length: 50 }, () => [1, 2, 3]),
      [
        [0, 0, 0],
        [1, 0, 2],
      ],
    ]) {
      const small = family.fit(matrixOf(rows));
      expect(small.score(Float64Array.of(1, 2, 3))).toBeLessThan(Number.POSITIVE_INFINITY);
      const read = readModel(copyOf(small.toJSON()));
      expect(read.score(Float64Array.of(9, 9, 9))).toBe(small.score(Float64Array.of(9, 9, 9)));
    }
  });

  it('refuses rows that nothing can be learnt from', () => {
    expect(() => family.fit(matrixOf([[1, 2]]))).toThrow(RangeError);
    expect(() => family.fit(matrixOf([[1], [Number.NaN]]))).toThrow('row 1, column 0 is NaN');
    expect(() => family.fit({ rows: 2, columns: 3, data: new Float64Array(5) })).toThrow(RangeError);
  });

  it('refuses a document in which a field is missing, of another type or too many', () => {
    const sound = copyOf(model.toJSON());
    for (const name of Object.keys(sound)) {
      for (const broken of [undefined, null, -1, 1e308, 0.5, '', 'AAAA', '!'.repeat(64), [], {}, true]) {
        const value = sound[name];
        const isSame = typeof value === 'number' && typeof broken === 'number';
        if (isSame && ['gamma', 'rho', 'radius', 'mostDeviations', 'floor'].includes(name)) continue;
        if (broken === value) continue;
        expect(() => readModel({ ...sound, [name]: broken }), `${name}: ${String(broken)}`).toThrow(ModelDocumentError);
      }
    }
    expect(() => readModel({ ...sound, more: 1 })).toThrow(ModelDocumentError);
  });

  it('refuses numbers that are not finite', () => {
    const sound = copyOf(model.toJSON());
    const places = Object.keys(sound).filter((name) => typeof sound[name] === 'string' && sound[name].length > 64);
    for (const name of places) {
      const bytes = Buffer.from(String(sound[name]), 'base64').fill(0xff, 0, 8);
      expect(() => readModel({ ...sound, [name]: bytes.toString('base64') }), name).toThrow(ModelDocumentError);
    }
  });

  it('either refuses a document with changed bytes or scores by it', () => {
    const sound = copyOf(model.toJSON());
    const names = Object.keys(sound).filter((name) => typeof sound[name] === 'string' && name !== 'kind');
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.nat({ max: 255 }), (name, at, byte) => {
        const bytes = Buffer.from(String(sound[name]), 'base64');
        if (bytes.length === 0) return;
        bytes[at % bytes.length] = byte;
        try {
          const changed = readModel({ ...sound, [name]: bytes.toString('base64') });
          expect(Number.isNaN(changed.score(TABLE.test.data))).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelDocumentError);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('documents', () => {
  it('are refused when they are of no known kind', () => {
    for (const document of [null, 1, 'x', [], {}, { kind: 'other' }, { kind: 'constructor' }]) {
      expect(() => readModel(document)).toThrow(ModelDocumentError);
    }
  });
});

describe('settings', () => {
  const { train } = TABLE;

  it('are refused out of range, by name', () => {
    expect(() => isolationForest.fit(train, { trees: 0 })).toThrow('trees is 0');
    expect(() => isolationForest.fit(train, { terms: 6 })).toThrow('terms is 6');
    expect(() => localOutlierFactor.fit(train, { neighbours: 1.5 })).toThrow('neighbours is 1.5');
    expect(() => dbscan.fit(train, { noise: Number.NaN })).toThrow('noise is NaN');
    expect(() => oneClassSvm.fit(train, { nu: 0 })).toThrow('nu is 0');
  });
});
