/** Lists of indicators as a person uses them: without an engine, with one, and for a capture. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { quietCapture } from './captures.ts';
import { type Run, runHoldfast } from './holdfast.ts';

/** A name that no interface has: nothing of this machine's traffic is looked at. */
const NO_INTERFACE = 'hf-none';
const LIST = '# known bad\nevil.example # Bot\n198.51.100.0/24\nthis is no indicator\n';

let folder: string;
let list: string;

const holdfast = (...args: string[]): Promise<Run> => runHoldfast(['--data-dir', folder, ...args]);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lists-'));
  mkdirSync(join(folder, 'run'), { mode: 0o700 });
  list = join(folder, 'bad things.list');
  writeFileSync(list, LIST, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('holdfast indicators', () => {
  it('takes lists in, asks them and forgets them without an engine', async () => {
    const imported = await holdfast('indicators', 'import', list);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain('2 new indicators');
    expect(imported.stdout).toContain('1 line could not be read, first line 4.');
    const check = await holdfast('indicators', 'check', 'www.evil.example', 'fine.example', '--json');
    expect(check.code).toBe(1);
    const { results } = JSON.parse(check.stdout) as { results: { found: { label: string }[] }[] };
    expect(results.map(({ found }) => found.map(({ label }) => label))).toEqual([['Bot'], []]);
    expect((await holdfast('indicators', 'check', 'fine.example')).code).toBe(0);
    expect((await holdfast('indicators', 'remove', 'bad-things.list.txt')).code).toBe(0);
    expect((await holdfast('indicators', 'remove', 'bad-things.list.txt')).stderr).toContain('No list');
    expect((await holdfast('indicators', 'import', join(folder, 'none'))).code).toBe(2);
  });

  it('compares a capture with a list that is named', async () => {
    const capture = join(folder, 'quiet.pcap');
    writeFileSync(capture, quietCapture());
    const with_ = await holdfast('analyze', capture, '--json', '--indicators', list);
    const { alerts } = JSON.parse(with_.stdout) as { alerts: { kind: string; attackers: string[]; title: string }[] };
    expect(alerts).toMatchObject([{ kind: 'malware-transfer', attackers: ['198.51.100.7'] }]);
    expect(alerts[0]?.title).toContain('198.51.100.0/24');
    const without = await holdfast('analyze', capture, '--json');
    expect((JSON.parse(without.stdout) as { alerts: unknown[] }).alerts).toEqual([]);
    expect((await holdfast('analyze', capture, '--indicators', join(folder, 'none'))).code).not.toBe(0);
  });
});

describe('holdfast indicators with an engine', () => {
  let daemon: ChildProcess;
  let ended: Promise<Run>;

  beforeAll(async () => {
    ended = runHoldfast(['--data-dir', folder, 'daemon', '--interface', NO_INTERFACE], {
      onStart: (child) => {
        daemon = child;
      },
    });
    await vi.waitUntil(() => existsSync(join(folder, 'run/view.sock')), { timeout: 45_000 });
  });
  afterAll(async () => {
    daemon.kill('SIGTERM');
    await ended;
  });

  it('goes through the engine, which writes it down and says in Health what it compares with', async () => {
    expect((await holdfast('indicators', 'import', list)).stdout).toContain('2 new indicators');
    const { stdout } = await holdfast('indicators', 'list', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ size: 5, lists: [{}, { name: 'bad-things.list.txt', isOwn: true }] });
    const status = JSON.parse((await holdfast('status', '--json')).stdout) as { health: { part: string }[] };
    expect(status.health.find(({ part }) => part === 'indicators')).toMatchObject({
      state: 'ok',
      counters: { indicators: 5 },
    });
    expect((await holdfast('indicators', 'reload')).stdout).toContain('5 indicators');
    expect((await holdfast('indicators', 'remove', 'bad-things.list.txt')).code).toBe(0);
    expect((await holdfast('journal', 'list')).stdout).toMatch(/indicators-removed[\s\S]*indicators-imported/);
  });
});
