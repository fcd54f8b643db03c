/**
 * A small assembler for WebAssembly: just the instructions that the kernels of the models need, as typed expressions
 * that nest like those of any language. There is no compiler where the product is installed, and numbers four at a time
 * are what the language itself cannot do.
 *
 * WebAssembly Core Specification 2.0, 5 "Binary Format", with fixed-width SIMD; `relaxedMultiplyAdd` from the Relaxed
 * SIMD proposal (in the specification since 3.0).
 */

/** i32: whole numbers and addresses; f32 and f64: a number of 32 or 64 bits; v128: four of 32 bits, side by side. */
export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

/** Instructions that leave a value of this type; `none` for those that leave nothing. */
export interface Code<T extends ValueType | 'none'> {
  readonly type: T;
  readonly bytes: Bytes;
}
/** As they were put together; as deep as expressions are nested. */
type Bytes = readonly (number | Bytes)[];
export type I32 = Code<'i32'>;
export type F32 = Code<'f32'>;
export type F64 = Code<'f64'>;
export type V128 = Code<'v128'>;
export type Statement = Code<'none'>;

/** A variable of a function; reads as its value. */
export interface Local<T extends ValueType> extends Code<T> {
  readonly index: number;
}

const TYPE_BYTES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const NO_RESULT = 0x40;
const ELSE = 0x05;
const END = 0x0b;
const SIMD = 0xfd;
/** Alignment is only a hint to the machine: 2 to this power. */
const WORD_ALIGNMENT = 2;
const PAGE_BYTES = 65_536;

/** Whole numbers of any size in groups of 7 bits (LEB128, unsigned). */
function unsigned(value: number): number[] {
  if (value < 128) return [value];
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}

/** The same with sign, for numbers of 32 bits. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 127;
    if (rest >> 6 === 0 || rest >> 6 === -1) return [...bytes, low];
    bytes.push(low | 128);
  }
}

const code = <T extends ValueType | 'none'>(type: T, ...bytes: readonly Bytes[]): Code<T> => ({ type, bytes });
const bytesOf = (statements: readonly Statement[]): Bytes => statements.map(({ bytes }) => bytes);

/** One after another. Runs once for each module, so that the language has no time to make iterators quick. */
function flatten(bytes: Bytes, into: number[]): number[] {
  for (let i = 0; i < bytes.length; i++) {
    const each = bytes[i]!;
    if (typeof each === 'number') into.push(each);
    else flatten(each, into);
  }
  return into;
}

const simd = (opcode: number): number[] => [SIMD, ...unsigned(opcode)];
const memory = (offset: number): number[] =>
  offset < 128 ? [WORD_ALIGNMENT, offset] : [WORD_ALIGNMENT, ...unsigned(offset)];

const plain =
  <A extends ValueType, R extends ValueType>(result: R, opcode: readonly number[]) =>
  (left: Code<A>, right: Code<A>): Code<R> =>
    code(result, left.bytes, right.bytes, opcode);
const lanes = (opcode: number) => plain<'v128', 'v128'>('v128', simd(opcode));

/** Conditions are whole numbers: 0 is no. All of them compare without sign. */
export const i32 = {
  constant: (value: number): I32 => code('i32', [0x41], signed(value)),
  load: (address: I32, offset = 0): I32 => code('i32', address.bytes, [0x28], memory(offset)),
  store: (address: I32, value: I32, offset = 0): Statement =>
    code('none', address.bytes, value.bytes, [0x36], memory(offset)),
  add: plain<'i32', 'i32'>('i32', [0x6a]),
  subtract: plain<'i32', 'i32'>('i32', [0x6b]),
  multiply: plain<'i32', 'i32'>('i32', [0x6c]),
  and: plain<'i32', 'i32'>('i32', [0x71]),
  or: plain<'i32', 'i32'>('i32', [0x72]),
  shiftLeft: plain<'i32', 'i32'>('i32', [0x74]),
  shiftRight: plain<'i32', 'i32'>('i32', [0x76]),
  isEqual: plain<'i32', 'i32'>('i32', [0x46]),
  isDifferent: plain<'i32', 'i32'>('i32', [0x47]),
  isBelow: plain<'i32', 'i32'>('i32', [0x49]),
  isAbove: plain<'i32', 'i32'>('i32', [0x4b]),
  /** Place of the lowest bit that is set. */
  lowestBit: (value: I32): I32 => code('i32', value.bytes, [0x68]),
};

export const f32 = {
  constant: (value: number): F32 => code('f32', [0x43], [...new Uint8Array(Float32Array.of(value).buffer)]),
  load: (address: I32, offset = 0): F32 => code('f32', address.bytes, [0x2a], memory(offset)),
  store: (address: I32, value: F32, offset = 0): Statement =>
    code('none', address.bytes, value.bytes, [0x38], memory(offset)),
  add: plain<'f32', 'f32'>('f32', [0x92]),
  subtract: plain<'f32', 'f32'>('f32', [0x93]),
  multiply: plain<'f32', 'f32'>('f32', [0x94]),
  isEqual: plain<'f32', 'i32'>('i32', [0x5b]),
  isBelow: plain<'f32', 'i32'>('i32', [0x5d]),
  isAbove: plain<'f32', 'i32'>('i32', [0x5e]),
};

export const f64 = {
  load: (address: I32, offset = 0): F64 => code('f64', address.bytes, [0x2b], memory(offset)),
  add: plain<'f64', 'f64'>('f64', [0xa0]),
  isAbove: plain<'f64', 'i32'>('i32', [0x64]),
};

const LOAD = simd(0x00);
const LOAD_SPLAT = simd(0x09);
const STORE = simd(0x0b);
const MULTIPLY_ADD = simd(0x105);

/** Four 32-bit numbers, side by side. */
export const f32x4 = {
  zero: code(
    'v128',
    simd(0x0c),
    Array.from({ length: 16 }, () => 0),
  ),
  /** One number, four times. */
  constant: (value: number): V128 =>
    code('v128', simd(0x0c), [...new Uint8Array(Float32Array.of(value, value, value, value).buffer)]),
  load: (address: I32, offset = 0): V128 => code('v128', address.bytes, LOAD, memory(offset)),
  /** One number from memory, four times. */
  loadSplat: (address: I32, offset = 0): V128 => code('v128', address.bytes, LOAD_SPLAT, memory(offset)),
  store: (address: I32, value: V128, offset = 0): Statement =>
    code('none', address.bytes, value.bytes, STORE, memory(offset)),
  nearest: (value: V128): V128 => code('v128', value.bytes, simd(0x6a)),
  /** 2 to the power of whole numbers from −126 to 127: their bits moved to where the exponent is. */
  powerOfTwo: (whole: V128): V128 =>
    code(
      'v128',
      [whole.bytes, simd(0xf8)],
      i32.constant(127).bytes,
      [simd(0x11), simd(0xae)],
      i32.constant(23).bytes,
      simd(0xab),
    ),
  splat: (value: F32): V128 => code('v128', value.bytes, simd(0x13)),
  squareRoot: (value: V128): V128 => code('v128', value.bytes, simd(0xe3)),
  /** Where the left number is above the right one, as four bits. */
  areAbove: (left: V128, right: V128): I32 => code('i32', left.bytes, right.bytes, simd(0x44), simd(0xa4)),
  lane: (value: V128, lane: 0 | 1 | 2 | 3): F32 => code('f32', value.bytes, simd(0x1f), [lane]),
  add: lanes(0xe4),
  subtract: lanes(0xe5),
  multiply: lanes(0xe6),
  divide: lanes(0xe7),
  /** The lesser of each two; either where one is not a number. */
  lesser: lanes(0xea),
  /** The greater of each two; either where one is not a number. */
  greater: lanes(0xeb),
  /** a × b + c, rounded once or twice, as the machine does it faster. */
  relaxedMultiplyAdd: (a: V128, b: V128, c: V128): V128 => code('v128', a.bytes, b.bytes, c.bytes, MULTIPLY_ADD),
};

/** One function while it is written. */
export class FunctionWriter {
  readonly params: ValueType[] = [];
  private readonly locals: ValueType[] = [];
  private readonly statements: Statement[] = [];

  /** All parameters come before the first local. */
  param<T extends ValueType>(type: T): Local<T> {
    if (this.locals.length > 0) throw new Error('a parameter after a local');
    this.params.push(type);
    return local(type, this.params.length - 1);
  }

  local<T extends ValueType>(type: T): Local<T> {
    this.locals.push(type);
    return local(type, this.params.length + this.locals.length - 1);
  }

  do(...statements: readonly Statement[]): void {
    this.statements.push(...statements);
  }

  /** @param result left at the end, as what the function returns */
  body(result?: Code<ValueType>): number[] {
    const locals = this.locals.flatMap((type) => [1, TYPE_BYTES[type]]);
    const parts = [unsigned(this.locals.length), locals, bytesOf(this.statements), result?.bytes ?? [], END];
    const bytes = flatten(parts, []);
    return [...unsigned(bytes.length), ...bytes];
  }
}

function local<T extends ValueType>(type: T, index: number): Local<T> {
  return { type, index, bytes: [0x20, ...unsigned(index)] };
}

export function set<T extends ValueType>(variable: Local<T>, value: Code<T>): Statement {
  return code('none', value.bytes, [0x21], unsigned(variable.index));
}

/** Does the statements, and again for as long as the condition holds after them. */
export function doWhile(statements: readonly Statement[], condition: I32): Statement {
  const inner = bytesOf(statements);
  return code('none', [0x03, NO_RESULT], inner, condition.bytes, [0x0d, 0], [END]);
}

/** Does the statements for as long as the condition holds before them. */
export function whileTrue(condition: I32, statements: readonly Statement[]): Statement {
  return when(condition, [doWhile(statements, condition)]);
}

export function when(
  condition: I32,
  statements: readonly Statement[],
  otherwise: readonly Statement[] = [],
): Statement {
  const inner = bytesOf(statements);
  const other = otherwise.length === 0 ? [] : [ELSE, bytesOf(otherwise)];
  return code('none', condition.bytes, [0x04, NO_RESULT], inner, other, [END]);
}

/** Calls another function of the module, by its place among them. */
export function call<T extends ValueType | 'none'>(
  result: T,
  place: number,
  args: readonly Code<ValueType>[],
): Code<T> {
  return code(result, ...args.map(({ bytes }) => bytes), [0x10], unsigned(place));
}

export interface WasmFunction {
  readonly name: string;
  readonly writer: FunctionWriter;
  readonly result?: Code<ValueType>;
}

/** A module of these functions over a memory that it imports as `host.memory`. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const vector = (entries: readonly (readonly number[])[]) => [...unsigned(entries.length), ...entries.flat()];
  const section = (id: number, content: readonly number[]) => [id, ...unsigned(content.length), ...content];
  const name = (text: string) => vector([...Buffer.from(text)].map((byte) => [byte]));
  const types = functions.map(({ writer, result }) => [
    0x60,
    ...vector(writer.params.map((type) => [TYPE_BYTES[type]])),
    ...vector(result === undefined ? [] : [[TYPE_BYTES[result.type]]]),
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...name('host'), ...name('memory'), 0x02, 0x00, 1]])),
    ...section(3, vector(functions.map((_, index) => unsigned(index)))),
    ...section(7, vector(functions.map((each, index) => [...name(each.name), 0x00, ...unsigned(index)]))),
    ...section(10, vector(functions.map(({ writer, result }) => writer.body(result)))),
  ]);
}

/** Pages of memory that hold so many bytes. */
export function pagesFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES));
}
