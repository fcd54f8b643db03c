import { randomBytes } from 'node:crypto';
import { FailureError } from '../../runtime/failure.ts';
import type { StoreAccess } from '../access.ts';
import type { HuntRunner } from './hunt-runner.ts';
import type { HuntAnswer, HuntRequest, ValuesRequest } from './messages.ts';
import type { SavedRow } from './saved-table.ts';

/** Queries that are kept; more are found by nobody. */
export const MAX_SAVED = 200;

/** Searches over what is stored, and the queries that were kept. */
export class HuntStore {
  readonly #access: StoreAccess;
  readonly #runner: HuntRunner;

  constructor(access: StoreAccess, runner: HuntRunner) {
    this.#access = access;
    this.#runner = runner;
  }

  /** @throws FailureError */
  async run(request: HuntRequest, signal?: AbortSignal): Promise<HuntAnswer> {
    await this.#access.settle();
    const reply = await this.#runner.run({ type: 'run', request }, signal);
    if (reply.type !== 'answer') throw new Error('the thread answered another question');
    return reply.answer;
  }

  /** @throws FailureError */
  async values(request: ValuesRequest, signal?: AbortSignal): Promise<readonly string[]> {
    const reply = await this.#runner.run({ type: 'values', request }, signal);
    if (reply.type !== 'values') throw new Error('the thread answered another question');
    return reply.values;
  }

  saved(): readonly SavedRow[] {
    return this.#access.read((tables) => tables.savedQueries.list(), []).value;
  }

  /**
   * With its entry in the journal. The same name again replaces what it named.
   * @throws FailureError `too-many-queries`, or the database's trouble
   */
  save(name: string, query: string, actor: string): SavedRow {
    const savedMs = this.#access.nowMs();
    const known = this.saved();
    if (known.length >= MAX_SAVED && !known.some((row) => row.name.toLowerCase() === name.toLowerCase())) {
      const hint = 'Forget one that is no longer used.';
      throw new FailureError({ code: 'too-many-queries', message: `${MAX_SAVED} queries are kept already.`, hint });
    }
    const id = `q-${randomBytes(6).toString('hex')}`;
    return this.#access.write((tables) => {
      const row = tables.savedQueries.put({ id, name, query, savedMs });
      tables.journal.append({ actor, action: 'query-saved', subject: row.id, detail: { name, query } }, savedMs);
      return row;
    });
  }

  /** With its entry in the journal; false when there is none with this id. @throws FailureError in trouble */
  forget(id: string, actor: string): boolean {
    const nowMs = this.#access.nowMs();
    return this.#access.write((tables) => {
      const name = tables.savedQueries.remove(id);
      if (name === undefined) return false;
      tables.journal.append({ actor, action: 'query-forgotten', subject: id, detail: { name } }, nowMs);
      return true;
    });
  }

  async close(): Promise<void> {
    await this.#runner.close();
  }
}
