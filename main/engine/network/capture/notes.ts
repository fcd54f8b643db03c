/** Collects notes on a capture, and keeps them few however broken the capture is. */
import type { CaptureNote } from './summary.ts';

interface NoteKind {
  /** Whether such a note means that something of the capture was not read. */
  readonly loses: boolean;
}

/** Every note there is. */
export const NOTE_CODES = {
  'no-packets': { loses: false },
  'cut-off': { loses: true },
  'damaged-skipped': { loses: true },
  'damaged-rest': { loses: true },
  'bad-packet-block': { loses: true },
  'unknown-interface': { loses: true },
  'bad-interface': { loses: true },
  'too-many-interfaces': { loses: true },
  'bad-options': { loses: false },
  'odd-version': { loses: false },
  'captured-exceeds-wire': { loses: false },
  'no-timestamps': { loses: false },
  'time-backwards': { loses: false },
  'dropped-while-capturing': { loses: false },
  'compression-cut-off': { loses: true },
  'compression-damaged': { loses: true },
  'read-error': { loses: true },
  stopped: { loses: true },
} as const satisfies Record<string, NoteKind>;
export type NoteCode = keyof typeof NOTE_CODES;

/** A person reads the notes: more than this many would not be read, and one per code always fits. */
export const MAX_NOTES = 32;
/** The first places of each kind are shown one by one; the rest are counted. */
const MAX_NOTES_PER_CODE = 3;
/** What is left for repeated notes when every code has its first one. */
const MAX_REPEATED_NOTES = MAX_NOTES - Object.keys(NOTE_CODES).length;

export class NoteCollector {
  readonly #notes: CaptureNote[] = [];
  /** The newest note of each code, and how many of the code are kept. */
  readonly #newest = new Map<NoteCode, { note: CaptureNote; kept: number }>();
  #repeated = 0;
  #lossless = true;

  /** False as soon as one note meant that something was not read. */
  get lossless(): boolean {
    return this.#lossless;
  }

  get notes(): CaptureNote[] {
    return this.#notes;
  }

  /**
   * @param message asked for only if the note is kept: a hostile capture could call for millions
   * @param count how many occurrences this is
   */
  add(code: NoteCode, message: () => string, byteOffset: number | null, packetNumber: number | null, count = 1): void {
    if (NOTE_CODES[code].loses) this.#lossless = false;
    const newest = this.#newest.get(code);
    if (newest !== undefined && (newest.kept >= MAX_NOTES_PER_CODE || this.#repeated >= MAX_REPEATED_NOTES)) {
      newest.note.count += count;
      return;
    }
    const note: CaptureNote = { code, message: message(), byteOffset, packetNumber, count };
    this.#notes.push(note);
    if (newest === undefined) {
      this.#newest.set(code, { note, kept: 1 });
    } else {
      newest.note = note;
      newest.kept++;
      this.#repeated++;
    }
  }
}
