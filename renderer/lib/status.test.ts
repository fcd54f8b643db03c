import { expect, it, vi } from 'vitest';

// The module reaches for the window's bridge; what is tested here does not.
vi.mock('./link.ts', () => ({}));
vi.mock('./use-query.ts', () => ({}));
vi.mock('./use-stream.ts', () => ({}));
const { standingOf } = await import('./status.ts');

const quiet = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
const watched = {
  name: 'eth0',
  state: 'up',
  detail: '',
  packetsPerSecond: 0,
  bytesPerSecond: 0,
  received: 0,
  dropped: 0,
  bytes: 0,
} as const;
const status = { health: [], interfaces: [watched], pause: null, alerts: quiet } as unknown as NonNullable<
  Parameters<typeof standingOf>[1]
>;

it('never says "protected" of what is not known', () => {
  expect(standingOf({ state: 'connected' }, status, null).mark).toBe('protected');
  expect(standingOf({ state: 'connected' }, undefined, null).mark).toBe('unknown');
  expect(standingOf({ state: 'connecting' }, status, null).mark).toBe('unknown');
  expect(standingOf({ state: 'lost' }, status, null).mark).toBe('lost');
  expect(standingOf({ state: 'failed' }, status, null).mark).toBe('lost');
});

it('says the worst first: paused, off, alerts, gaps', () => {
  const mark = (change: object) => standingOf({ state: 'connected' }, { ...status, ...change }, null).mark;
  const high = { ...quiet, high: 1 };
  const failed = { part: 'store', state: 'failed', detail: '', counters: {} };
  expect(mark({ alerts: high })).toBe('attention');
  expect(mark({ alerts: high, interfaces: [] })).toBe('off');
  expect(mark({ alerts: high, pause: { untilMs: 0, sinceMs: 0, reason: '', actor: '' } })).toBe('paused');
  expect(mark({ health: [failed] })).toBe('partial');
});

it('does not look for an engine that is there and could not say how it is', () => {
  const failure = { code: 'engine-too-slow', message: 'The engine did not answer within 60 s.', hint: '' };
  const standing = standingOf({ state: 'connected' }, undefined, failure);
  expect(standing).toMatchObject({ mark: 'silent', word: 'State unknown', openAlerts: 0 });
  expect(standing.sentence).toContain('did not answer within 60 s.');
  // What was known before counts for longer, and while the link is away the link is what is said.
  expect(standingOf({ state: 'connected' }, status, failure).mark).toBe('protected');
  expect(standingOf({ state: 'connecting' }, undefined, failure).mark).toBe('unknown');
  expect(standingOf({ state: 'lost' }, undefined, failure).mark).toBe('lost');
});
