import { MAX_UNTAKEN_BYTES } from './protocol.ts';

/** Most bytes that wait for a hole before them to be filled: a usual window in flight while one segment is sent again. */
const MAX_WAITING_BYTES = 128 * 1024;
const MAX_WAITING_PIECES = 128;
/** No receiver takes what lies further ahead (RFC 7323 allows more, no system uses it): it came to mislead onlookers. */
const MAX_AHEAD_BYTES = 16 * 1024 * 1024;
/** Memory kept for untaken bytes once all are taken; a larger piece is given back. */
const KEPT_BUFFER_BYTES = 4_096;

/** What came ahead of a hole. */
interface Piece {
  /** Place of its first byte, counted from the first byte of the stream. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly missingBytes: number;
}

/** Which of the two sides of a conversation a stream is: 0 is what the initiator sends. */
export type StreamSide = 0 | 1;

export interface StreamReader {
  /** All bytes not yet taken; gives how many are taken, more than there are to skip what follows. Valid during the call. */
  read(bytes: Uint8Array, side: StreamSide): number;
  /** So many bytes will never come, and what was not taken before them is dropped. */
  gap(missingBytes: number, side: StreamSide): void;
}

/** Bytes held by all streams that share it. */
export interface HeldMemory {
  bytes: number;
}

const EMPTY = new Uint8Array(0);
/** Of a stream without a hole, which nearly all are. Never written to. */
const NOTHING_WAITS: Piece[] = [];

/**
 * One side of a TCP conversation, put in order (RFC 9293). Of bytes that are sent twice those count that were handed
 * over first, as for most receivers. Bounded: what arrives too far ahead of a hole makes the hole a gap.
 *
 * Sequence numbers count from the first byte of the stream, as a double: no wrap-around to mind.
 */
export class Stream {
  readonly #side: StreamSide;
  readonly #held: HeldMemory;
  /** Sequence number of the next byte in order (signed 32-bit), and its place. Undefined before the first payload. */
  #next: number | undefined;
  #place = 0;
  /** Bytes that the reader wants to be spared. */
  #skip = 0;
  /** Untaken bytes are #buffer[#from..#to). */
  #buffer: Uint8Array = EMPTY;
  #from = 0;
  #to = 0;
  /** In order of their places. */
  #waiting: Piece[] = NOTHING_WAITS;
  #waitingBytes = 0;
  #delivered = 0;

  /**
   * @param firstSequence number of the first byte, where the handshake told; otherwise the first segment tells
   * @param held counts the bytes of memory that this stream holds: untaken and out of order
   */
  constructor(firstSequence?: number, side: StreamSide = 0, held: HeldMemory = { bytes: 0 }) {
    this.#next = firstSequence;
    this.#side = side;
    this.#held = held;
  }

  /** Bytes handed over so far; gaps and what was skipped not counted. */
  get deliveredBytes(): number {
    return this.#delivered;
  }

  /** What was put in order and not taken: valid until the next call. */
  get untaken(): Uint8Array {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  /**
   * Takes in a segment's payload; `bytes` is copied where it must be kept.
   * @param missingBytes payload that the segment had on the wire and the capture has not
   */
  push(sequence: number, bytes: Uint8Array, missingBytes: number, reader: StreamReader): void {
    let ahead = this.#next === undefined ? 0 : (sequence - this.#next) | 0;
    if (this.#place === 0 && this.#waiting.length === 0 && Math.abs(ahead) > MAX_AHEAD_BYTES) {
      // The handshake that was seen is not that of this connection.
      ahead = 0;
      this.#next = undefined;
    }
    this.#next ??= sequence;
    if (ahead > 0) {
      this.#wait(this.#place + ahead, bytes, missingBytes);
      while (this.#isOverfull()) this.#skipHole(reader);
      return;
    }
    this.#take(-ahead, bytes, missingBytes, reader);
    if (this.#waiting.length > 0) this.#drain(reader);
  }

  /** The other side has confirmed everything before `sequence`: a hole before it is a loss of the capture. */
  confirmed(sequence: number, reader: StreamReader): void {
    if (this.#waiting.length === 0) return;
    const confirmedPlace = this.#place + ((sequence - (this.#next as number)) | 0);
    while (this.#waiting.length > 0 && this.#waiting[0].at <= confirmedPlace) this.#skipHole(reader);
  }

  /** Nothing more will come: hands over what still waits, with gaps for its holes. */
  flush(reader: StreamReader): void {
    while (this.#waiting.length > 0) this.#skipHole(reader);
  }

  /** Offers the untaken bytes again, as when another parser takes over. */
  reread(reader: StreamReader): void {
    if (this.#to > this.#from) this.#offerBuffer(reader);
  }

  /** Lets go of everything; nothing more is handed over. */
  release(): void {
    this.#setBuffer(EMPTY);
    this.#from = 0;
    this.#to = 0;
    this.#waiting = NOTHING_WAITS;
    this.#countWaiting(-this.#waitingBytes);
  }

  /** Takes a segment of which the first `known` bytes were there before. */
  #take(known: number, bytes: Uint8Array, missingBytes: number, reader: StreamReader): void {
    if (known < bytes.length) this.#deliver(known === 0 ? bytes : bytes.subarray(known), reader);
    const missing = Math.min(missingBytes, bytes.length + missingBytes - known);
    if (missing > 0) this.#miss(missing, reader);
  }

  #deliver(bytes: Uint8Array, reader: StreamReader): void {
    this.#advance(bytes.length);
    let wanted = bytes;
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, bytes.length);
      this.#skip -= skipped;
      if (skipped === bytes.length) return;
      wanted = bytes.subarray(skipped);
    }
    this.#delivered += wanted.length;
    if (this.#to === this.#from) {
      const taken = this.#offer(wanted, reader);
      if (taken < wanted.length) this.#keep(wanted.subarray(taken));
    } else {
      this.#keep(wanted);
      this.#offerBuffer(reader);
    }
  }

  #offerBuffer(reader: StreamReader): void {
    const taken = this.#offer(this.untaken, reader);
    this.#from = Math.min(this.#to, this.#from + taken);
    if (this.#from < this.#to) return;
    this.#from = 0;
    this.#to = 0;
    if (this.#buffer.length > KEPT_BUFFER_BYTES) this.#setBuffer(EMPTY);
  }

  /** How many bytes were taken, at most all. */
  #offer(bytes: Uint8Array, reader: StreamReader): number {
    const taken = reader.read(bytes, this.#side);
    if (taken > bytes.length) {
      this.#skip = Math.min(taken - bytes.length, Number.MAX_SAFE_INTEGER);
      return bytes.length;
    }
    // Also for NaN.
    return taken > 0 ? Math.floor(taken) : 0;
  }

  /** Adds a copy to the untaken bytes: the packet's memory is used again. Each byte is moved a few times at the most. */
  #keep(bytes: Uint8Array): void {
    const untaken = this.#to - this.#from;
    const needed = untaken + bytes.length;
    if (this.#to + bytes.length > this.#buffer.length) {
      if (needed * 2 <= this.#buffer.length) {
        this.#buffer.copyWithin(0, this.#from, this.#to);
      } else {
        const room = untaken === 0 ? needed : Math.max(needed, Math.min(2 * needed, MAX_UNTAKEN_BYTES));
        const larger = new Uint8Array(room);
        larger.set(this.#buffer.subarray(this.#from, this.#to));
        this.#setBuffer(larger);
      }
      this.#from = 0;
      this.#to = untaken;
    }
    this.#buffer.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  #setBuffer(buffer: Uint8Array): void {
    this.#held.bytes += buffer.length - this.#buffer.length;
    this.#buffer = buffer;
  }

  #countWaiting(bytes: number): void {
    this.#held.bytes += bytes;
    this.#waitingBytes += bytes;
  }

  #miss(missingBytes: number, reader: StreamReader): void {
    this.#advance(missingBytes);
    const skipped = Math.min(this.#skip, missingBytes);
    this.#skip -= skipped;
    if (skipped === missingBytes) return;
    this.#from = 0;
    this.#to = 0;
    reader.gap(missingBytes - skipped, this.#side);
  }

  #advance(count: number): void {
    this.#next = ((this.#next as number) + count) | 0;
    this.#place += count;
  }

  #wait(at: number, bytes: Uint8Array, missingBytes: number): void {
    if (bytes.length === 0 && missingBytes === 0) return;
    if (this.#waiting === NOTHING_WAITS) this.#waiting = [];
    const waiting = this.#waiting;
    // Nearly always behind all others.
    let index = waiting.length;
    while (index > 0 && waiting[index - 1].at > at) index--;
    const before = waiting[index - 1];
    if (before !== undefined && at + bytes.length + missingBytes <= before.at + before.bytes.length) return;
    waiting.splice(index, 0, { at, bytes: bytes.slice(), missingBytes });
    this.#countWaiting(bytes.length);
  }

  /** Whether more waits than may; what lies too far ahead is dropped first. */
  #isOverfull(): boolean {
    const waiting = this.#waiting;
    while (waiting.length > MAX_WAITING_PIECES || this.#waitingBytes > MAX_WAITING_BYTES) {
      const last = waiting[waiting.length - 1];
      if (last.at - this.#place <= MAX_AHEAD_BYTES) return true;
      waiting.pop();
      this.#countWaiting(-last.bytes.length);
    }
    return false;
  }

  #drain(reader: StreamReader): void {
    let count = 0;
    const waiting = this.#waiting;
    while (count < waiting.length && waiting[count].at <= this.#place) {
      const { at, bytes, missingBytes } = waiting[count++];
      this.#countWaiting(-bytes.length);
      const known = this.#place - at;
      if (known < bytes.length + missingBytes) this.#take(known, bytes, missingBytes, reader);
      // The reader may have let go of everything.
      if (this.#waiting !== waiting) return;
    }
    waiting.splice(0, count);
  }

  #skipHole(reader: StreamReader): void {
    const hole = this.#waiting[0].at - this.#place;
    const waiting = this.#waiting;
    if (hole > 0) this.#miss(hole, reader);
    if (this.#waiting === waiting) this.#drain(reader);
  }
}
