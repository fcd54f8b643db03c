import type { Failure } from '../../../contract/domain.ts';
import type { CaptureProgress, CaptureSummary } from './capture/read.ts';
import type { DecodeCounters } from './decode/decoder.ts';
import { BATCH_SIZE } from './packet-batch.ts';

/** Batches that may be under way: the faster thread gets so far ahead. */
export const RING_BATCHES = 6;
/** Words (Int32) in front of the batches that both threads wait on. */
export const CONTROL = { produced: 0, consumed: 1 } as const;
export const CONTROL_BYTES = 64;
export const RING_BYTES = CONTROL_BYTES + RING_BATCHES * BATCH_SIZE;

/** What the decoding thread is started with. */
export interface DecodeWorkerData {
  readonly path: string;
  readonly memory: SharedArrayBuffer;
}

/** From the decoding thread. `done` and `failed` come last, after every batch was produced. */
export type DecodeMessage =
  | { readonly type: 'progress'; readonly progress: CaptureProgress }
  | { readonly type: 'done'; readonly summary: CaptureSummary; readonly counters: DecodeCounters }
  | { readonly type: 'failed'; readonly failure: Failure };
