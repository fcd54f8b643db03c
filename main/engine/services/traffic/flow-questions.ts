import type { LiveFlowDetail } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { SHARED } from './traffic-messages.ts';

/** What the traffic thread said: the flow, `gone` when no such flow is open, `silent` when it did not say anything. */
export type FlowAnswer = LiveFlowDetail | 'gone' | 'silent';

/** The thread looks for questions every tenth of a second, unless it is busy or the helper is being started again. */
const PATIENCE_MS = 1_500;
/** Questions that wait for their turn; people look at one flow at a time. */
const MAX_WAITING = 16;

interface Question {
  readonly flow: number;
  readonly deadlineMs: number;
  readonly resolve: (answer: FlowAnswer) => void;
}

/** Asks the traffic thread about single open flows, one at a time, through the memory that is shared with it. */
export class FlowQuestions {
  readonly #shared: Int32Array;
  readonly #asked: Float64Array;
  readonly #clock: Clock;
  readonly #waiting: Question[] = [];
  #present: Question | undefined;
  #timer: Timer | undefined;

  /** @param shared see SHARED */
  constructor(shared: Int32Array, clock: Clock) {
    this.#shared = shared;
    this.#asked = new Float64Array(shared.buffer, SHARED.asked * Int32Array.BYTES_PER_ELEMENT, 1);
    this.#clock = clock;
  }

  /** About the open flow with this number. Answers within 1.5 seconds. */
  ask(flow: number): Promise<FlowAnswer> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve('silent');
    return new Promise((resolve) => {
      this.#waiting.push({ flow, deadlineMs: this.#clock.monotonicMs() + PATIENCE_MS, resolve });
      if (this.#present === undefined) this.#next();
    });
  }

  /** What came from the thread; an answer that nobody waits for any more is left aside. */
  take(question: number, detail: LiveFlowDetail | undefined): void {
    if (question === Atomics.load(this.#shared, SHARED.question)) this.#resolve(detail ?? 'gone');
  }

  #next(): void {
    const question = this.#waiting.shift();
    this.#present = question;
    if (question === undefined) return;
    this.#asked[0] = question.flow;
    // The number is written last: who sees it, sees the flow.
    Atomics.add(this.#shared, SHARED.question, 1);
    const leftMs = Math.max(0, question.deadlineMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(leftMs, () => this.#resolve('silent'));
  }

  #resolve(answer: FlowAnswer): void {
    this.#timer?.cancel();
    this.#present?.resolve(answer);
    this.#next();
  }
}
