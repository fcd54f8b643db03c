import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ForestProcess, processForest } from './process-forest.ts';

const process = (pid: number, parentPid = 0, startedMs = pid * 10_000): ForestProcess => ({
  pid,
  parentPid,
  startedMs,
});
const shape = (processes: readonly ForestProcess[]) =>
  processForest(processes).map(({ process: { pid }, depth, parent, below }) => [pid, depth, parent, below]);

describe('a forest of processes', () => {
  it('puts children below their parents, and says how many there are', () => {
    expect(shape([process(1), process(7, 5), process(5, 1), process(9), process(6, 1)])).toEqual([
      [1, 0, -1, 3],
      [5, 1, 0, 1],
      [7, 2, 1, 0],
      [6, 1, 0, 0],
      [9, 0, -1, 0],
    ]);
  });

  it('takes the bearer of a number that was there in time', () => {
    const first = process(5, 1, 100_000);
    const later = process(5, 1, 900_000);
    const child = process(6, 5, 500_000);
    const rows = processForest([later, first, child]);
    expect(rows[rows.findIndex((row) => row.process === child)].parent).toBe(
      rows.findIndex((row) => row.process === first),
    );
    const young = process(7, 5, 99_000);
    // Its start is known by the second, and its parent's exactly.
    expect(processForest([first, young]).map(({ depth }) => depth)).toEqual([0, 1]);
    expect(processForest([later, young]).map(({ depth }) => depth)).toEqual([0, 0]);
  });

  it('shows everybody of a ring, and who claims to be its own parent', () => {
    expect(shape([process(1, 1, 0), process(2, 3, 0), process(3, 4, 0), process(4, 2, 0)])).toEqual([
      [1, 0, -1, 0],
      [2, 0, -1, 2],
      [4, 1, 1, 1],
      [3, 2, 2, 0],
    ]);
  });

  it('shows each once, below its parent, whatever is claimed', () => {
    const some = fc.record({
      pid: fc.integer({ min: 1, max: 12 }),
      parentPid: fc.integer({ min: 0, max: 12 }),
      startedMs: fc.integer({ min: 0, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 40 }), (processes) => {
        const rows = processForest(processes);
        expect(new Set(rows.map((row) => row.process))).toEqual(new Set(processes));
        expect(rows).toHaveLength(processes.length);
        for (const [index, { process: own, depth, parent, below }] of rows.entries()) {
          if (parent >= 0) {
            expect(parent).toBeLessThan(index);
            expect(rows[parent].process.pid).toBe(own.parentPid);
            expect(rows[parent].depth).toBe(depth - 1);
          } else expect(depth).toBe(0);
          const next = rows.findIndex((row, at) => at > index && row.depth <= depth);
          expect((next < 0 ? rows.length : next) - index - 1).toBe(below);
        }
      }),
    );
  });

  it('bears a chain of any length, and one number for all, without a wait', () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => process(index + 2, index + 1, 0));
    const crowd = Array.from({ length: 20_000 }, (_, index) => process(1, 1, index * 10));
    const begunMs = performance.now();
    expect(processForest(chain.toReversed())[0]).toMatchObject({ below: 19_999, depth: 0 });
    expect(processForest(crowd)).toHaveLength(20_000);
    expect(performance.now() - begunMs).toBeLessThan(2_000);
  });
});
