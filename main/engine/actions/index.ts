/** What can be done to this computer, and undone. */
export type { Action, Verification } from './action.ts';
export {
  FreezeAction,
  type FreezeOptions,
  type FreezePlan,
  type FrozenProcess,
  namesOf,
  type SignalOrder,
  type SignalOutcome,
  type Signals,
} from './freeze.ts';
