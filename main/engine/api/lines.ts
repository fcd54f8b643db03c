/** Splits a stream of bytes into lines of text, however the bytes come in pieces. */

const NEWLINE = 0x0a;
/** Room for the begun line to start with; most messages are shorter. */
const FIRST_BYTES = 1024;

/** Why a stream of bytes cannot be lines of text: nothing after it can be trusted. */
export class LineError extends Error {}

/**
 * Holds at most `maxBytes` bytes of a line that has no end yet, in one buffer that grows: a list of the pieces would
 * cost a hundred times their bytes where they come one by one.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #held = new Uint8Array(0);
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a line has begun that is not complete. */
  get isWaiting(): boolean {
    return this.#bytes > 0;
  }

  /** The lines that are complete with these bytes, without their ends. @throws LineError */
  push(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#line(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
    return lines;
  }

  /** Copies the piece: the caller may reuse its buffer. */
  #keep(piece: Uint8Array): void {
    const bytes = this.#bytes + piece.length;
    this.#check(bytes);
    if (bytes > this.#held.length) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(FIRST_BYTES, 2 * bytes)));
      grown.set(this.#held.subarray(0, this.#bytes));
      this.#held = grown;
    }
    this.#held.set(piece, this.#bytes);
    this.#bytes = bytes;
  }

  #check(bytes: number): void {
    if (bytes > this.#maxBytes) throw new LineError(`a message is longer than ${this.#maxBytes} bytes`);
  }

  #line(last: Uint8Array): string {
    let whole = last;
    if (this.#bytes > 0) {
      this.#keep(last);
      whole = this.#held.subarray(0, this.#bytes);
      this.#held = new Uint8Array(0);
      this.#bytes = 0;
    } else {
      this.#check(last.length);
    }
    try {
      return this.#decoder.decode(whole);
    } catch {
      throw new LineError('a message is not UTF-8');
    }
  }
}
