import { describe, expect, it } from 'vitest';
import { NO_NOTE } from '../../network/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { FlowQuestions } from './flow-questions.ts';
import { SHARED, SHARED_BYTES } from './traffic-messages.ts';

function scene() {
  const clock = new ManualClock();
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  const asked = new Float64Array(shared.buffer, SHARED.asked * 4, 1);
  return { clock, shared, asked, questions: new FlowQuestions(shared, clock) };
}

const DETAIL = { row: Float64Array.of(1), features: Float64Array.of(2), note: NO_NOTE };

describe('FlowQuestions', () => {
  it('asks one after the other, and gives each its answer', async () => {
    const { shared, asked, questions } = scene();
    const first = questions.ask(2 ** 40 + 7);
    const second = questions.ask(8);
    expect([shared[SHARED.question], asked[0]]).toEqual([1, 2 ** 40 + 7]);
    questions.take(1, DETAIL);
    expect(await first).toBe(DETAIL);
    expect([shared[SHARED.question], asked[0]]).toEqual([2, 8]);
    questions.take(2, undefined);
    expect(await second).toBe('gone');
  });

  it('waits no longer than it says, and takes no late answer for that of the next question', async () => {
    const { clock, questions } = scene();
    const first = questions.ask(1);
    clock.advance(1_000);
    const second = questions.ask(2);
    clock.advance(500);
    expect(await first).toBe('silent');
    questions.take(1, DETAIL);
    clock.advance(900);
    questions.take(2, undefined);
    expect(await second).toBe('gone');
    questions.take(2, DETAIL);
  });

  it('holds a bounded number of questions', async () => {
    const { clock, questions } = scene();
    const answers = Array.from({ length: 100 }, (_, n) => questions.ask(n));
    expect(await Promise.all(answers.slice(17))).toEqual(Array.from({ length: 83 }, () => 'silent'));
    for (let n = 0; n < 17; n++) clock.advance(1_500);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['silent']));
  });
});
