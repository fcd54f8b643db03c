import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { EventOrder } from './host-event-order.ts';

const NOW_MS = 1_700_000_000_000;

function setup() {
  const clock = new ManualClock(NOW_MS);
  const told: HostEvent[] = [];
  const order = new EventOrder({ clock, onEvents: (events) => told.push(...events) });
  return { clock, told, order, times: () => told.map(({ timeMs }) => timeMs - NOW_MS) };
}

function line(afterMs: number, message = ''): HostEvent {
  return { type: 'log-line', timeMs: NOW_MS + afterMs, service: 'syslog', message };
}

describe('EventOrder', () => {
  it('tells what several sensors say in the order of time', () => {
    const { clock, order, times } = setup();
    order.add([line(5), line(9)]);
    clock.advance(20);
    order.add([line(1), line(7)]);
    expect(times()).toEqual([]);
    clock.advance(60);
    expect(times()).toEqual([1, 5, 7, 9]);
    expect(order.late).toBe(0);
  });

  it('lets nothing be late that comes within twenty milliseconds, and nothing wait for more than forty', () => {
    const happened = fc.record({ afterMs: fc.nat(300), delayMs: fc.nat(19) });
    fc.assert(
      fc.property(fc.array(happened, { maxLength: 60 }), (events) => {
        const { clock, order, told, times } = setup();
        for (let elapsedMs = 0; elapsedMs <= 400; elapsedMs++) {
          const come = events.filter(({ afterMs, delayMs }) => afterMs + delayMs === elapsedMs);
          order.add(come.map(({ afterMs }) => line(afterMs)));
          clock.advance(1);
          const due = events.filter(({ afterMs, delayMs }) => afterMs + delayMs + 40 <= elapsedMs);
          expect(told.length).toBeGreaterThanOrEqual(due.length);
        }
        expect(times()).toEqual(events.map(({ afterMs }) => afterMs).sort((a, b) => a - b));
        expect(order.late).toBe(0);
        expect(clock.pending).toBe(0);
      }),
    );
  });

  it('puts what comes too late into an order too, as after a clock was set back', () => {
    const { clock, order, times } = setup();
    clock.advance(60);
    order.add([line(50)]);
    clock.advance(100);
    order.add([line(30)]);
    clock.advance(30);
    order.add([line(40)]);
    clock.advance(15);
    order.add([line(35)]);
    clock.advance(100);
    expect(times()).toEqual([50, 30, 35, 40]);
    expect(order.late).toBe(3);
  });

  it('keeps the order in which one moment was told, and counts what comes too late', () => {
    const { clock, told, order } = setup();
    order.add([line(5, 'a'), line(5, 'b')]);
    clock.advance(100);
    order.add([line(4, 'c')]);
    clock.advance(100);
    expect(told.map((event) => event.type === 'log-line' && event.message)).toEqual(['a', 'b', 'c']);
    expect(order.late).toBe(1);
  });

  it('lets no line from the future make everything else late', () => {
    const { clock, order } = setup();
    order.add([line(86_400_000)]);
    clock.advance(100);
    order.add([line(150)]);
    clock.advance(100);
    expect(order.late).toBe(0);
  });

  it('loses nothing, and holds no more than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 40 })), (pieces) => {
        const { clock, order, told } = setup();
        for (const piece of pieces) {
          order.add(piece.map((afterMs) => line(afterMs)));
          clock.advance(10);
        }
        order.flush();
        expect(told).toHaveLength(pieces.flat().length);
        expect(clock.pending).toBe(0);
      }),
    );
    const { order, told } = setup();
    order.add(Array.from({ length: 5_000 }, (_, index) => line(index)));
    expect(told).toHaveLength(5_000);
  });
});
