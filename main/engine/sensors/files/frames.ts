/**
 * Takes the helpers' streams apart into records: framing, alignment and byte order are those of
 * native-helpers/sense/src/records.h. At the first record whose length cannot be, the stream is damaged for good, because
 * nothing tells where the next record begins.
 */
const HEADER_BYTES = 8;
const ALIGNMENT_MASK = 7;
/** Three paths with room for their growth. */
const MAX_RECORD_BYTES = 65_536;
const WORD = 2 ** 32;

export class RecordFrames {
  readonly #take: (type: number, record: Buffer) => string | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #problem: string | undefined;

  /** @param take gets each record, header included, and says what is wrong with it */
  constructor(take: (type: number, record: Buffer) => string | undefined) {
    this.#take = take;
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. */
  accept(piece: Uint8Array): boolean {
    if (this.#problem !== undefined) return false;
    const fresh = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
    let offset = 0;
    while (bytes.length - offset >= HEADER_BYTES) {
      const size = bytes.readUInt32LE(offset);
      if (size < HEADER_BYTES || size > MAX_RECORD_BYTES || (size & ALIGNMENT_MASK) !== 0) {
        this.#problem = `a record of ${size} bytes`;
        return false;
      }
      if (size > bytes.length - offset) break;
      this.#problem = this.#take(bytes.readUInt16LE(offset + 4), bytes.subarray(offset, offset + size));
      if (this.#problem !== undefined) return false;
      offset += size;
    }
    // A copy: what is left is less than a record, the piece may be large.
    this.#rest = Buffer.from(bytes.subarray(offset));
    return true;
  }
}

/** Whether texts of `bytes` and their padding fill `room`. */
export function fits(room: number, bytes: number): boolean {
  return bytes <= room && room - bytes <= ALIGNMENT_MASK;
}

/** A 64-bit number; beyond 2^53 its last digits are lost. */
export function wide(record: Buffer, at: number): number {
  return record.readUInt32LE(at) + record.readUInt32LE(at + 4) * WORD;
}
