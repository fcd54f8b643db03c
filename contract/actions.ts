/**
 * The words of actions: what Holdfast does about an alert, and how far it has come. Every action is a lease: it has a time
 * to live and can be undone. Nothing heavy here.
 */

/** What can be done. `freeze`: a process and those below it are stopped (SIGSTOP) until they are let go on, or ended. */
export const ACTION_KINDS = ['freeze'] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** `simulate`: only said, never done. */
export const ACTION_MODES = ['act', 'simulate'] as const;
export type ActionMode = (typeof ACTION_MODES)[number];

/**
 * How far an action has come. A simulated one stays `planned`. `applied` has been done and was not seen to work by now,
 * `verified` was. `reverted`: undone by a person; `expired`: undone because its time had run out; `ended`: there is nothing
 * left to undo, because a person ended what it held, or that is gone; `failed`: it could not be done.
 */
export const ACTION_STATES = ['planned', 'applied', 'verified', 'reverted', 'expired', 'ended', 'failed'] as const;
export type ActionState = (typeof ACTION_STATES)[number];

/** Whether it holds something now, so that there is something to undo. */
export function isInForce({ state }: { readonly state: ActionState }): boolean {
  return state === 'applied' || state === 'verified';
}

/** The counter of Health for how often an action came to a state: "freezeVerified". */
export function actionCounter(kind: ActionKind, state: ActionState): string {
  return `${kind}${state.slice(0, 1).toUpperCase()}${state.slice(1)}`;
}
