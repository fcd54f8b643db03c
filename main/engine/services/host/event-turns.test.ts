import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { EventTurns } from './event-turns.ts';

const WHO = { pid: 7, image: '/usr/bin/cp', commandLine: 'cp' };
let made = 0;
const some = (count: number): HostEvent[] =>
  Array.from({ length: count }, () => ({ type: 'process-exit', timeMs: ++made, process: WHO }));

function setup() {
  const clock = new ManualClock();
  const turns: (readonly HostEvent[])[] = [];
  return { clock, turns, waiting: new EventTurns({ clock, onEvents: (events) => turns.push(events) }) };
}

describe('EventTurns', () => {
  it('hands a few on at once', () => {
    const { turns, waiting } = setup();
    const events = some(3);
    waiting.add(events);
    expect(turns).toEqual([events]);
    expect(waiting.first).toBeUndefined();
  });

  it('lets others have the thread between two turns of many', () => {
    const { clock, turns, waiting } = setup();
    const events = some(300);
    waiting.add(events);
    expect(turns).toEqual([events.slice(0, 128)]);
    expect(waiting.first).toBe(events[128]);
    clock.advance(1);
    expect(turns.flat()).toEqual(events);
    expect(turns.map(({ length }) => length)).toEqual([128, 128, 44]);
  });

  it('lets no more than so many wait, however many come', () => {
    const { turns, waiting } = setup();
    waiting.add(some(10_000));
    waiting.add(some(10_000));
    expect(turns.flat().length).toBeGreaterThanOrEqual(20_000 - 4_096);
  });

  it('hands on what waits when it is asked to', () => {
    const { clock, turns, waiting } = setup();
    const events = some(1_000);
    waiting.add(events);
    waiting.flush();
    expect(turns.flat()).toEqual(events);
    clock.advance(10);
    expect(turns.flat()).toHaveLength(1_000);
  });

  it('keeps the order and loses nothing, whatever comes when', () => {
    const step = fc.record({ count: fc.nat(6_000), passMs: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const { clock, turns, waiting } = setup();
        const all: HostEvent[] = [];
        for (const { count, passMs } of steps) {
          const events = some(count);
          all.push(...events);
          waiting.add(events);
          if (passMs > 0) clock.advance(passMs);
        }
        waiting.flush();
        const order = turns.flat().map(({ timeMs }) => timeMs);
        return order.length === all.length && order.every((timeMs, index) => timeMs === all[index]?.timeMs);
      }),
      { numRuns: 30 },
    );
  });
});
