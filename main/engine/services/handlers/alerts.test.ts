import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallInput } from '../../../../contract/api.ts';
import { ALERT_CALLS } from '../../../../contract/api-alerts.ts';
import { parseHunt } from '../../../../contract/hunt-language.ts';
import { readTraffic } from '../../network/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { AlertRig, CONTEXT, MINUTE_MS, NOW_MS, testFinding } from '../alerts/alert-testing.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';
import { createWatch } from '../traffic/watch.ts';

const HOSTILE = '<script>alert(1)</script> \u202e\u0007 & "quoted"';

describe('calls about alerts', () => {
  let desk: AlertRig;
  beforeEach(async () => {
    desk = new AlertRig();
    await desk.open();
  });
  afterEach(() => desk.close());

  const ids = async (input: CallInput<'alerts.list'>) =>
    (await desk.call('alerts.list', input)).alerts.map(({ id }) => id);

  it('lists by state, severity, text and time, in pages, with the number of all', async () => {
    for (let host = 1; host <= 7; host++) {
      const severity = host > 5 ? 'high' : 'medium';
      desk.book.add(testFinding(`10.1.0.${host}`, { severity, lastSeenMs: NOW_MS - host * 1_000 }));
    }
    const first = await desk.call('alerts.list', { limit: 3 });
    expect(first).toMatchObject({
      total: 7,
      alerts: [{ attackers: ['10.1.0.1'], source: 'live', review: null }, {}, {}],
    });
    const second = await desk.call('alerts.list', { limit: 3, cursor: first.next ?? '' });
    expect(second.total).toBe(7);
    const last = await desk.call('alerts.list', { limit: 3, cursor: second.next ?? '' });
    expect(last).toMatchObject({ total: 7, next: null });
    const all = [first, second, last].flatMap(({ alerts }) => alerts.map(({ attackers }) => attackers[0]));
    expect(all).toEqual([1, 2, 3, 4, 5, 6, 7].map((host) => `10.1.0.${host}`));
    expect(await ids({ minimumSeverity: 'high' })).toHaveLength(2);
    expect(await ids({ search: '10.1.0.3' })).toHaveLength(1);
    expect(await ids({ search: 'SCANNED ports' })).toHaveLength(7);
    expect(await ids({ search: '%' })).toHaveLength(0);
    expect(await ids({ kind: 'brute-force' })).toHaveLength(0);
    expect(await ids({ kinds: ['brute-force'] })).toHaveLength(0);
    expect(await ids({ kinds: ['brute-force'], kind: 'port-scan' })).toHaveLength(7);
    expect(await ids({ kinds: ['brute-force', 'port-scan'], severities: ['low', 'high'] })).toHaveLength(2);
    expect(await ids({ kinds: [], severities: [] })).toHaveLength(7);
    expect(await ids({ sinceMs: NOW_MS - 3_000, untilMs: NOW_MS - 1_000 })).toHaveLength(2);
    expect(await ids({ states: ['dismissed'] })).toHaveLength(0);
    expect(await ids({ states: [] })).toHaveLength(0);
    expect(await ids({ source: 'c-1' })).toHaveLength(0);
    expect(await desk.call('alerts.counts', {})).toEqual({
      byState: { open: 7, acknowledged: 0, dismissed: 0 },
      openBySeverity: { info: 0, low: 0, medium: 5, high: 2, critical: 0 },
      openByKind: { 'port-scan': 7 },
    });
  });

  it('dismisses with a reason, tells what was before for undo, and writes both down', async () => {
    const { id } = desk.book.add(testFinding('10.1.0.1'));
    const other = desk.book.add(testFinding('10.1.0.2')).id;
    await desk.call('alerts.review', { ids: [other], state: 'acknowledged' });
    const done = await desk.call('alerts.review', {
      ids: [id, other, id, 'a-unknown'],
      state: 'dismissed',
      reason: 'expected',
      note: '  our own scanner ',
    });
    expect(done.changed).toEqual([
      { id, before: 'open' },
      { id: other, before: 'acknowledged' },
    ]);
    const review = { actor: 'user ada', timeMs: NOW_MS, reason: 'expected', note: 'our own scanner' };
    expect(await desk.call('alerts.get', { id })).toMatchObject({ state: 'dismissed', review });
    expect(await ids({})).toEqual([]);
    for (const { id: each, before } of done.changed) await desk.call('alerts.review', { ids: [each], state: before });
    expect((await ids({ states: ['open'] })).concat(await ids({ states: ['acknowledged'] }))).toEqual([id, other]);
    expect(desk.journal(id)).toEqual(['user ada: alert-dismissed', 'user ada: alert-reopened']);
    expect(desk.changes.slice(-2)).toMatchObject([
      { change: 'reviewed', alert: { id, state: 'open' } },
      { change: 'reviewed', alert: { id: other, state: 'acknowledged' } },
    ]);
    await expect(desk.call('alerts.review', { ids: ['a-none'], state: 'open' })).rejects.toMatchObject({
      failure: { code: 'no-such-alert' },
    });
    expect((await desk.call('alerts.review', { ids: [id], state: 'open' })).changed).toEqual([]);
  });

  it('keeps what a person did while the alert grows, and opens it again when it becomes worse', async () => {
    const { id } = desk.book.add(testFinding('10.1.0.1'));
    await desk.call('alerts.review', { ids: [id], state: 'dismissed', reason: 'false-alarm' });
    desk.book.add(testFinding('10.1.0.1', { lastSeenMs: NOW_MS - MINUTE_MS }));
    expect(await desk.call('alerts.get', { id })).toMatchObject({ state: 'dismissed', findings: 2 });
    expect(desk.changes.at(-1)).toMatchObject({ change: 'changed', alert: { state: 'dismissed' } });
    desk.book.add(testFinding('10.1.0.1', { lastSeenMs: NOW_MS, severity: 'high' }));
    const opened = await desk.call('alerts.get', { id });
    expect(opened).toMatchObject({ state: 'open', review: { actor: 'engine' } });
    expect(opened.review?.note).toContain('high now, and was medium');
    expect(desk.changes.at(-1)).toMatchObject({ change: 'reviewed', alert: { state: 'open' } });
    expect(desk.journal(id)).toEqual(['user ada: alert-dismissed', 'engine: alert-reopened']);
  });

  it('gives withdrawn alerts by their id, and does not list, count or review them', async () => {
    const scan = desk.book.add(testFinding('10.1.0.1', { firstSeenMs: NOW_MS - 5_000, lastSeenMs: NOW_MS - 4_000 }));
    const flood = { detector: 'flood', kind: 'denial-of-service', cause: 'flood/10.1.0.1', severity: 'high' } as const;
    desk.book.add(testFinding('10.1.0.1', { ...flood, firstSeenMs: NOW_MS - 6_000, lastSeenMs: NOW_MS }));
    expect(await desk.call('alerts.get', { id: scan.id })).toMatchObject({ state: 'withdrawn' });
    expect(await ids({ states: ['open', 'acknowledged', 'dismissed'] })).toHaveLength(1);
    expect((await desk.call('alerts.counts', {})).byState).toEqual({ open: 1, acknowledged: 0, dismissed: 0 });
    expect((await desk.call('alerts.review', { ids: [scan.id], state: 'open' })).changed).toEqual([]);
    await expect(desk.call('alerts.get', { id: `c-1.${'a'.repeat(90)}` })).rejects.toThrow(FailureError);
  });

  it('tells the story with recorded moments, numbers over time, traffic, steps and a query that can be run', async () => {
    const { id } = desk.book.add(testFinding('10.1.0.1'));
    for (let step = 1; step <= 300; step++) {
      const evidence = [{ name: 'ports tried', value: 20 + step, unit: 'ports', meaning: 'Many.' }];
      desk.book.add(testFinding('10.1.0.1', { lastSeenMs: NOW_MS - 9 * MINUTE_MS + step * 1_000, evidence }));
    }
    desk.book.add(testFinding('10.1.0.1', { severity: 'high', lastSeenMs: NOW_MS - 2 * MINUTE_MS }));
    desk.store.insertFlows([flow('10.1.0.1', '10.0.0.9'), flow('10.0.0.9', '10.1.0.1'), flow('10.1.0.1', '10.0.0.8')]);
    await desk.call('alerts.review', { ids: [id], state: 'dismissed', reason: 'fixed', note: 'closed the ports' });
    await desk.restart();
    const story = await desk.call('alerts.story', { id });
    expect(story.timeline.map(({ who, text }) => `${who}: ${text}`)).toEqual([
      'activity: The first of it was seen.',
      'activity: Enough was seen for the detector port-scan to speak.',
      'engine: Opened as medium: 10.1.0.1 scanned ports of 10.0.0.9.',
      'engine: Raised from medium to high: 10.1.0.1 scanned ports of 10.0.0.9.',
      'activity: The last of it was seen.',
      'person: Dismissed by user ada: it has been fixed (closed the ports).',
    ]);
    const [series] = story.series;
    expect(series).toMatchObject({ name: 'ports tried', usual: { low: 1, high: 5 } });
    expect(series?.points).toHaveLength(120);
    const gaps = series?.points.slice(1, -1).map(({ timeMs }, index) => timeMs - (series.points[index]?.timeMs ?? 0));
    expect(Math.max(...(gaps ?? []))).toBeLessThanOrEqual(6_000);
    expect(story.traffic).toMatchObject({ flows: 2, isPartial: false });
    expect(story.traffic.points).toMatchObject([{ flows: 2, bytes: 600 }]);
    expect(story.techniques).toMatchObject([{ id: 'T1046', tactics: [{ id: 'discovery' }] }]);
    expect(story.detectors).toMatchObject([{ id: 'port-scan', section: 'detect.port-scan' }]);
    expect(story.decisions).toMatchObject([
      { text: 'Nothing was done: Holdfast only tells, as response.ransomware is off.', setting: 'mode' },
    ]);
    expect(story.nextSteps[0]).toContain('10.1.0.1');
    expect(story.nextSteps.join(' ')).toContain('this computer');
    expect(parseHunt(story.huntQuery).problems).toEqual([]);
  });

  it('exports JSON and HTML in which hostile text stays text', async () => {
    const { id } = desk.book.add(testFinding('10.1.0.1', { title: HOSTILE, explanation: HOSTILE }));
    await desk.call('alerts.review', { ids: [id], state: 'acknowledged', note: HOSTILE });
    const json = await desk.call('alerts.export', { ids: [id, id], format: 'json' });
    expect(JSON.parse(json.text)).toMatchObject({ alerts: [{ alert: { id } }] });
    expect(json.text).not.toMatch(/[\p{Cf}\u007f]/u);
    const html = await desk.call('alerts.export', { ids: [id], format: 'html' });
    expect(html).toMatchObject({ fileName: `holdfast-${id}.html`, mediaType: 'text/html; charset=utf-8' });
    expect(html.text).toContain('&lt;script&gt;');
    expect(html.text).not.toMatch(/<script|\p{Cf}/u);
    for (const part of ['Timeline', 'What you can do', 'Evidence', 'T1046', 'In hand'])
      expect(html.text).toContain(part);
  });

  it('says so when an export is more than one answer can hold', async () => {
    const long = { value: 'x'.repeat(400), meaning: 'y'.repeat(400) };
    const evidence = Array.from({ length: 24 }, (_, row) => ({ name: `row ${row}`, ...long }));
    const many = Array.from(
      { length: 60 },
      (_, index) => desk.book.add(testFinding(`10.1.0.${index}`, { victims: [`10.2.0.${index}`], evidence })).id,
    );
    const all = desk.call('alerts.export', { ids: many, format: 'json' });
    await expect(all).rejects.toMatchObject({ failure: { code: 'export-too-large' } });
    expect((await desk.call('alerts.export', { ids: many.slice(0, 20), format: 'json' })).text.length).toBeGreaterThan(
      0,
    );
  });

  it('allows what fits: hides it from now on, dismisses what is open, tells nobody, and shows worse ones', async () => {
    const inside = desk.book.add(testFinding('10.1.0.1')).id;
    const outside = desk.book.add(testFinding('203.0.113.5', { victims: ['10.0.0.8'] })).id;
    const match = { kind: 'port-scan', attacker: '10.1.0.0/16' } as const;
    expect(await desk.call('allow.preview', { match })).toMatchObject({ total: 1, alerts: [{ id: inside }] });
    const entry = await desk.call('allow.add', { match, reason: 'the scanner of the office' });
    expect(entry).toMatchObject({ hidden: 1, createdBy: 'user ada', maximumSeverity: 'medium', untilMs: null });
    expect(await ids({})).toEqual([outside]);
    const later = desk.book.add(testFinding('10.1.0.2', { victims: ['10.0.0.7'] })).id;
    expect(desk.changes.at(-1)).toMatchObject({
      change: 'opened',
      alert: { id: later, state: 'dismissed', review: { reason: 'allowed', note: 'the scanner of the office' } },
    });
    expect((await desk.call('allow.list', {})).entries).toMatchObject([{ id: entry.id, hidden: 2 }]);
    expect((await desk.call('alerts.story', { id: later })).decisions).toMatchObject([
      {},
      { setting: 'allow-list', value: entry.id },
    ]);
    const worse = desk.book.add(testFinding('10.1.0.3', { victims: ['10.0.0.6'], severity: 'high' })).id;
    desk.book.add(testFinding('10.1.0.2', { victims: ['10.0.0.7'], severity: 'critical', lastSeenMs: NOW_MS }));
    expect((await ids({})).sort()).toEqual([later, outside, worse].sort());

    // A person who opens a hidden one wants to see it.
    await desk.call('alerts.review', { ids: [inside], state: 'open' });
    desk.book.add(testFinding('10.1.0.1', { lastSeenMs: NOW_MS }));
    expect(await ids({})).toContain(inside);

    await desk.restart();
    expect((await desk.call('allow.list', {})).entries).toMatchObject([{ id: entry.id, hidden: 2 }]);
    await desk.call('allow.remove', { id: entry.id });
    expect(desk.journal(entry.id)).toEqual(['user ada: allow-added', 'user ada: allow-removed']);
    const after = desk.book.add(testFinding('10.1.0.4', { victims: ['10.0.0.5'] })).id;
    expect(await ids({})).toContain(after);
    await expect(desk.call('allow.remove', { id: entry.id })).rejects.toMatchObject({
      failure: { code: 'no-such-entry' },
    });
  });

  it('refuses allow entries that name nothing, no address, no detector or a time that is over', async () => {
    for (const match of [{}, { attacker: 'office' }, { victim: '10.0.0.0/33' }, { detector: 'nonsense' }]) {
      await expect(desk.call('allow.add', { match, reason: 'because' })).rejects.toMatchObject({
        failure: { code: 'bad-allow' },
      });
    }
    const match = { attacker: '10.0.0.5' };
    await expect(desk.call('allow.add', { match, reason: 'because', untilMs: NOW_MS })).rejects.toMatchObject({
      failure: { code: 'bad-allow' },
    });
    await expect(desk.call('allow.add', { match, reason: ' ' })).rejects.toThrow('reason');
  });

  it('gives the matrix: what detectors can see and what was seen', async () => {
    desk.book.add(testFinding('10.1.0.1'));
    desk.book.add(testFinding('10.1.0.2', { severity: 'high', victims: ['10.0.0.8'] }));
    const { tactics } = await desk.call('attack.matrix', {});
    const seen = tactics.flatMap(({ techniques }) => techniques).filter(({ alerts }) => alerts > 0);
    expect(seen).toMatchObject([{ id: 'T1046', alerts: 2, worst: 'high', lastSeenMs: NOW_MS - 9 * MINUTE_MS }]);
    expect(seen[0]?.detectors).toContain('port-scan');
    const { tactics: none } = await desk.call('attack.matrix', { sinceMs: NOW_MS });
    expect(none.flatMap(({ techniques }) => techniques).every(({ alerts }) => alerts === 0)).toBe(true);
  });

  it('counts behaviours and rules that are on as what can see a technique, live only', async () => {
    const rule = { engine: 'sigma', description: '', severity: 'low', about: '', file: 'a.yml', isOwn: true } as const;
    const counts = { hits: 0, lastHitMs: null };
    desk.rules.push(
      { ...rule, ...counts, id: 'a', title: 'A', techniques: ['T1059.004', 'T1059.004'], isEnabled: true },
      { ...rule, ...counts, id: 'b', title: 'B', techniques: ['T1059.004'], isEnabled: false },
    );
    const find = async (source: string) => {
      const { tactics } = await desk.call('attack.matrix', { source });
      return tactics.flatMap(({ techniques }) => techniques).find(({ id }) => id === 'T1059.004');
    };
    expect(await find('live')).toMatchObject({ rules: 1, alerts: 0 });
    expect((await find('live'))?.detectors).toContain('host-reverse-shell');
    expect(await find('c-1')).toMatchObject({ rules: 0 });
    expect((await find('c-1'))?.detectors).not.toContain('host-reverse-shell');
  });

  it('gives the matrix of a capture, however long ago it was recorded', async () => {
    const { id } = desk.book.add(testFinding('10.1.0.1'));
    const live = desk.store.getAlert(id)?.alert;
    if (live === undefined) throw new Error('the alert was not stored');
    const old = { ...live, id: `c-1.${id}`, techniques: ['T1041'], firstSeenMs: 1_000, lastSeenMs: 2_000 };
    desk.store.upsertAlert(old, 'c-1');
    const seenIn = async (input: CallInput<'attack.matrix'>) => {
      const { tactics } = await desk.call('attack.matrix', input);
      const seen = tactics.flatMap(({ techniques }) => techniques).filter(({ alerts }) => alerts > 0);
      return [...new Set(seen.map((technique) => technique.id))];
    };
    expect(await seenIn({ source: 'c-1' })).toEqual(['T1041']);
    expect(await seenIn({ source: 'c-1', sinceMs: 3_000 })).toEqual([]);
    expect(await seenIn({ source: 'c-2' })).toEqual([]);
    expect(await seenIn({})).toEqual(['T1046']);
  });

  it('tells watchers of a source what they asked for, until they leave', async () => {
    const seen: unknown[] = [];
    const input = ALERT_CALLS['alerts.watch'].input.parse({ minimumSeverity: 'high' });
    const stop = desk.handlers['alerts.watch'](input, (item) => seen.push(item), CONTEXT);
    desk.book.add(testFinding('10.1.0.1'));
    expect(seen).toHaveLength(0);
    const { id } = desk.book.add(testFinding('10.1.0.2', { severity: 'high', victims: ['10.0.0.8'] }));
    await desk.call('alerts.review', { ids: [id], state: 'acknowledged' });
    expect(seen).toMatchObject([{ change: 'opened' }, { change: 'reviewed', alert: { state: 'acknowledged' } }]);
    stop();
    desk.book.add(testFinding('10.1.0.3', { severity: 'high', victims: ['10.0.0.7'] }));
    expect(seen).toHaveLength(2);
  });

  const DATA = process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data');
  const capture = join(DATA, 'attacks/port_scan/portscan-nmap-syn.pcapng');

  it.skipIf(!existsSync(capture))('tells the story of a real scan', async () => {
    const watch = createWatch({ config: DEFAULT_SETTINGS, onFinding: (each) => void desk.book.add(each) });
    await readTraffic(capture, watch, {});
    watch.finish();
    const { alerts } = await desk.call('alerts.list', {});
    const scan = alerts.find(({ kind }) => kind === 'port-scan');
    const story = await desk.call('alerts.story', { id: scan?.id ?? '' });
    expect(story.alert).toMatchObject({ attackers: ['172.16.0.8'], victims: ['64.13.134.52'] });
    const growth = story.series.find(({ points }) => points.length > 1);
    expect(growth?.points.at(-1)?.value).toBeGreaterThan(growth?.points[0]?.value ?? Number.NaN);
    expect(story.series.some(({ usual }) => usual !== null)).toBe(true);
    const { firstSeenMs, lastSeenMs } = story.alert;
    for (const { timeMs } of story.timeline) {
      expect(timeMs).toBeGreaterThanOrEqual(firstSeenMs);
      expect(timeMs).toBeLessThanOrEqual(lastSeenMs);
    }
    expect(parseHunt(story.huntQuery).problems).toEqual([]);
  });
});

function flow(initiator: string, responder: string) {
  const timeUs = (NOW_MS - 9 * MINUTE_MS) * 1_000;
  return {
    firstUs: timeUs,
    lastUs: timeUs + 1_000,
    protocol: 6,
    initiator,
    initiatorPort: 40_000,
    responder,
    responderPort: 22,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 2,
    responderPackets: 1,
    initiatorBytes: 200,
    responderBytes: 100,
    service: 'ssh',
    endReason: 0,
  } as const;
}
