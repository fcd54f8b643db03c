import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calibration, LEAST_P_VALUE, ModelDocumentError, Random } from './index.ts';

const FITTED = 4_000;
const FRESH = 4_000;
/**
 * Two samples of so many rows differ by more than this (Kolmogorov and Smirnov) once in a thousand times, √(−ln(0.0005)
 * / 2 × (1/n + 1/m)); the seeds are fixed, so that once is never.
 */
const KS_BOUND = Math.sqrt((-Math.log(0.0005) / 2) * (1 / FITTED + 1 / FRESH));

type Draw = (random: Random) => number;
const CONTINUOUS: Readonly<Record<string, Draw>> = {
  normal: (random) => random.normal(),
  uniform: (random) => random.next(),
  exponential: (random) => -Math.log(1 - random.next()),
  'heavy-tailed (Cauchy)': (random) => Math.tan(Math.PI * (random.next() - 0.5)),
  'log-normal': (random) => Math.exp(2 * random.normal()),
  'bounded (a mean of three)': (random) => (random.next() + random.next() + random.next()) / 3,
  'two groups': (random) => (random.below(10) === 0 ? 50 : 0) + random.normal(),
};
const DISCRETE: Readonly<Record<string, Draw>> = {
  dice: (random) => random.below(6),
  'mostly 0': (random) => (random.below(20) === 0 ? random.next() : 0),
  counts: (random) => Math.floor(-Math.log(1 - random.next()) * 3),
  'ties at the top': (random) => Math.min(random.normal(), 1),
  constant: () => 7,
};

const sample = (draw: Draw, size: number, seed: number) => {
  const random = new Random(seed);
  return Float64Array.from({ length: size }, () => draw(random));
};
const pValuesOf = (calibration: Calibration, scores: Float64Array) =>
  scores.map((score) => calibration.pValue(score)).sort();

/** Largest distances of the share of p-values up to p above p, and below it. */
function distances(sorted: Float64Array): { above: number; below: number } {
  let above = 0;
  let below = 0;
  sorted.forEach((p, index) => {
    above = Math.max(above, (index + 1) / sorted.length - p);
    below = Math.max(below, p - index / sorted.length);
  });
  return { above, below };
}

describe.each(Object.entries(CONTINUOUS))('scores that are %s', (_, draw) => {
  const calibration = Calibration.fit(sample(draw, FITTED, 1));

  it('give fresh rows p-values that are spread evenly', () => {
    const { above, below } = distances(pValuesOf(calibration, sample(draw, FRESH, 2)));
    expect(above).toBeLessThan(KS_BOUND);
    expect(below).toBeLessThan(KS_BOUND);
  });

  it('give p-values beyond what was counted that are of the right size', () => {
    const many = sample(draw, 200_000, 3);
    const share = (limit: number) => many.filter((score) => calibration.pValue(score) <= limit).length / many.length;
    for (const limit of [0.01, 0.001]) {
      expect(share(limit), `p ≤ ${limit}`).toBeGreaterThan(limit / 3);
      expect(share(limit), `p ≤ ${limit}`).toBeLessThan(limit * 3);
    }
    // Told by twenty rows of four thousand, one row of ten thousand is a guess of its power of ten.
    expect(share(0.0001)).toBeLessThan(0.001);
  });
});

describe.each(Object.entries(DISCRETE))('scores with many ties: %s', (_, draw) => {
  const calibration = Calibration.fit(sample(draw, FITTED, 1));
  const fresh = sample(draw, FRESH, 2);

  it('give no p-value too often', () => {
    expect(distances(pValuesOf(calibration, fresh)).above).toBeLessThan(KS_BOUND);
  });

  it('give each tied score the share of rows that score at least as high', () => {
    const counts = new Map<number, number>();
    for (const score of fresh) counts.set(score, (counts.get(score) ?? 0) + 1);
    for (const [score, count] of counts) {
      if (count < FRESH / 50) continue;
      const share = fresh.filter((other) => other >= score).length / FRESH;
      expect(Math.abs(calibration.pValue(score) - share), `${score}`).toBeLessThan(KS_BOUND);
    }
  });
});

describe('a calibration', () => {
  const ANY: Readonly<Record<string, Draw>> = { ...CONTINUOUS, ...DISCRETE };

  it.each(Object.entries(ANY))('falls without a step from row to row, and never to 0: %s', (_, draw) => {
    const scores = sample(draw, 500, 4);
    const calibration = Calibration.fit(scores);
    const most = Math.max(...scores);
    const least = Math.min(...scores);
    const wide = Math.max(most - least, 1);
    let before = 1;
    for (let step = 0; step <= 2_000; step++) {
      const p = calibration.pValue(least + (wide * step) / 500);
      expect(p).toBeLessThanOrEqual(before);
      expect(p).toBeGreaterThanOrEqual(LEAST_P_VALUE);
      before = p;
    }
    expect(calibration.pValue(Number.MAX_VALUE)).toBe(LEAST_P_VALUE);
    expect(calibration.pValue(-Number.MAX_VALUE)).toBe(1);
  });

  it('has no gap where counting ends and the tail begins', () => {
    for (const draw of Object.values(CONTINUOUS)) {
      const scores = sample(draw, FITTED, 5).sort();
      const calibration = Calibration.fit(scores);
      const joint = scores[FITTED - 20]!;
      const step = Math.abs(joint) * 1e-12;
      expect(calibration.pValue(joint - step) / calibration.pValue(joint + step)).toBeCloseTo(1, 3);
    }
  });

  it('tells more unusual from unusual beyond an end that it seems to have', () => {
    const calibration = Calibration.fit(sample((random) => random.next(), FITTED, 6));
    const beyond = [1.001, 1.005, 1.01, 1.02].map((score) => calibration.pValue(score));
    expect(beyond).toEqual([...new Set(beyond)].sort((a, b) => b - a));
    expect(beyond[3]).toBeLessThan(1e-4);
    expect(beyond[0]).toBeGreaterThan(1e-4);
  });

  it('is not more certain of few rows than they allow', () => {
    const few = Calibration.fit(Float64Array.of(1, 2, 3, 4, 5));
    expect(few.pValue(5)).toBeGreaterThan(0.05);
    expect(few.pValue(0)).toBe(1);
    expect(Calibration.fit(Float64Array.of(3)).pValue(3)).toBe(1);
  });

  it('takes any finite scores, and is the same after it was saved', () => {
    const score = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 60 }), score, score, (scores, a, b) => {
        const calibration = Calibration.fit(Float64Array.from(scores));
        const [lower, higher] = a < b ? [a, b] : [b, a];
        expect(calibration.pValue(higher)).toBeLessThanOrEqual(calibration.pValue(lower));
        expect(calibration.pValue(higher)).toBeGreaterThanOrEqual(LEAST_P_VALUE);
        const read = Calibration.fromJSON(JSON.parse(JSON.stringify(calibration.toJSON())));
        for (const value of [a, b, ...scores]) expect(read.pValue(value)).toBe(calibration.pValue(value));
      }),
    );
  });

  it('gives nothing for nothing', () => {
    const calibration = Calibration.fit(Float64Array.of(1, 2, 3));
    expect(calibration.pValue(Number.NaN)).toBeNaN();
    expect(() => Calibration.fit(new Float64Array(0))).toThrow(RangeError);
    expect(() => Calibration.fit(Float64Array.of(1, Number.NaN))).toThrow(RangeError);
    expect(() => Calibration.fit(Float64Array.of(1, Number.POSITIVE_INFINITY))).toThrow(RangeError);
  });

  it('stays small, whatever it was made from', () => {
    const document = Calibration.fit(sample((random) => random.normal(), 100_000, 7)).toJSON();
    expect(JSON.stringify(document).length).toBeLessThan(25_000);
  });

  it('refuses documents that no calibration gave', () => {
    const sound = Calibration.fit(sample((random) => random.normal(), 300, 8)).toJSON();
    const refused: Record<string, readonly unknown[]> = {
      kind: ['other', null],
      version: [2],
      rows: [0, 1, 299.5, null],
      knots: [0, 1, 1e9],
      scores: ['', 'AAAA', 7],
      counts: ['', 'AAAA', 7],
      threshold: [Number.POSITIVE_INFINITY, 1e9, '0'],
      shape: [-2, 2, null],
      scale: [0, -1, null],
    };
    expect(Object.keys(refused).sort()).toEqual(Object.keys(sound).sort());
    for (const [name, values] of Object.entries(refused)) {
      for (const value of values) {
        expect(() => Calibration.fromJSON({ ...sound, [name]: value }), `${name} ${value}`).toThrow(ModelDocumentError);
      }
    }
  });

  it('either refuses a document with changed bytes or keeps its order', () => {
    const sound = Calibration.fit(sample((random) => random.normal(), 300, 8)).toJSON();
    fc.assert(
      fc.property(fc.constantFrom('scores', 'counts'), fc.nat(), fc.nat({ max: 255 }), (name, at, byte) => {
        const bytes = Buffer.from(String(sound[name]), 'base64');
        bytes[at % bytes.length] = byte;
        try {
          const changed = Calibration.fromJSON({ ...sound, [name]: bytes.toString('base64') });
          let before = 1;
          for (let score = -4; score < 6; score += 0.1) {
            const p = changed.pValue(score);
            expect(p).toBeLessThanOrEqual(before + 1e-12);
            expect(p).toBeGreaterThanOrEqual(LEAST_P_VALUE);
            before = p;
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ModelDocumentError);
        }
      }),
    );
  });
});
