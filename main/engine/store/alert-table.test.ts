import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert } from '../../../contract/domain.ts';
import { ManualClock } from '../runtime/clock.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { type AlertFilter, openStore, type Store, storeSettings } from './index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './schema.ts';

const NOW_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
/** A list page on the slowest machine that this is tested on; on an idle one it is some 20 ms. */
const PATIENCE_MS = 500;
const MANY = 100_000;
const MANY_CHOSEN = Array.from({ length: MANY }, (_, i) => i % 3 > 0 && i % 10 > 0 && [0, 3].includes(i % 5)).filter(
  Boolean,
).length;

function alert(id: string, changes: Partial<Alert> = {}): Alert {
  return {
    id,
    kind: 'port-scan',
    title: 'Ädams scan',
    severity: 'medium',
    confidence: 1,
    techniques: ['T1046', 'T1018'],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: NOW_MS,
    lastSeenMs: NOW_MS,
    findings: 1,
    explanation: '',
    evidence: [],
    detectors: [],
    related: [],
    ...changes,
  };
}

describe('stored alerts', () => {
  let folder = '';
  let path = '';
  let store: Store;
  const clock = new ManualClock(NOW_MS);
  let health = new HealthRegistry();
  const open = async () => {
    health = new HealthRegistry();
    store = await openStore({ path, clock, health, settings: defaultsOf(storeSettings) });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-alert-table-'));
    path = join(folder, 'holdfast.db');
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists the others where one is damaged, and goes on storing', async () => {
    await open();
    for (const [index, id] of ['a-1', 'a-2', 'a-3', 'a-4'].entries()) {
      store.upsertAlert(alert(id, { lastSeenMs: NOW_MS - index }));
    }
    store.flush();
    const database = new Sqlite(path);
    database.prepare("UPDATE alerts SET body = substr(body, 1, 40) WHERE id = 'a-2'").run();
    database.close();
    const pages: string[][] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = store.listAlerts({ cursor, limit: 2 });
      pages.push(page.rows.map(({ alert: { id } }) => id));
      cursor = page.cursor;
      expect(pages.length).toBeLessThan(9);
    }
    expect(pages.flat()).toEqual(['a-1', 'a-3', 'a-4']);
    expect(store.getAlert('a-2')).toBeUndefined();
    store.upsertAlert(alert('a-5'));
    expect(store.getAlert('a-5')?.alert.id).toBe('a-5');
    const [entry] = health.report().entries;
    expect(entry).toMatchObject({ state: 'degraded', counters: { damagedRows: 1 } });
    expect(entry?.detail).toContain('1 alert.');
  });

  it('keeps captures apart from live traffic, and forgets a capture with all that was done with it', async () => {
    await open();
    store.upsertAlert(alert('a-1'));
    store.upsertAlert(alert('c-1.a-1'), 'c-1', { moments: [], series: [] });
    store.alerts.review(['c-1.a-1'], { state: 'dismissed', actor: 'user ada', reason: 'fixed', note: '' });
    expect(store.listAlerts().rows.map(({ alert: { id } }) => id)).toEqual(['a-1']);
    expect(store.listAlerts({ source: 'c-1' }).rows).toMatchObject([{ state: 'dismissed', source: 'c-1' }]);
    expect(store.alerts.trail('c-1.a-1')).toBeDefined();
    expect(store.alerts.steps('c-1.a-1')).toHaveLength(1);
    expect(store.alerts.removeSource('c-1')).toBe(1);
    expect(store.getAlert('c-1.a-1')).toBeUndefined();
    expect(store.alerts.trail('c-1.a-1')).toBeUndefined();
    expect(store.alerts.steps('c-1.a-1')).toEqual([]);
    expect(store.listAlerts().rows).toHaveLength(1);
  });

  it('gives shorter pages of long alerts, and all of them in the end', async () => {
    await open();
    for (let index = 0; index < 50; index++)
      store.upsertAlert(alert(`a-${index}`, { explanation: 'ä'.repeat(20_000) }));
    const seen: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = store.listAlerts({ limit: 50, cursor });
      seen.push(page.rows.length);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual([17, 17, 16]);
  });

  it('gives any of several severities and kinds, whether they are written or wait', async () => {
    await open();
    store.upsertAlert(alert('a-1', { severity: 'low', kind: 'exploit' }));
    store.upsertAlert(alert('a-2', { severity: 'medium', kind: 'exploit' }));
    store.upsertAlert(alert('a-3', { severity: 'high', kind: 'tunnel' }));
    store.upsertAlert(alert('a-4', { severity: 'high' }));
    const found = (filter: AlertFilter) => {
      const ids = store.listAlerts(filter).rows.map(({ alert: { id } }) => id);
      expect(store.alerts.count(filter)).toBe(ids.length);
      return ids.sort().join();
    };
    const asked: readonly [AlertFilter, string][] = [
      [{ severities: ['low', 'high'] }, 'a-1,a-3,a-4'],
      [{ severities: ['low', 'high'], severity: 'medium' }, 'a-3,a-4'],
      [{ severities: ['low'], severity: 'medium' }, ''],
      [{ kinds: ['exploit', 'tunnel'] }, 'a-1,a-2,a-3'],
      [{ kinds: ['exploit', 'tunnel'], severities: ['high'], search: 'scan' }, 'a-3'],
      [{ kinds: [] }, ''],
    ];
    for (const [filter, ids] of asked) expect(found(filter)).toBe(ids);
    store.flush();
    const other = new Sqlite(path);
    other.exec('BEGIN EXCLUSIVE');
    for (const [filter, ids] of asked) {
      const rows = store.listAlerts(filter).rows.map(({ alert: { id } }) => id);
      expect(rows.sort().join()).toBe(ids);
    }
    other.exec('ROLLBACK');
    other.close();
  });

  it('finds text in titles and addresses, whatever its case, and takes nothing in it for a pattern', async () => {
    await open();
    store.upsertAlert(alert('a-1'));
    const found = (search: string) => store.listAlerts({ search }).rows.length;
    expect([found('ädams SCAN'), found('10.0.0.9'), found('%'), found('_'), found("'"), found('')]).toEqual([
      1, 1, 0, 0, 0, 1,
    ]);
  });

  it('says that a review could not be written, and changes nothing then', async () => {
    await open();
    store.upsertAlert(alert('a-1'));
    store.flush();
    const other = new Sqlite(path);
    other.exec('BEGIN IMMEDIATE');
    const review = () => store.alerts.review(['a-1'], { state: 'dismissed', actor: 'x', reason: null, note: '' });
    expect(review).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'store-locked' }) }));
    other.exec('ROLLBACK');
    other.close();
    clock.advance(2_000);
    expect(store.getAlert('a-1')?.state).toBe('open');
    expect(review()).toHaveLength(1);
  });

  it('takes over a database from before: every alert is live, open, and can be searched', async () => {
    const old = new Sqlite(path);
    migrate(
      old,
      NOW_MS,
      MIGRATIONS.filter(({ version }) => version < 4),
    );
    old
      .prepare(`INSERT INTO alerts (id, kind, severity, first_seen_ms, last_seen_ms, state, updated_ms, body)
        VALUES ('a-1', 'port-scan', 2, ?, ?, 'open', ?, ?)`)
      .run(NOW_MS, NOW_MS, NOW_MS, JSON.stringify(alert('a-1')));
    old.close();
    await open();
    expect(store.listAlerts({ search: '10.0.0.9' }).rows).toMatchObject([{ source: 'live', review: null }]);
    expect(store.alerts.techniquesSeen('live', 0)).toMatchObject([{ techniques: ['T1046', 'T1018'], count: 1 }]);
  });

  it('answers at once with 100,000 alerts', async () => {
    await open();
    store.close();
    const database = new Sqlite(path);
    const body = JSON.stringify(alert('a', { explanation: 'x'.repeat(1_000) }));
    database
      .prepare(`
        WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
        INSERT INTO alerts (id, kind, severity, first_seen_ms, last_seen_ms, state, updated_ms, body, techniques, search)
        SELECT 'a-' || i, iif(i % 3, 'port-scan', 'brute-force'), i % 5, ? + i, ? + i,
          iif(i % 10, 'open', 'dismissed'), ?, replace(?, '"id":"a"', '"id":"a-' || i || '"'), 'T1046',
          'scan of host ' || i || char(10) || '10.0.0.5'
        FROM n`)
      .run(MANY, NOW_MS - DAY_MS, NOW_MS - DAY_MS, NOW_MS, body);
    database.close();
    await open();
    const quick = <T>(ask: () => T): T => {
      const begunMs = performance.now();
      const answer = ask();
      expect(performance.now() - begunMs).toBeLessThan(PATIENCE_MS);
      return answer;
    };
    const states = ['open'] as const;
    const first = quick(() => store.listAlerts({ states, limit: 50 }));
    expect(first.rows).toHaveLength(50);
    expect(quick(() => store.alerts.count({ states }))).toBe(MANY * 0.9);
    expect(quick(() => store.alerts.count({}))).toBe(MANY);
    const chips = { states, severities: ['info', 'high'], kinds: ['port-scan', 'beaconing'] } as const;
    const chosen = quick(() => store.listAlerts({ ...chips, limit: 50 }));
    expect(chosen.rows).toHaveLength(50);
    expect(quick(() => store.alerts.count(chips))).toBe(MANY_CHOSEN);
    expect(quick(() => store.listAlerts({ kinds: ['exploit'] })).rows).toHaveLength(0);
    expect(quick(() => store.alerts.count({ ...chips, search: 'host 7777' }))).toBeGreaterThan(0);
    expect(quick(() => store.listAlerts({ search: 'host 77777' })).rows).toHaveLength(1);
    expect(quick(() => store.listAlerts({ states: ['acknowledged'] })).rows).toHaveLength(0);
    const deep = quick(() => store.listAlerts({ cursor: `${NOW_MS - DAY_MS + 100}/a-100`, limit: 1_000 }));
    expect(deep.rows).toHaveLength(100);
    const counted = quick(() => store.alerts.counts('live')).reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBe(MANY);
    expect(quick(() => store.alerts.techniquesSeen('live', 0)).length).toBeGreaterThan(0);
  });
});
