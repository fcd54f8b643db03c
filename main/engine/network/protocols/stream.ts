/** Most bytes that wait for a hole before them to be filled, and in how many pieces. */
const MAX_WAITING_BYTES = 64 * 1024;
const MAX_WAITING_PIECES = 32;

interface Piece {
  /** Sequence number of the first byte, signed 32-bit. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

export interface StreamReader {
  /** All bytes not yet taken; gives how many are taken. Valid during the call. */
  read(bytes: Uint8Array): number;
  /** So many bytes will never come. False: nothing more is wanted. */
  gap(missingBytes: number): boolean;
}

const EMPTY = new Uint8Array(0);

/**
 * One side of a TCP conversation, put in order (RFC 9293). Of bytes that are sent twice the first copy counts, as for
 * most receivers. Bounded: what arrives too far ahead of a hole makes the hole a gap.
 */
export class Stream {
  /** Number of the next byte in order; undefined before the first payload. */
  #next: number | undefined;
  #untaken: Uint8Array = EMPTY;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #delivered = 0;

  /** Bytes held: untaken and out of order. */
  get heldBytes(): number {
    return this.#untaken.length + this.#waitingBytes;
  }

  /** Bytes handed over so far, gaps not counted. */
  get deliveredBytes(): number {
    return this.#delivered;
  }

  /** What was put in order and not taken: valid until the next call. */
  get untaken(): Uint8Array {
    return this.#untaken;
  }

  /**
   * Takes in a segment's payload; `bytes` is copied where it must be kept.
   * @param missingBytes payload that the segment had on the wire and the capture has not
   */
  push(sequence: number, bytes: Uint8Array, missingBytes: number, reader: StreamReader): void {
    this.#next ??= sequence;
    const ahead = (sequence - this.#next) | 0;
    if (ahead > 0) {
      this.#wait(sequence, bytes);
      if (this.#waiting.length > MAX_WAITING_PIECES || this.#waitingBytes > MAX_WAITING_BYTES) this.#skipHole(reader);
      return;
    }
    if (-ahead >= bytes.length + missingBytes) return; // Sent again.
    if (-ahead < bytes.length) this.#deliver(bytes.subarray(-ahead), reader);
    const missing = Math.min(missingBytes, missingBytes + bytes.length + ahead);
    if (missing > 0) this.#miss(missing, reader);
    this.#drain(reader);
  }

  /** The other side has confirmed everything before `sequence`: a hole before it is a loss of the capture. */
  confirmed(sequence: number, reader: StreamReader): void {
    if (this.#waiting.length > 0 && this.#next !== undefined && ((sequence - this.#next) | 0) > 0) {
      if (((this.#waiting[0].sequence - sequence) | 0) <= 0) this.#skipHole(reader);
    }
  }

  /** Offers the untaken bytes again, as when another parser takes over. */
  reread(reader: StreamReader): void {
    this.#offer(this.#untaken, reader);
  }

  #deliver(bytes: Uint8Array, reader: StreamReader): void {
    this.#next = ((this.#next as number) + bytes.length) | 0;
    this.#delivered += bytes.length;
    if (this.#untaken.length === 0) {
      this.#offer(bytes, reader);
      return;
    }
    const joined = new Uint8Array(this.#untaken.length + bytes.length);
    joined.set(this.#untaken);
    joined.set(bytes, this.#untaken.length);
    this.#offer(joined, reader);
  }

  #offer(bytes: Uint8Array, reader: StreamReader): void {
    if (bytes.length === 0) return;
    const taken = Math.min(bytes.length, Math.max(0, reader.read(bytes)));
    // A copy: the packet's buffer is used again.
    this.#untaken = taken === bytes.length ? EMPTY : bytes.slice(taken);
  }

  #miss(missingBytes: number, reader: StreamReader): void {
    this.#next = ((this.#next as number) + missingBytes) | 0;
    this.#untaken = EMPTY;
    reader.gap(missingBytes);
  }

  #wait(sequence: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const at = this.#waiting.findIndex((piece) => ((piece.sequence - sequence) | 0) >= 0);
    if (at !== -1 && this.#waiting[at].sequence === sequence && this.#waiting[at].bytes.length >= bytes.length) return;
    this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, { sequence, bytes: bytes.slice() });
    this.#waitingBytes += bytes.length;
  }

  #drain(reader: StreamReader): void {
    while (this.#waiting.length > 0) {
      const ahead = (this.#waiting[0].sequence - (this.#next as number)) | 0;
      if (ahead > 0) return;
      const [{ bytes }] = this.#waiting.splice(0, 1);
      this.#waitingBytes -= bytes.length;
      if (-ahead < bytes.length) this.#deliver(bytes.subarray(-ahead), reader);
    }
  }

  #skipHole(reader: StreamReader): void {
    this.#miss((this.#waiting[0].sequence - (this.#next as number)) | 0, reader);
    this.#drain(reader);
  }
}
