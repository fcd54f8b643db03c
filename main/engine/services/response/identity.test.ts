import { describe, expect, it } from 'vitest';
import type { ProcessRecord } from '../../../../contract/domain.ts';
import type { LivingProcess } from '../../runtime/process-table.ts';
import { livingOf } from './identity.ts';

const BOOT_MS = 1_700_000_000_000;
const NOW = { nowMs: BOOT_MS + 1_000_000, uptimeMs: 1_000_000 };

function living(pid: number, startTicks: number): LivingProcess {
  const facts = { parentPid: 1, session: 1, hasTerminal: false, name: 'p', isKernelThread: false };
  return { pid, startTicks, ...facts, image: '/usr/bin/p', words: ['p'], isOfTheSystem: true };
}

const told = (pid: number, startedMs: number | undefined): ProcessRecord => ({
  pid,
  startedMs,
  image: '/usr/bin/p',
  commandLine: 'p',
});

function find(record: ProcessRecord, running: readonly LivingProcess[], lineage: readonly ProcessRecord[] = []) {
  const table = { find: (pid: number) => running.find((each) => each.pid === pid), childrenOf: () => [] };
  return livingOf(record, [record, ...lineage], table, NOW)?.pid;
}

describe('livingOf', () => {
  it('finds the process that was told, though clocks differ a little', () => {
    expect(find(told(7, BOOT_MS + 5_000), [living(7, 500)])).toBe(7);
    expect(find(told(7, BOOT_MS + 6_500), [living(7, 500)])).toBe(7);
  });

  it('does not take another process with its number', () => {
    expect(find(told(7, BOOT_MS + 5_000), [living(7, 900)])).toBeUndefined();
  });

  it('finds nobody who has ended, and nobody whose start is not known', () => {
    expect(find(told(7, BOOT_MS + 5_000), [])).toBeUndefined();
    expect(find(told(7, undefined), [living(7, 500)])).toBeUndefined();
  });

  it('trusts those above it where the clock was set since the sensor began', () => {
    const off = 3_600_000;
    const parent = told(3, BOOT_MS + off + 1_000);
    const running = [living(7, 500), living(3, 100)];
    expect(find(told(7, BOOT_MS + off + 5_000), running)).toBeUndefined();
    expect(find(told(7, BOOT_MS + off + 5_000), running, [parent])).toBe(7);
    // Another one by now has the number.
    expect(find(told(7, BOOT_MS + off + 5_000), [living(7, 900), living(3, 100)], [parent])).toBeUndefined();
  });
});
