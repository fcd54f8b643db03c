import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HuntResult } from '../../../../contract/api-hunt.ts';
import type { Alert } from '../../../../contract/domain.ts';
import { parseHunt } from '../../../../contract/hunt-language.ts';
import { END_REASON, type SERVICES } from '../../../../contract/traffic.ts';
import { parseAddress } from '../../runtime/address.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { type FlowRecord, openStore, type Store, storeSettings } from '../index.ts';
import { fitsPattern, isWithin, parseNetwork } from './functions.ts';
import { LONGEST_SEARCH_MS, paceOf } from './pace.ts';
import { TimelineCounter } from './timeline.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const FLOWS = 600;
let place: string;
let store: Store;

function flow(i: number, changes: Partial<FlowRecord> = {}): FlowRecord {
  const lastUs = (NOW - (FLOWS - i) * 60_000) * 1000;
  return {
    firstUs: lastUs - 5_000_000,
    lastUs,
    protocol: i % 3 === 0 ? 17 : 6,
    initiator: `10.0.${i % 4}.${i % 5}`,
    initiatorPort: 40_000 + i,
    responder: i % 10 === 0 ? '2001:db8::1' : `93.184.216.${i % 7}`,
    responderPort: [22, 53, 443][i % 3] as number,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 5,
    responderPackets: i % 6,
    initiatorBytes: i * 1000,
    responderBytes: 24,
    service: (['ssh', 'dns', 'tls'] as const)[i % 3] as (typeof SERVICES)[number],
    endReason: END_REASON.finished,
    ...changes,
  };
}

function alert(id: string, changes: Partial<Alert>): Alert {
  return {
    id,
    kind: 'port-scan',
    title: 'x scanned y',
    severity: 'low',
    confidence: 0.5,
    techniques: ['T1046'],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9', '10.0.0.10'],
    attackerCount: 1,
    victimCount: 2,
    firstSeenMs: NOW - 10_000,
    lastSeenMs: NOW - 5_000,
    findings: 3,
    explanation: 'It tried 1,000 ports.',
    evidence: [],
    detectors: ['port-scan'],
    related: [],
    ...changes,
  };
}

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-hunt-'));
  const settings = defaultsOf(storeSettings);
  store = await openStore({
    path: join(place, 'd', 'holdfast.db'),
    // What is too old to be kept depends on the time.
    clock: { ...systemClock, nowMs: () => NOW },
    health: new HealthRegistry(),
    settings,
  });
  store.insertFlows(Array.from({ length: FLOWS }, (_, i) => flow(i)));
  store.captures.addFlows('c-1', [flow(1, { initiator: '192.168.1.1' }), flow(2, { initiator: '192.168.1.2' })]);
  store.upsertAlert(alert('a-1', { severity: 'critical', title: 'SSH passwords "guessed"; DROP TABLE alerts' }));
  store.upsertAlert(alert('a-2', { attackers: ['00:25:b3:bf:91:ee'], lastSeenMs: NOW - 90_000_000 }));
  store.upsertAlert(alert('a-3', { techniques: ['T1110.001', 'T1046'], severity: 'high', kind: 'brute-force' }));
  store.upsertAlert(alert('c-1.a-1', {}), 'c-1');
  store.upsertAlert(alert('a-4', {}));
  store.alerts.setState('a-4', { state: 'withdrawn', actor: 'engine', reason: null, note: '' });
});

afterAll(async () => {
  await store.hunt.close();
  store.close();
  rmSync(place, { recursive: true });
});

async function run(
  text: string,
  changes: { source?: string; limit?: number; cursor?: string } = {},
): Promise<HuntResult> {
  const { query, problems } = parseHunt(text);
  if (query === null) throw new Error(`${text}: ${problems[0]?.message}`);
  return store.hunt.run({ query, source: 'live', limit: 1_000, nowMs: NOW, ...changes });
}

const count = async (text: string, source = 'live') => (await run(`${text} | count`, { source })).rows[0]?.[0];
const ids = async (text: string, source = 'live') => {
  const { columns, rows } = await run(text, { source });
  const at = columns.findIndex(({ name }) => name === 'id');
  return rows.map((row) => row[at]);
};
const all = Array.from({ length: FLOWS }, (_, i) => flow(i));
const expected = (fits: (flow: FlowRecord) => boolean) => all.filter(fits).length;

describe('flows', () => {
  it.each<[string, (flow: FlowRecord) => boolean]>([
    ['port = 22', (f) => f.responderPort === 22],
    ['port != 22', (f) => f.responderPort !== 22],
    ['not port in (22, 53)', (f) => f.responderPort === 443],
    ['bytes > 0.3MB', (f) => f.initiatorBytes + f.responderBytes > 300_000],
    ['initiator in 10.0.2.0/24', (f) => f.initiator.startsWith('10.0.2.')],
    ['initiator in 10.0.0.0/15 and initiator in 10.0.1.0/25', (f) => f.initiator.startsWith('10.0.1.')],
    ['initiator in (10.0.1.0/30, 10.0.3.4)', (f) => /^10\.0\.(1\.[0-3]|3\.4)$/.test(f.initiator)],
    ['responder in 2001:DB8::/32', (f) => f.responder.includes(':')],
    ['responder = 2001:0db8:0:0::1', (f) => f.responder.includes(':')],
    ['host in 0.0.0.0/0 and not responder in 0.0.0.0/0', (f) => f.responder.includes(':')],
    ['host = 93.184.216.3', (f) => f.responder === '93.184.216.3'],
    ['host != 93.184.216.3', (f) => f.responder !== '93.184.216.3'],
    ['transport = udp', (f) => f.protocol === 17],
    ['transport in (6, udp)', () => true],
    ['transport contains "D"', (f) => f.protocol === 17],
    ['service = dns or service = ssh', (f) => f.service !== 'tls'],
    ['service matches "?s*"', (f) => f.service === 'ssh'],
    ['responder startswith "93.184" and responder endswith ".3"', (f) => f.responder === '93.184.216.3'],
    ['duration = 5s and end = finished', () => true],
    ['duration > 5s', () => false],
    ['responderPackets = 0', (f) => f.responderPackets === 0],
    ['time >= 2026-11-21T11:00:00Z', (f) => f.lastUs / 1000 >= NOW - 3_600_000],
    [
      '(port = 22 or port = 53) and not bytes > 100kB',
      (f) => f.responderPort !== 443 && f.initiatorBytes + 24 <= 100_000,
    ],
  ])('finds where %s', async (where, fits) => {
    expect(await count(`flows where ${where}`)).toBe(expected(fits));
  });

  it('goes back to a time, and up to one', async () => {
    expect(await count('flows since 1h')).toBe(60);
    expect(await count('flows since 2h until 1h')).toBe(60);
  });

  it('gives the latest first, with times in milliseconds and codes as words', async () => {
    const { columns, rows, timeline, isPartial } = await run('flows where service = dns');
    expect(columns.map(({ name }) => name).slice(0, 5)).toEqual([
      'time',
      'initiator',
      'responder',
      'responderPort',
      'name',
    ]);
    expect(rows).toHaveLength(200);
    expect(rows[0]?.[0]).toBe(Math.max(...rows.map((row) => Number(row[0]))));
    expect(rows[0]?.slice(3, 7)).toEqual([53, '', 'tcp', 'dns']);
    expect(timeline.reduce((sum, point) => sum + point.rows, 0)).toBe(200);
    expect(isPartial).toBe(false);
  });

  it.each([
    'flows',
    'flows sort by responderBytes, service desc',
    'flows sort by bytes desc',
    'flows where port = 22 sort by id',
  ])('pages through %s without losing or repeating a row while new ones arrive', async (text) => {
    const whole = (await run(text)).rows.map((row) => JSON.stringify(row));
    const paged: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await run(text, { limit: 37, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.rows.map((row) => JSON.stringify(row)));
      cursor = page.next ?? undefined;
      store.captures.addFlows('c-2', [flow(3)]);
    } while (cursor !== undefined);
    expect(paged).toEqual(whole);
  });

  it('stops at its limit over all pages', async () => {
    const first = await run('flows limit 50', { limit: 40 });
    const second = await run('flows limit 50', { limit: 40, cursor: first.next ?? '' });
    expect([first.rows.length, second.rows.length, second.next]).toEqual([40, 10, null]);
  });

  it('keeps captures apart', async () => {
    expect(await count('flows', 'c-1')).toBe(2);
    expect(await count('flows where initiator in 192.168.0.0/16')).toBe(0);
    expect(await count('flows', 'c-9')).toBe(0);
  });
});

describe('summaries', () => {
  it('counts, sums and orders by the most', async () => {
    const { columns, rows } = await run('flows | count by service');
    expect(columns).toEqual([
      { name: 'service', type: 'text' },
      { name: 'count', type: 'number' },
    ]);
    expect(rows).toEqual([
      ['dns', 200],
      ['ssh', 200],
      ['tls', 200],
    ]);
    const bytes = all.reduce((sum, f) => sum + f.initiatorBytes + f.responderBytes, 0);
    expect((await run('flows | sum bytes')).rows).toEqual([[bytes]]);
    expect((await run('flows | average initiatorPackets')).rows).toEqual([[5]]);
    expect((await run('flows | min bytes by service sort by service')).rows[0]).toEqual(['dns', 1024]);
    expect((await run('flows | count by transport')).rows).toEqual([
      ['tcp', 400],
      ['udp', 200],
    ]);
  });

  it('counts each end of a flow, and different values once', async () => {
    const hosts = new Set(all.flatMap((f) => [f.initiator, f.responder]));
    const { rows } = await run('flows | count by host');
    expect(rows).toHaveLength(hosts.size);
    expect(rows.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(2 * FLOWS);
    expect((await run('flows | count distinct responderPort by transport')).rows).toEqual([
      ['tcp', 2],
      ['udp', 1],
    ]);
  });

  it('makes rows of spans of time, the latest first', async () => {
    const { rows } = await run('flows since 3h | count by 1h');
    expect(rows.map(([time]) => time)).toEqual([NOW - 3_600_000, NOW - 7_200_000, NOW - 10_800_000]);
    expect(rows.map(([, n]) => n)).toEqual([60, 60, 60]);
  });

  it('pages through groups', async () => {
    const first = await run('flows | count by responder', { limit: 5 });
    const second = await run('flows | count by responder', { limit: 5, cursor: first.next ?? '' });
    expect([...first.rows, ...second.rows]).toEqual((await run('flows | count by responder')).rows);
  });

  it('tells of nothing that fits', async () => {
    expect((await run('flows where port = 1 | count')).rows).toEqual([[0]]);
    expect((await run('flows where port = 1 | count by service')).rows).toEqual([]);
  });
});

describe('alerts', () => {
  it('finds by severity, text, lists and state', async () => {
    expect(await ids('alerts')).toEqual(['a-3', 'a-1', 'a-2']);
    expect(await ids('alerts where severity >= high')).toEqual(['a-3', 'a-1']);
    expect(await ids('alerts where title contains "ssh pass"')).toEqual(['a-1']);
    expect(await ids('alerts where title contains "\\"guessed\\"; drop table"')).toEqual(['a-1']);
    expect(await ids('alerts where technique = t1110.001')).toEqual(['a-3']);
    expect(await ids('alerts where attacker = 00:25:B3:BF:91:EE')).toEqual(['a-2']);
    expect(await ids('alerts where attacker in 10.0.0.0/8 and victim = 10.0.0.10 sort by id')).toEqual(['a-1', 'a-3']);
    expect(await ids('alerts where host in 10.0.0.8/31 sort by id')).toEqual(['a-1', 'a-2', 'a-3']);
    expect(await ids('alerts where attacker != 10.0.0.5')).toEqual(['a-2']);
    expect(await ids('alerts where state = withdrawn')).toEqual(['a-4']);
    expect(await ids('alerts since 1h')).toEqual(['a-3', 'a-1']);
    expect(await ids('alerts', 'c-1')).toEqual(['c-1.a-1']);
    expect(await ids('alerts where confidence >= 50% and findings = 3 | count')).toEqual([undefined]);
  });

  it('shows lists and words, and groups by each value', async () => {
    const { rows } = await run('alerts where id = a-3');
    expect(rows).toEqual([
      [NOW - 5_000, 'high', 'x scanned y', 'brute-force', '10.0.0.5', '10.0.0.9, 10.0.0.10', 'open', 'a-3'],
    ]);
    expect((await run('alerts | count by technique')).rows).toEqual([
      ['T1046', 3],
      ['T1110.001', 1],
    ]);
    expect((await run('alerts | count by host')).rows).toHaveLength(4);
    expect((await run('alerts | count by severity | sort by severity')).rows.map(([name]) => name)).toEqual([
      'low',
      'high',
      'critical',
    ]);
  });
});

describe('values for completion', () => {
  it('gives the most frequent first', async () => {
    expect(await store.hunt.values({ field: 'responder', prefix: '2001', source: 'live' })).toEqual(['2001:db8::1']);
    expect(await store.hunt.values({ field: 'transport', prefix: '', source: 'live' })).toEqual(['tcp', 'udp']);
    expect(await store.hunt.values({ field: 'technique', prefix: 't11', source: 'live' })).toEqual(['T1110.001']);
    expect(await store.hunt.values({ field: 'initiator', prefix: '', source: 'c-1' })).toEqual([
      '192.168.1.1',
      '192.168.1.2',
    ]);
    expect(await store.hunt.values({ field: "x'; --", prefix: "'", source: 'live' })).toEqual([]);
  });
});

describe('the thread', () => {
  it('refuses what is no cursor, and goes on', async () => {
    for (const cursor of ['x', '', Buffer.from('[1,2,3]').toString('base64url'), 'W251bGwsMSwyLDNd']) {
      await expect(run('flows sort by bytes', { cursor })).rejects.toMatchObject({ failure: { code: 'bad-cursor' } });
    }
    expect(await count('flows')).toBe(FLOWS);
  });

  it('lets go of a search that nobody waits for', async () => {
    const { query } = parseHunt('flows');
    if (query === null) throw new Error('not understood');
    const request = { query, source: 'live', limit: 1, nowMs: NOW };
    const leaving = new AbortController();
    const search = store.hunt.run(request, leaving.signal);
    leaving.abort();
    await expect(search).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    await expect(store.hunt.run(request, leaving.signal)).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    expect(await count('flows')).toBe(FLOWS);
  });

  it('takes only so many searches at once', async () => {
    const searches = await Promise.allSettled(Array.from({ length: 40 }, () => count('flows')));
    const refused = searches.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBe(23);
    expect(refused[0]).toMatchObject({ reason: { failure: { code: 'hunt-busy' } } });
  });

  it('stops by the clock, and when it is told to', () => {
    const stop = new SharedArrayBuffer(4);
    let nowMs = 0;
    const pace = paceOf(stop, () => nowMs);
    expect(pace.isOver()).toBe(false);
    Atomics.store(new Int32Array(stop), 0, 1);
    expect(pace.isOver()).toBe(true);
    Atomics.store(new Int32Array(stop), 0, 0);
    nowMs = LONGEST_SEARCH_MS;
    expect(pace.isOver()).toBe(true);
  });
});

describe('kept queries', () => {
  it('replaces by name, whatever its case, and forgets', () => {
    const first = store.hunt.save('Logins', 'flows where port = 22', 'user ada');
    const second = store.hunt.save('logins', 'flows where port = 23', 'user ada');
    expect(second).toMatchObject({ id: first.id, name: 'logins', query: 'flows where port = 23' });
    expect(store.hunt.saved()).toHaveLength(1);
    expect(store.hunt.forget(first.id, 'user eve')).toBe(true);
    expect(store.hunt.forget(first.id, 'user eve')).toBe(false);
    const journal = store.listJournal({ search: 'query-' }).rows;
    expect(journal.map(({ actor, action, subject }) => [actor, action, subject]).reverse()).toEqual([
      ['user ada', 'query-saved', first.id],
      ['user ada', 'query-saved', first.id],
      ['user eve', 'query-forgotten', first.id],
    ]);
  });

  it('are bounded, without harm to the store', () => {
    for (let i = 0; i < 200; i++) store.hunt.save(`q${i}`, 'flows', 'user ada');
    expect(() => store.hunt.save('one more', 'flows', 'user ada')).toThrow('200 queries');
    expect(store.hunt.save('Q7', 'alerts', 'user ada')).toMatchObject({ query: 'alerts' });
    expect(store.hunt.saved()).toHaveLength(200);
  });
});

describe('functions', () => {
  it('tells networks as bits do', () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
    fc.assert(
      fc.property(octets, octets, fc.nat(32), (a, b, bits) => {
        const words = parseAddress(a.join('.'));
        const network = parseNetwork(`${b.join('.')}/${bits}`);
        if (words === null || network === null) throw new Error('not understood');
        const size = 2 ** (32 - bits);
        expect(isWithin(words, network)).toBe(Math.floor(number(a) / size) === Math.floor(number(b) / size));
      }),
    );
  });

  it('fits patterns as a regular expression does, and as quickly for hostile ones', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(text, pattern, (given, wanted) => {
        const regular = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(fitsPattern(given, wanted)).toBe(regular.test(given));
      }),
    );
    const begun = performance.now();
    expect(fitsPattern('a'.repeat(2_000), `${'*a'.repeat(500)}b`)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(500);
  });

  it('counts in bounded memory, in even steps that lose nothing', () => {
    const times = fc.array(fc.integer({ min: 0, max: 10 ** 12 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(times, (moments) => {
        const counter = new TimelineCounter();
        for (const moment of moments) counter.add(moment, 1);
        const points = counter.points();
        expect(points.length).toBeLessThanOrEqual(120);
        expect(points.reduce((sum, { rows }) => sum + rows, 0)).toBe(moments.length);
        expect(points[0]?.timeMs).toBeLessThanOrEqual(Math.min(...moments));
      }),
    );
  });
});
