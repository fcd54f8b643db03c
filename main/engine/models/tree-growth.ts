/**
 * Grows the trees of a plain isolation forest with WebAssembly: a forest is mostly fitted once in a process, and would be
 * done before the language's own loops are made quick. The table stays where it is: of each node the values of the column
 * at hand are read from it, as a copy of all of it would take longer than the rest.
 *
 * Trees are the same to the last bit as those that isolation-tree.ts grows from the same seed.
 */
import {
  CONTEXT_FIELDS,
  type Context,
  ENTRY_BYTES,
  HALF_SHIFT,
  NUMBER_BYTES,
  NUMBER_SHIFT,
  openGrowthKernels,
  place,
  WORD_BYTES,
  WORD_SHIFT,
} from './growth-kernels.ts';
import { depthLimit, type Grove, type GrowSettings } from './isolation-tree.ts';
import type { Matrix } from './matrix.ts';
import { Random } from './random.ts';

/** Forests that need more are so large that the language's own loops become quick. */
const MOST_BYTES = 1 << 26;

/**
 * Grows what `growTrees` of isolation-tree.ts grows.
 *
 * @returns undefined for a forest that is very large or extended, and where there is no WebAssembly
 */
export function growWithWasm(matrix: Matrix, settings: GrowSettings, seed: number): Grove | undefined {
  const { terms, trees } = settings;
  const { bytes, context } = layOut(matrix, settings, new Random(seed));
  const kernels = terms > 1 || bytes > MOST_BYTES ? undefined : openGrowthKernels(bytes);
  if (kernels === undefined) return undefined;
  const { memory } = kernels;
  const words = new Int32Array(memory, 0, CONTEXT_FIELDS.length);
  words.set(CONTEXT_FIELDS.map((field) => context[field]));
  const values = new Float64Array(memory, context.values, settings.sampleRows);
  const starts = new Int32Array(memory, context.starts, settings.sampleRows);
  const [nodes, column, start, end] = [place('nodes'), place('column'), place('start'), place('end')];
  kernels.prepare();
  const roots = new Int32Array(trees);
  for (let tree = 0; tree < trees; tree++) {
    roots[tree] = words[nodes]!;
    kernels.begin();
    while (kernels.grow() !== 0) readColumn(matrix.data, words[column]!, starts, values, words[start]!, words[end]!);
  }
  const count = words[nodes]!;
  return {
    terms,
    roots,
    children: new Int32Array(memory, context.children, count).slice(),
    features: new Uint16Array(memory, context.features, count).slice(),
    weights: new Float64Array(0),
    thresholds: new Float64Array(memory, context.thresholds, count).slice(),
    counts: new Uint16Array(memory, context.counts, count).slice(),
  };
}

/** A function of its own, as those that are called often are made quick before those that loop for long. */
function readColumn(
  data: Float64Array,
  column: number,
  starts: Int32Array,
  values: Float64Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) values[i] = data[starts[i]! + column]!;
}

function layOut(
  { rows, columns }: Matrix,
  { trees, sampleRows }: GrowSettings,
  random: Random,
): { readonly bytes: number; readonly context: Context } {
  const most = trees * (2 * sampleRows - 1);
  const limit = depthLimit(sampleRows);
  const [randomA, randomB, randomC, randomD] = random.state();
  let bytes = CONTEXT_FIELDS.length * WORD_BYTES;
  const room = (count: number, shift: number): number => {
    const start = Math.ceil(bytes / NUMBER_BYTES) * NUMBER_BYTES;
    bytes = start + count * 2 ** shift;
    return start;
  };
  const context: Context = {
    randomA,
    randomB,
    randomC,
    randomD,
    rows,
    columns,
    sampleRows,
    depthLimit: limit,
    values: room(sampleRows, NUMBER_SHIFT),
    starts: room(sampleRows, WORD_SHIFT),
    others: room(sampleRows, WORD_SHIFT),
    urn: room(rows, WORD_SHIFT),
    order: room(columns, WORD_SHIFT),
    // Of each level at most one node waits, of the last one two.
    stack: room((limit + 1) * ENTRY_BYTES, 0),
    children: room(most, WORD_SHIFT),
    features: room(most, HALF_SHIFT),
    thresholds: room(most, NUMBER_SHIFT),
    counts: room(most, HALF_SHIFT),
    nodes: 0,
    top: 0,
    isLooking: 0,
    node: 0,
    levels: 0,
    start: 0,
    end: 0,
    drawn: 0,
    column: 0,
  };
  return { bytes, context };
}
