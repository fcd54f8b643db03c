import { expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { type HostEventItem, type HostEventWatch, watchHostEvents } from './host-event-feed.ts';

const written = (pid: number): HostEvent => ({
  type: 'file-written',
  timeMs: 1,
  path: '/a',
  process: { pid, image: '/bin/a', commandLine: 'a' },
});
const line: HostEvent = { type: 'log-line', timeMs: 1, service: 'sshd', message: 'x', pid: 7 };

function scene(watch: Partial<HostEventWatch> = {}) {
  const clock = new ManualClock(0);
  const listeners = new Set<(events: readonly HostEvent[]) => void>();
  const items: HostEventItem[] = [];
  const stop = watchHostEvents(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    { perSecond: 10, ...watch },
    (item) => items.push(item),
    clock,
  );
  return {
    clock,
    items,
    stop,
    listeners,
    tell: (events: readonly HostEvent[]) => {
      for (const listener of listeners) listener(events);
    },
  };
}

it('gives what fits, a few times a second', () => {
  const { clock, items, tell } = scene({ types: ['log-line'], pid: 7 });
  tell([line, written(7), { ...line, pid: 8 }]);
  expect(items).toEqual([]);
  clock.advance(250);
  expect(items).toEqual([{ events: [line], leftOut: 0 }]);
  clock.advance(10_000);
  expect(items).toHaveLength(1);
});

it('cuts a storm down and counts the rest', () => {
  const { clock, items, tell } = scene();
  tell(Array.from({ length: 5_000 }, () => written(1)));
  clock.advance(250);
  tell([line]);
  clock.advance(250);
  clock.advance(1_000);
  tell([line]);
  clock.advance(250);
  expect(items.map(({ events, leftOut }) => [events.length, leftOut])).toEqual([
    [10, 4_990],
    [0, 1],
    [1, 0],
  ]);
});

it('says nothing after its end', () => {
  const { clock, items, tell, stop, listeners } = scene();
  tell([line]);
  stop();
  clock.advance(1_000);
  expect(items).toEqual([]);
  expect(listeners.size).toBe(0);
});
