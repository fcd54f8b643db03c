/** Splits a stream of bytes into lines of text, however the bytes come in pieces. */

const NEWLINE = 0x0a;

/** Why a stream of bytes cannot be lines of text: nothing after it can be trusted. */
export class LineError extends Error {}

/** Holds at most `maxBytes` bytes of a line that has no end yet. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #pieces: Uint8Array[] = [];
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
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    // A copy: the bytes of a socket's buffer are reused.
    if (start < chunk.length) this.#keep(chunk.slice(start));
    return lines;
  }

  #keep(piece: Uint8Array): void {
    if (this.#bytes + piece.length > this.#maxBytes) {
      throw new LineError(`a message is longer than ${this.#maxBytes} bytes`);
    }
    if (piece.length > 0) this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  #take(): string {
    const whole = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    try {
      return this.#decoder.decode(whole);
    } catch {
      throw new LineError('a message is not UTF-8');
    }
  }
}
