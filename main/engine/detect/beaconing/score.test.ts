import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BeaconScore, scoreBeacon } from './score.ts';
import { beaconingSettings } from './settings.ts';
import { callTimes, exponential, jittered, randomNumbers } from './testing.ts';

const ENOUGH = beaconingSettings.leastScore.default;
const SEEDS = Array.from({ length: 100 }, (_, index) => index * 7_919);

function scoreOf(timesUs: readonly number[], sizes: readonly number[] = timesUs.map(() => 400)): BeaconScore {
  return scoreBeacon({ timesUs, sentBytes: sizes, answeredBytes: sizes });
}

describe('the score of a beacon', () => {
  it.each([
    { base: 2, jitter: 0, calls: 60 },
    { base: 5, jitter: 0.2, calls: 40 },
    { base: 60, jitter: 0.2, calls: 40 },
    { base: 60, jitter: 0.5, calls: 60 },
    { base: 3_600, jitter: 0.3, calls: 40 },
  ])('is high for calls every $base s ± $jitter', ({ base, jitter, calls }) => {
    for (const seed of SEEDS) {
      const score = scoreOf(callTimes(calls, jittered(base, jitter, randomNumbers(seed))));
      expect(score.score).toBeGreaterThan(ENOUGH);
      expect(score.pauseSeconds / base).toBeGreaterThan(1 - jitter * 0.7 - 0.01);
      expect(score.pauseSeconds / base).toBeLessThan(1 + jitter * 0.7 + 0.01);
      expect(score.jitter).toBeCloseTo(jitter, 0);
    }
  });

  it('bears calls that were missed', () => {
    for (const seed of SEEDS) {
      const random = randomNumbers(seed);
      const times = callTimes(80, jittered(60, 0.3, random)).filter(() => random() > 0.1);
      const score = scoreOf(times);
      expect(score.score).toBeGreaterThan(ENOUGH);
      expect(score.pauseSeconds).toBeLessThan(75);
    }
  });

  it('bears a night in which the computer slept', () => {
    const before = callTimes(40, () => 60);
    const times = [...before, ...before.map((time) => time + 12 * 3_600e6)];
    expect(scoreOf(times).score).toBeGreaterThan(0.95);
  });

  it('counts what is delivered right after an order as one call with it', () => {
    const random = randomNumbers(5);
    const times = callTimes(40, jittered(45, 0.3, random)).flatMap((time) => [time, time + 20_000, time + 2_000_000]);
    const score = scoreOf(times);
    expect(score.calls).toBe(40);
    expect(score.score).toBeGreaterThan(ENOUGH);
  });

  it('knows pauses that are drawn from a band, and those of a clock', () => {
    const drawn = SEEDS.filter((seed) => scoreOf(callTimes(60, jittered(60, 0.3, randomNumbers(seed)))).isDrawn);
    expect(drawn.length).toBeGreaterThan(SEEDS.length * 0.6);
    for (const seed of SEEDS) {
      const random = randomNumbers(seed);
      // A clock with the noise of a network: the sum of many small delays.
      const noise = () => 60 + [1, 2, 3, 4, 5, 6].reduce((sum) => sum + random() - 0.5, 0) * 0.3;
      expect(scoreOf(callTimes(60, noise)).isDrawn).toBe(false);
    }
  });

  it('is not reached by events that come by chance', () => {
    for (const calls of [60, 120, 250]) {
      const scores = SEEDS.map((seed) => scoreOf(callTimes(calls, exponential(60, randomNumbers(seed)))).score);
      expect(Math.max(...scores)).toBeLessThan(ENOUGH);
    }
    const few = SEEDS.map((seed) => scoreOf(callTimes(20, exponential(60, randomNumbers(seed)))).score);
    expect(few.filter((score) => score >= ENOUGH).length).toBeLessThan(SEEDS.length * 0.05);
  });

  it('is not reached by a person who looks in now and then', () => {
    for (const seed of SEEDS) {
      const random = randomNumbers(seed);
      const bell = () => random() + random() + random() + random() - 2;
      expect(scoreOf(callTimes(80, () => 60 * Math.exp(2 * bell()))).score).toBeLessThan(ENOUGH);
    }
  });

  it('falls with sizes that differ', () => {
    const random = randomNumbers(3);
    const times = callTimes(60, () => 60);
    const sizes = times.map(() => random() * 5_000);
    expect(scoreOf(times, sizes).score).toBeLessThan(scoreOf(times).score - 0.05);
  });

  it('is the same at any time of day', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1_000_000, max: 1_000_000 }), (seed, shiftSeconds) => {
        const times = callTimes(50, jittered(30, 0.4, randomNumbers(seed)));
        const shifted = times.map((time) => time + shiftSeconds * 1e6);
        expect(scoreOf(shifted).score).toBeCloseTo(scoreOf(times).score, 6);
      }),
      { numRuns: 50 },
    );
  });

  it('does not depend on the order in which calls are told', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const times = callTimes(40, jittered(30, 0.4, randomNumbers(seed)));
        expect(scoreOf(times.toReversed()).score).toBe(scoreOf(times).score);
      }),
      { numRuns: 30 },
    );
  });

  it('falls as jitter grows', () => {
    const mean = (jitter: number) =>
      SEEDS.reduce((sum, seed) => sum + scoreOf(callTimes(60, jittered(60, jitter, randomNumbers(seed)))).score, 0) /
      SEEDS.length;
    const means = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9].map(mean);
    for (let index = 1; index < means.length; index++) expect(means[index]).toBeLessThan(means[index - 1]!);
  });

  it('stays within 0 and 1 whatever it is given', () => {
    const times = fc.array(fc.oneof(fc.double({ min: 0, max: 2e15, noNaN: true }), fc.constant(1e15)), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(times, fc.array(fc.nat()), (timesUs, sizes) => {
        const score = scoreBeacon({ timesUs, sentBytes: sizes, answeredBytes: sizes });
        for (const value of [score.score, score.deviation, score.skew, score.band, score.evenness, score.sizes]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(Number.isFinite(score.pauseSeconds) && Number.isFinite(score.jitter)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('says nothing of a few calls', () => {
    expect(scoreOf([]).score).toBe(0);
    expect(scoreOf(callTimes(5, () => 60)).score).toBe(0);
  });
});
