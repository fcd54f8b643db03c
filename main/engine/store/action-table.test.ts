import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActionState } from '../../../contract/actions.ts';
import type { ActionRecord } from '../../../contract/api-actions.ts';
import { ManualClock } from '../runtime/clock.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import type { StoredAction } from './action-table.ts';
import { openStore } from './store.ts';
import { storeSettings } from './store-settings.ts';
import type { Store } from './types.ts';

const HELD = { bootId: 'b', processes: [{ pid: 7 }] };

function action(number: number, state: ActionState = 'verified'): StoredAction {
  const record: ActionRecord = {
    id: `x-${number.toString(16).padStart(12, '0')}`,
    kind: 'freeze',
    mode: 'act',
    state,
    createdMs: number,
    updatedMs: number,
    expiresMs: null,
    actor: 'engine',
    sentence: 'Froze it.',
    reason: 'It is so.',
    setting: '',
    value: '',
    alertId: null,
    targets: [],
    targetCount: 0,
    spared: [],
    steps: [],
  };
  return { record, held: HELD };
}

describe('stored actions', () => {
  let folder: string;
  let store: Store;
  const path = (): string => join(folder, 'holdfast.db');
  const open = async (): Promise<void> => {
    const clock = new ManualClock();
    store = await openStore({ path: path(), clock, health: new HealthRegistry(), settings: defaultsOf(storeSettings) });
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-actions-'));
    await open();
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const save = (saved: StoredAction): boolean =>
    store.actions.save(saved, { actor: 'engine', action: `freeze-${saved.record.state}`, subject: saved.record.id });

  it('are there after a restart, each step in the journal', async () => {
    expect(save(action(1, 'applied'))).toBe(true);
    expect(save(action(1, 'verified'))).toBe(true);
    store.close();
    await open();
    expect(store.actions.get(action(1).record.id)).toEqual(action(1));
    expect(store.actions.listInForce()).toEqual({ actions: [action(1)], isKnown: true });
    expect(store.listJournal().rows.map((entry) => entry.action)).toEqual(['freeze-verified', 'freeze-applied']);
  });

  it('are listed page by page, the latest first, and none twice', () => {
    // Two of one moment.
    for (const number of [1, 2, 3, 4])
      save({ ...action(number), record: { ...action(number).record, createdMs: number >> 1 } });
    const seen: string[] = [];
    for (let cursor: string | undefined, pages = 0; pages < 5; pages++) {
      const page = store.actions.list(1, cursor);
      seen.push(...page.rows.map(({ record }) => record.id));
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual([4, 3, 2, 1].map((number) => action(number).record.id));
    expect(store.actions.list(10, 'nonsense').rows).toHaveLength(4);
  });

  it('hide no other where one is damaged, and are not believed then', () => {
    for (const number of [1, 2, 3]) save(action(number));
    store.close();
    const database = new Sqlite(path());
    database.prepare("UPDATE actions SET body = '{' WHERE id = ?").run(action(1).record.id);
    database.prepare(`UPDATE actions SET body = '{"id":7}' WHERE id = ?`).run(action(2).record.id);
    database.close();
    return open().then(() => {
      expect(store.actions.list(10).rows).toEqual([action(3)]);
      expect(store.actions.listInForce().actions).toEqual([action(3)]);
      expect(store.actions.get(action(1).record.id)).toBeUndefined();
    });
  });
});
