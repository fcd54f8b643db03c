import { Worker } from 'node:worker_threads';
import type { EventMatches } from '../../../../contract/api-events.ts';
import { FailureError } from '../../runtime/failure.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import { type EventMatchMessage, type EventMatchTask, NOTHING_MATCHED } from './event-match-messages.ts';

/** Rules that run over history at the same time; each keeps a core busy. */
const MAX_RUNNING = 2;
const HEAP_MEBIBYTES = 384;
/** A rule that has not looked at everything by then is run again over less. */
const LONGEST_MS = 30 * 60_000;

/** Runs rules over stored events, each in a thread of its own, which may be ended without harm to anybody. */
export class EventMatchRuns {
  readonly #running = new Set<Worker>();

  /**
   * Tells `emit` what was found until the item with `isDone`; gives the function that ends it.
   * @throws FailureError `match-busy`
   */
  start(task: EventMatchTask, emit: (item: EventMatches) => void): () => void {
    if (this.#running.size >= MAX_RUNNING) {
      const message = `${MAX_RUNNING} rules are being run over history already.`;
      throw new FailureError({ code: 'match-busy', message, hint: 'Wait until one is done, or stop it.' });
    }
    const worker = new Worker(new URL('./event-match-worker.ts', import.meta.url), {
      workerData: task,
      env: workerEnvironment(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
    });
    worker.unref();
    this.#running.add(worker);
    let isOver = false;
    const end = (): void => {
      isOver = true;
      clearTimeout(longest);
      this.#running.delete(worker);
      void worker.terminate();
    };
    const fail = (failure: EventMatches['failure']): void => {
      if (isOver) return;
      end();
      emit({ ...NOTHING_MATCHED, isDone: true, failure });
    };
    const longest = setTimeout(() => fail(TOO_LONG), LONGEST_MS).unref();
    worker.on('message', (message: EventMatchMessage) => {
      if (isOver) return;
      if (message.isDone) end();
      emit(message);
    });
    worker.on('error', () => fail(CRASHED));
    worker.on('exit', () => fail(CRASHED));
    return end;
  }
}

const CRASHED = {
  code: 'match-failed',
  message: 'Running the rule failed and was stopped. Watching was not touched by it.',
  hint: 'Run it over a shorter time. If it fails again, please report this with the rule.',
};
const TOO_LONG = {
  code: 'match-too-long',
  message: 'Running the rule was stopped after half an hour.',
  hint: 'Run it over a shorter time.',
};
