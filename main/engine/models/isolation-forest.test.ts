import { describe, expect, it, vi } from 'vitest';
import { isolationForest, MODEL_FAMILIES, ModelDocumentError, scoreRows } from './index.ts';
import { meanSearchDepth } from './isolation-tree.ts';
import { aucOf, twoGroups } from './testing.ts';

const TABLE = twoGroups(5);

describe('isolation forest', () => {
  it('knows the mean depth of searches', () => {
    expect([0, 1, 2].map(meanSearchDepth)).toEqual([0, 0, 1]);
    // 2 H(255) − 2 × 255 / 256, the harmonic number by its approximation as in the paper.
    expect(meanSearchDepth(256)).toBeCloseTo(10.2448, 3);
  });

  it('gives other trees for another seed, that rank alike', () => {
    const other = isolationForest.fit(TABLE.train, { seed: 2 });
    expect(JSON.stringify(other)).not.toBe(JSON.stringify(isolationForest.fit(TABLE.train)));
    expect(aucOf(other, TABLE)).toBeGreaterThan(0.95);
  });

  it('cuts across columns in the extended variant', () => {
    const extended = isolationForest.fit(TABLE.train, { terms: 3 });
    expect(aucOf(extended, TABLE)).toBeGreaterThan(0.95);
    const read = isolationForest.fromJSON(JSON.parse(JSON.stringify(extended)));
    expect(read.score(TABLE.test.data, 15)).toBe(extended.score(TABLE.test.data, 15));
    const parts = extended.explain(Float64Array.of(4, 4, 40, 4, 4));
    expect(parts.indexOf(Math.max(...parts))).toBe(2);
  });

  it.each([
    { trees: 1, sampleRows: 2 },
    { trees: 8, sampleRows: 256 },
    { trees: 100, sampleRows: 100 },
    { trees: 13, sampleRows: 257 },
    // Too large to be laid out for it.
    { trees: 300, sampleRows: 512 },
  ])('walks down $trees trees of $sampleRows rows with WebAssembly as it does without', (settings) => {
    const [model, plain] = [isolationForest.fit(TABLE.train, settings), isolationForest.fit(TABLE.train, settings)];
    const far = { ...TABLE.test, data: TABLE.test.data.map((value, i) => (i % 7 === 0 ? value * 1e30 : value)) };
    for (const rows of [TABLE.test, far]) {
      const scores = scoreRows(model, rows);
      vi.stubGlobal('WebAssembly', undefined);
      const others = scoreRows(plain, rows);
      vi.unstubAllGlobals();
      scores.forEach((score, row) => {
        expect(score).toBeCloseTo(others[row]!, 12);
      });
    }
  });

  it('puts all of the shortened path down to columns', () => {
    const model = isolationForest.fit(TABLE.train, { trees: 50, sampleRows: 64 });
    const row = TABLE.test.data.subarray(0, 5);
    const sum = model.explain(row).reduce((total, part) => total + part, 0);
    const rows = [0, 5, 10, 15].map((offset) => ({
      path: -Math.log2(model.score(TABLE.test.data, offset)) * meanSearchDepth(64),
      sum: model.explain(TABLE.test.data, offset).reduce((total, part) => total + part, 0),
    }));
    for (const other of rows) expect(other.path + other.sum).toBeCloseTo(rows[0]!.path + rows[0]!.sum, 9);
    expect(sum).toBeCloseTo(rows[0]!.sum, 12);
  });

  it('refuses trees with loops, strays and lost rows', () => {
    const sound = JSON.parse(JSON.stringify(isolationForest.fit(TABLE.train, { trees: 2, sampleRows: 32 })));
    const changed = (name: string, change: (numbers: Int32Array) => void) => {
      const numbers = new Int32Array(new Uint8Array(Buffer.from(sound[name], 'base64')).buffer);
      change(numbers);
      return { ...sound, [name]: Buffer.from(numbers.buffer).toString('base64') };
    };
    const broken = [
      changed('children', (numbers) => numbers.set([1], 1)),
      changed('children', (numbers) => numbers.fill(0)),
      changed('children', (numbers) => numbers.set([3], 0)),
      changed('roots', (numbers) => numbers.set([0], 1)),
      { ...sound, sampleRows: 31 },
    ];
    for (const document of broken) {
      expect(() => MODEL_FAMILIES['isolation-forest'].fromJSON(document)).toThrow(ModelDocumentError);
    }
  });
});
