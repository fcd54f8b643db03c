/** When a search has to stop: by the clock, or because nobody waits for its answer. */
export interface Pace {
  /** Milliseconds since the search began. */
  elapsedMs(): number;
  /** Whether to stop now. */
  isOver(): boolean;
}

/** A search answers within this time, with what it has found. */
export const LONGEST_SEARCH_MS = 5_000;
/** Beyond it the bar above the rows shows only what was counted until then. */
export const LONGEST_COUNTING_MS = 600;

export function paceOf(stop: SharedArrayBuffer, nowMs: () => number = () => performance.now()): Pace {
  const begunMs = nowMs();
  const flag = new Int32Array(stop);
  const elapsedMs = (): number => nowMs() - begunMs;
  return { elapsedMs, isOver: () => elapsedMs() >= LONGEST_SEARCH_MS || Atomics.load(flag, 0) !== 0 };
}
