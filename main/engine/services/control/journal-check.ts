import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ControlStore, isVerdict } from '../../store/index.ts';

type Verdict = Extract<ReturnType<ControlStore['verifyJournalStep']>, { readonly intact: boolean }>;

/**
 * Checks the whole journal in steps, between which everything else has its turn. Who asks while a check runs gets
 * the answer of that check.
 */
export class JournalCheck {
  readonly #store: () => Pick<ControlStore, 'verifyJournalStep'>;
  #running: Promise<Verdict> | undefined;

  constructor(store: () => Pick<ControlStore, 'verifyJournalStep'>) {
    this.#store = store;
  }

  run(): Promise<Verdict> {
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #check(): Promise<Verdict> {
    let step = this.#store().verifyJournalStep(undefined);
    while (!isVerdict(step)) {
      await nextTurn();
      step = this.#store().verifyJournalStep(step);
    }
    return step;
  }
}
