/** Whether numbers are finite, by what needs no warming up: tables are large, and most processes fit once. */
import { doWhile, FunctionWriter, f64, i32, set, type WasmFunction } from './wasm-assembler.ts';
import { moduleOf } from './wasm-module.ts';

interface FiniteKernels {
  /** Whether the numbers from `start` to before `end`, addresses a multiple of STEP numbers apart, all are. */
  areFinite(start: number, end: number): number;
}

const NUMBER_BYTES = Float64Array.BYTES_PER_ELEMENT;
/** Numbers that one turn of the loop looks at. */
const STEP = 8;
/** Numbers that are copied at a time to where they are looked at: few, so that they stay near the processor. */
const CHUNK = 8_192;
/** From here on what is built in takes longer than to put the loop together. */
const MANY = 4 * CHUNK;

const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;

export function areFinite(numbers: Float32Array | Float64Array): boolean {
  if (numbers instanceof Float64Array && numbers.length >= MANY) {
    const kernels = openFiniteKernels(CHUNK * NUMBER_BYTES);
    if (kernels !== undefined) return areFiniteByChunks(numbers, kernels);
  }
  return !NOT_FINITE.some((value) => numbers.includes(value));
}

function areFiniteByChunks(
  numbers: Float64Array,
  { memory, areFinite }: FiniteKernels & { readonly memory: ArrayBuffer },
): boolean {
  const chunk = new Float64Array(memory, 0, CHUNK);
  for (let start = 0; start < numbers.length; start += CHUNK) {
    const part = numbers.subarray(start, start + CHUNK);
    // Beyond the last part stands one that was found to be finite.
    chunk.set(part);
    if (areFinite(0, chunk.byteLength) === 0) return false;
  }
  return true;
}

const openFiniteKernels = moduleOf<FiniteKernels>(() => [finiteFunction()]);

/** A finite number taken from itself leaves nothing, any other one what is not a number. */
function finiteFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [at, end] = [writer.param('i32'), writer.param('i32')];
  const value = writer.local('f64');
  // Several sums, as each addition waits for the one before it.
  const sums = [writer.local('f64'), writer.local('f64'), writer.local('f64'), writer.local('f64')] as const;
  const places = Array.from({ length: STEP }, (_, place) => place);
  writer.do(
    doWhile(
      [
        ...places.flatMap((place) => {
          const sum = sums[place % sums.length]!;
          return [set(value, f64.load(at, place * NUMBER_BYTES)), set(sum, f64.add(sum, f64.subtract(value, value)))];
        }),
        set(at, i32.add(at, i32.constant(STEP * NUMBER_BYTES))),
      ],
      i32.isBelow(at, end),
    ),
  );
  const sum = f64.add(f64.add(sums[0], sums[1]), f64.add(sums[2], sums[3]));
  return { name: 'areFinite', writer, result: f64.isEqual(sum, f64.zero) };
}
