import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { CostMeter } from './cost-meter.ts';

const proc = mkdtempSync(join(tmpdir(), 'holdfast-cost-test-'));
afterAll(() => rmSync(proc, { recursive: true }));

function put(pid: number, { ticks, pages, shareKib }: { ticks: number; pages: number; shareKib?: number }): void {
  const folder = join(proc, String(pid));
  mkdirSync(folder, { recursive: true });
  const fields = Array.from({ length: 40 }, () => 0);
  fields.splice(11, 2, ticks, 1);
  fields[21] = pages;
  writeFileSync(join(folder, 'stat'), `${pid} (a ) name) S ${fields.slice(1).join(' ')}\n`);
  const share = shareKib === undefined ? '' : `Rss: 9 kB\nPss:  ${shareKib} kB\nPss_Anon: 1 kB\n`;
  writeFileSync(join(folder, 'smaps_rollup'), `0-1 ---p 00000000 00:00 0 [rollup]\n${share}`);
}

it('counts the share of memory of all processes, and resident memory where no share is told', () => {
  put(process.pid, { ticks: 0, pages: 1, shareKib: 1_000 });
  put(7, { ticks: 0, pages: 10 });
  const meter = new CostMeter({ clock: new ManualClock(), proc, ownCpuMs: () => 0 });
  expect(meter.measure([7, 999_999]).memoryBytes).toBe(1_000 * 1_024 + 10 * 4_096);
});

it('measures CPU time between looks, and does not look again at once', () => {
  const clock = new ManualClock();
  let ownCpuMs = 500;
  const meter = new CostMeter({ clock, proc, ownCpuMs: () => ownCpuMs });
  put(process.pid, { ticks: 0, pages: 1, shareKib: 1 });
  put(7, { ticks: 49, pages: 1, shareKib: 1 });
  expect(meter.measure([7]).cpuPercent).toBe(0);
  clock.advance(1_000);
  expect(meter.measure([7]).cpuPercent).toBeCloseTo(100);
  ownCpuMs += 10;
  put(7, { ticks: 89, pages: 1, shareKib: 5 });
  clock.advance(100);
  expect(meter.measure([7])).toMatchObject({ cpuPercent: 100, memoryBytes: 2 * 1_024 });
  clock.advance(3_900);
  expect(meter.measure([7])).toMatchObject({ cpuPercent: (100 * 410) / 4_000, memoryBytes: 6 * 1_024 });
  // Another one in its place.
  put(7, { ticks: 0, pages: 1, shareKib: 5 });
  clock.advance(1_000);
  expect(meter.measure([7]).cpuPercent).toBe(0);
});

it('measures this very process', () => {
  const { memoryBytes } = new CostMeter().measure([]);
  expect(memoryBytes).toBeGreaterThan(10_000_000);
});
