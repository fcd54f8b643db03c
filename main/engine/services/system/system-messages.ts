/** What the process that looks at the computer is asked, and what it answers. */
import type { Inventory } from '../../../../contract/api-system.ts';
import type { PersistenceEntry } from '../../sensors/index.ts';

export interface SystemTask {
  readonly look: 'persistence' | 'inventory';
  /** Where the sensor keeps what it knows. */
  readonly dataDirectory: string;
  /** What Holdfast has known for longer is not new. */
  readonly newSinceMs: number;
}

export type SystemReply =
  | { readonly type: 'persistence'; readonly takenMs: number; readonly entries: readonly PersistenceEntry[] }
  | { readonly type: 'inventory'; readonly inventory: Inventory }
  | { readonly type: 'failed'; readonly message: string };
