import { isInForce } from '../../../contract/actions.ts';
import type { StoreAccess } from './access.ts';
import type { StoredAction } from './action-table.ts';
import type { Tables } from './tables.ts';
import type { JournalInput, Page } from './types.ts';

/** What was done about alerts. Every step is in the audit journal as well. Questions never throw. */
export class ActionStore {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /**
   * Now, with its entry in the journal. Where the database is in trouble it is done when that is over, unless the engine
   * ends before. False when it is not yet done.
   */
  save(action: StoredAction, entry: JournalInput): boolean {
    const nowMs = this.#access.nowMs();
    const save = (tables: Tables): void => {
      tables.actions.save(action);
      tables.journal.append(entry, nowMs);
    };
    try {
      this.#access.write(save);
      return true;
    } catch {
      // The store says in Health what is the matter.
      this.#access.later(save);
      return false;
    }
  }

  get(id: string): StoredAction | undefined {
    return this.#access.read(({ actions }) => actions.get(id), undefined).value;
  }

  /** The latest first. */
  list(limit: number, cursor?: string): Page<StoredAction> {
    const { value, failure } = this.#access.read<Page<StoredAction>>(({ actions }) => actions.list(limit, cursor), {
      rows: [],
    });
    return { ...value, failure };
  }

  /** Those that hold something; `isKnown` is false where the database is away. */
  listInForce(): { readonly actions: readonly StoredAction[]; readonly isKnown: boolean } {
    const { value, failure } = this.#access.read(({ actions }) => actions.listInForce(), []);
    return { actions: value.filter(({ record }) => isInForce(record)), isKnown: failure === undefined };
  }
}
