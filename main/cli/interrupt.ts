/** Ctrl-C as a signal that work can mind, once. */

/**
 * Without a terminal a signal to the process group can reach a process twice, once of its own and once through
 * its parent; within this time two are one.
 */
const SAME_SIGNAL_MS = 1_000;

export interface Interrupt {
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * Aborts at the first of the signals. At a second one, later than a stray copy of the first can be, `onImpatient`
 * is called: whoever presses Ctrl-C again does not want to wait.
 */
export function listenForInterrupt(
  names: readonly NodeJS.Signals[],
  onImpatient: () => void,
  source: NodeJS.EventEmitter = process,
): Interrupt {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      controller.abort();
    } else if (nowMs - firstMs > SAME_SIGNAL_MS) {
      onImpatient();
    }
  };
  for (const name of names) source.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) source.off(name, onSignal);
    },
  };
}
