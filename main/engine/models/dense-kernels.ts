/** What a dense layer takes most of its time for, four units at a time. */
import {
  doWhile,
  FunctionWriter,
  f32x4,
  i32,
  type Local,
  set,
  type V128,
  type WasmFunction,
} from './wasm-assembler.ts';
import { type MultiplyAdd, moduleOf } from './wasm-module.ts';

/** Units of the two kinds of blocks that a layer is cut into: as many sums as the registers hold, and half of them. */
export const WIDE_BLOCK = 32;
export const NARROW_BLOCK = 16;
/** Inputs are filled up with zeros to a multiple of this, so that no loop has an odd end. */
export const INPUT_STEP = 4;

const NUMBER_BYTES = 4;
const LANES = 4;
const VECTOR_BYTES = LANES * NUMBER_BYTES;

/**
 * All addresses are in bytes from the beginning of `memory`. A block of weights holds those of the first input, then
 * those of the second; blocks stand one behind the other, as do the units' biases and sums.
 */
export interface DenseKernels {
  readonly memory: ArrayBuffer;
  /** Weighted sums of `inputs` values, for `blocks` (at least one) WIDE_BLOCKs of units. */
  wide(values: number, inputs: number, weights: number, bias: number, sums: number, blocks: number): void;
  /** The same for NARROW_BLOCKs. */
  narrow(values: number, inputs: number, weights: number, bias: number, sums: number, blocks: number): void;
  /** Makes all numbers from `start` to before `end`, a multiple of four and at least that many, their tanh. */
  tanh(start: number, end: number): void;
}

/** Undefined where WebAssembly is switched off or has no address space left. */
export const openDenseKernels = moduleOf<Omit<DenseKernels, 'memory'>>((multiplyAdd) => [
  sumsFunction('wide', WIDE_BLOCK, multiplyAdd),
  sumsFunction('narrow', NARROW_BLOCK, multiplyAdd),
  tanhFunction(multiplyAdd),
]);

const advance = (pointer: Local<'i32'>, bytes: number) => set(pointer, i32.add(pointer, i32.constant(bytes)));

function sumsFunction(name: string, units: number, multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const pointer = () => writer.param('i32');
  const [values, inputs, weights, bias, out, blocks] = [
    pointer(),
    pointer(),
    pointer(),
    pointer(),
    pointer(),
    pointer(),
  ];
  const [at, end] = [writer.local('i32'), writer.local('i32')];
  const sums = Array.from({ length: units / LANES }, () => writer.local('v128'));
  const value = writer.local('v128');
  const bytes = units * NUMBER_BYTES;
  const steps = Array.from({ length: INPUT_STEP }, (_, input) => input);
  writer.do(
    set(end, i32.add(values, i32.shiftLeft(inputs, i32.constant(2)))),
    doWhile(
      [
        ...sums.map((sum, vector) => set(sum, f32x4.load(bias, vector * VECTOR_BYTES))),
        set(at, values),
        doWhile(
          [
            ...steps.flatMap((input) => [
              set(value, f32x4.loadSplat(at, input * NUMBER_BYTES)),
              ...sums.map((sum, vector) =>
                set(sum, multiplyAdd(value, f32x4.load(weights, input * bytes + vector * VECTOR_BYTES), sum)),
              ),
            ]),
            advance(at, INPUT_STEP * NUMBER_BYTES),
            advance(weights, INPUT_STEP * bytes),
          ],
          i32.isBelow(at, end),
        ),
        ...sums.map((sum, vector) => f32x4.store(out, sum, vector * VECTOR_BYTES)),
        advance(bias, bytes),
        advance(out, bytes),
        advance(blocks, -1),
      ],
      blocks,
    ),
  );
  return { name, writer };
}

/** Of half the value; tanh of more is nearer to 1 than the 32-bit number before it. */
const FRACTION_END = 4.51;
/** Above and below the line of the continued fraction of tanh (J. H. Lambert, 1768) to its ninth term, by powers of y². */
export const TANH_ABOVE = [34_459_425, 4_729_725, 135_135, 990, 1] as const;
export const TANH_BELOW = [34_459_425, 16_216_200, 945_945, 13_860, 45] as const;

/**
 * tanh(2y) = 2 tanh y / (1 + tanh² y), so that the fraction is only asked where it is as exact as 32-bit numbers are,
 * and with tanh y = a / b = 2ab / (a² + b²), so that there is one division. Nothing is subtracted: no digits are lost.
 */
function tanhFunction(multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const [at, end] = [writer.param('i32'), writer.param('i32')];
  const vector = () => writer.local('v128');
  const [y, square, above, below] = [vector(), vector(), vector(), vector()];
  const polynomial = (coefficients: readonly number[]): V128 =>
    coefficients.map(f32x4.constant).reduceRight((sum, coefficient) => multiplyAdd(sum, square, coefficient));
  const half = f32x4.multiply(f32x4.load(at), f32x4.constant(0.5));
  writer.do(
    doWhile(
      [
        set(y, f32x4.lesser(f32x4.greater(half, f32x4.constant(-FRACTION_END)), f32x4.constant(FRACTION_END))),
        set(square, f32x4.multiply(y, y)),
        set(above, f32x4.multiply(y, polynomial(TANH_ABOVE))),
        set(below, polynomial(TANH_BELOW)),
        f32x4.store(
          at,
          f32x4.divide(
            f32x4.multiply(f32x4.add(above, above), below),
            multiplyAdd(above, above, f32x4.multiply(below, below)),
          ),
        ),
        advance(at, VECTOR_BYTES),
      ],
      i32.isBelow(at, end),
    ),
  );
  return { name: 'tanh', writer };
}
