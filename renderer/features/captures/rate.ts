/** How fast something goes, over its last seconds. Pure. */

export interface Sample {
  readonly timeMs: number;
  readonly bytes: number;
}

/** Long enough to be calm, short enough to tell of a change. */
const WINDOW_MS = 5_000;
/** Less says nothing yet. */
const LEAST_MS = 300;

export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples.filter(({ timeMs }) => sample.timeMs - timeMs <= WINDOW_MS), sample];
}

/** Bytes in a second; null where it cannot be told yet. */
export function rateOf(samples: readonly Sample[]): number | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.timeMs - first.timeMs < LEAST_MS) return null;
  return Math.max(0, ((last.bytes - first.bytes) * 1_000) / (last.timeMs - first.timeMs));
}

/** Milliseconds until all is there; null where nobody can tell. */
export function timeLeftMs(leftBytes: number, bytesPerSecond: number | null): number | null {
  return bytesPerSecond === null || bytesPerSecond <= 0 ? null : (leftBytes / bytesPerSecond) * 1_000;
}
