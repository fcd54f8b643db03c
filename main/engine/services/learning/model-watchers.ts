import type { CallOutput } from '../../../../contract/api.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

export type WatchedLearning = CallOutput<'models.watch'>;

/** Watchers hear of progress so often at the most. */
const TELL_MS = 500;
/** Watchers see rows come in so often. */
const LOOK_MS = 5_000;

/** Those who follow how far learning is. */
export class ModelWatchers {
  readonly #clock: Clock;
  readonly #look: () => WatchedLearning;
  readonly #watchers = new Set<(item: WatchedLearning) => void>();
  #telling: Timer | undefined;

  constructor(clock: Clock, look: () => WatchedLearning) {
    this.#clock = clock;
    this.#look = look;
  }

  /** Tells at once, and then whatever is new. Returns the function that ends it. */
  add(emit: (item: WatchedLearning) => void): () => void {
    this.#watchers.add(emit);
    let told = '';
    const tell = (): void => {
      const item = this.#look();
      const text = JSON.stringify(item);
      if (text === told) return;
      told = text;
      emit(item);
    };
    tell();
    const timer = this.#clock.every(LOOK_MS, tell);
    return () => {
      timer.cancel();
      this.#watchers.delete(emit);
    };
  }

  /** Something changed: tells all soon, and not more often than they can read. */
  poke(): void {
    if (this.#watchers.size === 0 || this.#telling !== undefined) return;
    this.#telling = this.#clock.after(TELL_MS, () => {
      this.#telling = undefined;
      const item = this.#look();
      for (const emit of this.#watchers) emit(item);
    });
  }

  stop(): void {
    this.#telling?.cancel();
  }
}
