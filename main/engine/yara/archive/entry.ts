/** What archives are made of, and how much of them is opened. */

/** One file inside of an archive. */
export interface ArchiveEntry {
  readonly name: string;
  readonly content: Buffer;
}

/** Something of an archive that could not be looked into, in a few words: "encrypted". */
export interface Unopened {
  readonly name: string;
  readonly reason: string;
}

export type ArchivePart = ArchiveEntry | Unopened;

export function isUnopened(part: ArchivePart): part is Unopened {
  return 'reason' in part;
}

/** Deflate makes content at most so much smaller. */
const MOST_TIMES = 1_032;

/** What may still be unpacked: shared by everything inside of one file, so that bombs in bombs do not multiply. */
export class UnpackBudget {
  #bytes: number;
  #entries: number;

  constructor(bytes: number, entries: number) {
    this.#bytes = bytes;
    this.#entries = entries;
  }

  /** Most bytes that one more content may have; 0 when there is no room. */
  get room(): number {
    return this.#entries > 0 ? this.#bytes : 0;
  }

  take(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
    this.#entries -= 1;
  }

  /** What was unpacked before a mistake was met is work as well: as much as there can have been. */
  takeDamaged(packedBytes: number): void {
    this.take(packedBytes * MOST_TIMES);
  }
}

/** Longest name of an entry that is told. */
const MAX_NAME = 1_024;

export function entryName(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, Math.min(end < 0 ? bytes.length : end, MAX_NAME));
}

export const TOO_MUCH = 'too much to unpack';
