/**
 * Compares blocks of rows with one another, each pair once for the nearest rows of both, in WebAssembly that is put
 * together here.
 *
 * What is compared is a · b − ½ |a|² − ½ |b|², minus half the squared distance and so the same for both rows. It errs as
 * the sums of search-kernels.ts do: with the error added it is what a pair has at most, with the error taken off what is
 * sure. Candidates of a row are those above its top, a number that the sure sums of enough others are above.
 */
import {
  BLOCK_ROWS,
  COLUMN_BYTES,
  type DistanceKernels,
  fillBlockFunction,
  LANES,
  squareFunction,
  VECTOR_BYTES,
} from './distance-kernels.ts';
import {
  advance,
  context,
  fraction,
  numbersIn,
  range,
  PLACES as SHARED,
  settleFunction,
  zero,
} from './near-selection.ts';
import { CANDIDATE_BYTES, LEAST_ERROR, NUMBER_BYTES, RECORD, TILE } from './search-layout.ts';
import {
  call,
  doWhile,
  type F64,
  FunctionWriter,
  f32,
  f32x4,
  f64,
  type I32,
  i32,
  type Local,
  type Statement,
  set,
  type WasmFunction,
  when,
  whileTrue,
} from './wasm-assembler.ts';
import { type MultiplyAdd, moduleOf } from './wasm-module.ts';

/** Over memory as `layOutPairs` has it. */
export interface PairKernels extends Pick<DistanceKernels, 'memory' | 'fillBlock'> {
  /** Compares every row of one block with every row of another or of the same, for both. */
  compareBlocks(first: number, second: number): void;
  /** Measures what may be among the nearest of each row, finds those, and writes how far it is to the last of them. */
  settlePairs(): void;
  /** Then adds up for each row how far its nearest are, those nearer than their own last as far as that. */
  addReaches(): void;
}

/** Undefined where WebAssembly is switched off or has no address space left. */
export const openPairKernels = moduleOf<Omit<PairKernels, 'memory'>>(pairFunctions);

/** The same without what came late to WebAssembly, for machines where it is older. */
export const openStrictPairKernels = moduleOf<Omit<PairKernels, 'memory'>>(() =>
  pairFunctions((a, b, c) => f32x4.add(f32x4.multiply(a, b), c)),
);

/** Places of functions in the module. */
const PLACES = { square: SHARED.square, settle: 1, keepNearest: 2, tighten: 3, takePairs: 4 } as const;

/** In the order of PLACES, and what no other calls. */
function pairFunctions(multiplyAdd: MultiplyAdd): WasmFunction[] {
  return [
    squareFunction(),
    settleFunction(),
    keepNearestFunction(),
    tightenFunction(),
    takePairsFunction(),
    compareBlocksFunction(multiplyAdd),
    settlePairsFunction(),
    addReachesFunction(),
    fillBlockFunction(),
  ];
}

/** Columns that one turn of the loop does. */
const UNROLLED = 2;
const VECTORS = TILE.second / LANES;

/** Halvings of a range of numbers: to where it is too narrow to be halved again, from almost any. */
const MOST_HALVINGS = 32;
/** Makes a number below 0 a lesser one. */
const BEYOND = 1.001;

const one = i32.constant(1);
const topOf = (row: I32): I32 => i32.add(context('topsStart'), numbersIn(row));
/** Of a list of candidates, each a row and the sum that it has at most. */
const candidatesEnd = (record: I32, count: I32): I32 =>
  i32.add(i32.add(record, context('candidatesOffset')), i32.shiftLeft(count, i32.constant(3)));

/**
 * Finds a number that the sure sums of as many rows as are wanted are above, and not many more, and drops the
 * candidates that are not above it. Where that leaves too many, measures them and keeps the nearest.
 */
function tightenFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [row, record] = [writer.param('i32'), writer.param('i32')];
  const [sures, at, end, above, turns] = range(5).map(() => writer.local('i32')) as Local<'i32'>[];
  const [least, most, middle] = [writer.local('f32'), writer.local('f32'), writer.local('f32')];
  const border = writer.local('v128');
  const count = i32.load(record, RECORD.candidates);
  const isFull = i32.isEqual(count, context('room'));
  const isOpen = f32.isEqual(least, f32.constant(Number.NEGATIVE_INFINITY));
  writer.do(
    set(sures!, i32.add(record, context('squaresOffset'))),
    set(end!, i32.add(sures!, numbersIn(count))),
    // What fills up the last vector is above nothing.
    f32x4.store(end!, f32x4.constant(Number.NEGATIVE_INFINITY)),
    set(least, f32.load(topOf(row))),
    when(i32.and(isOpen, isFull), [
      set(at!, sures!),
      set(least, f32.constant(0)),
      doWhile(
        [when(f32.isBelow(f32.load(at!), least), [set(least, f32.load(at!))]), advance(at!, NUMBER_BYTES)],
        i32.isBelow(at!, end!),
      ),
      set(least, f32.subtract(f32.multiply(least, f32.constant(BEYOND)), f32.constant(LEAST_ERROR))),
    ]),
    // Until there were as many candidates as there is room for, all are kept.
    when(
      isOpen,
      [],
      [
        set(turns!, i32.constant(MOST_HALVINGS)),
        doWhile(
          [
            set(middle, f32.multiply(f32.add(least, most), f32.constant(0.5))),
            set(border, f32x4.splat(middle)),
            set(above!, zero),
            set(at!, sures!),
            doWhile(
              [
                set(above!, i32.add(above!, i32.bitCount(f32x4.areAbove(f32x4.load(at!), border)))),
                advance(at!, VECTOR_BYTES),
              ],
              i32.isBelow(at!, end!),
            ),
            when(i32.isBelow(above!, context('wanted')), [set(most, middle)], [set(least, middle)]),
            advance(turns!, -1),
          ],
          i32.and(
            i32.isDifferent(turns!, zero),
            i32.or(i32.isBelow(above!, context('wanted')), i32.isAbove(above!, context('enough'))),
          ),
        ),
        f32.store(topOf(row), least),
        set(above!, zero),
        set(at!, candidatesEnd(record, zero)),
        // Moved without asking, as it cannot be foretold which are kept.
        doWhile(
          [
            i32.store(candidatesEnd(record, above!), i32.load(at!)),
            f32.store(candidatesEnd(record, above!), f32.load(at!, NUMBER_BYTES), NUMBER_BYTES),
            f32.store(i32.add(i32.add(record, context('squaresOffset')), numbersIn(above!)), f32.load(sures!)),
            set(above!, i32.add(above!, f32.isAbove(f32.load(at!, NUMBER_BYTES), least))),
            advance(at!, CANDIDATE_BYTES),
            advance(sures!, NUMBER_BYTES),
          ],
          i32.isBelow(sures!, end!),
        ),
        i32.store(record, above!, RECORD.candidates),
      ],
    ),
    when(i32.isAbove(i32.shiftLeft(count, one), context('room')), [call('none', PLACES.keepNearest, [row, record])]),
  );
  return { name: 'tighten', writer };
}

/** Measures the candidates of a row, and sorts the nearest. */
const settleRow = (row: I32, record: I32): readonly Statement[] => [
  i32.store(record, i32.add(context('rowsStart'), i32.multiply(row, context('rowBytes'))), RECORD.query),
  f32.store(record, f32.load(topOf(row)), RECORD.heap),
  call('none', PLACES.settle, [record]),
];

/** Measures the candidates of a row, and keeps the nearest. */
function keepNearestFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [row, record] = [writer.param('i32'), writer.param('i32')];
  const [left, at, to] = range(3).map(() => writer.local('i32')) as Local<'i32'>[];
  const sum = writer.local('f32');
  writer.do(
    ...settleRow(row, record),
    set(left!, i32.load(record, RECORD.found)),
    i32.store(record, left!, RECORD.candidates),
    set(at!, i32.add(record, context('squaresOffset'))),
    set(to!, candidatesEnd(record, zero)),
    whileTrue(left!, [
      // What is measured is what sums stand for; squares lie where sure sums do.
      set(sum, f32.multiply(f32.load(at!), f32.constant(-0.5))),
      i32.store(to!, i32.load(i32.subtract(at!, context('mostBytes')))),
      f32.store(to!, sum, NUMBER_BYTES),
      f32.store(at!, sum),
      advance(at!, NUMBER_BYTES),
      advance(to!, CANDIDATE_BYTES),
      advance(left!, -1),
    ]),
  );
  return { name: 'keepNearest', writer };
}

/**
 * Makes the pairs of a tile candidates of one another: for each sum that is above the top of its row of the first block
 * there is a bit in the first mask, and for each that is above that of its row of the second one in the second.
 */
function takePairsFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [first, second] = [writer.param('i32'), writer.param('i32')];
  const masks = [writer.param('i32'), writer.param('i32')] as const;
  const error = writer.param('f32');
  const [place, record, count, at] = range(4).map(() => writer.local('i32')) as Local<'i32'>[];
  const sum = writer.local('f32');
  const rows = [
    i32.add(first, i32.shiftRight(place!, i32.constant(Math.log2(TILE.second)))),
    i32.add(second, i32.and(place!, i32.constant(TILE.second - 1))),
  ] as const;
  const twiceError = f32.add(error, error);
  writer.do(
    ...masks.map((mask, side) =>
      whileTrue(mask, [
        set(place!, i32.lowestBit(mask)),
        set(mask, i32.and(mask, i32.subtract(mask, one))),
        set(sum, f32.load(i32.add(context('tileStart'), numbersIn(place!)))),
        set(record!, i32.add(context('recordsStart'), i32.multiply(rows[side]!, context('recordBytes')))),
        set(count!, i32.load(record!, RECORD.candidates)),
        set(at!, candidatesEnd(record!, count!)),
        i32.store(at!, rows[1 - side]!),
        f32.store(at!, sum, NUMBER_BYTES),
        f32.store(
          i32.add(i32.add(record!, context('squaresOffset')), numbersIn(count!)),
          f32.subtract(sum, twiceError),
        ),
        // None is its own neighbour: what was written for it is written over.
        set(count!, i32.add(count!, i32.isDifferent(rows[0], rows[1]))),
        i32.store(record!, count!, RECORD.candidates),
        when(i32.isEqual(count!, context('room')), [call('none', PLACES.tighten, [rows[side]!, record!])]),
      ]),
    ),
  );
  return { name: 'takePairs', writer };
}

function compareBlocksFunction(multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const [first, second] = [writer.param('i32'), writer.param('i32')];
  const integers = () => writer.local('i32');
  const [isSame, part, partEnd, otherPart, otherEnd] = [integers(), integers(), integers(), integers(), integers()];
  const [at, otherAt, end] = [integers(), integers(), integers()];
  const [row, otherRow, firstMask, secondMask] = [integers(), integers(), integers(), integers()];
  const error = writer.local('f32');
  const sums = range(TILE.first).map(() => range(VECTORS).map(() => writer.local('v128')));
  const others = range(VECTORS).map(() => writer.local('v128'));
  const value = writer.local('v128');
  const blockStart = (number: Local<'i32'>) =>
    i32.add(context('blocksStart'), i32.multiply(number, context('blockBytes')));
  const length = (number: Local<'i32'>) => f32.load(i32.add(context('lengthsStart'), numbersIn(number)));
  const bitsOf = (side: 'first' | 'second') =>
    sums
      .flatMap((own, index) =>
        own.map((sum, vector) => {
          const top =
            side === 'first'
              ? f32x4.loadSplat(topOf(row), index * NUMBER_BYTES)
              : f32x4.load(topOf(otherRow), vector * VECTOR_BYTES);
          const place = index * TILE.second + vector * LANES;
          return i32.shiftLeft(f32x4.areAbove(sum, top), i32.constant(place));
        }),
      )
      .reduce(i32.or);
  writer.do(
    set(isSame, i32.isEqual(first, second)),
    set(part, blockStart(first)),
    set(partEnd, i32.add(part, i32.constant(COLUMN_BYTES))),
    set(row, i32.multiply(first, i32.constant(BLOCK_ROWS))),
    set(error, f32.add(length(first), length(second))),
    set(error, f32.add(f32.multiply(f32.multiply(error, error), fraction('errorScale')), f32.constant(LEAST_ERROR))),
    doWhile(
      [
        set(otherPart, blockStart(second)),
        set(otherEnd, i32.add(otherPart, i32.constant(COLUMN_BYTES))),
        set(otherRow, i32.multiply(second, i32.constant(BLOCK_ROWS))),
        doWhile(
          [
            ...sums.flatMap((own, index) => [
              set(value, f32x4.splat(f32.add(f32.load(part, index * NUMBER_BYTES), error))),
              ...own.map((sum, vector) => set(sum, f32x4.add(f32x4.load(otherPart, vector * VECTOR_BYTES), value))),
            ]),
            set(at, i32.add(part, i32.constant(COLUMN_BYTES))),
            set(otherAt, i32.add(otherPart, i32.constant(COLUMN_BYTES))),
            set(end, i32.add(at, i32.multiply(context('columns'), i32.constant(COLUMN_BYTES)))),
            doWhile(
              [
                ...range(UNROLLED).flatMap((column) => [
                  ...others.map((other, vector) =>
                    set(other, f32x4.load(otherAt, column * COLUMN_BYTES + vector * VECTOR_BYTES)),
                  ),
                  ...sums.flatMap((own, index) => [
                    set(value, f32x4.loadSplat(at, column * COLUMN_BYTES + index * NUMBER_BYTES)),
                    ...own.map((sum, vector) => set(sum, multiplyAdd(value, others[vector]!, sum))),
                  ]),
                ]),
                advance(at, UNROLLED * COLUMN_BYTES),
                advance(otherAt, UNROLLED * COLUMN_BYTES),
              ],
              i32.isBelow(at, end),
            ),
            ...sums.flatMap((own, index) =>
              own.map((sum, vector) =>
                f32x4.store(context('tileStart'), sum, index * TILE.second * NUMBER_BYTES + vector * VECTOR_BYTES),
              ),
            ),
            set(firstMask, bitsOf('first')),
            set(secondMask, zero),
            // Of a block with itself both halves are compared.
            when(isSame, [], [set(secondMask, bitsOf('second'))]),
            when(i32.or(firstMask, secondMask), [
              call('none', PLACES.takePairs, [row, otherRow, firstMask, secondMask, error]),
            ]),
            advance(otherPart, VECTORS * VECTOR_BYTES),
            advance(otherRow, TILE.second),
          ],
          i32.isBelow(otherPart, otherEnd),
        ),
        advance(part, TILE.first * NUMBER_BYTES),
        advance(row, TILE.first),
      ],
      i32.isBelow(part, partEnd),
    ),
  );
  return { name: 'compareBlocks', writer };
}

const reachOf = (row: I32): I32 => i32.add(context('reachesStart'), i32.shiftLeft(row, i32.constant(3)));
const distanceAt = (square: I32): F64 => f64.squareRoot(f64.widen(f32.load(square)));

function settlePairsFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [row, record] = [writer.local('i32'), writer.local('i32')];
  const last = i32.add(i32.add(record, context('squaresOffset')), context('mostBytes'));
  writer.do(
    set(record, context('recordsStart')),
    doWhile(
      [
        call('none', PLACES.tighten, [row, record]),
        ...settleRow(row, record),
        f64.store(reachOf(row), distanceAt(i32.subtract(last, i32.constant(NUMBER_BYTES)))),
        set(record, i32.add(record, context('recordBytes'))),
        advance(row, 1),
      ],
      i32.isBelow(row, context('rows')),
    ),
  );
  return { name: 'settlePairs', writer };
}

function addReachesFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [at, end, to, sums] = range(4).map(() => writer.local('i32')) as Local<'i32'>[];
  const sum = writer.local('f64');
  const found = i32.load(i32.subtract(at!, context('mostBytes')));
  writer.do(
    set(at!, i32.add(context('recordsStart'), context('squaresOffset'))),
    set(to!, context('sumsStart')),
    set(sums!, i32.add(to!, i32.shiftLeft(context('rows'), i32.constant(3)))),
    doWhile(
      [
        set(end!, i32.add(at!, context('mostBytes'))),
        set(sum, f64.zero),
        doWhile(
          [set(sum, f64.add(sum, f64.greater(f64.load(reachOf(found)), distanceAt(at!)))), advance(at!, NUMBER_BYTES)],
          i32.isBelow(at!, end!),
        ),
        f64.store(to!, sum),
        set(at!, i32.add(i32.subtract(at!, context('mostBytes')), context('recordBytes'))),
        advance(to!, 2 * NUMBER_BYTES),
      ],
      i32.isBelow(to!, sums!),
    ),
  );
  return { name: 'addReaches', writer };
}
