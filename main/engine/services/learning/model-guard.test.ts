import { describe, expect, it } from 'vitest';
import { testFinding } from '../alerts/alert-testing.ts';
import { PoisonGuard } from './model-guard.ts';

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const between = (initiator: string, responder: string, atMs = NOW_MS) => ({
  initiator,
  responder,
  firstMs: atMs,
  lastMs: atMs,
});
const seen = { firstSeenMs: NOW_MS, lastSeenMs: NOW_MS, severity: 'medium' } as const;

describe('the guard of what is learnt', () => {
  it('keeps out conversations between those whom a finding names, both ways, at about that time', () => {
    const guard = new PoisonGuard();
    expect(guard.isNamed(between('a', 'v'))).toBe(false);
    guard.hear(testFinding('a', { ...seen, victims: ['v', 'w'] }));
    expect(guard.isNamed(between('a', 'v'))).toBe(true);
    expect(guard.isNamed(between('w', 'a'))).toBe(true);
    expect(guard.isNamed(between('a', 'x'))).toBe(false);
    expect(guard.isNamed(between('v', 'w'))).toBe(false);
    expect(guard.isNamed(between('a', 'v', NOW_MS + 4 * MINUTE_MS))).toBe(true);
    expect(guard.isNamed(between('a', 'v', NOW_MS + 6 * MINUTE_MS))).toBe(false);
    expect(guard.isNamed({ ...between('a', 'v'), firstMs: NOW_MS - 9e9, lastMs: NOW_MS + 9e9 })).toBe(true);
  });

  it('keeps everything of one side out where only that is known, but only the last minutes of it', () => {
    const guard = new PoisonGuard();
    guard.hear(testFinding('a', { ...seen, firstSeenMs: NOW_MS - 60 * MINUTE_MS, victims: [] }));
    expect(guard.isNamed(between('a', 'anybody'))).toBe(true);
    expect(guard.isNamed(between('anybody', 'a'))).toBe(true);
    expect(guard.isNamed(between('a', 'anybody', NOW_MS - 30 * MINUTE_MS))).toBe(false);
    guard.hear(testFinding('', { ...seen, cause: 'other', attackers: [], victims: ['v'] }));
    expect(guard.isNamed(between('x', 'v'))).toBe(true);
  });

  it('does not mind notices', () => {
    const guard = new PoisonGuard();
    guard.hear(testFinding('a', { ...seen, severity: 'info', victims: ['v'] }));
    expect(guard.isNamed(between('a', 'v'))).toBe(false);
    expect(guard.takeNews()).toEqual([]);
  });

  it('tells news once, takes the later word of a cause, and forgets the oldest of very many', () => {
    const guard = new PoisonGuard();
    for (let cause = 0; cause < 3_000; cause++) {
      guard.hear(testFinding(`a${cause}`, { ...seen, cause: `${cause}`, victims: ['v'] }));
    }
    expect(guard.isNamed(between('a0', 'v'))).toBe(false);
    expect(guard.isNamed(between('a2999', 'v'))).toBe(true);
    expect(guard.takeNews().length).toBeLessThanOrEqual(2_001);
    expect(guard.takeNews()).toEqual([]);
    guard.hear(testFinding('b', { ...seen, cause: '2999', victims: ['v'] }));
    expect(guard.isNamed(between('a2999', 'v'))).toBe(false);
  });

  it('keeps up with a storm of findings that each name many', () => {
    const guard = new PoisonGuard();
    const begunMs = performance.now();
    for (let turn = 0; turn < 1_200; turn++) {
      const attackers = Array.from({ length: 50 }, (_, host) => `a${turn % 300}.${host}`);
      guard.hear(testFinding('', { ...seen, cause: `${turn % 1_000}`, attackers, victims: ['v'] }));
      guard.isNamed(between('x', 'v'));
    }
    // A look at all that is known for each of them would take most of a minute.
    expect(performance.now() - begunMs).toBeLessThan(10_000);
    expect(guard.isNamed(between('a7.3', 'v'))).toBe(true);
    expect(guard.isNamed(between('x', 'v'))).toBe(false);
  });
});
