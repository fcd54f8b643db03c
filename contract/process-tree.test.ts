import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProcessRecord } from './domain.ts';
import { treeRows } from './process-tree.ts';

const process = (pid: number, parentPid?: number, startedMs = pid): ProcessRecord => ({
  pid,
  startedMs,
  image: '',
  commandLine: '',
  ...(parentPid !== undefined && { parentPid }),
});

const shape = (processes: readonly ProcessRecord[]) =>
  treeRows(processes).map(({ process, depth }) => [process.pid, depth]);

describe('a tree of processes', () => {
  it('puts children below their parents, whatever the order', () => {
    const lineage = [process(30, 20), process(20, 10), process(10), process(40, 20)];
    expect(shape(lineage)).toEqual([
      [10, 0],
      [20, 1],
      [30, 2],
      [40, 2],
    ]);
    expect(
      treeRows(lineage)
        .filter(({ isLeaf }) => isLeaf)
        .map((row) => row.process.pid),
    ).toEqual([30, 40]);
  });

  it('takes the bearer of a number that was there in time', () => {
    const early = process(20, 10, 100);
    const late = process(20, 10, 900);
    expect(treeRows([process(30, 20, 500), early, late]).map((row) => [row.process.startedMs, row.depth])).toEqual([
      [100, 0],
      [500, 1],
      [900, 0],
    ]);
  });

  it('shows every process once, also of rings', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(8), fc.nat(8), fc.nat(3)), { maxLength: 30 }), (made) => {
        const processes = made.map(([pid, parentPid, startedMs]) => process(pid, parentPid, startedMs));
        const rows = treeRows(processes);
        expect(new Set(rows.map((row) => row.process)).size).toBe(processes.length);
        expect(rows).toHaveLength(processes.length);
      }),
    );
  });
});
