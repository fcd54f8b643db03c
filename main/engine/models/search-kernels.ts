/**
 * Searches for the nearest rows in WebAssembly that is put together here: blocks that may hold near rows are screened
 * with inner products, several queries at a time, and the few rows that are not ruled out are measured.
 *
 * What is compared is the sum a · b − ½ |b|², half of |a|² − |a − b|² and so the greater the nearer b is to a. It errs
 * by `error` at most: a row is ruled out only where its sum, with the error added, is not above the `wanted`-th greatest
 * sum of others with the error taken off. (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 3.1: an inner
 * product of n terms errs by at most n u / (1 − n u) of the sum of its terms' sizes, here at most ½ (|a| + |b|)²; a
 * measured squared distance by as much of (|a| + |b|)². Twice that is left, to be sure.)
 *
 * Which rows are found, and what is measured, does not depend on how exact the screening is: of equally near rows those
 * with the lowest numbers are found.
 */
import {
  BLOCK_ROWS,
  COLUMN_BYTES,
  type DistanceKernels,
  fillBlockFunction,
  LANES,
  squareFunction,
  squaresFunction,
  VECTOR_BYTES,
} from './distance-kernels.ts';
import {
  advance,
  context,
  fraction,
  makeRoomFunction,
  numbersIn,
  PLACES,
  raiseFunction,
  range,
  settleFunction,
  takeFunction,
  zero,
} from './near-selection.ts';
import { LEAST_ERROR, NUMBER_BYTES, RECORD } from './search-layout.ts';
import {
  call,
  doWhile,
  FunctionWriter,
  f32,
  f32x4,
  type I32,
  i32,
  type Local,
  type Statement,
  set,
  type V128,
  type WasmFunction,
  when,
} from './wasm-assembler.ts';
import { type MultiplyAdd, moduleOf } from './wasm-module.ts';

/** Over memory as search-layout.ts lays it out. */
export interface SearchKernels extends DistanceKernels {
  /** Searches for what the first `queries` records of the context are to find. */
  search(): void;
}

/** Undefined where WebAssembly is switched off or has no address space left. */
export const openSearchKernels = moduleOf<Omit<SearchKernels, 'memory'>>(searchFunctions);

/** The same without what came late to WebAssembly, for machines where it is older. */
export const openStrictSearchKernels = moduleOf<Omit<SearchKernels, 'memory'>>(() =>
  searchFunctions((a, b, c) => f32x4.add(f32x4.multiply(a, b), c)),
);

/** In the order of PLACES, and what no other calls. */
function searchFunctions(multiplyAdd: MultiplyAdd): WasmFunction[] {
  return [
    squareFunction(),
    squaresFunction(),
    raiseFunction(),
    settleFunction(),
    makeRoomFunction(),
    takeFunction(),
    screenFunction('screenOne', 1, BLOCK_ROWS / LANES, multiplyAdd),
    // Twelve sums, and what is added to them, in 16 registers.
    screenFunction('screenSome', SCREENED_TOGETHER, 2, multiplyAdd),
    openNearestFunction(),
    prepareFunction(),
    searchFunction(),
    fillBlockFunction(),
  ];
}

const SCREENED_TOGETHER = 6;
/** Blocks around a query that are looked at before all others, as what is found there rules out most of them. */
const OPENED_BLOCKS = 2;
/** Columns that one turn of a screening loop does. */
const UNROLLED = 4;

const advanceBy = (variable: Local<'i32'>, by: I32): Statement => set(variable, i32.add(variable, by));

/** Compares some queries with a block, as many vectors of it at a time as their sums have registers for. */
function screenFunction(name: string, queries: number, together: number, multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const records = range(queries).map(() => writer.param('i32'));
  const number = writer.param('i32');
  const [part, partEnd, row, at, end] = range(5).map(() => writer.local('i32')) as Local<'i32'>[];
  const values = records.map(() => writer.local('i32'));
  const masks = records.map(() => writer.local('i32'));
  const error = writer.local('f32');
  const sums = records.map(() => range(together).map(() => writer.local('v128')));
  const others = range(together).map(() => writer.local('v128'));
  const query = writer.local('v128');
  const other = (column: number, index: number): V128 => f32x4.load(at!, column * COLUMN_BYTES + index * VECTOR_BYTES);
  // With one query each vector is used once, so that it need not be kept.
  const isKept = queries > 1;
  writer.do(
    set(row!, i32.multiply(number, i32.constant(BLOCK_ROWS))),
    set(part!, i32.add(context('blocksStart'), i32.multiply(number, context('blockBytes')))),
    set(partEnd!, i32.add(part!, i32.constant(COLUMN_BYTES))),
    ...records.flatMap((record) => [
      set(
        error,
        f32.add(f32.load(record, RECORD.length), f32.load(i32.add(context('lengthsStart'), numbersIn(number)))),
      ),
      set(error, f32.add(f32.multiply(f32.multiply(error, error), fraction('errorScale')), f32.constant(LEAST_ERROR))),
      f32.store(record, error, RECORD.error),
      f32.store(record, f32.subtract(f32.load(record, RECORD.heap), error), RECORD.needed),
    ]),
    doWhile(
      [
        ...sums.flatMap((own) => own.map((sum, index) => set(sum, f32x4.load(part!, index * VECTOR_BYTES)))),
        set(at!, i32.add(part!, i32.constant(COLUMN_BYTES))),
        ...values.map((value, index) => set(value, i32.load(records[index]!, RECORD.query))),
        set(end!, i32.add(values[0]!, numbersIn(context('columns')))),
        doWhile(
          [
            ...range(UNROLLED).flatMap((column) => [
              ...(isKept ? others.map((each, index) => set(each, other(column, index))) : []),
              ...sums.flatMap((own, index) => [
                set(query, f32x4.loadSplat(values[index]!, column * NUMBER_BYTES)),
                ...own.map((sum, vector) =>
                  set(sum, multiplyAdd(query, isKept ? others[vector]! : other(column, vector), sum)),
                ),
              ]),
            ]),
            advance(at!, UNROLLED * COLUMN_BYTES),
            ...values.map((value) => advance(value, UNROLLED * NUMBER_BYTES)),
          ],
          i32.isBelow(values[0]!, end!),
        ),
        // Before any call: sums that are needed after one would be saved on the stack in each turn of the loop above.
        ...sums.flatMap((own, index) => {
          const record = records[index]!;
          const bits = own.map((sum, vector) =>
            i32.shiftLeft(f32x4.areAbove(sum, query), i32.constant(vector * LANES)),
          );
          return [
            ...own.map((sum, vector) => f32x4.store(record, sum, RECORD.sums + vector * VECTOR_BYTES)),
            set(query, f32x4.loadSplat(record, RECORD.needed)),
            set(masks[index]!, bits.reduce(i32.or)),
          ];
        }),
        ...masks.map((mask, index) => when(mask, [call('none', PLACES.take, [records[index]!, row!, mask])])),
        advance(row!, together * LANES),
        advance(part!, together * VECTOR_BYTES),
      ],
      i32.isBelow(part!, partEnd!),
    ),
  );
  return { name, writer };
}

/** Screens the nearest of the blocks that were not looked at. `ceilings` are the query's. */
function openNearestFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [record, ceilings] = [writer.param('i32'), writer.param('i32')];
  const [at, end, nearest] = [writer.local('i32'), writer.local('i32'), writer.local('i32')];
  const least = writer.local('f32');
  const offset = i32.subtract(nearest, context('distancesStart'));
  writer.do(
    set(least, f32.constant(Number.POSITIVE_INFINITY)),
    set(at, context('distancesStart')),
    set(end, i32.add(at, numbersIn(context('blocks')))),
    doWhile(
      [when(f32.isBelow(f32.load(at), least), [set(least, f32.load(at)), set(nearest, at)]), advance(at, NUMBER_BYTES)],
      i32.isBelow(at, end),
    ),
    when(nearest, [
      f32.store(nearest, f32.constant(Number.POSITIVE_INFINITY)),
      f32.store(i32.add(ceilings, offset), f32.constant(Number.NEGATIVE_INFINITY)),
      call('none', PLACES.screenOne, [record, i32.shiftRight(offset, i32.constant(2))]),
    ]),
  );
  return { name: 'openNearest', writer };
}

/** Begins the search for one query: what the rows of each block can have as sums at most, and the nearest blocks. */
function prepareFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [record, ceilings] = [writer.param('i32'), writer.param('i32')];
  const [at, end] = [writer.local('i32'), writer.local('i32')];
  const start = writer.local('f32');
  const [certain, scale, half, length] = range(4).map(() => writer.local('v128')) as Local<'v128'>[];
  const [gap, error] = [writer.local('v128'), writer.local('v128')];
  const beside = (field: 'radiiStart' | 'lengthsStart' | 'distancesStart') => f32x4.load(i32.add(at, context(field)));
  writer.do(
    set(start, f32.subtract(f32.load(record, RECORD.halfSquare), f32.multiply(fraction('limit'), f32.constant(0.5)))),
    f32.store(record, start, RECORD.start),
    i32.store(record, zero, RECORD.candidates),
    doWhile(
      [f32.store(i32.add(record, at), start, RECORD.heap), advance(at, NUMBER_BYTES)],
      i32.isBelow(at, numbersIn(context('wanted'))),
    ),
    call('none', PLACES.squares, [
      i32.load(record, RECORD.query),
      context('centresStart'),
      context('centreBlocks'),
      context('columns'),
      context('distancesStart'),
    ]),
    set(certain!, f32x4.splat(fraction('certain'))),
    set(scale!, f32x4.splat(fraction('errorScale'))),
    set(half!, f32x4.loadSplat(record, RECORD.halfSquare)),
    set(length!, f32x4.loadSplat(record, RECORD.length)),
    set(at, zero),
    set(end, context('ceilingBytes')),
    doWhile(
      [
        set(
          gap,
          f32x4.subtract(f32x4.multiply(f32x4.squareRoot(beside('distancesStart')), certain!), beside('radiiStart')),
        ),
        set(gap, f32x4.greater(gap, f32x4.zero)),
        set(error, f32x4.add(length!, beside('lengthsStart'))),
        set(
          error,
          f32x4.add(f32x4.multiply(f32x4.multiply(error, error), scale!), f32x4.splat(f32.constant(LEAST_ERROR))),
        ),
        set(gap, f32x4.multiply(f32x4.multiply(gap, gap), f32x4.multiply(certain!, f32x4.splat(f32.constant(0.5))))),
        f32x4.store(i32.add(ceilings, at), f32x4.add(f32x4.subtract(half!, gap), error)),
        advance(at, VECTOR_BYTES),
      ],
      i32.isBelow(at, end),
    ),
    ...range(OPENED_BLOCKS).map(() => call('none', PLACES.openNearest, [record, ceilings])),
  );
  return { name: 'prepare', writer };
}

function searchFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [record, ceilings, left, block] = range(4).map(() => writer.local('i32')) as Local<'i32'>[];
  // Records that wait for there to be as many as are screened together.
  const pending = range(SCREENED_TOGETHER - 1).map(() => writer.local('i32'));
  const waiting = writer.local('i32');
  const none = context('noneStart');
  const forAll = (statements: readonly Statement[]): Statement[] => [
    set(record!, context('recordsStart')),
    set(ceilings!, context('ceilingsStart')),
    set(left!, context('queries')),
    doWhile(
      [
        ...statements,
        advanceBy(record!, context('recordBytes')),
        advanceBy(ceilings!, context('ceilingBytes')),
        advance(left!, -1),
      ],
      left!,
    ),
  ];
  writer.do(
    ...forAll([call('none', PLACES.prepare, [record!, ceilings!])]),
    doWhile(
      [
        set(waiting, zero),
        ...forAll([
          when(f32.isAbove(f32.load(i32.add(ceilings!, numbersIn(block!))), f32.load(record!, RECORD.heap)), [
            when(
              i32.isEqual(waiting, i32.constant(pending.length)),
              [call('none', PLACES.screenSome, [...pending, record!, block!]), set(waiting, zero)],
              [
                ...range(pending.length - 1).map((index) =>
                  set(pending[pending.length - 1 - index]!, pending[pending.length - 2 - index]!),
                ),
                set(pending[0]!, record!),
                advance(waiting, 1),
              ],
            ),
          ]),
        ]),
        // Those that are left over, with a record for which nothing is near enough.
        when(waiting, [
          ...pending
            .slice(1)
            .map((each, index) => when(i32.isBelow(waiting, i32.constant(index + 2)), [set(each, none)])),
          call('none', PLACES.screenSome, [...pending, none, block!]),
        ]),
        advance(block!, 1),
      ],
      i32.isBelow(block!, context('blocks')),
    ),
    ...forAll([
      when(
        i32.and(
          context('isAnyEnough'),
          f32.isEqual(f32.load(record!, RECORD.heap), f32.constant(Number.POSITIVE_INFINITY)),
        ),
        [i32.store(record!, context('wanted'), RECORD.found)],
        [call('none', PLACES.settle, [record!])],
      ),
    ]),
  );
  return { name: 'search', writer };
}
