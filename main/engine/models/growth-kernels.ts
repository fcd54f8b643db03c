/**
 * Growing one isolation tree after another, in WebAssembly that is put together here: all of it but the reading of the
 * table, which tree-growth.ts does.
 */
import { FRACTION_STEP, HIGH_PART } from './random.ts';
import {
  call,
  doWhile,
  FunctionWriter,
  f64,
  type I32,
  i32,
  type Local,
  type Statement,
  select,
  set,
  type WasmFunction,
  when,
} from './wasm-assembler.ts';
import { moduleOf } from './wasm-module.ts';

/** Over memory that begins with a context, and has room for what the context says is where. */
export interface GrowthKernels {
  /** Fills the urn with where rows begin in the table, and the order of columns. */
  prepare(): void;
  /** Draws the rows of the next tree. */
  begin(): void;
  /** Grows the tree until values have to be read, as `column`, `start` and `end` say. @returns 0 when it is grown */
  grow(): number;
}

/** At the beginning of the memory, four bytes each: whole numbers and addresses. */
export const CONTEXT_FIELDS = [
  // State of the random numbers.
  'randomA',
  'randomB',
  'randomC',
  'randomD',
  // The table, and what is to be grown of it.
  'rows',
  'columns',
  'sampleRows',
  'depthLimit',
  // Of each row of the tree: what the cut at hand compares, where in the table it begins, the urn's place it came from.
  'values',
  'starts',
  'others',
  // Where each row of the table begins, to draw from; columns in random order; nodes that are still to be split.
  'urn',
  'order',
  'stack',
  // Of each node.
  'children',
  'features',
  'thresholds',
  'counts',
  // Where growing stands: nodes so far, end of the stack, whether values of a column are there to be looked at.
  'nodes',
  'top',
  'isLooking',
  // The node at hand, levels that may still come below it, its rows, columns drawn for it, and the last of those.
  'node',
  'levels',
  'start',
  'end',
  'drawn',
  'column',
] as const;
type ContextField = (typeof CONTEXT_FIELDS)[number];
export type Context = Record<ContextField, number>;

/** A node on the stack. */
const ENTRY = { node: 0, levels: 4, start: 8, end: 12 } as const;
export const ENTRY_BYTES = 16;

export const HALF_SHIFT = 1;
export const WORD_SHIFT = 2;
export const NUMBER_SHIFT = 3;
export const WORD_BYTES = 1 << WORD_SHIFT;
export const NUMBER_BYTES = 1 << NUMBER_SHIFT;

/** Places of functions in the module, of those that others call. */
const PLACES = { uint32: 0, below: 1, next: 2 } as const;

/** Undefined where WebAssembly is switched off or has no address space left. */
export const openGrowthKernels = moduleOf<GrowthKernels>(() => [
  uint32Function(),
  belowFunction(),
  nextFunction(),
  prepareFunction(),
  beginFunction(),
  growFunction(),
]);

const zero = i32.constant(0);
const one = i32.constant(1);
/** All bits set: the highest number without sign. What is taken from it is how far one may go. */
const highest = i32.constant(-1);
const advance = (variable: Local<'i32'>, by: number): Statement => set(variable, i32.add(variable, i32.constant(by)));
const shiftLeft = (value: I32, bits: number): I32 => i32.shiftLeft(value, i32.constant(bits));
const shiftRight = (value: I32, bits: number): I32 => i32.shiftRight(value, i32.constant(bits));
/** Of a field in the context, in words. */
export const place = (field: ContextField): number => CONTEXT_FIELDS.indexOf(field);
const get = (field: ContextField): I32 => i32.load(zero, place(field) * WORD_BYTES);
const put = (field: ContextField, value: I32): Statement => i32.store(zero, value, place(field) * WORD_BYTES);
const entryOf = (array: ContextField, index: I32, shift: number): I32 => i32.add(get(array), shiftLeft(index, shift));
const uint32 = call('i32', PLACES.uint32, []);
const below = (limit: I32): I32 => call('i32', PLACES.below, [limit]);

/** `Random.uint32`. */
function uint32Function(): WasmFunction {
  const writer = new FunctionWriter();
  const local = () => writer.local('i32');
  const [a, b, c, d, scrambled] = [local(), local(), local(), local(), local()];
  writer.do(
    set(a, get('randomA')),
    set(b, get('randomB')),
    set(c, i32.xor(get('randomC'), a)),
    set(d, i32.xor(get('randomD'), b)),
    set(scrambled, i32.rotateLeft(i32.multiply(b, i32.constant(5)), i32.constant(7))),
    put('randomA', i32.xor(a, d)),
    put('randomB', i32.xor(b, c)),
    put('randomC', i32.xor(c, shiftLeft(b, 9))),
    put('randomD', i32.rotateLeft(d, i32.constant(11))),
  );
  return { name: 'uint32', writer, result: i32.multiply(scrambled, i32.constant(9)) };
}

/** `Random.below`. */
function belowFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const limit = writer.param('i32');
  const [drawn, last] = [writer.local('i32'), writer.local('i32')];
  const tooMany = i32.remainder(i32.subtract(zero, limit), limit);
  writer.do(
    doWhile(
      [
        set(drawn, uint32),
        set(last, highest),
        // Divided by only where it may matter, as that takes long.
        when(i32.isAbove(drawn, i32.subtract(highest, limit)), [set(last, i32.subtract(highest, tooMany))]),
      ],
      i32.isAbove(drawn, last),
    ),
  );
  return { name: 'below', writer, result: i32.remainder(drawn, limit) };
}

/** `Random.next`. */
function nextFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const high = f64.multiply(f64.fromWhole(shiftRight(uint32, 5)), f64.constant(HIGH_PART));
  const low = f64.fromWhole(shiftRight(uint32, 6));
  return { name: 'next', writer, result: f64.multiply(f64.add(high, low), f64.constant(FRACTION_STEP)) };
}

function prepareFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [index, start] = [writer.local('i32'), writer.local('i32')];
  writer.do(
    doWhile(
      [
        i32.store(entryOf('urn', index, WORD_SHIFT), start),
        set(start, i32.add(start, get('columns'))),
        advance(index, 1),
      ],
      i32.isBelow(index, get('rows')),
    ),
    set(index, zero),
    doWhile(
      [i32.store(entryOf('order', index, WORD_SHIFT), index), advance(index, 1)],
      i32.isBelow(index, get('columns')),
    ),
  );
  return { name: 'prepare', writer };
}

/** `Urn.draw`, and the root on the stack. */
function beginFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [index, own, other, kept] = [
    writer.local('i32'),
    writer.local('i32'),
    writer.local('i32'),
    writer.local('i32'),
  ];
  const swap = [set(kept, i32.load(own)), i32.store(own, i32.load(other)), i32.store(other, kept)];
  const count = get('sampleRows');
  const stack = get('stack');
  writer.do(
    set(own, get('urn')),
    doWhile(
      [
        set(other, i32.add(own, shiftLeft(below(i32.subtract(get('rows'), index)), WORD_SHIFT))),
        ...swap,
        i32.store(entryOf('starts', index, WORD_SHIFT), i32.load(own)),
        i32.store(entryOf('others', index, WORD_SHIFT), other),
        advance(own, WORD_BYTES),
        advance(index, 1),
      ],
      i32.isBelow(index, count),
    ),
    doWhile(
      [
        advance(own, -WORD_BYTES),
        advance(index, -1),
        set(other, i32.load(entryOf('others', index, WORD_SHIFT))),
        ...swap,
      ],
      index,
    ),
    i32.store(stack, get('nodes'), ENTRY.node),
    i32.store(stack, get('depthLimit'), ENTRY.levels),
    i32.store(stack, zero, ENTRY.start),
    i32.store(stack, count, ENTRY.end),
    put('top', i32.add(stack, i32.constant(ENTRY_BYTES))),
    put('nodes', i32.add(get('nodes'), one)),
    put('isLooking', zero),
  );
  return { name: 'begin', writer };
}

/** Fields that `grow` keeps in locals while it runs. */
const KEPT = ['nodes', 'top', 'isLooking', 'node', 'levels', 'start', 'end', 'drawn', 'column'] as const;

/** `split`, `chooseColumn` and `partition` of the plain grower. What calls itself there waits on a stack. */
function growFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const local = () => writer.local('i32');
  const [nodes, top, isLooking, node, levels] = [local(), local(), local(), local(), local()];
  const [start, end, drawn, column] = [local(), local(), local(), local()];
  const kept = [nodes, top, isLooking, node, levels, start, end, drawn, column];
  const [at, atEnd, own, other] = [local(), local(), local(), local()];
  const [row, otherRow, isFirst, middle] = [local(), local(), local(), local()];
  const [low, high, value] = [writer.local('f64'), writer.local('f64'), writer.local('f64')];
  const push = (number: I32, first: I32, last: I32): Statement[] => [
    i32.store(top, number, ENTRY.node),
    i32.store(top, levels, ENTRY.levels),
    i32.store(top, first, ENTRY.start),
    i32.store(top, last, ENTRY.end),
    advance(top, ENTRY_BYTES),
  ];
  const take = [
    advance(top, -ENTRY_BYTES),
    set(node, i32.load(top, ENTRY.node)),
    set(levels, i32.load(top, ENTRY.levels)),
    set(start, i32.load(top, ENTRY.start)),
    set(end, i32.load(top, ENTRY.end)),
    set(drawn, zero),
    set(row, i32.subtract(end, start)),
    i32.storeHalf(entryOf('counts', node, HALF_SHIFT), row),
    set(isLooking, i32.and(i32.isAbove(row, one), i32.isDifferent(levels, zero))),
  ];
  const drawColumn = [
    set(own, entryOf('order', drawn, WORD_SHIFT)),
    set(other, i32.add(own, shiftLeft(below(i32.subtract(get('columns'), drawn)), WORD_SHIFT))),
    set(column, i32.load(other)),
    i32.store(other, i32.load(own)),
    i32.store(own, column),
    advance(drawn, 1),
  ];
  const findEnds = [
    set(low, f64.constant(Number.POSITIVE_INFINITY)),
    set(high, f64.constant(Number.NEGATIVE_INFINITY)),
    set(at, entryOf('values', start, NUMBER_SHIFT)),
    set(atEnd, entryOf('values', end, NUMBER_SHIFT)),
    doWhile(
      [
        set(value, f64.load(at)),
        when(f64.isBelow(value, low), [set(low, value)]),
        when(f64.isAbove(value, high), [set(high, value)]),
        advance(at, NUMBER_BYTES),
      ],
      i32.isBelow(at, atEnd),
    ),
  ];
  // Without branches, as half of them would be guessed wrong: a row that stays is written to where it was.
  const partition = (threshold: Local<'f64'>): Statement[] => [
    set(at, entryOf('values', start, NUMBER_SHIFT)),
    set(own, entryOf('starts', start, WORD_SHIFT)),
    set(other, own),
    doWhile(
      [
        set(row, i32.load(own)),
        set(otherRow, i32.load(other)),
        set(isFirst, i32.isEqual(f64.isAbove(f64.load(at), threshold), zero)),
        i32.store(own, select(isFirst, otherRow, row)),
        i32.store(other, select(isFirst, row, otherRow)),
        set(other, i32.add(other, shiftLeft(isFirst, WORD_SHIFT))),
        advance(own, WORD_BYTES),
        advance(at, NUMBER_BYTES),
      ],
      i32.isBelow(at, atEnd),
    ),
    set(middle, shiftRight(i32.subtract(other, get('starts')), WORD_SHIFT)),
  ];
  const cut = [
    set(value, f64.add(low, f64.multiply(call('f64', PLACES.next, []), f64.subtract(high, low)))),
    f64.store(entryOf('thresholds', node, NUMBER_SHIFT), value),
    i32.storeHalf(entryOf('features', node, HALF_SHIFT), column),
    ...partition(value),
    when(i32.and(i32.isDifferent(middle, start), i32.isDifferent(middle, end)), [
      i32.store(entryOf('children', node, WORD_SHIFT), nodes),
      advance(levels, -1),
      ...push(i32.add(nodes, one), middle, end),
      ...push(nodes, start, middle),
      advance(nodes, 2),
    ]),
    set(isLooking, zero),
  ];
  const goesOn = i32.and(i32.isEqual(isLooking, zero), i32.isDifferent(top, get('stack')));
  writer.do(
    ...kept.map((variable, index) => set(variable, get(KEPT[index]!))),
    doWhile(
      [
        when(isLooking, [
          ...findEnds,
          when(f64.isEqual(low, high), [set(isLooking, i32.isBelow(drawn, get('columns')))], cut),
        ]),
        when(goesOn, take),
        when(isLooking, drawColumn),
      ],
      goesOn,
    ),
    ...kept.map((variable, index) => put(KEPT[index]!, variable)),
  );
  return { name: 'grow', writer, result: isLooking };
}
