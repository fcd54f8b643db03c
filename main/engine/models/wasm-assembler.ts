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
/**
 * A character for each byte: the language joins strings without looking at what is in them, and thousands of pieces are
 * joined before any loop over bytes would have been made quick.
 */
type Bytes = string;
export type I32 = Code<'i32'>;
export type F32 = Code<'f32'>;
export type F64 = Code<'f64'>;
export type V128 = Code<'v128'>;
export type Statement = Code<'none'>;

/** A variable of a function; reads as its value. */
export interface Local<T extends ValueType> extends Code<T> {
  readonly index: number;
}

const TYPE_BYTES: Readonly<Record<ValueType, Bytes>> = { i32: '\x7f', f32: '\x7d', f64: '\x7c', v128: '\x7b' };
const NO_RESULT = '\x40';
const ELSE = '\x05';
const END = '\x0b';
/** Alignment is only a hint to the machine: 2 to this power. */
const WORD_ALIGNMENT = '\x02';
const HALF_ALIGNMENT = '\x01';
const PAGE_BYTES = 65_536;

const bytes = (...values: readonly number[]): Bytes => String.fromCharCode(...values);

/** Whole numbers of any size in groups of 7 bits (LEB128, unsigned). */
function unsigned(value: number): Bytes {
  if (value < 128) return String.fromCharCode(value);
  let groups = '';
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) groups += bytes((rest % 128) | 128);
  return groups + bytes(rest);
}

/** The same with sign, for numbers of 32 bits. */
function signed(value: number): Bytes {
  let groups = '';
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 127;
    if (rest >> 6 === 0 || rest >> 6 === -1) return groups + bytes(low);
    groups += bytes(low | 128);
  }
}

const float = (value: number): Bytes => bytes(...new Uint8Array(Float32Array.of(value).buffer));

const code = <T extends ValueType | 'none'>(type: T, instructions: Bytes): Code<T> => ({ type, bytes: instructions });

function bytesOf(codes: readonly Code<ValueType | 'none'>[]): Bytes {
  let joined = '';
  for (const each of codes) joined += each.bytes;
  return joined;
}

const SIMD = bytes(0xfd);
const simd = (opcode: number): Bytes => SIMD + unsigned(opcode);
const memory = (offset: number): Bytes => WORD_ALIGNMENT + unsigned(offset);

const plain =
  <A extends ValueType, R extends ValueType>(result: R, opcode: Bytes) =>
  (left: Code<A>, right: Code<A>): Code<R> =>
    code(result, left.bytes + right.bytes + opcode);
const lanes = (opcode: number) => plain<'v128', 'v128'>('v128', simd(opcode));

/** Conditions are whole numbers: 0 is no. All of them compare without sign. */
export const i32 = {
  constant: (value: number): I32 => code('i32', `\x41${signed(value)}`),
  load: (address: I32, offset = 0): I32 => code('i32', `${address.bytes}\x28${memory(offset)}`),
  store: (address: I32, value: I32, offset = 0): Statement =>
    code('none', `${address.bytes + value.bytes}\x36${memory(offset)}`),
  /** Its low 16 bits. */
  storeHalf: (address: I32, value: I32, offset = 0): Statement =>
    code('none', `${address.bytes + value.bytes}\x3b${HALF_ALIGNMENT}${unsigned(offset)}`),
  add: plain<'i32', 'i32'>('i32', '\x6a'),
  subtract: plain<'i32', 'i32'>('i32', '\x6b'),
  multiply: plain<'i32', 'i32'>('i32', '\x6c'),
  remainder: plain<'i32', 'i32'>('i32', '\x70'),
  and: plain<'i32', 'i32'>('i32', '\x71'),
  or: plain<'i32', 'i32'>('i32', '\x72'),
  xor: plain<'i32', 'i32'>('i32', '\x73'),
  shiftLeft: plain<'i32', 'i32'>('i32', '\x74'),
  shiftRight: plain<'i32', 'i32'>('i32', '\x76'),
  rotateLeft: plain<'i32', 'i32'>('i32', '\x77'),
  isEqual: plain<'i32', 'i32'>('i32', '\x46'),
  isDifferent: plain<'i32', 'i32'>('i32', '\x47'),
  isBelow: plain<'i32', 'i32'>('i32', '\x49'),
  isAbove: plain<'i32', 'i32'>('i32', '\x4b'),
  /** How many bits are set. */
  bitCount: (value: I32): I32 => code('i32', `${value.bytes}\x69`),
  /** Place of the lowest bit that is set. */
  lowestBit: (value: I32): I32 => code('i32', `${value.bytes}\x68`),
};

export const f32 = {
  constant: (value: number): F32 => code('f32', `\x43${float(value)}`),
  load: (address: I32, offset = 0): F32 => code('f32', `${address.bytes}\x2a${memory(offset)}`),
  store: (address: I32, value: F32, offset = 0): Statement =>
    code('none', `${address.bytes + value.bytes}\x38${memory(offset)}`),
  add: plain<'f32', 'f32'>('f32', '\x92'),
  subtract: plain<'f32', 'f32'>('f32', '\x93'),
  multiply: plain<'f32', 'f32'>('f32', '\x94'),
  isEqual: plain<'f32', 'i32'>('i32', '\x5b'),
  isBelow: plain<'f32', 'i32'>('i32', '\x5d'),
  isAbove: plain<'f32', 'i32'>('i32', '\x5e'),
};

export const f64 = {
  zero: code('f64', `\x44${'\x00'.repeat(8)}`),
  constant: (value: number): F64 => code('f64', `\x44${bytes(...new Uint8Array(Float64Array.of(value).buffer))}`),
  load: (address: I32, offset = 0): F64 => code('f64', `${address.bytes}\x2b${memory(offset)}`),
  store: (address: I32, value: F64, offset = 0): Statement =>
    code('none', `${address.bytes + value.bytes}\x39${memory(offset)}`),
  /** The same number in 64 bits. */
  widen: (value: F32): F64 => code('f64', `${value.bytes}\xbb`),
  /** Of a whole number without sign. */
  fromWhole: (value: I32): F64 => code('f64', `${value.bytes}\xb8`),
  squareRoot: (value: F64): F64 => code('f64', `${value.bytes}\x9f`),
  greater: plain<'f64', 'f64'>('f64', '\xa5'),
  add: plain<'f64', 'f64'>('f64', '\xa0'),
  subtract: plain<'f64', 'f64'>('f64', '\xa1'),
  multiply: plain<'f64', 'f64'>('f64', '\xa2'),
  isEqual: plain<'f64', 'i32'>('i32', '\x61'),
  isDifferent: plain<'f64', 'i32'>('i32', '\x62'),
  isBelow: plain<'f64', 'i32'>('i32', '\x63'),
  isAbove: plain<'f64', 'i32'>('i32', '\x64'),
};

const LOAD = simd(0x00);
const LOAD_SPLAT = simd(0x09);
const STORE = simd(0x0b);
const MULTIPLY_ADD = simd(0x105);

/** Four 32-bit numbers, side by side. */
export const f32x4 = {
  zero: code('v128', simd(0x0c) + '\x00'.repeat(16)),
  /** One number, four times. */
  constant: (value: number): V128 => code('v128', simd(0x0c) + float(value).repeat(4)),
  load: (address: I32, offset = 0): V128 => code('v128', address.bytes + LOAD + memory(offset)),
  /** One number from memory, four times. */
  loadSplat: (address: I32, offset = 0): V128 => code('v128', address.bytes + LOAD_SPLAT + memory(offset)),
  store: (address: I32, value: V128, offset = 0): Statement =>
    code('none', address.bytes + value.bytes + STORE + memory(offset)),
  nearest: (value: V128): V128 => code('v128', value.bytes + simd(0x6a)),
  /** 2 to the power of whole numbers from −126 to 127: their bits moved to where the exponent is. */
  powerOfTwo: (whole: V128): V128 => {
    const biased = whole.bytes + simd(0xf8) + i32.constant(127).bytes + simd(0x11) + simd(0xae);
    return code('v128', biased + i32.constant(23).bytes + simd(0xab));
  },
  splat: (value: F32): V128 => code('v128', value.bytes + simd(0x13)),
  squareRoot: (value: V128): V128 => code('v128', value.bytes + simd(0xe3)),
  /** Where the left number is above the right one, as four bits. */
  areAbove: (left: V128, right: V128): I32 => code('i32', left.bytes + right.bytes + simd(0x44) + simd(0xa4)),
  lane: (value: V128, lane: 0 | 1 | 2 | 3): F32 => code('f32', value.bytes + simd(0x1f) + bytes(lane)),
  add: lanes(0xe4),
  subtract: lanes(0xe5),
  multiply: lanes(0xe6),
  divide: lanes(0xe7),
  /** The lesser of each two; either where one is not a number. */
  lesser: lanes(0xea),
  /** The greater of each two; either where one is not a number. */
  greater: lanes(0xeb),
  /** a × b + c, rounded once or twice, as the machine does it faster. */
  relaxedMultiplyAdd: (a: V128, b: V128, c: V128): V128 => code('v128', a.bytes + b.bytes + c.bytes + MULTIPLY_ADD),
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
  body(result?: Code<ValueType>): Bytes {
    const locals = this.locals.map((type) => LOCAL_COUNT + TYPE_BYTES[type]);
    const content = vector(locals) + bytesOf(this.statements) + (result?.bytes ?? '') + END;
    return unsigned(content.length) + content;
  }
}

/** Each is declared by itself. */
const LOCAL_COUNT = '\x01';

function local<T extends ValueType>(type: T, index: number): Local<T> {
  return { type, index, bytes: `\x20${unsigned(index)}` };
}

export function set<T extends ValueType>(variable: Local<T>, value: Code<T>): Statement {
  return code('none', `${value.bytes}\x21${unsigned(variable.index)}`);
}

/** Does the statements, and again for as long as the condition holds after them. */
export function doWhile(statements: readonly Statement[], condition: I32): Statement {
  return code('none', `\x03${NO_RESULT}${bytesOf(statements)}${condition.bytes}\x0d\x00${END}`);
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
  const other = otherwise.length === 0 ? '' : ELSE + bytesOf(otherwise);
  return code('none', `${condition.bytes}\x04${NO_RESULT}${bytesOf(statements)}${other}${END}`);
}

/** The first value where the condition holds, otherwise the second; without a branch. */
export function select<T extends ValueType>(condition: I32, chosen: Code<T>, other: Code<T>): Code<T> {
  return code(chosen.type, `${chosen.bytes + other.bytes + condition.bytes}\x1b`);
}

/** Calls another function of the module, by its place among them. */
export function call<T extends ValueType | 'none'>(
  result: T,
  place: number,
  args: readonly Code<ValueType>[],
): Code<T> {
  return code(result, `${bytesOf(args)}\x10${unsigned(place)}`);
}

export interface WasmFunction {
  readonly name: string;
  readonly writer: FunctionWriter;
  readonly result?: Code<ValueType>;
}

const vector = (entries: readonly Bytes[]): Bytes => unsigned(entries.length) + entries.join('');
const section = (id: number, content: Bytes): Bytes => bytes(id) + unsigned(content.length) + content;
/** Of ASCII. */
const name = (text: string): Bytes => unsigned(text.length) + text;

/** A module of these functions over a memory that it imports as `host.memory`. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(
    ({ writer, result }) =>
      '\x60' +
      vector(writer.params.map((type) => TYPE_BYTES[type])) +
      vector(result === undefined ? [] : [TYPE_BYTES[result.type]]),
  );
  const exported = (each: WasmFunction, index: number) => `${name(each.name)}\x00${unsigned(index)}`;
  return Buffer.from(
    '\x00asm\x01\x00\x00\x00' +
      section(1, vector(types)) +
      section(2, vector([`${name('host') + name('memory')}\x02\x00\x01`])) +
      section(3, vector(functions.map((_, index) => unsigned(index)))) +
      section(7, vector(functions.map(exported))) +
      section(10, vector(functions.map(({ writer, result }) => writer.body(result)))),
    'latin1',
  );
}

/** Pages of memory that hold so many bytes. */
export function pagesFor(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES));
}
