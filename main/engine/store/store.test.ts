import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert, Finding } from '../../../contract/domain.ts';
import { ManualClock } from '../runtime/clock.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { type FlowRecord, openStore, type Store, type StoreSettings, storeSettings } from './index.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './schema.ts';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);

let place: string;
let path: string;
let clock: ManualClock;
let health: HealthRegistry;
const opened: Store[] = [];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  path = join(place, 'data', 'holdfast.db');
  clock = new ManualClock(START_MS);
  health = new HealthRegistry();
});

afterEach(() => {
  for (const store of opened.splice(0)) {
    store.close();
  }
  rmSync(place, { recursive: true });
});

async function open(changes: Partial<StoreSettings> = {}): Promise<Store> {
  health = new HealthRegistry();
  const settings = { ...defaultsOf(storeSettings), busyMs: 0, ...changes };
  const store = await openStore({ path, clock, health, settings });
  opened.push(store);
  return store;
}

/** Days pass on the wall clock at once, and then the minute that brings the next pass of retention. */
function wait(days: number): void {
  clock.setWallClock(clock.nowMs() + days * DAY_MS);
  clock.advance(60_000);
}

const entry = () => health.report().entries[0];

function alert(id: string, changes: Partial<Alert> = {}): Alert {
  return {
    id,
    kind: 'port-scan',
    title: 'A scan',
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: 1_000,
    lastSeenMs: 2_000,
    findings: 1,
    explanation: 'Somebody tried doors.',
    evidence: [],
    detectors: ['port-scan'],
    related: [],
    ...changes,
  };
}

function finding(cause: string, changes: Partial<Finding> = {}): Finding {
  const { id: _id, findings: _findings, detectors: _detectors, related: _related, ...shared } = alert('x');
  return { ...shared, detector: 'port-scan', cause, ...changes };
}

function flow(number: number, changes: Partial<FlowRecord> = {}): FlowRecord {
  return {
    firstUs: number * 1e6 + 0.5,
    lastUs: number * 1e6 + 10,
    protocol: 6,
    initiator: '10.0.0.5',
    initiatorPort: 40_000 + (number % 1000),
    responder: `10.0.1.${number % 200}`,
    responderPort: 443,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 3,
    responderPackets: 2,
    initiatorBytes: 300,
    responderBytes: 5_000_000_000,
    service: 'tls',
    endReason: 0,
    ...changes,
  };
}

describe('writing and reading', () => {
  it('commits by itself within the time set, into private files', async () => {
    const store = await open();
    store.upsertAlert(alert('a1'));
    expect(entry().counters.pendingRows).toBe(1);
    clock.advance(500);
    expect(entry()).toMatchObject({ state: 'ok', counters: { pendingRows: 0, commits: 1 } });
    const other = new Sqlite(path, { readonly: true });
    expect(other.prepare('SELECT kind, severity FROM alerts').all()).toEqual([{ kind: 'port-scan', severity: 2 }]);
    other.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
    expect(statSync(join(place, 'data')).mode & 0o777).toBe(0o700);
  });

  it('gives back alerts newest first, by filter, page by page', async () => {
    const store = await open();
    const all = Array.from({ length: 25 }, (_, index) =>
      alert(`a${index}`, {
        lastSeenMs: 1_000 + Math.floor(index / 2),
        severity: index % 5 === 0 ? 'high' : 'low',
        kind: index % 2 === 0 ? 'port-scan' : 'brute-force',
      }),
    );
    for (const each of all) {
      store.upsertAlert(each);
    }
    const seen: string[] = [];
    for (let cursor: string | undefined, page = 0; page < 10; page += 1) {
      const found = store.listAlerts({ limit: 4, cursor });
      seen.push(...found.rows.map((row) => row.alert.id));
      cursor = found.cursor;
      if (cursor === undefined) {
        break;
      }
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
    expect(store.listAlerts({ severity: 'medium' }).rows).toHaveLength(5);
    expect(store.listAlerts({ kinds: ['brute-force'], sinceMs: 1_005, untilMs: 1_007 }).rows).toHaveLength(2);
    expect(store.listAlerts({ cursor: 'nonsense' }).rows).toHaveLength(25);
    expect(store.getAlert('a3')?.alert).toEqual(all[3]);
    expect(store.getAlert('none')).toBeUndefined();
  });

  it('keeps what the person did when the alert grows, and writes it down', async () => {
    const store = await open();
    store.upsertAlert(alert('a1'));
    const by = { actor: 'user ada', reason: null, note: '' };
    store.alerts.review(['a1'], { ...by, state: 'acknowledged' });
    store.alerts.review(['unknown'], { ...by, state: 'dismissed' });
    store.upsertAlert(alert('a1', { findings: 7 }));
    expect(store.getAlert('a1')).toMatchObject({ state: 'acknowledged', alert: { findings: 7 } });
    expect(store.listJournal().rows).toMatchObject([
      { actor: 'user ada', action: 'alert-acknowledged', subject: 'a1' },
    ]);
  });

  it('replaces a finding by the newer one with its cause', async () => {
    const store = await open();
    store.insertFinding(finding('scan/1'), 'a1');
    store.insertFinding(finding('scan/2'), 'a2');
    store.flush();
    store.insertFinding(finding('scan/1', { confidence: 1 }));
    expect(store.listFindings({ alertId: 'a1' }).rows).toEqual([finding('scan/1', { confidence: 1 })]);
    expect(store.statistics()).toMatchObject({ findings: 2 });
  });

  it('gives back flows as they were, and finds them', async () => {
    const store = await open();
    const features = { version: 1, values: Float32Array.of(1.5, -2, 0) };
    const note = { application: 'tls', name: 'example.org', said: ['certificate of example.org'] };
    store.insertFlows([flow(1, { features, note }), flow(2, { initiator: 'fe80::1', service: 'dns' }), flow(3)]);
    expect(store.listFlows().rows.map((row) => row.id)).toEqual([3, 2, 1]);
    expect(store.listFlows({ limit: 1, cursor: '2' }).rows).toEqual([
      { ...flow(1, { features, note }), id: 1, storedMs: START_MS, source: 'live' },
    ]);
    expect(store.listFlows({ limit: 1 }).rows[0]?.note).toEqual({ application: '', name: '', said: [] });
    expect(store.listFlows({ host: 'fe80::1' }).rows).toHaveLength(1);
    expect(store.listFlows({ port: 443, sinceMs: 2_500 }).rows).toHaveLength(1);
    expect(store.listFlows({ service: 'dns', protocol: 17 }).rows).toEqual([]);
    expect(store.statistics()).toMatchObject({ flows: 3 });
  });

  it('remembers settings and who changed them', async () => {
    const store = await open();
    store.setSetting('log.level', 'debug', 'user ada');
    store.setSetting('log.level', 'warn', 'user ada');
    expect(store.listSettings().rows).toEqual([{ path: 'log.level', value: 'warn', updatedMs: START_MS }]);
    expect(store.listJournal().rows).toHaveLength(2);
  });

  it('drops the row that cannot be stored, not those behind it', async () => {
    const store = await open();
    store.insertFlows([flow(1), { ...flow(2), protocol: 'tcp' as unknown as number }, flow(3)]);
    store.appendJournal({ actor: 'engine', action: 'x', subject: 'y', detail: { big: 1n } });
    expect(store.flush()).toBe(true);
    expect(store.statistics()).toMatchObject({ flows: 2, rejectedRows: 2, pendingRows: 0 });
  });

  it('holds a bounded number of flows and counts what it loses', async () => {
    const store = await open({ queueRows: 1000, batchRows: 100 });
    store.insertFlows(Array.from({ length: 1500 }, (_, index) => flow(index)));
    expect(store.flush()).toBe(true);
    expect(store.statistics()).toMatchObject({ flows: 1000, droppedRows: 500 });
    expect(store.listFlows({ limit: 1 }).rows[0].firstUs).toBe(flow(1499).firstUs);
  });
});

describe('the journal', () => {
  it('is intact whatever is written, also after the oldest went', async () => {
    const store = await open({ journalDays: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.jsonValue()), { maxLength: 5 }), (list) => {
        for (const [subject, detail] of list) {
          store.appendJournal({ actor: 'engine', action: 'test', subject, detail: { detail } });
        }
        expect(store.verifyJournal().intact).toBe(true);
      }),
      { numRuns: 30 },
    );
    wait(40);
    store.appendJournal({ actor: 'engine', action: 'last', subject: 'end' });
    store.flush();
    store.maintain();
    expect(store.verifyJournal()).toEqual({ intact: true, entries: 1 });
  });

  it.each([
    ['changed', "UPDATE journal SET actor = 'nobody' WHERE id = 3", 3],
    ['removed', 'DELETE FROM journal WHERE id = 3', 3],
    ['cut off', 'DELETE FROM journal WHERE id >= 5', 5],
    ['emptied', 'DELETE FROM journal', 1],
    ['swapped', 'UPDATE journal SET hash = (SELECT hash FROM journal WHERE id = 1) WHERE id = 4', 4],
  ])('shows that an entry was %s', async (_name, sql, brokenAt) => {
    const store = await open();
    for (let count = 0; count < 6; count += 1) {
      store.appendJournal({ actor: 'engine', action: 'test', subject: String(count) });
    }
    store.flush();
    const other = new Sqlite(path);
    other.exec(sql);
    other.close();
    expect(store.verifyJournal()).toMatchObject({ intact: false, brokenAt });
  });
});

describe('migrations', () => {
  it.each(MIGRATIONS.map((_, index) => index))('bring version %i up to date and keep its rows', (index) => {
    const database = new Sqlite(':memory:');
    migrate(database, 1, MIGRATIONS.slice(0, index));
    if (index >= 1) {
      database.exec("INSERT INTO settings VALUES ('a', '1', 5)");
    }
    migrate(database, 2);
    migrate(database, 3);
    const applied = database.prepare('SELECT version, applied_ms FROM migrations').raw().all();
    expect(applied).toEqual(MIGRATIONS.map(({ version }) => [version, version <= index ? 1 : 2]));
    expect(database.prepare('SELECT count(*) FROM settings').pluck().get()).toBe(index >= 1 ? 1 : 0);
    database.close();
  });

  it('leave everything as it was when one fails', () => {
    const database = new Sqlite(':memory:');
    const broken = [...MIGRATIONS, { version: 99, name: 'broken', sql: 'CREATE TABLE x (y); nonsense' }];
    expect(() => migrate(database, 1, broken)).toThrow('nonsense');
    expect(database.prepare('SELECT count(*) FROM sqlite_master').pluck().get()).toBe(0);
    database.close();
  });

  it('refuse a database from the future', async () => {
    (await open()).close();
    const other = new Sqlite(path);
    other.exec("INSERT INTO migrations VALUES (1000, 'future', 0)");
    other.close();
    await expect(open()).rejects.toMatchObject({ failure: { code: 'database-too-new' } });
    expect(health.report().entries).toEqual([]);
  });
});

describe('retention', () => {
  it('removes by age, each kind by its own', async () => {
    const store = await open();
    store.insertFlows([flow(1)]);
    store.insertFinding(finding('old'));
    store.upsertAlert(alert('old'));
    store.flush();
    wait(8);
    expect(store.statistics()).toMatchObject({ flows: 0, findings: 1, alerts: 1 });
    wait(83);
    expect(store.statistics()).toMatchObject({ findings: 0, alerts: 1 });
    wait(300);
    expect(store.statistics()).toMatchObject({ alerts: 0 });
  });

  it('removes the oldest flows when there is too much, and gives the space back', async () => {
    const store = await open({ maximumMegabytes: 2, queueRows: 50_000 });
    const features = { version: 1, values: new Float64Array(90) };
    store.insertFlows(Array.from({ length: 8_000 }, (_, index) => flow(index, { features })));
    store.flush();
    const before = store.statistics();
    expect(before.usedBytes).toBeGreaterThan(3_000_000);
    store.maintain();
    const after = store.statistics();
    expect(after.usedBytes).toBeLessThanOrEqual(2_000_000);
    expect(after.fileBytes).toBeLessThan(before.fileBytes);
    expect(after.flows).toBeGreaterThan(1_000);
    expect(store.listFlows({ limit: 1 }).rows[0].firstUs).toBe(flow(7_999).firstUs);
  });
});

describe('trouble', () => {
  it('goes on while another process locks the database, and catches up', async () => {
    const store = await open();
    store.upsertAlert(alert('before'));
    store.flush();
    const other = new Sqlite(path);
    other.exec('BEGIN EXCLUSIVE');
    store.upsertAlert(alert('meanwhile'));
    store.insertFlows([flow(1)]);
    clock.advance(500);
    expect(entry()).toMatchObject({ state: 'degraded', counters: { pendingRows: 2 } });
    expect(entry().detail).toContain('locks the database');
    expect(store.getAlert('meanwhile')?.state).toBe('open');
    other.exec('COMMIT');
    other.close();
    clock.advance(1_000);
    expect(entry()).toMatchObject({ state: 'ok', counters: { pendingRows: 0 } });
    expect(store.listAlerts().rows).toHaveLength(2);
  });

  it('begins in memory when the database is locked at the start', async () => {
    (await open()).close();
    const other = new Sqlite(path);
    other.pragma('locking_mode = EXCLUSIVE');
    other.exec("BEGIN EXCLUSIVE; INSERT INTO settings VALUES ('a', '1', 1)");
    const store = await open();
    store.upsertAlert(alert('early'));
    expect(entry().state).toBe('degraded');
    expect(store.listAlerts()).toMatchObject({ rows: [{ alert: { id: 'early' } }], failure: { code: 'store-locked' } });
    expect(store.statistics()).toMatchObject({ alerts: 0, pendingRows: 1 });
    other.exec('ROLLBACK');
    other.close();
    clock.advance(40_000);
    expect(entry().state).toBe('ok');
    expect(store.statistics()).toMatchObject({ alerts: 1, pendingRows: 0 });
  });

  it('puts a file that is no database aside and begins afresh', async () => {
    (await open()).close();
    writeFileSync(path, 'this is not a database, however long one looks at it'.repeat(100));
    const store = await open();
    expect(entry()).toMatchObject({ state: 'degraded' });
    expect(entry().detail).toContain('was damaged');
    store.upsertAlert(alert('after'));
    expect(store.listAlerts().rows).toHaveLength(1);
    const aside = readdirSync(join(place, 'data')).filter((name) => name.includes('.corrupt-'));
    expect(aside).toEqual(['holdfast.db.corrupt-20260101T000000Z']);
    expect(readFileSync(join(place, 'data', aside[0]), 'utf8')).toContain('not a database');
  });

  it('notices damage inside, and does not lose what waits', async () => {
    const first = await open();
    first.insertFlows(Array.from({ length: 2000 }, (_, index) => flow(index)));
    first.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 4096);
    writeFileSync(path, bytes);
    const store = await open();
    store.upsertAlert(alert('waiting'));
    clock.advance(2_000);
    expect(entry().detail).toContain('was damaged');
    expect(store.getAlert('waiting')).toBeDefined();
    expect(store.listAlerts()).toMatchObject({ rows: [{ alert: { id: 'waiting' } }] });
  });

  it('notices that the file was removed under it', async () => {
    const store = await open();
    store.upsertAlert(alert('lost'));
    store.flush();
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(path + suffix);
    }
    clock.advance(60_000);
    expect(entry()).toMatchObject({ state: 'degraded' });
    expect(entry().detail).toContain('was removed or replaced');
    store.upsertAlert(alert('kept'));
    store.close();
    expect((await open()).listAlerts().rows).toMatchObject([{ alert: { id: 'kept' } }]);
  });

  it('follows no link that somebody planted', async () => {
    (await open()).close();
    rmSync(path);
    symlinkSync(join(place, 'elsewhere'), path);
    await expect(open()).rejects.toMatchObject({ failure: { code: 'unsafe-file' } });
  });
});

describe('a killed process', () => {
  it('loses nothing that was committed, and leaves a sound database', async () => {
    const url = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);
    const script = `
      const { openStore, storeSettings } = await import(${url('index.ts')});
      const { HealthRegistry } = await import(${url('../runtime/health.ts')});
      const { systemClock } = await import(${url('../runtime/clock.ts')});
      const { defaultsOf } = await import(${url('../runtime/settings.ts')});
      const store = await openStore({ path: ${JSON.stringify(path)}, clock: systemClock,
        health: new HealthRegistry(), settings: defaultsOf(storeSettings) });
      for (let round = 1; ; round += 1) {
        store.appendJournal({ actor: 'child', action: 'round', subject: String(round) });
        store.insertFlows(Array.from({ length: 50 }, () => (${JSON.stringify(flow(1))})));
        if (store.flush()) process.stdout.write(round + '\\n');
        await new Promise((resolve) => setImmediate(resolve));
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (output.split('\n').length > 40) {
        child.kill('SIGKILL');
      }
    });
    await once(child, 'close');
    const acknowledged = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
    expect(acknowledged).toBeGreaterThan(30);
    const store = await open();
    const verdict = store.verifyJournal();
    expect(verdict.intact).toBe(true);
    expect(verdict.entries).toBeGreaterThanOrEqual(acknowledged);
    expect(store.statistics().flows).toBe(verdict.entries * 50);
    expect(entry().state).toBe('ok');
  }, 30_000);
});
