import { describe, expect, it } from 'vitest';
import type { InterfaceCounters } from '../../sensors/index.ts';
import type { TrafficMinute } from '../../store/index.ts';
import { MinuteTally, type WatchedInterface } from './minute-tally.ts';

const MINUTE = 60_000;

function scene() {
  const minutes: TrafficMinute[] = [];
  const tally = new MinuteTally((minute) => minutes.push(minute));
  return { minutes, tally };
}

const near = (received: number, dropped = 0, state = 'up'): WatchedInterface[] => [
  { name: 'near0', state, received, dropped },
];
const bytes = (receivedBytes: number, sentBytes: number): ReadonlyMap<string, InterfaceCounters> =>
  new Map([
    ['near0', { receivedBytes, sentBytes }],
    ['other0', { receivedBytes: receivedBytes * 1_000, sentBytes: sentBytes * 1_000 }],
  ]);

describe('MinuteTally', () => {
  it('adds up what the watched interfaces counted, minute by minute', () => {
    const { minutes, tally } = scene();
    // The interface is not watched yet, and its counters have a past.
    tally.look(50_000, 0, [], bytes(5_000, 700));
    tally.look(51_000, 1_000, near(3), bytes(5_100, 710));
    tally.look(59_500, 9_500, near(10, 2), bytes(6_000, 800));
    expect(tally.present()).toEqual({
      startMs: 0,
      receivedBytes: 1_000,
      sentBytes: 100,
      packets: 10,
      dropped: 2,
      watchedSeconds: 9.5,
    });
    tally.look(60_500, 10_500, near(11, 2), bytes(6_100, 800));
    expect(minutes).toHaveLength(1);
    expect(tally.present()).toMatchObject({ startMs: MINUTE, receivedBytes: 100, packets: 1, watchedSeconds: 1 });
    tally.flush();
    expect(minutes).toHaveLength(2);
    expect(tally.present()).toBeUndefined();
  });

  it('leaves out times when nothing was watched', () => {
    const { minutes, tally } = scene();
    tally.look(0, 0, near(1), bytes(100, 100));
    tally.look(5_000, 5_000, near(1, 0, 'down'), bytes(900, 900));
    // A minute of silence: the helper was away.
    tally.look(65_000, 65_000, near(50), bytes(5_000, 5_000));
    tally.flush();
    expect(minutes).toEqual([]);
    tally.look(66_000, 66_000, near(51), bytes(5_010, 5_000));
    expect(tally.present()).toMatchObject({ receivedBytes: 10, packets: 1, watchedSeconds: 1 });
  });

  it('counts nothing twice and nothing negative when counters begin again', () => {
    const { tally } = scene();
    tally.look(0, 0, near(100), bytes(1_000, 1_000));
    tally.look(1_000, 1_000, near(5), bytes(10, 20));
    expect(tally.present()).toMatchObject({ receivedBytes: 0, sentBytes: 0, packets: 5 });
    tally.look(2_000, 2_000, near(6), bytes(15, 20));
    expect(tally.present()).toMatchObject({ receivedBytes: 5, sentBytes: 0, packets: 6 });
  });

  it('is not confused by a wall clock that jumps', () => {
    const { minutes, tally } = scene();
    tally.look(10 * MINUTE, 0, near(0), bytes(0, 0));
    tally.look(10 * MINUTE + 1_000, 1_000, near(1), bytes(1, 0));
    tally.look(2 * MINUTE, 2_000, near(2), bytes(2, 0));
    tally.flush();
    expect(minutes.map(({ startMs, packets }) => [startMs, packets])).toEqual([
      [10 * MINUTE, 1],
      [2 * MINUTE, 1],
    ]);
  });
});
