/** Digests of one file's content, read without being led elsewhere. */
import { createHash } from 'node:crypto';
import { closeSync, readlinkSync, readSync } from 'node:fs';
import { localFiles } from '../runtime/local-files.ts';

export interface Digests {
  /** Hexadecimal; empty where the file cannot be read, or is none. */
  readonly sha256: string;
  /** Only where it was asked for: what dpkg's lists have. */
  readonly md5: string;
}

const NONE: Digests = { sha256: '', md5: '' };
const PIECE_BYTES = 1024 * 1024;

/**
 * Never throws. The path must be free of links: where the kernel opened something else, a folder on the way was
 * exchanged, and nothing is read. Nor is anything that others serve.
 *
 * @param onBytes told of every piece; gives false to stop
 */
export function hashFile(path: string, wantsMd5: boolean, onBytes: (bytes: number) => boolean): Digests {
  let fd: number | undefined;
  try {
    fd = localFiles.open(path);
    if (readlinkSync(`/proc/self/fd/${fd}`) !== path) return NONE;
    const sha256 = createHash('sha256');
    const md5 = wantsMd5 ? createHash('md5') : undefined;
    for (;;) {
      const read = readSync(fd, buffer(), 0, PIECE_BYTES, null);
      if (read === 0) return { sha256: sha256.digest('hex'), md5: md5?.digest('hex') ?? '' };
      const piece = buffer().subarray(0, read);
      sha256.update(piece);
      md5?.update(piece);
      if (!onBytes(read)) return NONE;
    }
  } catch {
    return NONE;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

let piece: Buffer | undefined;

/** One for all files of a thread. */
function buffer(): Buffer {
  piece ??= Buffer.allocUnsafe(PIECE_BYTES);
  return piece;
}
