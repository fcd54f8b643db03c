import type { Failure } from '../../../contract/domain.ts';
import type { Tables } from './tables.ts';

/** How the parts of the store reach the database, which may be away for a while. */
export interface StoreAccess {
  nowMs(): number;
  /** Commits what waits, then asks; `otherwise` when the database is in trouble. Never throws. */
  read<T>(ask: (tables: Tables) => T, otherwise: T): { readonly value: T; readonly failure?: Failure };
  /** Asks without committing what waits first: for what is asked with every change. */
  peek<T>(ask: (tables: Tables) => T, otherwise: T): T;
  /**
   * Commits what waits, then writes in a transaction, now: for what a person does and wants to see done.
   * @throws FailureError when the database is in trouble
   */
  write<T>(work: (tables: Tables) => T): T;
  /** Commits what waits, events as well, some at a time, so that others get the thread. Never throws. */
  settle(): Promise<void>;
  /** Writes with the next batch, in this order. */
  later(fact: (tables: Tables) => void): void;
}
