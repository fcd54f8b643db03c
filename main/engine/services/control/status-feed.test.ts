import { describe, expect, it } from 'vitest';
import type { Status } from '../../../../contract/api-schemas.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { StatusFeed } from './status-feed.ts';

/** The feed hands it on and looks at nothing in it. */
const STATUS = { version: '0.0.0-test' } as Status;

function setup() {
  const clock = new ManualClock();
  let reads = 0;
  const feed = new StatusFeed(clock, () => {
    reads++;
    return STATUS;
  });
  const times: number[] = [];
  return { clock, feed, times, reads: () => reads, watch: () => feed.watch(() => times.push(clock.monotonicMs())) };
}

describe('StatusFeed', () => {
  it('tells at once, every two seconds, and soon when something changes', () => {
    const { clock, feed, times, watch } = setup();
    watch();
    clock.advance(4_000);
    expect(times).toEqual([0, 2_000, 4_000]);
    clock.advance(1_000);
    feed.poke();
    clock.advance(0);
    expect(times.at(-1)).toBe(5_000);
    clock.advance(1_999);
    expect(times).toHaveLength(4);
    clock.advance(1);
    expect(times.at(-1)).toBe(7_000);
  });

  it('tells a storm of changes four times a second, the last one included', () => {
    const { clock, feed, times, watch } = setup();
    watch();
    for (let index = 0; index < 100; index++) {
      feed.poke();
      clock.advance(10);
    }
    expect(times).toEqual([0, 250, 500, 750, 1_000]);
    feed.poke();
    clock.advance(250);
    expect(times.at(-1)).toBe(1_250);
  });

  it('does nothing while nobody watches, and reads once for all', () => {
    const { clock, feed, watch, reads } = setup();
    feed.poke();
    clock.advance(10_000);
    expect(reads()).toBe(0);
    const [first, second] = [watch(), watch()];
    clock.advance(2_000);
    expect(reads()).toBe(3);
    first();
    first();
    second();
    expect(clock.pending).toBe(0);
    clock.advance(10_000);
    expect(reads()).toBe(3);
  });
});
