import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { HeapTidy, TIDY_LOOK_MS } from './heap.ts';

const MIB = 2 ** 20;
const clock = new ManualClock();
let cpuMs = 0;
let heapBytes = 0;
let collections = 0;
let tidy: HeapTidy;

/** Looks so many times, with this share of a core used in between. */
function pass(looks: number, share: number): void {
  for (let look = 0; look < looks; look++) {
    clock.advance(TIDY_LOOK_MS);
    cpuMs += TIDY_LOOK_MS * share;
    tidy.look();
  }
}

beforeEach(() => {
  cpuMs = 0;
  heapBytes = 80 * MIB;
  collections = 0;
  const collect = (): void => {
    collections++;
    heapBytes = 40 * MIB;
  };
  tidy = new HeapTidy({ clock, cpuMs: () => cpuMs, heapBytes: () => heapBytes, collect });
});

describe('HeapTidy', () => {
  it('collects once a busy thread has become quiet, and not again for what is in use', () => {
    pass(10, 0.9);
    expect(collections).toBe(0);
    pass(1, 0.01);
    expect(collections).toBe(0);
    pass(1, 0.01);
    expect(collections).toBe(1);
    heapBytes = 42 * MIB;
    pass(100, 0.01);
    expect(collections).toBe(1);
  });

  it('collects what the next burst leaves, but not at every turn', () => {
    pass(2, 0);
    expect(collections).toBe(1);
    heapBytes = 80 * MIB;
    pass(11, 0);
    expect(collections).toBe(1);
    pass(1, 0);
    expect(collections).toBe(2);
  });

  it('may be asked more often than it looks', () => {
    for (let ask = 0; ask < 25; ask++) {
      clock.advance(TIDY_LOOK_MS / 10);
      tidy.look();
    }
    expect(collections).toBe(1);
  });

  it('does nothing where Node offers no collection', () => {
    tidy = new HeapTidy({ clock, cpuMs: () => 0, heapBytes: () => heapBytes, collect: undefined });
    pass(10, 0);
    expect(heapBytes).toBe(80 * MIB);
  });
});
