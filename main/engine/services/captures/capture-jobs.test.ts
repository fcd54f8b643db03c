import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Capture } from '../../../../contract/api-captures.ts';
import { ManualClock, systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { analyzeCapture } from './analyze.ts';
import { CaptureJobs, type CaptureJobsOptions } from './capture-jobs.ts';
import { captureSettings } from './capture-settings.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const SCAN = join(DATA, 'attacks/port_scan/portscan-nmap-syn.pcapng');
const PIECE = 64 * 1024;
const PATIENCE = { timeout: 20_000, interval: 10 };

let place: string;
let store: Store;
let jobs: CaptureJobs;
const opened: { stop(): Promise<void> | void }[] = [];

async function open(changes: Partial<CaptureJobsOptions> = {}): Promise<CaptureJobs> {
  jobs = new CaptureJobs({
    directory: join(place, 'data', 'captures'),
    settings: () => defaultsOf(captureSettings),
    sections: () => Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, defaultsOf(table)])),
    store: () => store,
    recordAlerts: (id, alerts, trailOf) => {
      for (const alert of alerts) store.upsertAlert({ ...alert, id: `${id}.${alert.id}` }, id, trailOf(alert.id));
    },
    clock: systemClock,
    onProblem: (message) => {
      throw new Error(message);
    },
    ...changes,
  });
  await jobs.start();
  opened.push(jobs);
  return jobs;
}

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-captures-'));
  const settings = defaultsOf(storeSettings);
  const health = new HealthRegistry();
  store = await openStore({ path: join(place, 'data', 'holdfast.db'), clock: systemClock, health, settings });
});

afterEach(async () => {
  for (const part of opened.splice(0)) await part.stop();
  store.close();
  rmSync(place, { recursive: true });
});

const files = () => readdirSync(join(place, 'data', 'captures'));
/** A file goes a moment after the state that says that it is no longer needed. */
const noFiles = () => vi.waitFor(() => expect(files()).toEqual([]), PATIENCE);
const journal = () =>
  store
    .listJournal()
    .rows.map(({ actor, action }) => `${actor}: ${action}`)
    .reverse();
const settings = (changes: object) => () => ({ ...defaultsOf(captureSettings), ...changes });

async function give(bytes: Uint8Array, name = 'a.pcap'): Promise<Capture> {
  const { id } = await jobs.begin(name, bytes.length, 'user ada');
  for (let at = 0; at < bytes.length; at += PIECE) await jobs.append(id, at, bytes.subarray(at, at + PIECE));
  return jobs.get(id);
}

async function ended(id: string): Promise<Capture> {
  return vi.waitFor(() => {
    const capture = jobs.get(id);
    if (['receiving', 'waiting', 'analysing'].includes(capture.state)) throw new Error(`still ${capture.state}`);
    return capture;
  }, PATIENCE);
}

const failure = (code: string) => ({ failure: expect.objectContaining({ code }) });

/** A capture with no packet: the header of a little-endian pcap with Ethernet frames. */
function emptyPcap(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

/** A thread that behaves badly in a way of its own. */
function badWorker(source: string): NonNullable<CaptureJobsOptions['analysis']> {
  const file = join(place, 'worker.mjs');
  writeFileSync(file, source);
  // A thread may take long to begin on a busy machine.
  return { worker: pathToFileURL(file), silenceMs: 60_000 };
}

describe.runIf(existsSync(SCAN))('a real capture in pieces (skipped without ../shared/data)', () => {
  it('gives the alerts and flows that analysing the file gives', async () => {
    await open();
    const told: Capture[] = [];
    jobs.watch((capture) => told.push(capture));
    const given = await give(readFileSync(SCAN), 'Scan of Monday.pcapng');
    expect(statSync(join(place, 'data', 'captures')).mode & 0o777).toBe(0o700);
    const capture = await ended(given.id);
    expect(capture).toMatchObject({ state: 'done', name: 'Scan of Monday.pcapng', failure: null });

    const { document } = await analyzeCapture(SCAN);
    const alerts = store.listAlerts({ source: capture.id }).rows.map(({ alert }) => alert);
    expect(alerts.map(({ id, title }) => `${id} ${title}`).sort()).toEqual(
      document.alerts.map(({ id, title }) => `${capture.id}.${id} ${title}`).sort(),
    );
    expect(alerts.map(({ kind }) => kind)).toContain('port-scan');
    expect(store.listAlerts({}).rows).toEqual([]);
    expect(capture.result).toMatchObject({
      packets: document.capture.packets,
      flows: document.flows,
      keptFlows: document.flows,
      format: document.capture.format,
    });
    expect(store.listFlows({ source: capture.id, limit: 1000 }).rows).toHaveLength(Math.min(1000, document.flows));
    await noFiles();
    expect(new Set(told.map(({ state }) => state))).toEqual(new Set(['receiving', 'waiting', 'analysing', 'done']));

    await jobs.remove(capture.id, 'user bob');
    expect(store.listAlerts({ source: capture.id }).rows).toEqual([]);
    expect(store.listFlows({ source: capture.id }).rows).toEqual([]);
    expect(journal()).toEqual(['user ada: capture-added', 'user bob: capture-removed']);
  });

  it('keeps no more flows than it may, and all alerts', async () => {
    await open({ settings: settings({ keptFlows: 700 }) });
    const { id } = await give(readFileSync(SCAN));
    const { result } = await ended(id);
    expect(result?.keptFlows).toBe(700);
    expect(result?.flows).toBeGreaterThan(700);
    expect(store.listFlows({ source: id, limit: 1000 }).rows).toHaveLength(700);
    expect(store.listAlerts({ source: id }).rows.length).toBeGreaterThan(0);
  });
});

describe('receiving', () => {
  it('says which byte it expects, and goes on from there', async () => {
    await open();
    const bytes = emptyPcap();
    const { id } = await jobs.begin('x.pcap', bytes.length, 'user ada');
    expect(await jobs.append(id, 0, bytes.subarray(0, 10))).toBe(10);
    await expect(jobs.append(id, 0, bytes.subarray(0, 10))).rejects.toMatchObject({
      failure: { code: 'wrong-offset', hint: 'Go on with offset 10.' },
    });
    await expect(jobs.append(id, 11, bytes.subarray(11))).rejects.toMatchObject(failure('wrong-offset'));
    await expect(jobs.append(id, 10, Buffer.alloc(15))).rejects.toMatchObject(failure('too-much-data'));
    expect(jobs.get(id)).toMatchObject({ state: 'receiving', receivedBytes: 10 });
    expect(await jobs.append(id, 10, bytes.subarray(10))).toBe(24);
    expect(await ended(id)).toMatchObject({ state: 'done', receivedBytes: 24, result: { packets: 0, flows: 0 } });
    await expect(jobs.append(id, 24, Buffer.alloc(1))).rejects.toMatchObject(failure('not-receiving'));
  });

  it('takes pieces that are sent without waiting in their order', async () => {
    await open();
    const bytes = emptyPcap();
    const { id } = await jobs.begin('x.pcap', bytes.length, 'user ada');
    const counts = [0, 8, 16].map((at) => jobs.append(id, at, bytes.subarray(at, at + 8)));
    expect(await Promise.all(counts)).toEqual([8, 16, 24]);
    expect(await ended(id)).toMatchObject({ state: 'done' });
  });

  it('can be cancelled in the middle, and leaves nothing behind', async () => {
    await open();
    const { id } = await jobs.begin('x.pcap', 1000, 'user ada');
    await jobs.append(id, 0, Buffer.alloc(500));
    expect(await jobs.cancel(id, 'user ada')).toMatchObject({ state: 'cancelled', receivedBytes: 500, failure: null });
    await noFiles();
    await expect(jobs.append(id, 500, Buffer.alloc(1))).rejects.toMatchObject(failure('not-receiving'));
    await expect(jobs.cancel(id, 'user ada')).rejects.toMatchObject(failure('already-finished'));
  });

  it('takes none beyond captures.maxMebibytes, and few at a time', async () => {
    await open({ settings: settings({ maxMebibytes: 100 }) });
    const most = 100 * 1024 * 1024;
    expect(jobs.maximumBytes).toBe(most);
    await expect(jobs.begin('big.pcap', most + 1, 'user ada')).rejects.toMatchObject(failure('capture-too-large'));
    expect(await jobs.begin('fits.pcap', most, 'user ada')).toMatchObject({ state: 'receiving', sizeBytes: most });
    const many = await Promise.allSettled(Array.from({ length: 20 }, () => jobs.begin('x.pcap', 10, 'user ada')));
    expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
    expect(many.find(({ status }) => status === 'rejected')).toMatchObject({ reason: failure('too-many-captures') });
  });

  it('takes none that would fill the disk', async () => {
    await open({ settings: settings({ maxMebibytes: 2 ** 40 }) });
    await expect(jobs.begin('x.pcap', 2 ** 50, 'user ada')).rejects.toMatchObject(failure('no-room'));
    expect(jobs.list()).toEqual([]);
    await noFiles();
  });

  it.each(['../../etc/passwd', '/etc/passwd', 'a\u0000b.pcap', '\u202egnp.exe', 'x'.repeat(255), '-rf', '..'])(
    'never makes a file by a name that was given: %j',
    async (name) => {
      await open();
      const { id, name: shown } = await jobs.begin(name, 10, 'user ada');
      expect(files()).toEqual([`${id}.capture`]);
      expect(statSync(join(place, 'data', 'captures', `${id}.capture`)).mode & 0o777).toBe(0o600);
      expect(shown).not.toMatch(/[\p{Cc}\u202e]/u);
    },
  );

  it('gives up what nobody goes on sending', async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    await open({ clock });
    const { id } = await jobs.begin('x.pcap', 10, 'user ada');
    clock.advance(9 * 60_000);
    expect(jobs.get(id).state).toBe('receiving');
    clock.advance(2 * 60_000);
    expect(await ended(id)).toMatchObject({ state: 'failed', failure: { code: 'upload-expired' } });
  });
});

describe('analysing', () => {
  it('says in words what is wrong with a file that is no capture', async () => {
    await open();
    const { id } = await give(Buffer.from('this is no capture at all, whatever its name says'));
    const capture = await ended(id);
    expect(capture).toMatchObject({ state: 'failed', result: null });
    expect(capture.failure?.message).not.toContain(place);
    expect(capture.failure?.hint).not.toBe('');
    await noFiles();
  });

  it.each([
    ['crashes', 'throw new Error("boom")', 'analysis-crashed'],
    ['ends without a word', 'process.exit(3)', 'analysis-crashed'],
    ['hangs', 'for (;;);', 'analysis-hung'],
    ['eats memory', 'const all = []; for (;;) all.push(new Array(1e5).fill({}).map(() => ({})));', 'analysis-memory'],
  ])('survives a thread that %s, and takes the next capture', async (_what, source, code) => {
    const limits = { 'analysis-memory': { heapMebibytes: 32 }, 'analysis-hung': { silenceMs: 300 } };
    await open({ analysis: { ...badWorker(source), ...limits[code as keyof typeof limits] } });
    const first = await give(emptyPcap());
    const second = await give(emptyPcap());
    expect(await ended(first.id)).toMatchObject({ state: 'failed', failure: { code } });
    expect(await ended(second.id)).toMatchObject({ state: 'failed' });
  });

  it('analyses one at a time, and stops where it is cancelled', async () => {
    await open({ analysis: badWorker('setInterval(() => {}, 1000);') });
    const first = await give(emptyPcap());
    const second = await give(emptyPcap());
    expect(jobs.get(first.id).state).toBe('analysing');
    expect(jobs.get(second.id).state).toBe('waiting');
    expect(await jobs.cancel(first.id, 'user eve')).toMatchObject({ state: 'cancelled' });
    expect(jobs.get(second.id).state).toBe('analysing');
    await jobs.remove(second.id, 'user ada');
    expect(jobs.list().map(({ id }) => id)).toEqual([first.id]);
    expect(journal()).toContain('user eve: capture-cancelled');
    await noFiles();
  });

  it('forgets the oldest when there are more than may be kept', async () => {
    await open({ settings: settings({ kept: 2 }) });
    const given: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { id } = await give(emptyPcap());
      await ended(id);
      given.unshift(id);
    }
    await vi.waitFor(() => expect(jobs.list().map(({ id }) => id)).toEqual(given.slice(0, 2)), PATIENCE);
    expect(journal()).toContain('engine: capture-removed');
  });
});

describe('what is taken away while something of it is under way', () => {
  it('does not come back with the end of its analysis', async () => {
    const done =
      "import { parentPort } from 'node:worker_threads';" +
      "parentPort.postMessage({ type: 'done', result: {}, alerts: [{ id: 'a-1' }], trails: new Map() });";
    const removed = Promise.withResolvers<void>();
    await open({
      analysis: badWorker(done),
      // In the very moment in which its alerts are stored.
      recordAlerts: (id) => queueMicrotask(() => removed.resolve(jobs.remove(id, 'user ada'))),
    });
    await give(emptyPcap());
    await removed.promise;
    await jobs.stop();
    expect(jobs.list()).toEqual([]);
    expect(store.captures.list()).toEqual([]);
    await noFiles();
  });

  it('is not analysed after it was cancelled, whenever that was', async () => {
    await open({ analysis: badWorker('setInterval(() => {}, 1000);') });
    for (let turns = 0; turns < 12; turns++) {
      const { id } = await jobs.begin('a.pcap', 24, 'user ada');
      const last = jobs.append(id, 0, emptyPcap()).catch(() => {});
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      await jobs.cancel(id, 'user ada');
      await last;
      expect(jobs.get(id).state).toBe('cancelled');
    }
    await noFiles();
  });

  it('leaves no file where it was cancelled while it began', async () => {
    await open();
    const begun = jobs.begin('a.pcap', 24, 'user ada');
    const refused = expect(begun).rejects.toMatchObject(failure('not-receiving'));
    while (jobs.list().length === 0) await Promise.resolve();
    const [{ id }] = jobs.list();
    await jobs.cancel(id, 'user ada');
    await refused;
    expect(jobs.get(id).state).toBe('cancelled');
    await noFiles();
  });
});

describe('a directory that is not ours', () => {
  it('keeps captures out, and lets the engine start', async () => {
    symlinkSync(tmpdir(), join(place, 'data', 'captures'));
    const problems: string[] = [];
    await open({ onProblem: (message) => problems.push(message) });
    expect(problems).toEqual([expect.stringContaining('symbolic link')]);
    await expect(jobs.begin('x.pcap', 10, 'user ada')).rejects.toMatchObject(failure('unsafe-directory'));
    expect(jobs.list()).toEqual([]);
  });
});

describe('after a restart', () => {
  it('lists what was finished, and says honestly what was not', async () => {
    await open();
    const done = await give(emptyPcap(), 'done.pcap');
    await ended(done.id);
    const half = await jobs.begin('half.pcap', 100, 'user ada');
    await jobs.append(half.id, 0, Buffer.alloc(10));
    await jobs.stop();
    writeFileSync(join(place, 'data', 'captures', 'c-1.capture'), 'left by a crash');
    await open();
    expect(jobs.list()).toMatchObject([
      { name: 'half.pcap', state: 'failed', failure: { code: 'interrupted' } },
      { name: 'done.pcap', state: 'done', result: { packets: 0 } },
    ]);
    await noFiles();
  });
});
