import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallContext } from '../../../../contract/api.ts';
import { CAPTURE_CALLS, CAPTURE_PIECE_BYTES, type Capture, captureSchema } from '../../../../contract/api-captures.ts';
import { HUNT_CALLS, type HuntResult } from '../../../../contract/api-hunt.ts';
import type { ApiEntry } from '../../../../contract/api-table.ts';
import { parseHunt, printHunt } from '../../../../contract/hunt-language.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { CaptureJobs } from '../captures/capture-jobs.ts';
import { captureSettings } from '../captures/capture-settings.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { BUILT_IN_QUERIES } from '../rules/built-in-queries.ts';
import { captureHandlers } from './captures.ts';
import { huntHandlers } from './hunt.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const SSH = join(DATA, 'attacks/brute_force/bruteforce-ssh-nmap.pcap');

let place: string;
let store: Store;
let jobs: CaptureJobs;
type Handler = (input: unknown, context: CallContext) => unknown;
let handlers: Readonly<Record<string, Handler>>;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-hunt-'));
  const settings = defaultsOf(storeSettings);
  const health = new HealthRegistry();
  store = await openStore({ path: join(place, 'data', 'holdfast.db'), clock: systemClock, health, settings });
  jobs = new CaptureJobs({
    directory: join(place, 'data', 'captures'),
    settings: () => defaultsOf(captureSettings),
    sections: () => Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, defaultsOf(table)])),
    store: () => store,
    recordAlerts: (id, alerts) => {
      for (const alert of alerts) store.upsertAlert({ ...alert, id: `${id}.${alert.id}` }, id);
    },
    clock: systemClock,
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  await jobs.start();
  const engine = { store: () => store, captures: () => jobs };
  handlers = { ...huntHandlers(engine), ...captureHandlers(engine) } as Readonly<Record<string, unknown>> as Readonly<
    Record<string, Handler>
  >;
});

afterEach(async () => {
  await jobs.stop();
  await store.hunt.close();
  store.close();
  rmSync(place, { recursive: true });
});

const TABLE: Readonly<Record<string, ApiEntry>> = { ...HUNT_CALLS, ...CAPTURE_CALLS };

/** As the dispatcher does: what goes in and what comes out has the shape of the table. */
async function call(name: string, input: object): Promise<unknown> {
  const { input: accepted, output } = TABLE[name] as ApiEntry;
  const context: CallContext = { role: 'operate', actor: 'user ada', signal: new AbortController().signal };
  return output.parse(await handlers[name]?.(accepted.parse(input), context));
}

const failure = (code: string) => ({ failure: expect.objectContaining({ code }) });

describe('kept queries', () => {
  it('all come with a query that is understood, and that the database runs', async () => {
    for (const { name, query } of BUILT_IN_QUERIES) {
      const { query: understood, problems } = parseHunt(query);
      expect(problems, name).toEqual([]);
      expect(understood && parseHunt(printHunt(understood)).query).toEqual(understood);
      expect(await call('hunt.run', { query }), name).toMatchObject({ rows: [], next: null, isPartial: false });
    }
    expect(new Set(BUILT_IN_QUERIES.map(({ id }) => id)).size).toBe(BUILT_IN_QUERIES.length);
  });

  it('are kept, listed before those that come with Holdfast, and forgotten', async () => {
    const kept = (await call('hunt.save', { name: 'Mine \u202e', query: 'flows limit 5' })) as { id: string };
    expect(kept).toMatchObject({ name: 'Mine \\u{202e}', isBuiltIn: false });
    const { queries } = (await call('hunt.saved', {})) as { queries: { id: string; isBuiltIn: boolean }[] };
    expect(queries.map(({ isBuiltIn }) => isBuiltIn)).toEqual([false, ...BUILT_IN_QUERIES.map(() => true)]);
    await call('hunt.forget', { id: kept.id });
    await expect(call('hunt.forget', { id: kept.id })).rejects.toMatchObject(failure('no-such-query'));
    await expect(call('hunt.forget', { id: 'built-in-logins' })).rejects.toThrow('stays');
    await expect(call('hunt.save', { name: 'x', query: 'flows where' })).rejects.toMatchObject(failure('bad-query'));
  });
});

describe('hunt.run', () => {
  it('says where a query is wrong', async () => {
    await expect(call('hunt.run', { query: 'flows where prot = 22' })).rejects.toMatchObject({
      failure: { code: 'bad-query', message: expect.stringContaining('character 13'), hint: 'Did you mean port?' },
    });
    await expect(call('hunt.run', { query: 'flows', source: 'c-0' })).rejects.toMatchObject(failure('no-such-capture'));
    await expect(call('hunt.run', { query: 'x'.repeat(2_001) })).rejects.toThrow();
  });

  it('has a table of types that answers can have', () => {
    const { columns } = HUNT_CALLS['hunt.run'].output.unwrap().shape;
    expect(columns.safeParse([{ name: 'bytes', type: 'bytes', unit: 'B' }]).success).toBe(true);
  });
});

describe.runIf(existsSync(SSH))('a real capture over the API (skipped without ../shared/data)', () => {
  it('is received in pieces, analysed, and searched with times of its own', async () => {
    const bytes = readFileSync(SSH);
    const begun = (await call('captures.begin', { name: 'ssh.pcap', sizeBytes: bytes.length })) as Capture;
    const { id } = begun;
    for (let offset = 0; offset < bytes.length; ) {
      const data = bytes.subarray(offset, offset + Math.min(CAPTURE_PIECE_BYTES, 40_000)).toString('base64');
      offset = ((await call('captures.append', { id, offset, data })) as { receivedBytes: number }).receivedBytes;
    }
    const done = await vi.waitFor(
      async () => {
        const capture = captureSchema.parse(await call('captures.get', { id }));
        expect(capture.state).toBe('done');
        return capture;
      },
      { timeout: 20_000, interval: 20 },
    );
    expect(Object.values(done.result?.alerts ?? {}).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);

    const hunt = async (query: string) => (await call('hunt.run', { query, source: id })) as HuntResult;
    expect((await hunt('alerts where kind = brute-force')).rows).toHaveLength(1);
    const [[all]] = (await hunt('flows | count')).rows as [[number]];
    expect(all).toBe(done.result?.keptFlows);
    // Counted from the last packet: the capture is years old.
    expect((await hunt('flows since 30d | count')).rows).toEqual([[all]]);
    expect((await hunt('flows where host = 147.32.80.40 | count')).rows).toEqual([[all]]);
    await expect(call('captures.append', { id, offset: 0, data: '!' })).rejects.toThrow();
    expect(await call('captures.remove', { id })).toEqual({});
    expect(await call('captures.list', {})).toMatchObject({ captures: [], maximumBytes: 2 ** 31 });
  });
});
