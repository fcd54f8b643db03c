import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Alert, Finding } from '../../../../contract/domain.ts';
import { AlertBook } from '../../alerts/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { AlertDesk, type RecordedChange } from './alert-record.ts';

const START_MS = 1_700_000_000_000;

function finding(kind: Finding['kind'], firstSeenMs: number, lastSeenMs: number): Finding {
  return {
    detector: kind,
    kind,
    cause: `${kind}/10.0.0.5`,
    firstSeenMs,
    lastSeenMs,
    severity: 'high',
    confidence: 0.9,
    techniques: [],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    title: `a ${kind}`,
    explanation: 'It happened.',
    evidence: [],
  };
}

describe('AlertDesk', () => {
  let folder = '';
  let store: Store;
  let book: AlertBook;
  let desk: AlertDesk;
  let changes: RecordedChange[];
  let nowMs = START_MS;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-alert-record-'));
    const settings = defaultsOf(storeSettings);
    const path = join(folder, 'holdfast.db');
    store = await openStore({ path, clock: systemClock, health: new HealthRegistry(), settings });
    book = new AlertBook();
    changes = [];
    desk = new AlertDesk({ store: () => store, nowMs: () => nowMs, maxAlerts: 100, onChange: (c) => changes.push(c) });
    book.onChange = (alert: Alert, change) => desk.record(alert, change);
  });
  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const listed = () => {
    store.flush();
    return store.listAlerts({ states: ['open'] }).rows.map(({ alert }) => alert.kind);
  };

  it('lists what the alert book lists: the scan that a flood explains is no alert of its own', () => {
    const scan = book.add(finding('port-scan', START_MS + 1_000, START_MS + 2_000));
    expect(listed()).toEqual(['port-scan']);
    book.add(finding('denial-of-service', START_MS, START_MS + 5_000));
    expect(book.list().map(({ kind }) => kind)).toEqual(['denial-of-service']);
    expect(listed()).toEqual(['denial-of-service']);
    // What was said of it stays readable, and the journal says what became of it.
    expect(store.getAlert(scan.id)).toMatchObject({ state: 'withdrawn', alert: { kind: 'port-scan' } });
    const actions = store
      .listJournal()
      .rows.filter(({ subject }) => subject === scan.id)
      .map(({ action }) => action);
    expect(actions).toEqual(['alert-withdrawn']);
  });

  it('lists an alert again that the book opens again', () => {
    const scan = book.add(finding('port-scan', START_MS, START_MS + 1_000));
    desk.record(scan, 'withdrawn');
    expect(listed()).toEqual([]);
    desk.record(scan, 'opened');
    expect(listed()).toEqual(['port-scan']);
  });

  it('stores the alerts of a capture under ids of their own, with how they came about', () => {
    const scan = book.add(finding('port-scan', START_MS, START_MS + 1_000));
    const trail = { moments: [{ timeMs: START_MS, who: 'activity', text: 'Seen.' }], series: [] } as const;
    const captured = { ...scan, related: ['a-2'] };
    desk.recordCapture('c-1', [captured], (id) => (id === scan.id ? trail : undefined));
    const id = `c-1.${scan.id}`;
    expect(store.getAlert(id)).toMatchObject({ source: 'c-1', alert: { id, related: ['c-1.a-2'] } });
    expect(store.alerts.trail(id)).toEqual(trail);
    expect(changes.at(-1)).toMatchObject({ change: 'opened', alert: { id, source: 'c-1', state: 'open' } });
    expect(listed()).toEqual(['port-scan']);
    desk.review(store, [id], { state: 'dismissed', reason: 'fixed', note: '' }, 'user ada');
    expect(store.getAlert(scan.id)?.state).toBe('open');
  });

  it('opens what was allowed again when a stranger joins in, or its time is over and it goes on', () => {
    const entry = {
      id: 'w-1',
      match: { attacker: '10.0.0.5' },
      reason: 'ours',
      maximumSeverity: 'critical',
      createdMs: nowMs,
      createdBy: 'user ada',
      untilMs: nowMs + 10_000,
      hidden: 0,
    } as const;
    desk.allow(store, entry, []);
    const scan = finding('port-scan', START_MS, START_MS + 1_000);
    const { id } = book.add(scan);
    expect(store.getAlert(id)).toMatchObject({ state: 'dismissed', review: { allowedBy: 'w-1', actor: 'engine' } });
    book.add({ ...scan, attackers: ['10.0.0.5', '203.0.113.7'], attackerCount: 2 });
    expect(store.getAlert(id)).toMatchObject({ state: 'open', review: { note: expect.stringContaining('no longer') } });

    const other = finding('host-discovery', START_MS, START_MS + 1_000);
    const second = book.add(other).id;
    expect(store.getAlert(second)?.state).toBe('dismissed');
    nowMs = entry.untilMs;
    book.add({ ...other, lastSeenMs: START_MS + 2_000 });
    expect(store.getAlert(second)?.state).toBe('open');
  });
});
