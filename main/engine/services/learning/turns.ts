/** Long work on the engine's own thread, in turns: what comes meanwhile is answered between two of them. */
import { setImmediate } from 'node:timers/promises';

/** Nobody notices so long a wait. */
export const TURN_MS = 15;

/** Of one piece of work. Ask `isOver` after every step that is much shorter than a turn. */
export class Turns {
  #begunMs = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#begunMs >= TURN_MS;
  }

  /** Lets everybody else have theirs. */
  async next(): Promise<void> {
    await setImmediate();
    this.#begunMs = performance.now();
  }
}
