import type { ActionKind } from '../../../contract/actions.ts';

/** What an action found when it looked whether it works. */
export interface Verification {
  /** All that it was to do is so now. */
  readonly isInForce: boolean;
  /** There is nothing left that it could hold. */
  readonly isOver: boolean;
  /** What is not as it should be, one sentence; empty where all is. */
  readonly problem: string;
}

/**
 * Something that can be done to the computer, and undone. What was done is plain data (`Held`), which is stored: it can be
 * undone by another run of the engine, and by the command line while no engine runs.
 */
export interface Action<Plan, Held> {
  readonly kind: ActionKind;
  /** What would be done now. Touches nothing. */
  plan(plan: Plan): Held;
  /** Does it. What could not be done is left out of what comes back; `verify` tells whether it works. */
  apply(plan: Plan): Promise<Held>;
  verify(held: Held): Promise<Verification>;
  /** Undoes it, in the opposite order; gives what could not be undone, one sentence, empty where all was. */
  revert(held: Held): Promise<string>;
}
