/** Which of the rows that screening does not rule out are the nearest: functions of the module of search-kernels.ts. */
import {
  CANDIDATE_BYTES,
  type ContextField,
  contextOffset,
  type FractionField,
  NUMBER_BYTES,
  RECORD,
} from './search-layout.ts';
import {
  call,
  doWhile,
  type F32,
  FunctionWriter,
  f32,
  type I32,
  i32,
  type Local,
  type Statement,
  set,
  type WasmFunction,
  when,
  whileTrue,
} from './wasm-assembler.ts';

/** Places of functions in the module; the first is that of `square` in every module that settles. */
export const PLACES = {
  square: 0,
  squares: 1,
  raise: 2,
  settle: 3,
  makeRoom: 4,
  take: 5,
  screenOne: 6,
  screenSome: 7,
  openNearest: 8,
  prepare: 9,
} as const;

export const zero = i32.constant(0);
const one = i32.constant(1);
export const context = (field: Exclude<ContextField, FractionField>): I32 => i32.load(zero, contextOffset(field));
export const fraction = (field: FractionField): F32 => f32.load(zero, contextOffset(field));
export const numbersIn = (count: I32): I32 => i32.shiftLeft(count, i32.constant(2));
export const advance = (variable: Local<'i32'>, by: number): Statement =>
  set(variable, i32.add(variable, i32.constant(by)));
export const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Puts one more sure sum of a query into its heap, if it is above the least there. */
export function raiseFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [record, value] = [writer.param('i32'), writer.param('f32')];
  const [place, child, isSinking] = [writer.local('i32'), writer.local('i32'), writer.local('i32')];
  const at = (index: I32) => i32.add(record, numbersIn(index));
  const entry = (index: I32) => f32.load(at(index), RECORD.heap);
  const next = i32.add(child, one);
  writer.do(
    when(f32.isAbove(value, f32.load(record, RECORD.heap)), [
      doWhile(
        [
          set(isSinking, zero),
          set(child, i32.add(i32.shiftLeft(place, one), one)),
          when(i32.isBelow(child, context('wanted')), [
            // Added, not chosen: which of the two it is cannot be foretold.
            set(
              child,
              i32.add(child, i32.and(i32.isBelow(next, context('wanted')), f32.isBelow(entry(next), entry(child)))),
            ),
            when(f32.isBelow(entry(child), value), [
              f32.store(at(place), entry(child), RECORD.heap),
              set(place, child),
              set(isSinking, one),
            ]),
          ]),
        ],
        isSinking,
      ),
      f32.store(at(place), value, RECORD.heap),
      // Where enough rows are known to be below the limit, nothing more is wanted.
      when(
        i32.and(context('isAnyEnough'), f32.isAbove(f32.load(record, RECORD.heap), f32.load(record, RECORD.start))),
        [f32.store(record, f32.constant(Number.POSITIVE_INFINITY), RECORD.heap)],
      ),
    ]),
  );
  return { name: 'raise', writer };
}

/** Measures what may be among the nearest of a query, and sorts it. */
export function settleFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const record = writer.param('i32');
  const [at, end, row, found, first, last] = range(6).map(() => writer.local('i32')) as Local<'i32'>[];
  const square = writer.local('f32');
  const rowOf = (address: I32) => i32.load(i32.subtract(address, context('mostBytes')));
  const isBefore = (address: I32): I32 =>
    i32.or(
      f32.isBelow(square, f32.load(address)),
      i32.and(f32.isEqual(square, f32.load(address)), i32.isBelow(row!, rowOf(address))),
    );
  const previous = i32.subtract(last!, i32.constant(NUMBER_BYTES));
  writer.do(
    set(first!, i32.add(record, context('squaresOffset'))),
    set(at!, i32.add(record, context('candidatesOffset'))),
    set(end!, i32.add(at!, i32.shiftLeft(i32.load(record, RECORD.candidates), i32.constant(3)))),
    whileTrue(i32.isBelow(at!, end!), [
      when(f32.isAbove(f32.load(at!, NUMBER_BYTES), f32.load(record, RECORD.heap)), [
        set(row!, i32.load(at!)),
        set(
          square,
          call('f32', PLACES.square, [
            i32.load(record, RECORD.query),
            i32.add(context('rowsStart'), i32.multiply(row!, context('rowBytes'))),
            context('columns'),
          ]),
        ),
        set(last!, i32.add(first!, numbersIn(found!))),
        when(
          i32.isBelow(found!, context('wanted')),
          [when(f32.isBelow(square, fraction('limit')), [advance(found!, 1)], [set(last!, zero)])],
          [advance(last!, -NUMBER_BYTES), when(isBefore(last!), [], [set(last!, zero)])],
        ),
        when(last!, [
          whileTrue(i32.and(i32.isAbove(last!, first!), isBefore(previous)), [
            f32.store(last!, f32.load(previous)),
            i32.store(i32.subtract(last!, context('mostBytes')), rowOf(previous)),
            set(last!, previous),
          ]),
          f32.store(last!, square),
          i32.store(i32.subtract(last!, context('mostBytes')), row!),
        ]),
      ]),
      advance(at!, CANDIDATE_BYTES),
    ]),
    i32.store(record, found!, RECORD.found),
  );
  return { name: 'settle', writer };
}

/** Drops candidates that meanwhile are ruled out; where they are not half of all, measures them and keeps the nearest. */
export function makeRoomFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const record = writer.param('i32');
  const [at, to, count, left] = range(4).map(() => writer.local('i32')) as Local<'i32'>[];
  const start = i32.add(record, context('candidatesOffset'));
  writer.do(
    set(at!, start),
    set(to!, start),
    set(left!, i32.load(record, RECORD.candidates)),
    doWhile(
      [
        when(f32.isAbove(f32.load(at!, NUMBER_BYTES), f32.load(record, RECORD.heap)), [
          i32.store(to!, i32.load(at!)),
          f32.store(to!, f32.load(at!, NUMBER_BYTES), NUMBER_BYTES),
          advance(to!, CANDIDATE_BYTES),
          advance(count!, 1),
        ]),
        advance(at!, CANDIDATE_BYTES),
        advance(left!, -1),
      ],
      left!,
    ),
    i32.store(record, count!, RECORD.candidates),
    when(i32.isAbove(i32.shiftLeft(count!, one), context('room')), [
      call('none', PLACES.settle, [record]),
      set(left!, i32.load(record, RECORD.found)),
      i32.store(record, left!, RECORD.candidates),
      set(to!, start),
      set(at!, i32.subtract(i32.add(record, context('squaresOffset')), context('mostBytes'))),
      whileTrue(left!, [
        i32.store(to!, i32.load(at!)),
        // How near they are is not known as a sum; they stay until the end.
        f32.store(to!, f32.constant(Number.POSITIVE_INFINITY), NUMBER_BYTES),
        advance(to!, CANDIDATE_BYTES),
        advance(at!, NUMBER_BYTES),
        advance(left!, -1),
      ]),
    ]),
  );
  return { name: 'makeRoom', writer };
}

/** Takes the rows that `mask` has bits for, from `row` on, whose sums lie in the record. */
export function takeFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [record, firstRow, mask] = [writer.param('i32'), writer.param('i32'), writer.param('i32')];
  const [place, row, at] = [writer.local('i32'), writer.local('i32'), writer.local('i32')];
  const [sum, error] = [writer.local('f32'), writer.local('f32')];
  const count = i32.load(record, RECORD.candidates);
  writer.do(
    set(error, f32.load(record, RECORD.error)),
    doWhile(
      [
        set(place, i32.lowestBit(mask)),
        set(mask, i32.and(mask, i32.subtract(mask, one))),
        set(sum, f32.load(i32.add(record, numbersIn(place)), RECORD.sums)),
        set(row, i32.add(firstRow, place)),
        when(
          i32.and(
            f32.isAbove(f32.add(sum, error), f32.load(record, RECORD.heap)),
            i32.isDifferent(row, i32.load(record, RECORD.leftOut)),
          ),
          [
            set(at, i32.add(i32.add(record, context('candidatesOffset')), i32.shiftLeft(count, i32.constant(3)))),
            i32.store(at, row),
            f32.store(at, f32.add(sum, error), NUMBER_BYTES),
            i32.store(record, i32.add(count, one), RECORD.candidates),
            call('none', PLACES.raise, [record, f32.subtract(sum, error)]),
            when(i32.isEqual(count, context('room')), [call('none', PLACES.makeRoom, [record])]),
          ],
        ),
      ],
      mask,
    ),
  );
  return { name: 'take', writer };
}
