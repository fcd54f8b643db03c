import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FlowStoreScene, MINUTE_MS, START_MS } from './testing.ts';
import type { TrafficMinute } from './types.ts';

let scene: FlowStoreScene;
beforeEach(async () => {
  scene = await FlowStoreScene.open();
});
afterEach(() => scene.close());

function minute(number: number, changes: Partial<TrafficMinute> = {}): TrafficMinute {
  return {
    startMs: START_MS + number * MINUTE_MS,
    receivedBytes: 100,
    sentBytes: 10,
    packets: 5,
    dropped: 1,
    watchedSeconds: 60,
    ...changes,
  };
}

describe('traffic by the minute', () => {
  it('adds the pieces of a minute together', () => {
    scene.store.addTrafficMinute(minute(0, { watchedSeconds: 20 }));
    scene.store.addTrafficMinute(minute(0, { watchedSeconds: 30.5, startMs: START_MS + 30_000 }));
    expect(scene.store.trafficPoints(START_MS, 1, 5).rows).toEqual([
      { point: 0, receivedBytes: 200, sentBytes: 20, packets: 10, dropped: 2, watchedSeconds: 50.5 },
    ]);
  });

  it('loses and doubles nothing, whatever the steps', () => {
    const numbers = [0, 1, 2, 7, 59, 60, 61, 600];
    for (const number of numbers) scene.store.addTrafficMinute(minute(number, { packets: 2 ** number % 1_000 }));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 90 }), (first, step) => {
        const count = Math.ceil((700 - first) / step);
        const { rows } = scene.store.trafficPoints(START_MS + first * MINUTE_MS, step, count);
        const expected = new Map<number, number>();
        for (const number of numbers.filter((each) => each >= first)) {
          const point = Math.floor((number - first) / step);
          expected.set(point, (expected.get(point) ?? 0) + (2 ** number % 1_000));
        }
        expect(rows.map(({ point, packets }) => [point, packets])).toEqual([...expected]);
      }),
      { numRuns: 50 },
    );
  });

  it('goes after a month', () => {
    scene.store.addTrafficMinute(minute(0));
    scene.store.addTrafficMinute(minute(2 * 24 * 60));
    scene.wait(31.5);
    expect(scene.store.trafficPoints(START_MS, 24 * 60, 40).rows.map(({ point }) => point)).toEqual([2]);
  });
});
