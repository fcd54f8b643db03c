import { describe, expect, it } from 'vitest';
import type { HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { ProcessTree } from './process-tree.ts';

function process(pid: number, startedMs: number, parent?: HostProcess): HostProcessWithParents {
  const command = `/usr/bin/p${pid}`;
  return { pid, startedMs, image: command, commandLine: command, ...(parent !== undefined && { parent }) };
}

function pids(processes: readonly HostProcess[]): readonly number[] {
  return processes.map(({ pid }) => pid);
}

describe('ProcessTree', () => {
  it('knows parents that have ended', () => {
    const tree = new ProcessTree();
    const shell = process(10, 1_000, process(1, 0));
    const child = process(11, 2_000, process(10, 1_000));
    tree.event({ type: 'process-start', timeMs: 1_000, process: shell });
    tree.event({ type: 'process-start', timeMs: 2_000, process: child });
    tree.event({ type: 'process-exit', timeMs: 2_500, process: shell });
    expect(pids(tree.ancestors(process(11, 2_000)))).toEqual([10, 1]);
  });

  it('does not take a process for another one that has its number', () => {
    const tree = new ProcessTree();
    tree.event({ type: 'process-start', timeMs: 1_000, process: process(10, 1_000, process(1, 0)) });
    expect(tree.ancestors(process(10, 90_000))).toEqual([]);
    expect(pids(tree.ancestors(process(11, 91_000, process(10, 90_000))))).toEqual([10]);
  });

  it('keeps the parents of a process that runs another program in its place', () => {
    const tree = new ProcessTree();
    tree.event({ type: 'process-start', timeMs: 1_000, process: process(10, 1_000, process(1, 0)) });
    tree.event({ type: 'process-start', timeMs: 1_500, process: process(10, 1_000) });
    expect(pids(tree.ancestors(process(10, 1_000)))).toEqual([1]);
  });

  it('is bounded in depth, however long parents go on having children and ending', () => {
    const tree = new ProcessTree();
    for (let pid = 2; pid < 1_000; pid++) {
      tree.event({ type: 'process-start', timeMs: pid, process: process(pid, pid, process(pid - 1, pid - 1)) });
    }
    const above = pids(tree.ancestors(process(999, 999)));
    expect(above[0]).toBe(998);
    expect(above).toHaveLength(16);
  });
});
