import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { TimeAccount } from './time-account.ts';

const MOST_MS = 50;

function opened(share = 0.25) {
  const clock = new ManualClock();
  return { clock, account: new TimeAccount({ clock, share, mostMs: MOST_MS }) };
}

describe('a share of the time', () => {
  it('begins with all that can be saved, and never has more', () => {
    const { clock, account } = opened();
    expect(account.savedMs).toBe(MOST_MS);
    clock.advance(60_000);
    expect(account.savedMs).toBe(MOST_MS);
  });

  it('is saved while time goes by', () => {
    const { clock, account } = opened();
    account.spend(MOST_MS);
    expect(account.savedMs).toBe(0);
    clock.advance(40);
    expect(account.savedMs).toBe(10);
    clock.advance(40);
    expect(account.savedMs).toBe(20);
  });

  it('says how long it takes until there is enough', () => {
    const { clock, account } = opened();
    expect(account.waitMs(MOST_MS)).toBe(0);
    account.spend(MOST_MS);
    expect(account.waitMs(15)).toBe(60);
    clock.advance(60);
    expect(account.waitMs(15)).toBe(0);
  });

  it('pays debts back, but not those of a whole night', () => {
    const { clock, account } = opened();
    account.spend(MOST_MS + 20);
    expect(account.savedMs).toBe(-20);
    clock.advance(80);
    expect(account.savedMs).toBe(0);
    account.spend(8 * 3_600_000);
    expect(account.savedMs).toBe(-MOST_MS);
  });
});
