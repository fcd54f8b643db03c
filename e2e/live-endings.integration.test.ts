/** How a watching engine ends, by Ctrl-C and by being killed, and what it leaves: what it knew, and nothing else. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../main/engine/runtime/clock.ts';
import { HealthRegistry } from '../main/engine/runtime/health.ts';
import { defaultsOf } from '../main/engine/runtime/settings.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { openStore, storeSettings } from '../main/engine/store/index.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { LiveEngine } from './support/live-engine.ts';
import { LiveNetwork, VICTIM } from './support/live-network.ts';
import { helpersOf, isRunning } from './support/processes.ts';

const reason = findProgram('nmap') === undefined ? 'needs nmap' : whyNoNamespaces();
if (reason !== undefined) console.warn(`The end of a watching engine is not tested: ${reason}`);

describe.skipIf(reason !== undefined)('a watching engine', () => {
  let folder: string;
  let network: LiveNetwork;
  let engine: LiveEngine | undefined;
  const dataDirectory = (): string => join(folder, 'data');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    network = new LiveNetwork();
  });

  afterAll(async () => {
    await engine?.kill();
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function start(): Promise<{ engine: LiveEngine; helper: number }> {
    const { inside, pair } = network;
    engine = await LiveEngine.start({
      dataDirectory: dataDirectory(),
      prefix: inside,
      daemonArguments: ['--interface', pair.nearInterface],
    });
    await engine.health(`capture/${pair.nearInterface}`, ({ state }) => state === 'ok');
    const [helper] = helpersOf(engine.pid, 'capture');
    expect(helper).toBeGreaterThan(1);
    return { engine, helper };
  }

  /** What the engines before have written down, the oldest first. Opens the store, which an engine must not hold. */
  async function journal(): Promise<string[]> {
    const store = await openStore({
      path: join(dataDirectory(), 'holdfast.db'),
      clock: systemClock,
      health: new HealthRegistry(),
      settings: defaultsOf(storeSettings),
    });
    try {
      expect(store.verifyJournal()).toMatchObject({ intact: true });
      return store
        .listJournal({})
        .rows.map(({ action }) => action)
        .reverse();
    } finally {
      store.close();
    }
  }

  async function scan(live: LiveEngine): Promise<string> {
    const from = live.heard.length;
    network.nextHost();
    await network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
    return (await live.alert('port-scan', from)).alert.id;
  }

  async function listedAlerts(live: LiveEngine): Promise<string[]> {
    const { stdout } = await live.holdfast('alerts', 'list', '--json');
    return JSON.parse(stdout).alerts.map(({ id }: { id: string }) => id);
  }

  it('ends by Ctrl-C with everything that it began', async () => {
    const { engine, helper } = await start();
    await scan(engine);
    const { code, signal, stdout, stderr } = await engine.interrupt();
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(stdout).toMatch(/^Holdfast \d.* Protected: watching near0\./);
    expect(isRunning(helper)).toBe(false);
    expect(readdirSync(join(dataDirectory(), 'run'))).toEqual([]);
    // The write-ahead log is in the database: a closed one has none.
    expect(readdirSync(dataDirectory()).filter((name) => name.startsWith('holdfast.db'))).toEqual(['holdfast.db']);
    expect(await journal()).toEqual(['engine-started', 'engine-stopped']);
  });

  it('leaves no helper behind when it is killed, and the next one knows what it knew', async () => {
    const first = await start();
    const known = [...(await listedAlerts(first.engine)), await scan(first.engine)];
    expect(known).toHaveLength(2);
    // Pulling the plug loses the last second at the most.
    await vi.waitUntil(async () => (await listedAlerts(first.engine)).length === known.length, { timeout: 45_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(await first.engine.kill()).toMatchObject({ signal: 'SIGKILL' });
    await vi.waitUntil(() => !isRunning(first.helper), { timeout: 45_000 });
    expect(existsSync(join(dataDirectory(), 'run/view.sock'))).toBe(true);

    const second = await start();
    expect((await listedAlerts(second.engine)).toSorted()).toEqual(known.toSorted());
    expect(await second.engine.interrupt()).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(join(dataDirectory(), 'run'))).toEqual([]);
    expect((await journal()).slice(2)).toEqual(['engine-started', 'engine-started', 'engine-stopped']);
  });
});
