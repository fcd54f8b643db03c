import type { Stats } from 'node:fs';
import { type LocalFiles, localFiles } from '../../runtime/local-files.ts';

/** What is done with files of this computer: LocalFiles, or what stands for it. */
export type FileLooks = Pick<LocalFiles, 'lstat' | 'open'>;

/** Different programs of one piece; a piece is of some hundred records at most. */
const MAX_LOOKS = 512;

/**
 * Looks at a file once for all programs that one piece of the helper's stream tells of. They had all begun when the
 * piece came: for each of them one look is as late as another one of its own.
 */
export class SharedLooks implements FileLooks {
  readonly #files: FileLooks;
  /** What was seen, or what was thrown. */
  readonly #seen = new Map<string, { readonly stats: Stats | undefined } | { readonly error: unknown }>();

  constructor(files: FileLooks = localFiles) {
    this.#files = files;
  }

  /** As LocalFiles has it, without links. @throws as LocalFiles.reach */
  lstat(path: string): Stats | undefined {
    const known = this.#seen.get(path) ?? this.#look(path);
    if ('error' in known) throw known.error;
    return known.stats;
  }

  /** As LocalFiles has it, never shared. @throws as LocalFiles.open */
  open(path: string): number {
    return this.#files.open(path);
  }

  /** A piece was taken: the next look is a new one. */
  forget(): void {
    this.#seen.clear();
  }

  #look(path: string): { readonly stats: Stats | undefined } | { readonly error: unknown } {
    let found: { readonly stats: Stats | undefined } | { readonly error: unknown };
    try {
      found = { stats: this.#files.lstat(path) };
    } catch (error) {
      found = { error };
    }
    if (this.#seen.size < MAX_LOOKS) this.#seen.set(path, found);
    return found;
  }
}
