import { formatAddress } from '../runtime/address.ts';

const FLUSH_AT = 1 << 20;
/** Room kept free so that a row is never checked piece by piece: far above the longest possible row. */
const HEADROOM = 64 << 10;
/** Decimals written of a number that is not whole. */
const DECIMALS = 6;
const DECIMAL_SCALE = 10 ** DECIMALS;
/** Above this a scaled number would lose whole digits in a double. */
const LARGEST_SCALED = Number.MAX_SAFE_INTEGER / DECIMAL_SCALE;
const COMMA = 0x2c;
const ZERO = 0x30;
const DOT = 0x2e;
const MINUS = 0x2d;

/**
 * Text into a byte buffer, without making strings of numbers: for tables with millions of them that costs
 * more than all the rest.
 */
export class ByteWriter {
  readonly #buffer = new Uint8Array(FLUSH_AT + HEADROOM);
  readonly #digits = new Uint8Array(20);
  readonly #write: (bytes: Uint8Array) => void;
  readonly #encoder = new TextEncoder();
  #length = 0;

  /** @param write is given each full buffer; the bytes are valid during the call. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** Call between rows: hands the buffer on when it is full. */
  rowDone(): void {
    if (this.#length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  byte(value: number): void {
    this.#buffer[this.#length++] = value;
  }

  /** Any text, at most HEADROOM bytes a row. */
  text(value: string): void {
    const buffer = this.#buffer;
    const start = this.#length;
    // Nearly all text here is short and ASCII, where a loop beats the call into the encoder.
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) {
        this.#length = start + this.#encoder.encodeInto(value, buffer.subarray(start)).written;
        return;
      }
      buffer[start + i] = code;
    }
    this.#length = start + value.length;
  }

  /** Bytes that were written before, see `copyFrom`. */
  bytes(value: Uint8Array): void {
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Bytes written so far into the present buffer: a mark for `copyFrom`, valid until `rowDone` or `flush`. */
  get mark(): number {
    return this.#length;
  }

  /** A copy of what was written since `mark`. */
  copyFrom(mark: number): Uint8Array {
    return this.#buffer.slice(mark, this.#length);
  }

  /** `,` and a number, for each of row[from..to). The loop that a table of flows spends its time in. */
  fields(row: Float64Array, from: number, to: number): void {
    const buffer = this.#buffer;
    let length = this.#length;
    for (let i = from; i < to; i++) {
      const value = row[i];
      buffer[length++] = COMMA;
      const small = value | 0;
      if (small !== value || small < 0) {
        this.#length = length;
        this.number(value);
        length = this.#length;
      } else if (small < 10) {
        buffer[length++] = ZERO + small;
      } else {
        let width = 2;
        for (let bound = 100; width < 10 && small >= bound; bound *= 10) width++;
        let rest = small;
        for (let at = length + width - 1; at >= length; at--) {
          const quotient = (rest / 10) | 0;
          buffer[at] = ZERO + (rest - quotient * 10);
          rest = quotient;
        }
        length += width;
      }
    }
    this.#length = length;
  }

  /** A number with at most six decimals and no trailing zeros; not a number and infinite are written as 0. */
  number(value: number): void {
    if (!Number.isFinite(value)) {
      this.byte(ZERO);
      return;
    }
    let rest = value;
    if (rest < 0) {
      this.byte(MINUS);
      rest = -rest;
    }
    if (rest > LARGEST_SCALED) {
      this.text(String(Math.round(rest)));
      return;
    }
    let whole = Math.floor(rest);
    let fraction = whole === rest ? 0 : Math.round((rest - whole) * DECIMAL_SCALE);
    if (fraction === DECIMAL_SCALE) {
      whole++;
      fraction = 0;
    }
    this.whole(whole);
    if (fraction === 0) return;
    this.byte(DOT);
    let width = DECIMALS;
    while (fraction % 10 === 0) {
      fraction /= 10;
      width--;
    }
    this.padded(fraction, width);
  }

  /** A whole number from 0 to 2^53. */
  whole(value: number): void {
    let rest = value;
    let count = 0;
    while (rest > 0x7fffffff) {
      const quotient = Math.floor(rest / 10);
      this.#digits[count++] = ZERO + (rest - quotient * 10);
      rest = quotient;
    }
    // 32-bit from here: the integer division of the machine.
    let small = rest | 0;
    do {
      const quotient = (small / 10) | 0;
      this.#digits[count++] = ZERO + (small - quotient * 10);
      small = quotient;
    } while (small > 0);
    while (count > 0) this.#buffer[this.#length++] = this.#digits[--count];
  }

  /** A whole number below 2^31 with leading zeros up to `width`. */
  padded(value: number, width: number): void {
    // At most seven digits: 32-bit integer division.
    let rest = value | 0;
    for (let i = width - 1; i >= 0; i--) {
      const quotient = (rest / 10) | 0;
      this.#buffer[this.#length + i] = ZERO + (rest - quotient * 10);
      rest = quotient;
    }
    this.#length += width;
  }

  /** An address of four words, as text. */
  address(w0: number, w1: number, w2: number, w3: number): void {
    if (w0 !== 0 || w1 !== 0 || w2 !== 0xffff) {
      this.text(formatAddress(w0, w1, w2, w3));
      return;
    }
    this.#octet(w3 >>> 24, DOT);
    this.#octet((w3 >>> 16) & 0xff, DOT);
    this.#octet((w3 >>> 8) & 0xff, DOT);
    this.#octet(w3 & 0xff, DOT);
    // The last one has no dot behind it.
    this.#length--;
  }

  #octet(value: number, end: number): void {
    const buffer = this.#buffer;
    let length = this.#length;
    if (value >= 100) buffer[length++] = OCTET_DIGITS[value * 3];
    if (value >= 10) buffer[length++] = OCTET_DIGITS[value * 3 + 1];
    buffer[length++] = OCTET_DIGITS[value * 3 + 2];
    buffer[length++] = end;
    this.#length = length;
  }

  /** The bytes [from, to) of the present buffer once more; marks as of `mark`. */
  repeat(from: number, to: number): void {
    const buffer = this.#buffer;
    let length = this.#length;
    for (let i = from; i < to; i++) buffer[length++] = buffer[i];
    this.#length = length;
  }

  /** Microseconds since the epoch as "2017-07-03 08:55:58.123456", UTC. */
  timestamp(timeUs: number): void {
    const second = Math.floor(timeUs / 1e6);
    if (second !== this.#second) {
      this.#second = second;
      // Far beyond any capture's 32-bit seconds a Date would be invalid; show the nearest it can.
      const clamped = Math.min(Math.max(second * 1000, -LARGEST_DATE_MS), LARGEST_DATE_MS);
      this.#secondText = new Date(clamped).toISOString().slice(0, -5).replace('T', ' ');
    }
    this.text(this.#secondText);
    this.byte(DOT);
    this.padded(Math.min(999_999, Math.max(0, Math.floor(timeUs - second * 1e6))), 6);
  }
  #second = Number.NaN;
  #secondText = '';
}

const LARGEST_DATE_MS = 8.64e15;

/** Hundreds, tens and ones of 0 to 255 as digits. */
const OCTET_DIGITS = Uint8Array.from({ length: 256 * 3 }, (_, i) => {
  const value = Math.floor(i / 3);
  return ZERO + (Math.floor(value / [100, 10, 1][i % 3]) % 10);
});
