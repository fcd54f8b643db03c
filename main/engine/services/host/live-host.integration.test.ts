/** The host thread for real: that it comes back when it dies, and leaves nothing behind. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../../runtime/config.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { Logger } from '../../runtime/log.ts';
import { canCapture } from '../../sensors/index.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { LiveHost } from './live-host.ts';

const reason = canCapture().ok ? undefined : canCapture().detail;
if (reason !== undefined) console.warn(`The host thread is not tested: ${reason}`);

const SOON = { timeout: 45_000, interval: 50 };
const silent = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Logger;

/** Children of this process that are our helpers. */
function helpers(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const isOurs = stat.includes('(sense)') && Number(parent) === process.pid && state !== 'Z';
      return isOurs ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

describe.skipIf(reason !== undefined)('LiveHost', () => {
  let folder: string;
  let host: LiveHost;
  let health: HealthRegistry;
  const threads: Worker[] = [];
  const kept = new Map<string, string>();
  const entry = (name: string) => health.report().entries.find(({ part }) => part === name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
    health = new HealthRegistry();
    threads.length = 0;
    const others = ['files', 'sockets', 'access', 'system', 'journal'];
    const only = Object.fromEntries(others.map((name) => [`host.${name}`, false]));
    const { config } = await readConfig({ sections: CONFIG_SECTIONS, flags: only });
    host = new LiveHost({
      config,
      health,
      logger: silent,
      dataDirectory: folder,
      ownDirectories: [folder],
      memory: () => ({ load: (name) => kept.get(name), save: (name, text) => void kept.set(name, text) }),
      disabledRules: () => [],
      onFinding: () => {},
      onThread: (thread) => threads.push(thread),
    });
    host.start();
    await vi.waitUntil(() => entry('host')?.state === 'ok' && entry('processes')?.state !== 'off', SOON);
  });

  afterEach(async () => {
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
    expect(helpers()).toEqual([]);
  });

  it('brings a thread back that dies, with its sensors, and leaves none of the old helpers', async () => {
    const [helper] = host.helperPids;
    expect(helpers()).toEqual([helper]);
    await threads[0].terminate();
    await vi.waitUntil(() => entry('processes')?.state === 'failed', SOON);
    expect(entry('host')).toMatchObject({ state: 'degraded', counters: { restarts: 1 } });
    await vi.waitUntil(() => entry('host')?.state === 'ok' && entry('processes')?.state === 'ok', SOON);
    expect(threads).toHaveLength(2);
    await vi.waitUntil(() => !helpers().includes(helper), SOON);
    expect(helpers()).toEqual(host.helperPids);
  });

  it('is off when it was stopped, and can be started again', async () => {
    await host.stop();
    expect(entry('host')).toMatchObject({ state: 'off' });
    expect(entry('processes')).toMatchObject({ state: 'off' });
    expect(helpers()).toEqual([]);
    host.start();
    await vi.waitUntil(() => entry('host')?.state === 'ok' && entry('processes')?.state === 'ok', SOON);
  });
});
