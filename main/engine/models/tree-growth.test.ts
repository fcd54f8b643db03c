import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeNumbers } from './document.ts';
import { type Grove, type GrowSettings, growTrees } from './isolation-tree.ts';
import type { Matrix } from './matrix.ts';
import { Random } from './random.ts';
import { growWithWasm } from './tree-growth.ts';

const SEED = 11;
const SHAPES = [
  { rows: 2, columns: 1 },
  { rows: 3, columns: 2 },
  { rows: 100, columns: 1 },
  { rows: 257, columns: 7 },
  { rows: 500, columns: 301 },
];
const SETTINGS = [
  { trees: 1, sampleRows: 2 },
  { trees: 20, sampleRows: 100 },
  { trees: 3, sampleRows: 257 },
];

/** What is in a column of a row; `normal` is another random number each time. */
type Kind = (normal: number, row: number, column: number) => number;
const KINDS: Readonly<Record<string, Kind>> = {
  'many different values': (normal) => normal,
  'few different values': (normal) => Math.round(normal),
  'mostly constant columns': (normal, _, column) => (column % 3 === 0 ? normal : 5),
  'nothing but constant columns': (_, __, column) => column,
  'rows that are there several times': (_, row, column) => (row % 4) + column,
  'zeros of both signs': (normal) => 0 * normal,
  'neighbouring numbers, between which cuts are rounded': (normal) => 1 + Math.round(normal) * 2 ** -52,
  'values whose differences are infinite': (normal) => Math.sign(normal) * 1.7e308,
};

function tableOf({ rows, columns }: { rows: number; columns: number }, kind: Kind): Matrix {
  const random = new Random(rows + columns);
  const data = Float64Array.from({ length: rows * columns }, (_, i) =>
    kind(random.normal(), Math.floor(i / columns), i % columns),
  );
  return { rows, columns, data };
}

/** To the last bit, signs of zeros too. */
function encoded({ terms, roots, children, features, weights, thresholds, counts }: Grove) {
  return { terms, arrays: [roots, children, features, weights, thresholds, counts].map(encodeNumbers) };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('trees grown with WebAssembly', () => {
  it.each(Object.entries(KINDS))('are those that are grown without, of %s', (_, kind) => {
    for (const shape of SHAPES) {
      const table = tableOf(shape, kind);
      for (const { trees, sampleRows } of SETTINGS) {
        const settings: GrowSettings = { trees, sampleRows: Math.min(sampleRows, shape.rows), terms: 1 };
        const grown = growWithWasm(table, settings, SEED);
        if (grown === undefined) throw new Error('Node without WebAssembly');
        expect(encoded(grown)).toEqual(encoded(growTrees(table, settings, new Random(SEED))));
      }
    }
  });

  it('are left to others where they would take too much memory, are extended, or there is no WebAssembly', () => {
    const table = tableOf({ rows: 4_096, columns: 2 }, (normal) => normal);
    const settings: GrowSettings = { trees: 2, sampleRows: 64, terms: 1 };
    expect(growWithWasm(table, { ...settings, trees: 1_000, sampleRows: 4_096 }, SEED)).toBeUndefined();
    expect(growWithWasm(table, { ...settings, terms: 2 }, SEED)).toBeUndefined();
    expect(growWithWasm(table, settings, SEED)).toBeDefined();
    vi.stubGlobal('WebAssembly', undefined);
    expect(growWithWasm(table, settings, SEED)).toBeUndefined();
  });
});
