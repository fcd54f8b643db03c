/**
 * Whether a file may be executed: by the SHA-256 of its content, which is read once for each (device, inode, time of
 * change); only the kernel sets that time, so what was found holds until the file changes.
 *
 * An answer from memory takes microseconds. The first look at a file reads it, and may take longer than whoever waits is
 * kept waiting: then this execution goes on, and the next one is judged.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileVerdict } from './gate.ts';
import type { FileVerdictRequest } from './verdict-records.ts';

export interface VerdictCacheOptions {
  /** Whether content of this SHA-256 (lower-case hexadecimal) must not run. Called in the way of a start: be quick. */
  isDenied(sha256: string): boolean;
  /** Reads a file's hash; undefined when it cannot be read, or is another one by now. */
  hash?(request: FileVerdictRequest): Promise<string | undefined>;
  /** Files that are remembered. */
  readonly capacity?: number;
}

/** A desktop with a compiler uses some thousand executables. */
const DEFAULT_CAPACITY = 16_384;
/** Looked at at the same time; more would only slow each other down. */
const MAX_LOOKING = 32;
/** A browser is of 250 MB; beyond this nobody would wait for the reading. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

export class VerdictCache {
  readonly #options: VerdictCacheOptions;
  readonly #capacity: number;
  /** Hash by file, the oldest first. */
  readonly #hashes = new Map<string, string>();
  readonly #looking = new Map<string, Promise<FileVerdict>>();
  #notLooked = 0;

  constructor(options: VerdictCacheOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? DEFAULT_CAPACITY;
  }

  /** Files whose content is known. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Allowed this time without a look: too large, not readable, or too many at once. */
  get notLooked(): number {
    return this.#notLooked;
  }

  /** At once where the content is known. Never rejects unless `isDenied` throws. */
  verdict(request: FileVerdictRequest): FileVerdict | Promise<FileVerdict> {
    const key = `${request.device}/${request.inode}/${request.changeTimeNs}`;
    const known = this.#hashes.get(key);
    if (known !== undefined) return this.#judge(known);
    const looking = this.#looking.get(key);
    if (looking !== undefined) return looking;
    if (this.#looking.size >= MAX_LOOKING || request.sizeBytes > MAX_FILE_BYTES) {
      this.#notLooked++;
      return 'unknown';
    }
    const look = this.#look(key, request).finally(() => this.#looking.delete(key));
    this.#looking.set(key, look);
    return look;
  }

  async #look(key: string, request: FileVerdictRequest): Promise<FileVerdict> {
    const sha256 = await (this.#options.hash ?? hashFile)(request);
    if (sha256 === undefined) {
      this.#notLooked++;
      return 'unknown';
    }
    if (this.#hashes.size >= this.#capacity) {
      const oldest = this.#hashes.keys().next();
      if (!oldest.done) this.#hashes.delete(oldest.value);
    }
    this.#hashes.set(key, sha256);
    return this.#judge(sha256);
  }

  #judge(sha256: string): FileVerdict {
    return this.#options.isDenied(sha256) ? 'deny' : 'allow';
  }
}

async function hashFile(request: FileVerdictRequest): Promise<string | undefined> {
  try {
    // The path is the kernel's own and has no links left; NONBLOCK because a FIFO may have taken its place.
    const { openAt, path } = request;
    const noLinks = openAt === undefined ? constants.O_NOFOLLOW : 0;
    await using file = await open(openAt ?? path, constants.O_RDONLY | constants.O_NONBLOCK | noLinks);
    const isTheSame = async (): Promise<boolean> => {
      const { dev, ino, ctimeNs } = await file.stat({ bigint: true });
      return Number(dev) === request.device && Number(ino) === request.inode && ctimeNs === request.changeTimeNs;
    };
    if (!(await isTheSame())) return undefined;
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let total = 0; total <= MAX_FILE_BYTES; ) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) break;
      total += bytesRead;
      hash.update(piece.subarray(0, bytesRead));
    }
    return (await isTheSame()) ? hash.digest('hex') : undefined;
  } catch {
    return undefined;
  }
}
