import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from './clock.ts';

describe('ManualClock', () => {
  it('runs tasks in the order they are due, also those added on the way', () => {
    const clock = new ManualClock(1_000);
    const ran: string[] = [];
    clock.after(30, () => ran.push(`late@${clock.nowMs()}`));
    clock.after(10, () => {
      ran.push(`early@${clock.nowMs()}`);
      clock.after(5, () => ran.push(`added@${clock.nowMs()}`));
    });
    clock.advance(100);
    expect(ran).toEqual(['early@1010', 'added@1015', 'late@1030']);
    expect(clock.nowMs()).toBe(1_100);
  });

  it('repeats until cancelled', () => {
    const clock = new ManualClock();
    let count = 0;
    const timer = clock.every(10, () => {
      count += 1;
    });
    clock.advance(35);
    timer.cancel();
    clock.advance(100);
    expect(count).toBe(3);
    expect(clock.pending).toBe(0);
  });

  it('keeps monotonic time when the wall clock is set back', () => {
    const clock = new ManualClock(5_000);
    clock.advance(10);
    clock.setWallClock(0);
    clock.advance(10);
    expect(clock.nowMs()).toBe(10);
    expect(clock.monotonicMs()).toBe(20);
  });
});

describe('systemClock', () => {
  it('sleeps and never goes back', async () => {
    const before = systemClock.monotonicMs();
    await systemClock.sleep(5);
    expect(systemClock.monotonicMs()).toBeGreaterThan(before);
  });

  it('does at once what is due at whole seconds, in time, until it is cancelled', async () => {
    const ran: { readonly name: string; readonly atMs: number }[] = [];
    const begunMs = systemClock.monotonicMs();
    const note = (name: string) => () => ran.push({ name, atMs: systemClock.monotonicMs() - begunMs });
    const first = systemClock.every(1_000, note('first'));
    await systemClock.sleep(100);
    const second = systemClock.every(1_000, note('second'));
    const never = systemClock.every(1_000, note('never'));
    never.cancel();
    await systemClock.sleep(2_300);
    first.cancel();
    const before = ran.length;
    await systemClock.sleep(1_100);
    second.cancel();
    expect(ran.map(({ name }) => name)).not.toContain('never');
    expect(ran.slice(before).map(({ name }) => name)).not.toContain('first');
    const times = (wanted: string): number[] => ran.filter(({ name }) => name === wanted).map(({ atMs }) => atMs);
    const [firsts, seconds] = [times('first'), times('second')];
    expect(firsts.length).toBeGreaterThanOrEqual(1);
    expect(firsts[0]).toBeGreaterThan(990);
    // A busy machine is late for both: they come together all the same.
    const apart = firsts.map((atMs) => Math.min(...seconds.map((other) => Math.abs(other - atMs))));
    expect(Math.min(...apart)).toBeLessThan(20);
    expect(seconds.length).toBeGreaterThanOrEqual(firsts.length);
  }, 20_000);
});
