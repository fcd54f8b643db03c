import type { AlertTrail } from '../../../../contract/alert-trail.ts';
import type { Capture } from '../../../../contract/api-captures.ts';
import type { Alert, Failure } from '../../../../contract/domain.ts';
import type { CompiledIndicators } from '../../indicators/index.ts';
import type { RecordedFlow } from '../../network/index.ts';

/** What the engine hands to the thread that analyses one capture. */
export interface CaptureWorkerData {
  readonly path: string;
  /** All settings by section, for they are a class on the other side. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly keptFlows: number;
  /** The built-in ones alone where they are left out. */
  readonly indicators?: CompiledIndicators | undefined;
  /** Int32Array of one element: batches of flows that the engine has not yet stored. */
  readonly unstored: SharedArrayBuffer;
}

export type CaptureResult = NonNullable<Capture['result']>;

/** From that thread. */
export type CaptureMessage =
  /** 0 to 1, or null where nobody can tell. */
  | { readonly type: 'progress'; readonly progress: number | null }
  | { readonly type: 'flows'; readonly flows: readonly RecordedFlow[] }
  | {
      readonly type: 'done';
      readonly result: CaptureResult;
      readonly alerts: readonly Alert[];
      readonly trails: ReadonlyMap<string, AlertTrail>;
    }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Batches of flows on their way at a time; the thread waits for the store, which also serves live traffic. */
export const UNSTORED_BATCHES = 4;
