import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { setNice } from './priority.ts';

describe('setNice', () => {
  it('sets what is allowed', () => {
    const now = getPriority();
    expect(setNice(now)).toBe(true);
    expect(getPriority()).toBe(now);
  });

  it('goes on where it is refused', () => {
    // The largest number of a thread is 2^22 - 1 (proc(5), pid_max).
    expect(setNice(0, 2 ** 22)).toBe(false);
  });
});
