import { describe, expect, it } from 'vitest';
import type { HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import { ForkWatch } from './fork-watch.ts';

const bash = (pid: number): HostProcess => ({ pid, startedMs: pid, image: '/usr/bin/bash', commandLine: 'bash -c :' });

/** A copy with so many copies of the same program above it. */
function copy(pid: number, generations: number): HostProcessWithParents {
  const above = Array.from({ length: generations }, (_, index) => bash(index + 2));
  const [parent, ...ancestors] = [...above, { pid: 1, image: '/usr/lib/systemd/systemd', commandLine: '/sbin/init' }];
  return { ...bash(pid), parent, ancestors };
}

function watchOf(running: ReadonlyMap<number, HostProcessWithParents>) {
  const counts = { forks: 0, execs: 0 };
  let looks = 0;
  const watch = new ForkWatch({
    counts: () => ({ ...counts }),
    processOf: (pid) => running.get(pid),
    running: () => {
      looks++;
      return [...running.keys()];
    },
  });
  return { watch, counts, looks: () => looks };
}

describe('ForkWatch', () => {
  const bomb = new Map(Array.from({ length: 400 }, (_, index) => [100 + index, copy(100 + index, index % 9)]));

  it('tells of a program that is copied in masses, with the longest line of copies', () => {
    const { watch, counts } = watchOf(bomb);
    watch.take();
    counts.forks = 400;
    expect(watch.take()).toMatchObject([{ generations: 8, process: { image: '/usr/bin/bash' } }]);
    expect(watch.take()).toEqual([]);
  });

  it('looks at nobody while copies run programs, or are few', () => {
    const { watch, counts, looks } = watchOf(bomb);
    watch.take();
    counts.forks = 5_000;
    counts.execs = 4_950;
    expect(watch.take()).toEqual([]);
    counts.forks += 100;
    expect(watch.take()).toEqual([]);
    expect(looks()).toBe(0);
  });

  it('does not take workers of a server for copies of copies', () => {
    const workers = new Map(Array.from({ length: 400 }, (_, index) => [100 + index, copy(100 + index, 1)]));
    const { watch, counts } = watchOf(workers);
    watch.take();
    counts.forks = 400;
    expect(watch.take()).toMatchObject([{ copies: 400, generations: 1 }]);
  });
});
