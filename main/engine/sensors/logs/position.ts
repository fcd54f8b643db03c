/** Where reading of a log stands, and how it is told that the file is still the one that was read. */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';

/** Kept across restarts. */
export interface LogPosition {
  readonly device: number;
  readonly inode: number;
  /** Bytes read, up to the end of a line. */
  readonly offset: number;
  /** SHA-256 of the bytes right before `offset` (TAIL_BYTES, fewer near the beginning), hexadecimal. */
  readonly digest: string;
}

/** Where positions are kept: the store's part, or a file. Neither call may throw. */
export interface LogPositionStore {
  load(path: string): LogPosition | undefined;
  save(path: string, position: LogPosition): void;
}

/** Longer than a time stamp, so that a line of another moment differs. */
const TAIL_BYTES = 256;

/** Digest of what stands before `offset` in an open file; undefined where that cannot be read whole. */
export function digestBefore(fd: number, offset: number): string | undefined {
  const length = Math.min(TAIL_BYTES, offset);
  const bytes = Buffer.allocUnsafe(length);
  const read = length === 0 ? 0 : readSync(fd, bytes, 0, length, offset - length);
  return read === length ? createHash('sha256').update(bytes).digest('hex') : undefined;
}
