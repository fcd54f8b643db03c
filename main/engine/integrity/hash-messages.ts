/** What the thread that hashes is told, and what it says. */
import type { Digests } from './hash-file.ts';

export interface HashTask {
  readonly paths: readonly string[];
  readonly wantsMd5: boolean;
}

export interface HashReply {
  /** In the order of the paths. */
  readonly digests: readonly Digests[];
}

export interface HashWorkerData {
  /** Of one Int32: 1 asks to stop. */
  readonly stop: SharedArrayBuffer;
  /** Of one BigInt64: bytes that were read. */
  readonly bytes: SharedArrayBuffer;
}
