import type { HoldMemory } from '../protocol.ts';

/** Most pieces with holes between them; an honest peer's network makes a few. */
const MAX_RANGES = 32;
const FIRST_BUFFER_BYTES = 2_048;
/** Beyond what has come: some datagrams that were overtaken. Otherwise a single byte could cost the whole bound. */
const MAX_AHEAD_BYTES = 4_096;

/**
 * A text that comes in pieces with places, in any order and some of them again: the fragments of DTLS (RFC 6347
 * 4.2.3), the CRYPTO frames of QUIC (RFC 9000 19.6). Memory grows with what came, up to a bound. What lies far ahead of
 * it is not taken, for it will be sent again.
 */
export class Pieces {
  readonly #maxBytes: number;
  readonly #hold: HoldMemory | undefined;
  #buffer = new Uint8Array(0);
  /** Starts and ends of what is there, in order, none touching another. */
  #ranges: (readonly [start: number, end: number])[] = [];
  #known = 0;

  /** @param hold counts the memory; see ParserContext */
  constructor(maxBytes: number, hold?: HoldMemory) {
    this.#maxBytes = maxBytes;
    this.#hold = hold;
  }

  /** Lets go of everything. */
  release(): void {
    this.#hold?.(-this.#buffer.length);
    this.#buffer = new Uint8Array(0);
    this.#ranges = [];
    this.#known = 0;
  }

  /** Where something came last, it counts. False: it lies beyond the bounds and was not taken. */
  put(offset: number, bytes: Uint8Array): boolean {
    let start = offset;
    let end = offset + bytes.length;
    if (!(offset >= 0 && end <= this.#maxBytes) || offset > this.#known + MAX_AHEAD_BYTES) return false;
    if (bytes.length === 0) return true;
    const apart: (readonly [number, number])[] = [];
    for (const range of this.#ranges) {
      if (range[1] < start || range[0] > end) {
        apart.push(range);
      } else {
        start = Math.min(start, range[0]);
        end = Math.max(end, range[1]);
      }
    }
    if (apart.length >= MAX_RANGES) return false;
    this.#grow(offset + bytes.length);
    this.#buffer.set(bytes, offset);
    apart.push([start, end]);
    this.#ranges = apart.sort((a, b) => a[0] - b[0]);
    this.#known = apart.reduce((sum, range) => sum + range[1] - range[0], 0);
    return true;
  }

  /** What is there from the beginning up to the first hole: a view, valid until the next `put`. */
  get beginning(): Uint8Array {
    const first = this.#ranges[0];
    return this.#buffer.subarray(0, first !== undefined && first[0] === 0 ? first[1] : 0);
  }

  #grow(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const room = Math.min(this.#maxBytes, Math.max(needed, 2 * this.#buffer.length, FIRST_BUFFER_BYTES));
    const larger = new Uint8Array(room);
    larger.set(this.#buffer);
    this.#hold?.(larger.length - this.#buffer.length);
    this.#buffer = larger;
  }
}
