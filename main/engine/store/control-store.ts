import type { Failure } from '../../../contract/domain.ts';
import type { StoreAccess } from './access.ts';
import type { JournalProgress } from './journal.ts';
import type { Tables } from './tables.ts';
import type { StoredToken } from './token-table.ts';
import type { JournalVerdict, Page } from './types.ts';

/** What the engine remembers of how it is steered: tokens, marks that outlast a restart, the journal's seal. */
export class ControlStore {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** The oldest first. */
  listTokens(): Page<StoredToken> {
    const { value, failure } = this.#access.read((tables) => tables.tokens.list(), []);
    return { rows: value, failure };
  }

  /** Now, with its entry in the journal. @throws FailureError when it cannot be stored */
  insertToken(token: StoredToken): void {
    const { id, name, role, expiresMs, createdBy: actor, createdMs } = token;
    this.#access.write((tables) => {
      tables.tokens.insert(token);
      const detail = { name, role, expiresMs };
      tables.journal.append({ actor, action: 'token-created', subject: id, detail }, createdMs);
    });
  }

  /**
   * Now, with its entry in the journal; nothing where there is no such token. Where the database is in trouble it is
   * done when that is over, unless the engine ends before.
   * @throws FailureError when it is not yet done
   */
  removeToken(id: string, name: string, actor: string): void {
    const nowMs = this.#access.nowMs();
    const remove = (tables: Tables): void => {
      if (!tables.tokens.remove(id)) return;
      tables.journal.append({ actor, action: 'token-revoked', subject: id, detail: { name } }, nowMs);
    };
    try {
      this.#access.write(remove);
    } catch (error) {
      this.#access.later(remove);
      throw error;
    }
  }

  touchToken(id: string, lastUsedMs: number): void {
    this.#access.later((tables) => tables.tokens.touch(id, lastUsedMs));
  }

  /** A short text that outlasts a restart; undefined where there is none, or the database is away. */
  mark(name: string): string | undefined {
    return this.#access.read((tables) => tables.marks.get(name), undefined).value;
  }

  /** @param text null takes the mark away */
  setMark(name: string, text: string | null): void {
    this.#access.later((tables) => tables.marks.set(name, text));
  }

  /** One bounded step of a verification; begin with undefined, and go on until there is a verdict. */
  verifyJournalStep(progress: JournalProgress | undefined): JournalProgress | JournalVerdict {
    const { value, failure } = this.#access.read<JournalProgress | JournalVerdict | undefined>(
      ({ journal }) => journal.verifyFrom(progress ?? journal.verificationStart()),
      undefined,
    );
    return value ?? unreadable(failure);
  }
}

/** Whether a step came to its end. */
export function isVerdict(step: JournalProgress | JournalVerdict): step is JournalVerdict {
  return 'intact' in step;
}

function unreadable(failure: Failure | undefined): JournalVerdict {
  return { intact: false, entries: 0, reason: 'the journal cannot be read', failure };
}
