import { describe, expect, it } from 'vitest';
import type { JournalProgress, JournalVerdict } from '../../store/index.ts';
import { JournalCheck } from './journal-check.ts';

function setup(steps: number) {
  let asked = 0;
  const check = new JournalCheck(() => ({
    verifyJournalStep(progress: JournalProgress | undefined): JournalProgress | JournalVerdict {
      asked++;
      const entries = (progress?.entries ?? 0) + 1;
      return entries < steps ? { id: entries, hash: Buffer.alloc(32), entries } : { intact: true, entries };
    },
  }));
  return { check, asked: () => asked };
}

describe('JournalCheck', () => {
  it('lets others have their turn between the steps', async () => {
    const { check } = setup(50);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    expect(await check.run()).toEqual({ intact: true, entries: 50 });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it('runs once for all who ask meanwhile, and anew for who asks later', async () => {
    const { check, asked } = setup(3);
    await Promise.all([check.run(), check.run(), check.run()]);
    expect(asked()).toBe(3);
    await check.run();
    expect(asked()).toBe(6);
  });
});
