/** What goes between the engine and the process that trains: messages as JSON, and the rows as bytes in a pipe. */
import type { ModelGroup, TrainingProgress } from '../../../../contract/models.ts';
import type { TrainingJob, TrainingResult } from '../profile-types.ts';

/** The child's end of the pipe that the rows come through; the one before it is Node's own channel. */
export const ROWS_DESCRIPTOR = 4;

/** A job without its rows, which follow through the pipe: group after group, row after row, 64-bit little-endian. */
export interface JobHead extends Omit<TrainingJob, 'groups'> {
  readonly groups: readonly { readonly group: ModelGroup; readonly rows: number; readonly columns: number }[];
  /** Nice value, −20 to 19, that the child gives itself. */
  readonly priority: number;
}

/** From the child. After `done` or `failed` comes nothing. */
export type ChildMessage =
  | { readonly type: 'progress'; readonly progress: TrainingProgress }
  | { readonly type: 'done'; readonly result: TrainingResult }
  /** `isOfRows`: what was to be learnt from does not do, which is no fault of the program. */
  | { readonly type: 'failed'; readonly message: string; readonly isOfRows: boolean };
