/** The commands that steer an engine, as a person and as a script uses them. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Run, runHoldfast } from './holdfast.ts';

/** A name that no interface has: nothing of this machine's traffic is looked at. */
const NO_INTERFACE = 'hf-none';
const PORTS = 'detect.port-scan.portsOfOneHost';

let folder: string;
let daemon: ChildProcess;
let ended: Promise<Run>;

const holdfast = (...args: string[]): Promise<Run> => runHoldfast(['--data-dir', folder, ...args]);

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await holdfast(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-steer-'));
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  // Half of it is wrong: it must not keep the engine from starting.
  writeFileSync(join(folder, 'settings.yaml'), 'log:\n  level: loud\nalerts:\n  maxRelated: 3\n', { mode: 0o600 });
  ended = runHoldfast(['--data-dir', folder, 'daemon', '--interface', NO_INTERFACE], {
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

describe('holdfast config set and reset', () => {
  it('began with the good half of a broken file, and says so', async () => {
    const { health } = await json<{ health: { part: string; state: string; detail: string }[] }>('status');
    const line = health.find(({ part }) => part === 'settings');
    expect(line?.state).toBe('degraded');
    expect(line?.detail).toContain('settings.yaml:2:10: log.level');
    expect((await holdfast('config', 'show')).stdout).toMatch(/alerts\.maxRelated = 3 alerts +\(changed in Holdfast\)/);
  });

  it('change what is in force, try without changing, and go back', async () => {
    const trial = await holdfast('config', 'set', `${PORTS}=5`, '--dry-run');
    expect(trial).toMatchObject({ code: 0, stdout: `${PORTS}: would be in force at once\n` });
    expect((await holdfast('config', 'set', `${PORTS}=5`, 'api.maxConnections=9')).stdout).toBe(
      `${PORTS}: in force\napi.maxConnections: in force after the next start\n`,
    );
    expect(readFileSync(join(folder, 'settings.yaml'), 'utf8')).toContain('portsOfOneHost: 5');
    expect((await holdfast('config', 'set', `${PORTS}=5`)).stdout).toContain('Nothing is different');
    expect(await json('config', 'reset', PORTS)).toMatchObject({
      applied: [PORTS],
      before: [{ path: PORTS, value: 5 }],
    });
    const { code, stderr } = await holdfast('config', 'set', 'log.leve=debug', 'sensors.promiscuous=perhaps');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean log.level?');
    expect(stderr).toContain('must be true or false, not "perhaps"');
    expect((await holdfast('config', 'set', 'log.level')).code).toBe(2);
  });
});

describe('holdfast token', () => {
  it('makes a token whose secret stands alone, lists it and ends it', async () => {
    const { code, stdout } = await holdfast('token', 'create', '--role', 'view', '--name', 'grafana');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hft_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n$/);
    const forever = await json<{ token: { id: string; expiresMs: null } }>(
      ...['token', 'create', '--role', 'operate', '--name', 'x\u001b[31m', '--no-expiry'],
    );
    expect(forever.token.expiresMs).toBeNull();
    const list = (await holdfast('token', 'list')).stdout;
    expect(list).toContain('grafana');
    expect(list).not.toContain('\u001b');
    expect(list).not.toContain('hft_');
    expect((await holdfast('token', 'revoke', forever.token.id)).code).toBe(0);
    expect((await holdfast('token', 'revoke', forever.token.id)).stderr).toContain('no such token');
    expect((await json<{ tokens: unknown[] }>('token', 'list')).tokens).toHaveLength(1);
  });

  it.each([
    'token create --role root --name a',
    'token create --name a',
    'token create --role view --name a --days 0',
    'pause 0 --reason a',
    'pause 5',
  ])('refuses %s', async (line) => {
    expect((await holdfast(...line.split(' '))).code).toBe(2);
  });
});

describe('holdfast pause, resume and journal', () => {
  it('pause with a reason, say so, and go on', async () => {
    expect((await holdfast('pause', '15', '--reason', 'installing printers')).code).toBe(0);
    expect((await holdfast('status')).stdout).toMatch(/^‖ Paused until \d\d:\d\d: installing printers/);
    const { code } = await holdfast('resume');
    expect(code).toBe(0);
    expect((await holdfast('status')).stdout).not.toContain('Paused');
  });

  it('tell who did what, and that nobody changed it since', async () => {
    const { entries } = await json<{ entries: { action: string; actor: string }[] }>('journal', 'list');
    expect(entries.map(({ action }) => action)).toEqual(
      expect.arrayContaining([
        'protection-resumed',
        'protection-paused',
        'token-revoked',
        'token-created',
        'setting-changed',
        'settings-file-kept-aside',
        'engine-started',
      ]),
    );
    const found = await holdfast('journal', 'list', '--search', 'PRINTERS');
    expect(found.stdout.trim().split('\n')).toHaveLength(1);
    expect(found.stdout).toContain('protection-paused');
    expect(await json('journal', 'verify')).toMatchObject({ isIntact: true, entries: entries.length });
  });
});
