import { latin1, lineEnd, nextLine, utf8Text } from './bytes.ts';

/** Lines of the protocol that say a type and a number, or a short text (RESP 2 and 3, redis.io "protocol spec"). */
const MAX_LINE_BYTES = 65_000;
/** Of a long value only so much is looked at; the rest is passed by. */
const MAX_VALUE_BYTES = 1_024;
const MAX_ARGUMENTS = 16;
const MAX_DEPTH = 8;
const MAX_ELEMENTS = 4 * 1024 * 1024;
const MAX_BULK_BYTES = 512 * 1024 * 1024;

export const RESP = {
  text: 0x2b,
  error: 0x2d,
  number: 0x3a,
  bulk: 0x24,
  array: 0x2a,
  null: 0x5f,
  boolean: 0x23,
  double: 0x2c,
  bigNumber: 0x28,
  bulkError: 0x21,
  verbatim: 0x3d,
  map: 0x25,
  attribute: 0x7c,
  set: 0x7e,
  push: 0x3e,
} as const;

/** A value that was read, with all values in it. */
export interface RespValue {
  /** First byte: see RESP; 0 for a command that was typed as a line. */
  readonly type: number;
  /** Texts of the value or of its first elements. */
  readonly texts: readonly string[];
}

/** How many values are in a value, by its first byte; the others hold none. */
const ELEMENTS_PER_COUNT: Readonly<Record<number, number>> = {
  [RESP.array]: 1,
  [RESP.set]: 1,
  [RESP.push]: 1,
  [RESP.map]: 2,
};
const BULKS: ReadonlySet<number> = new Set([RESP.bulk, RESP.bulkError, RESP.verbatim]);
const LINES: ReadonlySet<number> = new Set([
  RESP.text,
  RESP.error,
  RESP.number,
  RESP.null,
  RESP.boolean,
  RESP.double,
  RESP.bigNumber,
]);

/** Puts the values of one side together, from whatever pieces the stream comes in. Keeps what is looked at, no more. */
export class RespReader {
  readonly #tell: (value: RespValue) => void;
  readonly #takesLines: boolean;
  #type = -1;
  #texts: string[] = [];
  /** Elements still to come, of each value that is open. */
  #open: number[] = [];
  isBroken = false;

  /** @param takesLines whether a line that is no value is a command (as clients may type them) */
  constructor(takesLines: boolean, tell: (value: RespValue) => void) {
    this.#takesLines = takesLines;
    this.#tell = tell;
  }

  /** Gives how many bytes were taken; more than there are where the rest of a value is passed by. */
  read(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.isBroken) {
      const taken = this.#element(bytes, at);
      if (taken === 0) break;
      at += taken;
    }
    return this.isBroken ? bytes.length : at;
  }

  #element(bytes: Uint8Array, at: number): number {
    const end = lineEnd(bytes, at, MAX_LINE_BYTES);
    if (end < 0) {
      this.isBroken = bytes.length - at >= MAX_LINE_BYTES;
      return 0;
    }
    const next = nextLine(bytes, end);
    const type = bytes[at];
    if (BULKS.has(type)) return this.#bulk(bytes, at, end, next);
    const perCount = type === RESP.attribute ? 2 : ELEMENTS_PER_COUNT[type];
    if (perCount !== undefined) {
      this.#begin(type, perCount * numberIn(bytes, at + 1, end));
    } else if (LINES.has(type)) {
      this.#value(type, latin1(bytes, at + 1, end));
    } else {
      this.#line(latin1(bytes, at, end));
    }
    return next - at;
  }

  #bulk(bytes: Uint8Array, at: number, end: number, next: number): number {
    const length = numberIn(bytes, at + 1, end);
    if (length < 0) {
      this.#value(bytes[at], '');
      return next - at;
    }
    if (!(length <= MAX_BULK_BYTES)) {
      this.isBroken = true;
      return 0;
    }
    const wanted = Math.min(length, MAX_VALUE_BYTES);
    if (bytes.length - next < wanted) return 0;
    this.#value(bytes[at], utf8Text(bytes, next, next + wanted));
    // The text, and the line end behind it.
    return next - at + length + 2;
  }

  #begin(type: number, count: number): void {
    if (!(count <= MAX_ELEMENTS) || this.#open.length >= MAX_DEPTH) {
      this.isBroken = true;
      return;
    }
    if (this.#type < 0) this.#type = type;
    if (count > 0) this.#open.push(count);
    else this.#finishElement();
  }

  #value(type: number, text: string): void {
    if (this.#type < 0) this.#type = type;
    if (this.#texts.length < MAX_ARGUMENTS) this.#texts.push(text);
    this.#finishElement();
  }

  #line(text: string): void {
    if (!this.#takesLines || this.#open.length > 0) {
      this.isBroken = true;
      return;
    }
    const words = text.split(' ', 4 * MAX_ARGUMENTS).filter((word) => word !== '');
    if (words.length > 0) this.#tell({ type: 0, texts: words.slice(0, MAX_ARGUMENTS) });
  }

  /** One element is complete, and with it perhaps what is around it. */
  #finishElement(): void {
    while (this.#open.length > 0) {
      const left = this.#open[this.#open.length - 1] - 1;
      if (left > 0) {
        this.#open[this.#open.length - 1] = left;
        return;
      }
      this.#open.pop();
    }
    const value = { type: this.#type, texts: this.#texts };
    this.#type = -1;
    this.#texts = [];
    // What stands before an answer is said about it, and is none itself.
    if (value.type !== RESP.attribute) this.#tell(value);
  }
}

/** A whole number of up to ten digits; NaN for others. */
function numberIn(bytes: Uint8Array, from: number, to: number): number {
  const isNegative = bytes[from] === 0x2d;
  const start = isNegative ? from + 1 : from;
  if (to <= start || to - start > 10) return Number.NaN;
  let value = 0;
  for (let i = start; i < to; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}
