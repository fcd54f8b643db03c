import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallContext } from '../../../../contract/api.ts';
import type { EventMatches } from '../../../../contract/api-events.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { systemClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { eventHandlers } from './events.ts';

const NOW = Date.UTC(2026, 10, 22);
const CONTEXT: CallContext = { role: 'view', actor: 'test', signal: new AbortController().signal };
const RULE = `
title: Download by curl
logsource: { category: process_creation, product: linux }
detection:
  selection: { Image|endswith: /curl }
  condition: selection
level: medium
`;
const start = (image: string, i: number): HostEvent => ({
  type: 'process-start',
  timeMs: NOW + i,
  process: { pid: i + 1, startedMs: NOW + i, image, commandLine: `${image} x` },
});

let place: string;
let store: Store;
let handlers: ReturnType<typeof eventHandlers>;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-events-'));
  const path = join(place, 'd', 'holdfast.db');
  const health = new HealthRegistry();
  store = await openStore({
    path,
    clock: { ...systemClock, nowMs: () => NOW },
    health,
    settings: defaultsOf(storeSettings),
  });
  store.insertEvents(Array.from({ length: 100 }, (_, i) => start(i % 10 === 0 ? '/usr/bin/curl' : '/usr/bin/ls', i)));
  handlers = eventHandlers({ store: () => store, onHostEvents: () => () => {} });
});
afterAll(async () => {
  await store.hunt.close();
  store.close();
  rmSync(place, { recursive: true });
});

/** All items until the last one. */
function match(
  rule: string,
  changes: { readonly fromMs?: number; readonly limit?: number } = {},
): Promise<EventMatches[]> {
  return new Promise((resolve) => {
    const items: EventMatches[] = [];
    const input = { rule, fromMs: 0, toMs: NOW + 1_000, limit: 200, ...changes };
    handlers['events.match'](
      input,
      (item) => {
        items.push(item);
        if (item.isDone) resolve(items);
      },
      CONTEXT,
    );
  });
}

describe('a rule over history', () => {
  it('finds what it would have found', async () => {
    const items = await match(RULE);
    const matches = items.flatMap((item) => item.matches);
    expect(matches).toHaveLength(10);
    expect(matches[0]).toMatchObject({
      id: 'e-1',
      rule: 'Download by curl',
      level: 'medium',
      event: start('/usr/bin/curl', 0),
    });
    expect(matches[0]?.reason).toContain('/usr/bin/curl');
    expect(items.at(-1)).toMatchObject({ progress: 1, scanned: 100, total: 10, isDone: true, failure: null });
  });

  it('counts beyond its limit, and looks at its span only', async () => {
    const items = await match(RULE, { fromMs: NOW + 50, limit: 2 });
    expect(items.flatMap((item) => item.matches)).toHaveLength(2);
    expect(items.at(-1)).toMatchObject({ scanned: 50, total: 5 });
  });

  it.each([
    ['title: x\ndetection: [', /^Line \d+: /],
    ['title: x', /Line \d+: |no rule/],
    ['', /no rule/],
  ])('says what is wrong with %o', async (rule, message) => {
    const [item] = await match(rule);
    expect(item?.failure).toMatchObject({ code: 'bad-rule', message: expect.stringMatching(message) });
  });

  it('can be given up, and is run a bounded number of times at once', async () => {
    const items: EventMatches[] = [];
    const ends = Array.from({ length: 3 }, () =>
      handlers['events.match']({ rule: RULE, fromMs: 0, toMs: NOW, limit: 1 }, (item) => items.push(item), CONTEXT),
    );
    await store.events.settle();
    await new Promise(setImmediate);
    for (const end of ends) end();
    expect(items.map(({ failure }) => failure?.code)).toEqual(['match-busy']);
    expect((await match(RULE)).at(-1)?.total).toBe(10);
  });
});

describe('the list of events', () => {
  it('goes page by page', async () => {
    const first = await handlers['events.list']({ limit: 60 }, CONTEXT);
    expect(first.events[0]).toEqual({ id: 'e-100', event: start('/usr/bin/ls', 99) });
    const rest = await handlers['events.list']({ limit: 60, cursor: first.next ?? '' }, CONTEXT);
    expect(rest.events).toHaveLength(40);
    expect(rest.next).toBeNull();
  });

  it('refuses what is no cursor', async () => {
    await expect(async () => handlers['events.list']({ limit: 1, cursor: 'x' }, CONTEXT)).rejects.toThrow('no cursor');
  });
});
