/** Waiting, for what goes to the engine piece by piece and must not end where the link does. */
import { useLinkStore } from './link.ts';

/** A link that came back and failed at once is not asked in a circle. */
const LEAST_WAIT_MS = 250;

/** Ends when the engine can be reached, after a moment at least, or when the signal is aborted. */
export async function linked(signal?: AbortSignal): Promise<void> {
  await sleep(LEAST_WAIT_MS, signal);
  if (signal?.aborted || useLinkStore.getState().state === 'connected') return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      unsubscribe();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const unsubscribe = useLinkStore.subscribe(({ state }) => state === 'connected' && done());
    signal?.addEventListener('abort', done);
  });
}

/** Ends after a time, or when the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
  });
}
