import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue } from './queue.ts';

type Step = { push: number } | { shift: true } | { discard: number };

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ push: fc.integer() }) },
    { weight: 2, arbitrary: fc.constant({ shift: true as const }) },
    { weight: 1, arbitrary: fc.record({ discard: fc.nat(5) }) },
  ),
  { maxLength: 200 },
);

describe('BoundedQueue', () => {
  it.each(['oldest', 'newest'] as const)('behaves as a plain array that drops the %s', (policy) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (capacity, list: Step[]) => {
        const queue = new BoundedQueue<number>(capacity, policy);
        const model: number[] = [];
        let dropped = 0;
        for (const step of list) {
          if ('push' in step) {
            const full = model.length === capacity;
            expect(queue.push(step.push)).toBe(!full);
            dropped += full ? 1 : 0;
            if (full && policy === 'oldest') {
              model.shift();
            }
            if (!full || policy === 'oldest') {
              model.push(step.push);
            }
          } else if ('shift' in step) {
            expect(queue.shift()).toBe(model.shift());
          } else {
            queue.discard(step.discard);
            model.splice(0, step.discard);
          }
          expect(queue.length).toBe(model.length);
          expect(queue.dropped).toBe(dropped);
          expect(queue.peek(3)).toEqual(model.slice(0, 3));
        }
      }),
    );
  });

  it('refuses a size that makes no sense', () => {
    expect(() => new BoundedQueue(0)).toThrow('at least one');
  });
});
