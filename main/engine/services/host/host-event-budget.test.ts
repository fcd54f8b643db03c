import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { EventBudget } from './host-event-budget.ts';

const written: HostEvent = { type: 'file-written', timeMs: 0, path: '/a' };
const login: HostEvent = { type: 'login', timeMs: 0, user: 'ada', isSuccess: false, service: 'sshd' };

function many(event: HostEvent, count: number): HostEvent[] {
  return Array.from({ length: count }, () => event);
}

describe('EventBudget', () => {
  it('lets a burst through, then so many a second', () => {
    const budget = new EventBudget(100, 0);
    expect(budget.take(many(login, 1_000), 0)).toHaveLength(300);
    expect(budget.take(many(login, 1_000), 500)).toHaveLength(50);
    expect(budget.take(many(login, 1_000), 1_500)).toHaveLength(100);
    expect(budget.dropped).toBe(3_000 - 450);
  });

  it('keeps room for what does not come in floods', () => {
    const budget = new EventBudget(100, 0);
    const kept = budget.take([...many(written, 1_000), login, login], 0);
    expect(kept.filter(({ type }) => type === 'login')).toHaveLength(2);
    expect(kept.length).toBeLessThan(200);
    expect(budget.dropped).toBe(1_002 - kept.length);
  });

  it('gains nothing when the clock stands still', () => {
    const budget = new EventBudget(10, 1_000);
    budget.take(many(login, 100), 1_000);
    expect(budget.take([login], 1_000)).toEqual([]);
  });
});
