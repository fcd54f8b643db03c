/** What goes wrong around a watching engine: said clearly, and watched again as soon as it can be. */
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Status, statusSchema } from '../contract/api-schemas.ts';
import type { HealthEntry } from '../contract/domain.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { runProgram } from './holdfast.ts';
import { LiveEngine } from './support/live-engine.ts';
import { LiveNetwork, VICTIM } from './support/live-network.ts';
import { helpersOf, isRunning } from './support/processes.ts';

const CHECKOUT = fileURLToPath(new URL('..', import.meta.url));
/** sh -c MOUNTED, with FROM and TO and a command: runs that where FROM is to be found at TO as well. */
const MOUNTED = 'mount --bind "$0" "$1" && shift && exec "$@"';
/** A user that has no rights. */
const NOBODY = '65534';
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

const missing = ['nmap', 'setpriv'].filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`Faults of live capture are not tested: ${reason}`);

function part(status: Status, name: string): HealthEntry | undefined {
  return status.health.find((entry) => entry.part === name);
}

describe.skipIf(reason !== undefined)('while it watches', () => {
  let folder: string;
  let network: LiveNetwork;
  let engine: LiveEngine;
  const near = (): string => network.pair.nearInterface;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    network = new LiveNetwork();
    engine = await LiveEngine.start({
      dataDirectory: join(folder, 'data'),
      prefix: network.inside,
      daemonArguments: ['--interface', near()],
    });
  });

  afterAll(async () => {
    await engine?.kill();
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function statusOfCommand(): Promise<Status> {
    const { code, stdout } = await engine.holdfast('status', '--json');
    expect(code).toBe(0);
    return statusSchema.parse(JSON.parse(stdout));
  }

  async function expectScanNoticed(): Promise<void> {
    const from = engine.heard.length;
    const host = network.nextHost();
    await network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
    const { alert } = await engine.alert('port-scan', from);
    expect(alert).toMatchObject({ attackers: [host], victims: [VICTIM] });
  }

  it('says that an interface has gone, and watches it when it comes back', async () => {
    await engine.health(`capture/${near()}`, ({ state }) => state === 'ok');
    network.pair.part();
    await engine.health(`capture/${near()}`, ({ state }) => state !== 'ok');
    const gone = await statusOfCommand();
    expect(part(gone, `capture/${near()}`)).toMatchObject({
      state: 'degraded',
      detail: `Cannot watch ${near()}: it is gone.`,
      hint: expect.stringContaining('as soon as it appears'),
    });
    expect(gone.interfaces).toMatchObject([{ name: near(), state: 'missing' }]);
    expect((await engine.holdfast('status')).stdout).toMatch(/^○ Not protected/);

    network.pair.join();
    await engine.health(`capture/${near()}`, ({ state }) => state === 'ok');
    expect((await engine.holdfast('status')).stdout).toMatch(/^● Protected/);
    await expectScanNoticed();
  });

  it('starts a killed capture helper again, and goes on', async () => {
    const [helper, ...others] = helpersOf(engine.pid, 'capture');
    expect(others).toEqual([]);
    process.kill(helper, 'SIGKILL');
    await vi.waitUntil(() => helpersOf(engine.pid, 'capture').some((pid) => pid !== helper), { timeout: 45_000 });
    await engine.health('capture', ({ state, counters }) => state === 'ok' && counters.restarts === 1);
    await engine.health(`capture/${near()}`, ({ state }) => state === 'ok');
    await expectScanNoticed();
    expect(isRunning(helper)).toBe(false);
  });
});

describe.skipIf(reason !== undefined)('as a user without rights', () => {
  let folder: string;
  let rootHome: string;
  let network: LiveNetwork;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    chownSync(folder, Number(NOBODY), Number(NOBODY));
    rootHome = mkdtempSync(join(tmpdir(), 'holdfast-e2e-home-'));
    network = new LiveNetwork();
  });

  afterAll(() => {
    network?.remove();
    for (const path of [folder, rootHome]) if (path !== undefined) rmSync(path, { recursive: true, force: true });
  });

  it('runs, says what it cannot see and what to do, and ends cleanly', async () => {
    const dataDirectory = join(folder, 'data');
    // A checkout in the home of root is for root alone.
    const readable = join(folder, 'checkout');
    mkdirSync(readable);
    const holdfast = join(readable, 'bin/holdfast');
    const mounted = ['unshare', '--mount', 'sh', '-c', MOUNTED, CHECKOUT, readable];
    const prefix = [...network.inside, ...mounted, ...AS_NOBODY];
    // As setpriv leaves it: the home of the user before, into which this one may not look.
    const environment = { HOME: rootHome };
    const engine = await LiveEngine.start({ dataDirectory, prefix, holdfast, environment, userId: Number(NOBODY) });
    try {
      await engine.health('capture', ({ state }) => state === 'failed');
      const command = [...prefix, holdfast, '--data-dir', dataDirectory, 'status'];
      const { code, stdout } = await runProgram([...command, '--json'], { environment });
      expect(code).toBe(0);
      expect(part(statusSchema.parse(JSON.parse(stdout)), 'capture')).toMatchObject({
        state: 'failed',
        detail: 'The network cannot be watched: permission denied.',
        hint: expect.stringMatching(/^Start Holdfast as root, or .* sudo setcap cap_net_raw\+ep .*\/sense$/),
      });
      const told = await runProgram(command, { environment });
      expect(told.stdout).toMatch(/^○ Not protected/);
      expect(told.stdout).toContain('permission denied');
    } finally {
      process.kill(-engine.pid, 'SIGINT');
    }
    const { code, signal, stdout, stderr } = await engine.ended;
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(stdout).toMatch(/^Holdfast .*\n {2}The network cannot be watched: permission denied\..*setcap/);
  });
});
