import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlowStoreScene, HOUR_MS, START_MS } from './testing.ts';

let scene: FlowStoreScene;
beforeEach(async () => {
  scene = await FlowStoreScene.open();
});
afterEach(() => scene.close());

const idsOf = (rows: readonly { readonly id: number }[]) => rows.map(({ id }) => id);

describe('searching flows', () => {
  it('tells those of this computer from those of captures', () => {
    scene.store.insertFlows([
      scene.flow(1),
      scene.flow(2, { source: 'c-1' }),
      scene.flow(3),
      scene.flow(4, { source: 'c-2' }),
    ]);
    expect(idsOf(scene.store.listFlows({ source: 'live' }).rows)).toEqual([3, 1]);
    expect(idsOf(scene.store.listFlows({ source: 'c-1' }).rows)).toEqual([2]);
    expect(scene.store.listFlows({ source: 'c-1' }).cursor).toBeUndefined();
    expect(scene.store.listFlows({ source: 'c-none' })).toEqual({ rows: [] });
    expect(idsOf(scene.store.listFlows().rows)).toEqual([4, 3, 2, 1]);
    expect(scene.store.getFlow(2)).toMatchObject({ id: 2, source: 'c-1' });
    expect(scene.store.getFlow(9)).toBeUndefined();
  });

  it('finds those between two groups, whoever began', () => {
    const [a, b, c] = ['10.0.0.1', '10.0.0.2', 'fe80::1'];
    const between = [
      [a, b],
      [b, a],
      [a, c],
      [b, c],
    ].map(([initiator, responder], index) => scene.flow(index + 1, { initiator, responder }));
    scene.store.insertFlows(between);
    expect(idsOf(scene.store.listFlows({ between: [[a], [b]] }).rows)).toEqual([2, 1]);
    expect(idsOf(scene.store.listFlows({ between: [[a], [b, c]] }).rows)).toEqual([3, 2, 1]);
    expect(idsOf(scene.store.listFlows({ between: [[c], []] }).rows)).toEqual([4, 3]);
    expect(idsOf(scene.store.listFlows({ between: [["' OR 1=1 --"], []] }).rows)).toEqual([]);
  });

  it('looks only where flows of the time can be', () => {
    // Ten days, an hour of traffic in each, stored when it ended.
    for (let day = 0; day < 10; day++) {
      scene.store.insertFlows(
        Array.from({ length: 20 }, (_, n) => {
          const lastUs = (scene.clock.nowMs() - n) * 1000;
          return scene.flow(n, { firstUs: lastUs - 1_000, lastUs });
        }),
      );
      scene.store.flush();
      scene.clock.setWallClock(scene.clock.nowMs() + 24 * HOUR_MS);
    }
    const sinceMs = START_MS + 2 * 24 * HOUR_MS - HOUR_MS;
    const page = scene.store.listFlows({ source: 'live', sinceMs, untilMs: sinceMs + 2 * HOUR_MS });
    expect(page.rows).toHaveLength(20);
    expect(page.rows.every(({ storedMs }) => storedMs === START_MS + 2 * 24 * HOUR_MS)).toBe(true);
    // It knows that nothing is left, without having looked at the eight days before and after.
    expect(page.cursor).toBeUndefined();
    const later = scene.store.listFlows({ sinceMs: START_MS + 9 * 24 * HOUR_MS - HOUR_MS, limit: 15 });
    expect(later.rows).toHaveLength(15);
    expect(
      scene.store.listFlows({ sinceMs: START_MS + 9 * 24 * HOUR_MS - HOUR_MS, cursor: later.cursor }).rows,
    ).toHaveLength(5);
  });
});
