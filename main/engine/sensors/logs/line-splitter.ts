/** Lines out of chunks of bytes, each bounded: what is longer is cut, and the rest of it is skipped. */

const NEW_LINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  readonly #maxBytes: number;
  /** Pieces of the line that has not ended yet. */
  #pieces: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes of that line which were skipped. */
  #skippedBytes = 0;
  #cut = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Lines that were cut since the splitter was made. */
  get cut(): number {
    return this.#cut;
  }

  /** Bytes of the line that has not ended yet, the skipped ones too. */
  get pendingBytes(): number {
    return this.#heldBytes + this.#skippedBytes;
  }

  /** Takes a chunk, which may be overwritten afterwards; calls `onLine` for every line that ends in it. */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let from = 0;
    for (let end = chunk.indexOf(NEW_LINE); end >= 0; end = chunk.indexOf(NEW_LINE, from)) {
      this.#hold(chunk.subarray(from, end));
      onLine(this.#take());
      from = end + 1;
    }
    if (from < chunk.length) this.#hold(Buffer.from(chunk.subarray(from)));
  }

  /** The last line of a log that ended without a line's end; undefined where there is none. */
  end(): string | undefined {
    return this.pendingBytes === 0 ? undefined : this.#take();
  }

  /** Forgets the line that has not ended. */
  reset(): void {
    this.#pieces = [];
    this.#heldBytes = 0;
    this.#skippedBytes = 0;
  }

  #hold(piece: Buffer): void {
    const room = this.#maxBytes - this.#heldBytes;
    const kept = piece.length <= room ? piece : piece.subarray(0, room);
    if (kept.length > 0) this.#pieces.push(kept);
    this.#heldBytes += kept.length;
    this.#skippedBytes += piece.length - kept.length;
  }

  #take(): string {
    if (this.#skippedBytes > 0) this.#cut += 1;
    const [only = Buffer.alloc(0)] = this.#pieces;
    const bytes = this.#pieces.length <= 1 ? only : Buffer.concat(this.#pieces);
    const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
    const line = bytes.toString('utf8', 0, end);
    this.reset();
    return line;
  }
}
