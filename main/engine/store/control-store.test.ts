import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/clock.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { openStore, type Store, storeSettings } from './index.ts';

const DAY_MS = 86_400_000;
const SETTINGS = { ...defaultsOf(storeSettings), journalDays: 100 };
let folder: string;
let clock: ManualClock;
let store: Store;

async function open(): Promise<void> {
  store = await openStore({
    path: join(folder, 'holdfast.db'),
    clock,
    health: new HealthRegistry(),
    settings: SETTINGS,
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-control-store-'));
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  await open();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a revoked token', () => {
  const token = {
    id: 'abc',
    name: 'a',
    role: 'admin',
    hash: new Uint8Array(32),
    createdMs: 1,
    createdBy: 'user ada',
    expiresMs: null,
    lastUsedMs: null,
  } as const;
  /** A second connection sees only what was committed. */
  const onDisk = (): unknown => {
    const database = new Sqlite(join(folder, 'holdfast.db'), { readonly: true });
    const tokens = database.prepare('SELECT count(*) FROM tokens').pluck().get();
    database.close();
    return tokens;
  };

  it('is gone from the disk at once, even where the engine then dies', () => {
    store.control.insertToken(token);
    expect(onDisk()).toBe(1);
    store.control.removeToken('abc', 'a', 'user ada');
    expect(onDisk()).toBe(0);
  });

  it('goes later where the database is in trouble, and that is said', () => {
    store.control.insertToken(token);
    const lock = new Sqlite(join(folder, 'holdfast.db'));
    lock.exec('BEGIN IMMEDIATE');
    expect(() => store.control.removeToken('abc', 'a', 'user ada')).toThrow('locks the database');
    lock.exec('ROLLBACK');
    lock.close();
    store.flush();
    expect(onDisk()).toBe(0);
    expect(store.listJournal().rows[0]).toMatchObject({ action: 'token-revoked', subject: 'abc' });
  });
});

describe('marks', () => {
  it('outlast a restart, until they are taken away, and are not the ends of the journal', async () => {
    store.appendJournal({ actor: 'a', action: 'b', subject: 'c' });
    store.control.setMark('pause', 'x');
    store.control.setMark('journal-head', 'y');
    expect(store.control.mark('none')).toBeUndefined();
    store.close();
    await open();
    expect([store.control.mark('pause'), store.control.mark('journal-head')]).toEqual(['x', 'y']);
    expect(store.verifyJournal().intact).toBe(true);
    store.control.setMark('pause', null);
    expect(store.control.mark('pause')).toBeUndefined();
  });
});

describe('configure', () => {
  it('changes how long things are kept, from the next pass of retention on', () => {
    store.appendJournal({ actor: 'a', action: 'old', subject: 'c' });
    store.flush();
    clock.setWallClock(clock.nowMs() + 50 * DAY_MS);
    store.maintain();
    expect(store.listJournal().rows).toHaveLength(1);
    store.configure({ ...SETTINGS, journalDays: 30 });
    store.maintain();
    expect(store.listJournal().rows).toHaveLength(0);
    store.appendJournal({ actor: 'a', action: 'new', subject: 'c' });
    expect(store.listJournal().rows).toHaveLength(1);
    expect(store.verifyJournal().intact).toBe(true);
  });
});
