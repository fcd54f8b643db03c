import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Capture } from '../../../contract/api-captures.ts';
import type { Profile } from '../../../contract/api-models.ts';
import type { Alert, Finding } from '../../../contract/domain.ts';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { DamagedRows } from './damaged-rows.ts';
import { FlowStoreScene, START_MS } from './testing.ts';

/** What a disk, or somebody with a database tool, can leave in place of what was written. */
const DAMAGE = ['{', '', 'null', '7', '[]', '"x"', '{}', '{"title":5,"attackers":7}', `${'['.repeat(20_000)}`];

const about = {
  kind: 'port-scan',
  severity: 'high',
  confidence: 1,
  techniques: ['T1046'],
  attackers: ['10.0.0.5'],
  victims: ['10.0.0.9'],
  attackerCount: 1,
  victimCount: 1,
  firstSeenMs: START_MS,
  lastSeenMs: START_MS,
  title: 'A scan',
  explanation: 'It scans.',
  evidence: [],
} as const;
const alert = (id: string): Alert => ({ ...about, id, findings: 1, detectors: ['port-scan'], related: [] });
const finding = (cause: string): Finding => ({ ...about, cause, detector: 'port-scan' });
const capture = (id: string): Capture => ({
  id,
  name: 'x.pcap',
  state: 'cancelled',
  progress: null,
  sizeBytes: 9,
  receivedBytes: 0,
  addedMs: START_MS,
  addedBy: 'user ada',
  result: null,
  failure: null,
});
const profile = (version: number): Profile => ({
  id: `flow-${version}`,
  table: 'flow',
  version,
  state: 'candidate',
  reason: 'It is new.',
  trainedMs: START_MS + version,
  source: 'this computer',
  kinds: ['baseline'],
  groups: ['tcp'],
  rows: 100,
  fromMs: null,
  untilMs: null,
  digest: '00',
  parent: null,
  bytes: 3,
  metrics: { calibrationRows: 1, validationRows: 1, onePercent: 0, oneInThousand: 0, seconds: 1, loss: null },
});

let scene: FlowStoreScene;
beforeEach(async () => {
  scene = await FlowStoreScene.open();
});
afterEach(() => scene.close());

/** Changes the file behind the store's back; gives how many rows it was. */
function damage(sql: string, ...values: readonly unknown[]): number {
  scene.store.flush();
  const database = new Sqlite(scene.path);
  try {
    return database.prepare(sql).run(...values).changes;
  } finally {
    database.close();
  }
}

function told(): string {
  const [entry] = scene.health.report().entries;
  return `${entry?.state} ${entry?.counters.damagedRows}: ${entry?.detail.split(': ')[1]}`;
}

async function hunted(text: string): Promise<readonly unknown[]> {
  const { query } = parseHunt(text);
  if (query === null) throw new Error('not a query');
  const request = { query, source: 'live', limit: 10, nowMs: START_MS };
  return (await scene.store.hunt.run(request)).rows;
}

describe.each(DAMAGE)('rows that hold %j', (bad) => {
  it('hide none of the others, and are counted', () => {
    const { store } = scene;
    const journal = { actor: 'engine', action: 'x', subject: 'y' };
    for (const [index, id] of ['a-1', 'a-2'].entries()) {
      store.upsertAlert(alert(id), 'live', { moments: [{ timeMs: 1, who: 'activity', text: 'x' }], series: [] });
      store.insertFinding(finding(id), id);
      store.captures.add(capture(`c-${id.slice(2)}`));
      store.models.add({ profile: profile(index + 1), document: Buffer.of(1), removed: [], journal });
      store.alerts.addAllow({
        id: `w-${index}`,
        match: { attacker: '10.0.0.7' },
        reason: 'x',
        maximumSeverity: 'high',
        createdMs: index,
        createdBy: 'user ada',
        untilMs: null,
        hidden: 0,
      });
      store.setSetting(`path.${index}`, index, 'user ada');
      store.insertFlows([scene.flow(index, { note: { application: 'http', name: 'x', said: ['GET /'] } })]);
    }
    damage("UPDATE alert_trails SET body = ? WHERE alert_id = 'a-1'", bad);
    damage("UPDATE findings SET body = ? WHERE cause = 'a-1'", bad);
    damage("UPDATE captures SET body = ? WHERE id = 'c-1'", bad);
    damage("UPDATE model_profiles SET body = ? WHERE id = 'flow-1'", bad);
    damage("UPDATE allow_entries SET match = ? WHERE id = 'w-0'", bad);
    damage("UPDATE settings SET value = ? WHERE path = 'path.0'", bad === '{}' ? '{' : bad);
    damage('UPDATE flows SET said = ? WHERE id = 1', bad === '[]' ? '[5]' : bad);

    expect(store.alerts.trail('a-1')).toBeUndefined();
    expect(store.alerts.trail('a-2')?.moments).toHaveLength(1);
    expect(store.listFindings().rows.map(({ cause }) => cause)).toEqual(['a-2']);
    expect(store.captures.list().map(({ id }) => id)).toEqual(['c-2']);
    expect(store.models.profiles().map(({ profile: { id } }) => id)).toEqual(['flow-2']);
    expect(store.alerts.allowEntries()).toMatchObject({ isKnown: true, entries: [{ id: 'w-1' }] });
    expect(store.listFlows().rows.map(({ note }) => note?.said)).toEqual([['GET /'], []]);
    expect(store.listSettings().rows.at(-1)).toMatchObject({ path: 'path.1', value: 1 });
    for (const what of [
      '1 story of an alert',
      '1 finding',
      '1 capture',
      '1 version',
      '1 entry of the allow',
      '1 flow',
    ]) {
      expect(told()).toContain(what);
    }
    const before = told();
    store.captures.list();
    expect(told()).toBe(before);
  });

  it('leave of an alert what can be read, and its page goes on', async () => {
    const { store } = scene;
    for (const id of ['a-1', 'a-2', 'a-3']) store.upsertAlert(alert(id));
    store.flush();
    store.alerts.review(['a-3'], { state: 'acknowledged', actor: 'user ada', reason: null, note: 'mine' });
    damage("UPDATE alerts SET body = ? WHERE id = 'a-2'", bad);
    damage("UPDATE alerts SET review = ?, state = 'hidden' WHERE id = 'a-3'", bad);
    damage("UPDATE alert_reviews SET reason = 'gone' WHERE alert_id = 'a-3'");
    expect(store.getAlert('a-3')).toMatchObject({ state: 'open', review: null, alert: { title: 'A scan' } });
    expect(store.alerts.steps('a-3')).toEqual([]);
    const ids: string[] = [];
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const page = store.listAlerts({ cursor, limit: 1 });
      ids.push(...page.rows.map(({ alert: { id } }) => id));
      cursor = page.cursor;
    }
    expect(ids).toEqual(['a-1']);
    expect(told()).toContain('2 alerts, 1 review of an alert');
    // Events, alerts and flows can be searched as before.
    expect(await hunted('alerts where attacker = 10.0.0.5 and title contains scan')).toHaveLength(2);
  });
});

it('shows what is left of an alert that somebody changed in part', () => {
  const { store } = scene;
  store.upsertAlert({ ...alert('a-1'), processes: [{ pid: 7, image: '/x', commandLine: 'x' }] });
  damage(`UPDATE alerts SET body = json_set(body, '$.evidence', 5, '$.confidence', null, '$.files', '{}')`);
  expect(store.listAlerts().rows[0]?.alert).toEqual({
    ...alert('a-1'),
    confidence: 0,
    processes: [{ pid: 7, image: '/x', commandLine: 'x' }],
  });
  expect(told()).toBe('degraded 1: 1 alert.');
});

it('believes no allow entry that names nothing, and no token with a role that nobody has', () => {
  const { store } = scene;
  const token = { name: 'x', createdMs: 1, createdBy: 'user ada', expiresMs: null, lastUsedMs: null } as const;
  store.control.insertToken({ ...token, id: 'one', role: 'view', hash: new Uint8Array(32) });
  store.control.insertToken({ ...token, id: 'two', role: 'view', hash: new Uint8Array(32) });
  damage("UPDATE tokens SET role = 'root' WHERE id = 'one'");
  damage(
    "INSERT INTO allow_entries VALUES ('w', '{}', '', 4, 0, '', NULL, 0), ('v', '{\"kind\":\"port-scan\"}', '', 99, 0, '', NULL, 0)",
  );
  expect(store.control.listTokens().rows.map(({ id }) => id)).toEqual(['two']);
  expect(store.alerts.allowEntries().entries).toEqual([]);
  expect(told()).toBe('degraded 3: 1 token, 2 entries of the allow-list.');
});

it('lists a journal that was edited', () => {
  scene.store.appendJournal({ actor: 'engine', action: 'x', subject: 'y' });
  damage("UPDATE journal SET detail = '{'");
  expect(scene.store.listJournal().rows[0]).toMatchObject({ subject: 'y', detail: { unreadable: '{' } });
  expect(told()).toBe('degraded 1: 1 entry of the journal.');
});

it('tells of events that the thread that hunts could not read', async () => {
  const { store } = scene;
  const line = { type: 'log-line', service: 'sshd', message: 'm', fields: { USER: 'x' } } as const;
  store.insertEvents([1, 2, 3].map((timeMs) => ({ ...line, timeMs })));
  await store.events.settle();
  expect(damage("UPDATE event_logs SET rest = '{' WHERE time_ms = 2")).toBe(1);
  const page = await store.events.list({ limit: 10 });
  expect(page.events.map(({ event }) => event.timeMs)).toEqual([3, 1]);
  expect(told()).toBe('degraded 1: 1 event.');
  expect(await hunted('logs where fields contains USER')).toHaveLength(2);
});

it('does not fill memory with the names of what is damaged', () => {
  const damaged = new DamagedRows();
  for (let row = 0; row < 10_000; row++) damaged.note({ table: 'events', row });
  expect(damaged.words()).toBe('10000 events');
});
