import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../../contract/api-schemas.ts';
import { SEVERITIES } from '../../../contract/domain.ts';
import { AlertFeed, type Ask, type Question } from './alert-feed.ts';
import { filterOf } from './filters.ts';
import { alertRecord } from './testing.ts';

/** An engine's list over these alerts. */
class Engine {
  readonly asked: Question[] = [];
  isAway = false;
  alerts: readonly AlertRecord[];

  constructor(alerts: readonly AlertRecord[]) {
    this.alerts = alerts;
  }

  readonly ask: Ask = async (question) => {
    this.asked.push(question);
    if (this.isAway) return { ok: false, failure: { code: 'engine-lost', message: 'Lost.', hint: '' } };
    const { severities = [], kinds = [], states = [], limit = 50, cursor = '0' } = question;
    const fitting = this.alerts
      .filter(
        (alert) =>
          (severities.length === 0 || severities.includes(alert.severity)) &&
          (kinds.length === 0 || kinds.includes(alert.kind)) &&
          states.some((state) => state === alert.state),
      )
      .sort((a, b) => b.lastSeenMs - a.lastSeenMs);
    const start = Number(cursor);
    const next = start + limit < fitting.length ? String(start + limit) : null;
    return { ok: true, value: { alerts: fitting.slice(start, start + limit), total: fitting.length, next } };
  };
}

function many(count: number): AlertRecord[] {
  return Array.from({ length: count }, (_, index) =>
    alertRecord({
      id: `a-${index}`,
      lastSeenMs: index * 1_000,
      kind: index % 3 === 0 ? 'beaconing' : index % 3 === 1 ? 'port-scan' : 'exploit',
      severity: SEVERITIES[index % 5],
    }),
  );
}

async function open(engine: Engine, query: Record<string, string> = {}): Promise<AlertFeed> {
  const feed = new AlertFeed(filterOf(query, 0), engine.ask);
  await feed.reload();
  await feed.recount();
  return feed;
}

const ids = (feed: AlertFeed): string[] => feed.state().rows.map(({ id }) => id);

describe('AlertFeed', () => {
  it('loads a page at a time until there is nothing more', async () => {
    const feed = await open(new Engine(many(700)));
    expect(feed.state()).toMatchObject({ total: 700, isComplete: false, isLoading: false });
    expect(ids(feed)).toHaveLength(300);
    await feed.loadMore();
    await feed.loadMore();
    expect(feed.state().isComplete).toBe(true);
    expect(ids(feed)).toEqual(Array.from({ length: 700 }, (_, index) => `a-${699 - index}`));
  });

  it('asks for the kinds and severities that were chosen, once for each page', async () => {
    const engine = new Engine(many(3_000));
    const feed = await open(engine, { kind: 'beaconing,exploit', severity: 'low,high' });
    expect(engine.asked[0]).toMatchObject({ kinds: ['beaconing', 'exploit'], severities: ['low', 'high'] });
    while (!feed.state().isComplete) await feed.loadMore();
    expect(engine.asked.filter(({ limit }) => limit !== 1)).toHaveLength(3);
    const expected = engine.alerts
      .filter(({ kind, severity }) => kind !== 'port-scan' && (severity === 'low' || severity === 'high'))
      .map(({ id }) => id)
      .reverse();
    expect(ids(feed)).toEqual(expected);
    expect(feed.state().total).toBe(expected.length);
  });

  it('shows what is new at once where nobody reads', async () => {
    const feed = await open(new Engine(many(3)));
    feed.take([alertRecord({ id: 'new', lastSeenMs: 1_500 })]);
    expect(ids(feed)).toEqual(['a-2', 'new', 'a-1', 'a-0']);
    feed.take([alertRecord({ id: 'a-0', lastSeenMs: 9_000 })]);
    expect(ids(feed)).toEqual(['a-0', 'a-2', 'new', 'a-1']);
    feed.take([alertRecord({ id: 'new', state: 'dismissed' })]);
    expect(ids(feed)).toEqual(['a-0', 'a-2', 'a-1']);
    expect(feed.state().total).toBe(3);
  });

  it('moves nothing while it is held: what is new waits, what changed changes where it is, paging goes on', async () => {
    const feed = await open(new Engine(many(400)));
    feed.hold(true);
    const before = ids(feed);
    feed.take([alertRecord({ id: 'new', lastSeenMs: 1e9 }), alertRecord({ id: 'a-390', state: 'dismissed' })]);
    expect(ids(feed)).toEqual(before);
    expect(feed.state()).toMatchObject({ waiting: 1 });
    expect(feed.state().rows.find(({ id }) => id === 'a-390')?.state).toBe('dismissed');
    await feed.loadMore();
    expect(ids(feed)).toHaveLength(400);
    feed.hold(false);
    expect(ids(feed)[0]).toBe('new');
    expect(ids(feed)).not.toContain('a-390');
    expect(feed.state().waiting).toBe(0);
  });

  it('forgets what waited and does not fit any more', async () => {
    const feed = await open(new Engine(many(2)));
    feed.hold(true);
    feed.take([alertRecord({ id: 'new' })]);
    feed.take([alertRecord({ id: 'new', state: 'withdrawn' })]);
    expect(feed.state().waiting).toBe(0);
    feed.release();
    expect(ids(feed)).toEqual(['a-1', 'a-0']);
  });

  it('never shows an alert twice, though it moved between two pages', async () => {
    const engine = new Engine(many(600));
    const feed = await open(engine);
    engine.alerts = [...engine.alerts, alertRecord({ id: 'later', lastSeenMs: 1e9 })];
    feed.take([alertRecord({ id: 'later', lastSeenMs: 1e9 })]);
    while (!feed.state().isComplete) await feed.loadMore();
    expect(new Set(ids(feed)).size).toBe(ids(feed).length);
    expect(ids(feed)).toHaveLength(601);
  });

  it('keeps what was known when the engine is lost, and says why', async () => {
    const engine = new Engine(many(2));
    const feed = await open(engine);
    engine.isAway = true;
    await feed.reload();
    expect(feed.state()).toMatchObject({ failure: { code: 'engine-lost' }, isLoading: false, total: 2 });
    expect(ids(feed)).toEqual(['a-1', 'a-0']);
    engine.isAway = false;
    await feed.reload();
    expect(feed.state().failure).toBeNull();
  });
});
