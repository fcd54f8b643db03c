import type { Failure } from '../../../contract/domain.ts';
import type { CaptureProgress, CaptureSummary } from './capture/read.ts';

/** From the thread that reads a capture. `done` and `failed` come last, after every batch was produced. */
export type ReadingMessage<Counters> =
  | { readonly type: 'progress'; readonly progress: CaptureProgress }
  | { readonly type: 'done'; readonly summary: CaptureSummary; readonly counters: Counters }
  | { readonly type: 'failed'; readonly failure: Failure };
