/** The real engine in the foreground, as a person or a service starts it, and the command line against it. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configSchema, statusSchema } from '../contract/api-schemas.ts';
import { health as words } from '../renderer/strings/en/health.ts';
import { type Run, runHoldfast } from './holdfast.ts';

/** A name that no interface has: the engine runs, and nothing of this machine's traffic is looked at. */
const NO_INTERFACE = 'hf-none';

let folder: string;
let daemon: ChildProcess;
let ended: Promise<Run>;

function holdfast(...args: string[]): Promise<Run> {
  return runHoldfast(['--data-dir', folder, ...args]);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  ended = runHoldfast(['--data-dir', folder, '--simulate', 'daemon', '--live', '--interface', NO_INTERFACE], {
    onStart: (child) => {
      daemon = child;
    },
  });
  await vi.waitUntil(() => existsSync(join(folder, 'run/view.sock')), { timeout: 45_000 });
});

afterAll(async () => {
  daemon.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

describe('holdfast daemon', () => {
  it('answers the command line, and does not claim a protection that it does not give', async () => {
    const { code, stdout } = await holdfast('status', '--json');
    expect(code).toBe(0);
    const status = statusSchema.parse(JSON.parse(stdout));
    expect(status).toMatchObject({ mode: 'simulate', alerts: { critical: 0 } });
    expect(status.cost.pid).toBeGreaterThan(1);
    expect(status.health.map(({ part }) => part)).toEqual(expect.arrayContaining(['store', 'capture', 'api']));
    expect((await holdfast('status')).stdout).toMatch(/^○ Not protected/);
  });

  it('has a word for every part and every counter that the page Health shows', async () => {
    const { health } = statusSchema.parse(JSON.parse((await holdfast('status', '--json')).stdout));
    const nameless = health.filter(({ part }) => !part.startsWith('capture/') && !(part in words.names));
    expect(nameless).toEqual([]);
    const counters = new Set(health.flatMap((entry) => Object.keys(entry.counters)));
    expect(counters.size).toBeGreaterThan(20);
    expect([...counters].filter((counter) => !(counter in words.counters))).toEqual([]);
  });

  it('lists alerts and settings', async () => {
    expect(JSON.parse((await holdfast('alerts', 'list', '--json')).stdout)).toEqual({ total: 0, alerts: [] });
    const shown = JSON.parse((await holdfast('config', 'show', '--json')).stdout);
    expect(shown.source).toBe('running');
    const { settings } = configSchema.parse(shown);
    expect(settings.find(({ path }) => path === 'sensors.interfaces')?.value).toEqual([NO_INTERFACE]);
  });

  it('is the only one in its place', async () => {
    const { code, stderr } = await holdfast('daemon');
    expect(code).toBe(3);
    expect(stderr).toContain('already running');
    expect((await holdfast('status')).code).toBe(0);
  });

  it('opens no debugger to the users of this computer', async () => {
    // Node would say on standard error that it listens; the next test reads that.
    daemon.kill('SIGUSR1');
    expect((await holdfast('status')).code).toBe(0);
  });

  it('ends cleanly by Ctrl-C, also when it comes twice', async () => {
    daemon.kill('SIGINT');
    daemon.kill('SIGINT');
    const { code, signal, stdout, stderr } = await ended;
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    expect(stdout).toMatch(/^Holdfast \d/);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
    expect((await holdfast('status')).code).toBe(3);
  });
});
