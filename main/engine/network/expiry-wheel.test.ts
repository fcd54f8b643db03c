import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExpiryWheel, WHEEL_SECONDS } from './expiry-wheel.ts';
import { HEAD_WORDS } from './flow-layout.ts';

const SLOTS = 32;
const NOW = 1_700_000_000;

function emptyWheel(): ExpiryWheel {
  return new ExpiryWheel(new Int32Array(SLOTS * HEAD_WORDS));
}

/** Slots visited on the way, in order of slot; each is unlinked, as the flow table does. */
function visited(wheel: ExpiryWheel, from: number, to: number): number[] {
  const slots: number[] = [];
  wheel.advance(from, to, (slot) => {
    wheel.unlink(slot);
    slots.push(slot);
  });
  return slots.sort((a, b) => a - b);
}

describe('ExpiryWheel', () => {
  it('visits a slot in its second, not before and not again', () => {
    const wheel = emptyWheel();
    wheel.link(3, NOW + 10, NOW);
    expect(visited(wheel, NOW, NOW + 9)).toEqual([]);
    expect(visited(wheel, NOW + 9, NOW + 10)).toEqual([3]);
    expect(visited(wheel, NOW + 10, NOW + 10 + WHEEL_SECONDS)).toEqual([]);
  });

  it('visits what is due at once in the next second', () => {
    const wheel = emptyWheel();
    wheel.link(1, NOW - 50, NOW);
    expect(visited(wheel, NOW, NOW + 1)).toEqual([1]);
  });

  it('has a deadline beyond its span wait in the farthest second', () => {
    const wheel = emptyWheel();
    wheel.link(1, NOW + 10 * WHEEL_SECONDS, NOW);
    expect(visited(wheel, NOW, NOW + WHEEL_SECONDS - 2)).toEqual([]);
    expect(visited(wheel, NOW + WHEEL_SECONDS - 2, NOW + WHEEL_SECONDS - 1)).toEqual([1]);
  });

  it('visits everything once when years go by', () => {
    const wheel = emptyWheel();
    for (let slot = 0; slot < SLOTS; slot++) wheel.link(slot, NOW + 1 + slot * 100, NOW);
    expect(visited(wheel, NOW, NOW + 1e9)).toEqual(Array.from({ length: SLOTS }, (_, slot) => slot));
  });

  it('lets the visited be linked again', () => {
    const wheel = emptyWheel();
    wheel.link(5, NOW + 1, NOW);
    wheel.advance(NOW, NOW + 1, (slot) => {
      wheel.unlink(slot);
      wheel.link(slot, NOW + 3, NOW + 1);
    });
    expect(visited(wheel, NOW + 1, NOW + 2)).toEqual([]);
    expect(visited(wheel, NOW + 2, NOW + 3)).toEqual([5]);
  });

  it('forgets everything when cleared', () => {
    const wheel = emptyWheel();
    wheel.link(5, NOW + 1, NOW);
    wheel.clear();
    expect(visited(wheel, NOW, NOW + WHEEL_SECONDS)).toEqual([]);
  });

  it('agrees with a list of deadlines', () => {
    const step = fc.record({ slot: fc.nat(SLOTS - 1), ahead: fc.nat(WHEEL_SECONDS - 1), pass: fc.nat(600) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const wheel = emptyWheel();
        const model = new Map<number, number>();
        let now = NOW;
        for (const { slot, ahead, pass } of steps) {
          if (model.delete(slot)) wheel.unlink(slot);
          else {
            wheel.link(slot, now + ahead, now);
            model.set(slot, now + Math.max(ahead, 1));
          }
          const due = [...model].filter(([, second]) => second <= now + pass).map(([of]) => of);
          expect(visited(wheel, now, now + pass)).toEqual(due.sort((a, b) => a - b));
          for (const gone of due) model.delete(gone);
          now += pass;
        }
      }),
    );
  });
});
