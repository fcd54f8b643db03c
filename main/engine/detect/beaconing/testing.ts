/** For tests of beacons: numbers that are the same in every run, and times of calls made of them. */

/** Numbers from 0 to 1 (D. H. Lehmer's generator, Park and Miller 1988). */
export function randomNumbers(seed: number): () => number {
  let state = (Math.abs(Math.trunc(seed)) % 2_147_483_646) + 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  // The first numbers of seeds side by side are alike.
  for (let index = 0; index < 8; index++) next();
  return next;
}

export const START_US = 1_700_000_000_000_000;

/** Times of calls whose pauses, in seconds, are drawn one after the other. */
export function callTimes(calls: number, pause: () => number): number[] {
  const times: number[] = [];
  let timeUs = START_US;
  for (let call = 0; call < calls; call++) {
    times.push(timeUs);
    timeUs += pause() * 1e6;
  }
  return times;
}

/** Pauses spread evenly over base ± jitter (0 to 1). */
export function jittered(base: number, jitter: number, random: () => number): () => number {
  return () => base * (1 + jitter * (2 * random() - 1));
}

/** Pauses between events by chance (a Poisson process). */
export function exponential(mean: number, random: () => number): () => number {
  return () => -mean * Math.log(1 - random());
}
