/**
 * Takes the helpers' streams apart into records: framing, alignment and byte order are those of
 * native-helpers/sense/src/records.h. At the first record whose length cannot be, the stream is damaged for good, because
 * nothing tells where the next record begins.
 */
const HEADER_BYTES = 8;
const ALIGNMENT_MASK = 7;
/** The longest of all: three paths with room for their growth. */
const MAX_RECORD_BYTES = 65_536;
const WORD = 2 ** 32;
const NOTHING = Buffer.alloc(0);

/** Some of the stream, with several records in it; valid only while they are taken. */
export interface RecordPiece {
  readonly bytes: Buffer;
  /** The same bytes. */
  readonly view: DataView;
}

/**
 * Takes the record, header included, that stands at `from` up to `end`.
 *
 * @returns what is wrong with it
 */
export type TakeRecord = (type: number, piece: RecordPiece, from: number, end: number) => string | undefined;

export class RecordFrames {
  readonly #take: TakeRecord;
  #rest: Buffer = NOTHING;
  #problem: string | undefined;

  constructor(take: TakeRecord) {
    this.#take = take;
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. */
  accept(fresh: Uint8Array): boolean {
    if (this.#problem !== undefined) return false;
    const whole = Buffer.isBuffer(fresh) ? fresh : Buffer.from(fresh.buffer, fresh.byteOffset, fresh.byteLength);
    const bytes = this.#rest.length === 0 ? whole : Buffer.concat([this.#rest, whole]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const piece = { bytes, view };
    let from = 0;
    while (bytes.length - from >= HEADER_BYTES) {
      const size = view.getUint32(from, true);
      if (size < HEADER_BYTES || size > MAX_RECORD_BYTES || (size & ALIGNMENT_MASK) !== 0) {
        this.#problem = `a record of ${size} bytes`;
        return false;
      }
      if (size > bytes.length - from) break;
      this.#problem = this.#take(view.getUint16(from + 4, true), piece, from, from + size);
      if (this.#problem !== undefined) return false;
      from += size;
    }
    // A copy: what is left is less than a record, the piece may be large and is filled anew.
    this.#rest = from === bytes.length ? NOTHING : Buffer.from(bytes.subarray(from));
    return true;
  }
}

/** Whether texts of `bytes` and their padding fill `room`. */
export function fits(room: number, bytes: number): boolean {
  return bytes <= room && room - bytes <= ALIGNMENT_MASK;
}

/** A 64-bit number; beyond 2^53 its last digits are lost, which times and counts do not miss. */
export function wide(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * WORD;
}
