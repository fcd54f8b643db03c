import type { Clock } from './clock.ts';
import { FailureError } from './failure.ts';

/**
 * Waits for `work`, but not longer than `limitMs`. The work itself goes on unless it minds the signal.
 * @throws FailureError `timed-out`, naming `what`, or whatever the work throws
 */
export async function withTimeout<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T> | T,
): Promise<T> {
  const controller = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = clock.after(limitMs, () => {
    const failure = {
      code: 'timed-out',
      message: `${what} took longer than ${limitMs / 1000} s`,
      hint: 'The machine may be very busy or a disk may hang; try again, and see the log for what came before.',
    };
    const error = new FailureError(failure);
    controller.abort(error);
    reject(error);
  });
  try {
    return await Promise.race([Promise.resolve(work(controller.signal)), expired]);
  } finally {
    timer.cancel();
  }
}
