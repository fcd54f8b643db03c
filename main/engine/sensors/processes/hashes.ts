/**
 * SHA-256 of executables, off the way of the events: a first execution is told without its hash, and the hash comes a
 * moment later. Known by device, inode, time of change and size, which changing content cannot keep all four of (only
 * the kernel sets the time of change).
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHashes } from '../../../../contract/events.ts';
import { ForeignFileSystemError, localFiles } from '../../runtime/local-files.ts';
import { openRegularFile } from '../../runtime/open-regular.ts';
import { BoundedQueue } from '../../runtime/queue.ts';
import type { FileLooks } from './shared-looks.ts';

/** Executables that are remembered: a desktop with a compiler uses some thousand. */
const MAX_KNOWN = 8_192;
/** Waiting to be read. What does not fit is asked for again at its next execution. */
const MAX_WAITING = 512;
/** A browser is of 250 MB; beyond this a hash costs seconds of reading. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

/** Of those who asked for one that is not known yet, so many are told of it. */
const MAX_ASKERS = 64;

type Take = (hashes: FileHashes) => void;

interface Waiting {
  readonly image: string;
  readonly link: string | undefined;
  readonly key: string;
}

export class HashCache {
  readonly #known = new Map<string, FileHashes>();
  readonly #waiting = new BoundedQueue<Waiting>(MAX_WAITING, 'newest');
  /** By key: who wants to hear of a hash that is not known yet. */
  readonly #askers = new Map<string, Take[]>();
  readonly #files: FileLooks;
  #notLookedAt = 0;
  #isWorking = false;
  #isClosed = false;

  /** @param files what looks at them and opens them */
  constructor(files: FileLooks = localFiles) {
    this.#files = files;
  }

  /** Programs that were not hashed because others serve the file systems that they lie on. */
  get notLookedAt(): number {
    return this.#notLookedAt;
  }

  /** Executables that were not read because too many waited. */
  get dropped(): number {
    return this.#waiting.dropped;
  }

  /**
   * The hash, if it is known; otherwise `later` gets it where it can be had.
   *
   * @param inode what the kernel executed; 0: not known
   * @param link of /proc that leads to the program, where its path names another file here. The program must lie on a
   * file system of this computer.
   */
  hashesOf(image: string, inode: number, later: Take = () => {}, link?: string): FileHashes | undefined {
    if (!image.startsWith('/')) return undefined;
    let key: string;
    try {
      const status = link === undefined ? this.#files.lstat(image) : statSync(link, { throwIfNoEntry: false });
      // Another file by now, or another file system's number for it: that would be somebody else's hash.
      if (status === undefined || !status.isFile() || (inode !== 0 && status.ino !== inode)) return undefined;
      if (status.size > MAX_FILE_BYTES) return undefined;
      key = keyOf(status);
    } catch (error) {
      if (error instanceof ForeignFileSystemError) this.#notLookedAt++;
      return undefined;
    }
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const askers = this.#askers.get(key);
    if (askers !== undefined) {
      if (askers.length < MAX_ASKERS) askers.push(later);
      return undefined;
    }
    if (!this.#waiting.push({ image, link, key })) return undefined;
    this.#askers.set(key, [later]);
    this.#work();
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
  }

  #remember(key: string, hashes: FileHashes): void {
    if (!this.#known.has(key) && this.#known.size >= MAX_KNOWN) {
      const oldest = this.#known.keys().next();
      if (!oldest.done) this.#known.delete(oldest.value);
    }
    this.#known.set(key, hashes);
  }

  #open({ image, link }: Waiting): number {
    return link === undefined ? this.#files.open(image) : openRegularFile(link, true);
  }

  /** One file after the other: hashing is no reason to load the machine. */
  #work(): void {
    if (this.#isWorking) return;
    const next = this.#isClosed ? undefined : this.#waiting.shift();
    if (next === undefined) return;
    this.#isWorking = true;
    void hashFile(
      () => this.#open(next),
      next.key,
      () => this.#isClosed,
    ).then((hashes) => {
      this.#isWorking = false;
      const askers = this.#askers.get(next.key) ?? [];
      this.#askers.delete(next.key);
      if (hashes !== undefined) {
        this.#remember(next.key, hashes);
        for (const take of askers) take(hashes);
      }
      this.#work();
    });
  }
}

function keyOf(status: Pick<Stats, 'dev' | 'ino' | 'ctimeMs' | 'size'>): string {
  return `${status.dev}:${status.ino}:${status.ctimeMs}:${status.size}`;
}

/** Undefined when the file is another one than `key` says, before or after it was read, or cannot be read. */
async function hashFile(begin: () => number, key: string, isClosed: () => boolean): Promise<FileHashes | undefined> {
  let held: number | undefined;
  try {
    held = begin();
    await using file = await open(`/proc/self/fd/${held}`, constants.O_RDONLY | constants.O_NONBLOCK);
    if (keyOf(await file.stat()) !== key) return undefined;
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    // Growing while it is read, it is another file in the end.
    for (let total = 0; total <= MAX_FILE_BYTES; ) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) break;
      if (isClosed()) return undefined;
      total += bytesRead;
      hash.update(piece.subarray(0, bytesRead));
    }
    return keyOf(await file.stat()) === key ? { sha256: hash.digest('hex') } : undefined;
  } catch {
    return undefined;
  } finally {
    if (held !== undefined) closeSync(held);
  }
}
