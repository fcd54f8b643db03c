/**
 * What stands between `sense verdicts` and the engine's thread: answers at once about trusted files, which are nearly all
 * that start for the first time, and leaves everything else to the engine as it is.
 *
 * Programs wait for this: a question is read where it lies, and nothing is made.
 */
import {
  encodeCommand,
  VERDICT_AT,
  VERDICT_FIXED_BYTES,
  VERDICT_KIND,
  VERDICT_RECORD_TYPE,
} from './verdict-records.ts';

/** Files that run without a look: they are root's, nobody else may write to them, and they lie in one of the folders. */
export interface TrustedFiles {
  /** Each with a slash at its end; what is anywhere below them is trusted. */
  readonly folders: readonly string[];
  /** Below those, but not trusted. */
  readonly except: readonly string[];
}

export interface QuickVerdictsOptions {
  readonly trusted: TrustedFiles;
  /** Tells the helper. The bytes are others afterwards. */
  answer(bytes: Uint8Array): void;
  /** Takes what is not answered here: whole records, or what makes no sense. The bytes are its own. */
  leave(bytes: Uint8Array<ArrayBuffer>): void;
}

/** The longest record of the helper is a page; this is some of them. */
const BUFFER_BYTES = 65_536;
const HEADER_BYTES = 8;
const QUESTION_AT = 4;
const OTHERS_MAY_WRITE = 0o022;

export class QuickVerdicts {
  /** Where the next piece of the stream is to be put, from `filled` on. */
  readonly buffer: Buffer = Buffer.alloc(BUFFER_BYTES);
  readonly #view = new DataView(this.buffer.buffer, this.buffer.byteOffset, BUFFER_BYTES);
  readonly #allow = Buffer.from(encodeCommand('allowRemember', 0));
  readonly #answer: QuickVerdictsOptions['answer'];
  readonly #hand: QuickVerdictsOptions['leave'];
  readonly #folders: readonly Uint8Array[];
  readonly #except: readonly Uint8Array[];
  #filled = 0;

  constructor({ trusted, answer, leave }: QuickVerdictsOptions) {
    this.#answer = answer;
    this.#hand = leave;
    this.#folders = trusted.folders.map((path) => Buffer.from(path));
    this.#except = trusted.except.map((path) => Buffer.from(path));
  }

  /** How much of a record that is not complete yet is in the buffer. */
  get filled(): number {
    return this.#filled;
  }

  /** Takes `count` bytes more of the buffer. */
  accept(count: number): void {
    const end = this.#filled + count;
    const view = this.#view;
    let from = 0;
    /** From where on it is left to the engine. */
    let leftFrom = 0;
    while (end - from >= HEADER_BYTES) {
      const size = view.getUint32(from, true);
      if (size < HEADER_BYTES || size > BUFFER_BYTES) {
        // The engine finds out what is wrong.
        from = end;
        break;
      }
      if (size > end - from) break;
      if (this.#isTrusted(from, size)) {
        this.#leave(leftFrom, from);
        this.#allow.writeUInt32LE(view.getUint32(from + VERDICT_AT.question, true), QUESTION_AT);
        this.#answer(this.#allow);
        leftFrom = from + size;
      }
      from += size;
    }
    this.#leave(leftFrom, from);
    if (from < end) this.buffer.copyWithin(0, from, end);
    this.#filled = end - from;
  }

  #leave(from: number, end: number): void {
    if (end > from) this.#hand(new Uint8Array(this.buffer.subarray(from, end)));
  }

  #isTrusted(from: number, size: number): boolean {
    const view = this.#view;
    if (view.getUint16(from + 4, true) !== VERDICT_RECORD_TYPE.request || size < VERDICT_FIXED_BYTES.request)
      return false;
    if (view.getUint32(from + VERDICT_AT.kind, true) !== VERDICT_KIND.execute) return false;
    if (view.getUint32(from + VERDICT_AT.user, true) !== 0) return false;
    if ((view.getUint32(from + VERDICT_AT.mode, true) & OTHERS_MAY_WRITE) !== 0) return false;
    const pathBytes = view.getUint32(from + VERDICT_AT.pathBytes, true);
    if (pathBytes > size - VERDICT_FIXED_BYTES.request) return false;
    const pathFrom = from + VERDICT_FIXED_BYTES.request;
    const pathEnd = pathFrom + pathBytes;
    return this.#isBelow(pathFrom, pathEnd, this.#folders) && !this.#isBelow(pathFrom, pathEnd, this.#except);
  }

  #isBelow(from: number, end: number, folders: readonly Uint8Array[]): boolean {
    for (const folder of folders) if (startsWith(this.buffer, from, end, folder)) return true;
    return false;
  }
}

function startsWith(bytes: Uint8Array, from: number, end: number, folder: Uint8Array): boolean {
  if (end - from < folder.length) return false;
  for (let index = 0; index < folder.length; index++) if (bytes[from + index] !== folder[index]) return false;
  return true;
}
