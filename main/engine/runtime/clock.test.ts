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
});
