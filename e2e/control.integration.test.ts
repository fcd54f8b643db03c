/** Steering a live engine as a person does, over its socket: settings, pause, journal, on real traffic. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApiClient } from '../contract/api.ts';
import { protectionOf } from '../contract/api-protection.ts';
import type { Status } from '../contract/api-schemas.ts';
import { connectToEngine } from '../main/client/index.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import packageFile from '../package.json' with { type: 'json' };
import { LiveEngine } from './support/live-engine.ts';
import { LiveNetwork, VICTIM } from './support/live-network.ts';
import { childrenOf, helpersOf, isRunning } from './support/processes.ts';

const PORTS = 'detect.port-scan.portsOfOneHost';
/** Fewer than the default of PORTS, more than what the test sets. */
const TRIED_PORTS = 8;
const LOW_LIMIT = 5;
/** Longer than an alert takes. */
const ALERT_WAIT_MS = 2_500;
const TIMEOUT_MS = 40_000;

/** Tries closed ports, one after the other. */
const KNOCK = `
  const { connect } = await import('node:net');
  for (let port = 7000; port < 7000 + ${TRIED_PORTS}; port++) {
    await new Promise((resolve) => connect(port, '${VICTIM}').on('error', resolve));
  }`;

let folder: string;
let network: LiveNetwork;
let engine: LiveEngine;
let client: ApiClient;

async function start(): Promise<void> {
  const daemonArguments = ['--interface', network.pair.nearInterface];
  engine = await LiveEngine.start({ dataDirectory: folder, prefix: network.inside, daemonArguments });
  const directories = [join(folder, 'run')];
  client = await connectToEngine({ directories, userId: 0, version: packageFile.version });
  await until((status) => protectionOf(status).state !== 'off');
}

async function until(isWanted: (status: Status) => boolean): Promise<Status> {
  let status = await client.request('status', {});
  await vi.waitUntil(
    async () => {
      status = await client.request('status', {});
      return isWanted(status);
    },
    { timeout: 45_000, interval: 50 },
  );
  return status;
}

const received = (status: Status): number => status.interfaces.reduce((sum, each) => sum + each.received, 0);
const knock = () => network.run(process.execPath, '--input-type=module', '-e', KNOCK);
const journaled = async (search: string) => (await client.request('journal.list', { search })).entries;

const why = whyNoNamespaces();
if (why !== undefined) console.log(`Steering a live engine is not tested: ${why}`);

describe.skipIf(why !== undefined)('a live engine', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-control-'));
    network = new LiveNetwork();
    await start();
  }, TIMEOUT_MS);

  afterAll(async () => {
    client?.close();
    await engine?.kill();
    network?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'takes another threshold in while it runs, and finds what it did not find before',
    async () => {
      network.nextHost();
      await knock();
      await sleep(ALERT_WAIT_MS);
      expect(engine.heard).toEqual([]);

      const answer = await client.request('config.set', { changes: [{ path: PORTS, value: LOW_LIMIT }] });
      expect(answer).toEqual({ problems: [], applied: [PORTS], atRestart: [], before: [{ path: PORTS, value: null }] });
      const status = await until(({ interfaces }) => interfaces.some(({ state }) => state === 'up'));
      expect(status.health.find(({ part }) => part === 'traffic')?.detail).toContain('anew');

      const attacker = network.nextHost();
      // The new helper may not look yet when it says that it does.
      const found = await vi.waitUntil(
        async () => {
          await knock();
          return engine.heard.find(({ alert }) => alert.kind === 'port-scan');
        },
        { timeout: 45_000, interval: 1_000 },
      );
      expect(found.alert.attackers).toEqual([attacker]);
      const [entry] = await journaled(PORTS);
      expect(entry).toMatchObject({
        actor: 'local administrator',
        action: 'setting-changed',
        subject: PORTS,
        detail: { after: LOW_LIMIT },
      });
    },
    TIMEOUT_MS,
  );

  it(
    'refuses what is wrong or set elsewhere, and then changes nothing',
    async () => {
      const changes = [
        { path: PORTS, value: 50 },
        { path: PORTS.replace('ports', 'port'), value: 1 },
        { path: 'log.level', value: 'loud' },
        { path: 'sensors.interfaces', value: ['eth0'] },
      ];
      const { problems, applied } = await client.request('config.set', { changes });
      expect(problems.map(({ path }) => path)).toEqual(changes.slice(1).map(({ path }) => path));
      expect(problems[2].message).toContain('flag --set sensors.interfaces');
      expect(applied).toEqual([]);
      const { sections } = await client.request('config.describe', {});
      const rows = sections.flatMap(({ settings }) => settings);
      expect(rows.find(({ path }) => path === PORTS)).toMatchObject({ value: LOW_LIMIT, lockedBy: '', minimum: 3 });
      expect(rows.find(({ path }) => path === 'sensors.interfaces')?.lockedBy).toContain('flag');
      const byCommand = await engine.holdfast('config', 'set', `${PORTS}=many`);
      expect(byCommand.code).toBe(2);
      expect(byCommand.stderr).toContain('a whole number from 3 to 65535');
    },
    TIMEOUT_MS,
  );

  it(
    'sees no packet during a pause, and packets again after it',
    async () => {
      const seen: (Status['pause'] | undefined)[] = [];
      const ending = new AbortController();
      const watching = (async () => {
        for await (const { pause } of client.watch('status.watch', {}, ending.signal)) seen.push(pause);
      })().catch(() => {});
      expect(await countHelpers()).toBe(1);

      const { untilMs } = await client.request('protection.pause', { minutes: 5, reason: 'installing printers' });
      expect(untilMs).toBeGreaterThan(Date.now() + 4 * 60_000);
      const paused = await client.request('status', {});
      expect(protectionOf(paused)).toMatchObject({ state: 'paused', sentence: expect.stringContaining('printers') });
      expect(await countHelpers()).toBe(0);
      await knock();
      await sleep(1_500);
      expect(received(await client.request('status', {}))).toBe(received(paused));
      await vi.waitUntil(() => seen.some((pause) => pause?.reason === 'installing printers'), { timeout: 45_000 });

      await client.request('protection.resume', {});
      await until((status) => protectionOf(status).state !== 'paused' && protectionOf(status).state !== 'off');
      await vi.waitUntil(
        async () => {
          await knock();
          return received(await client.request('status', {})) > received(paused);
        },
        { timeout: 45_000, interval: 200 },
      );
      await vi.waitUntil(() => seen.at(-1) === null, { timeout: 45_000 });
      ending.abort();
      await watching;
      expect((await journaled('protection-')).map(({ action }) => action)).toEqual([
        'protection-resumed',
        'protection-paused',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'keeps its settings over a sudden end, which ends a pause',
    async () => {
      await client.request('protection.pause', { minutes: 60, reason: 'forgotten' });
      await client.request('journal.list', {});
      client.close();
      await engine.kill();
      await start();
      const status = await client.request('status', {});
      expect(status.pause).toBeNull();
      expect(protectionOf(status).state).not.toBe('paused');
      const [resumed] = await journaled('protection-resumed');
      expect(resumed).toMatchObject({ actor: 'engine', detail: { why: 'Holdfast was started again' } });
      const { settings } = await client.request('config.show', {});
      expect(settings.find(({ path }) => path === PORTS)).toMatchObject({ value: LOW_LIMIT });
      expect(await client.request('journal.verify', {})).toMatchObject({ isIntact: true, brokenAt: null });
    },
    TIMEOUT_MS,
  );
});

/** Running children of the engine that watch: the capture helper is the only one. What acts is there during a pause too. */
async function countHelpers(): Promise<number> {
  const { cost } = await client.request('status', {});
  const acting = helpersOf(cost.pid, 'signal');
  return childrenOf(cost.pid).filter((pid) => isRunning(pid) && !acting.includes(pid)).length;
}
