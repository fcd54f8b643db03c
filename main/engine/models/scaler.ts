/** From raw features to numbers that models can compare: a saved part of what was learnt. */
import { DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { MAX_COLUMNS, type Matrix } from './matrix.ts';
import { columnOf, spreadOf } from './spread.ts';

/**
 * What a raw column holds: an amount; an amount that ranges over powers of ten (bytes, counts), of which the logarithm
 * is taken; or the number of a name (protocol, state), which becomes one column for each name.
 */
export const COLUMN_MEANINGS = ['amount', 'wide-amount', 'name'] as const;
export type ColumnMeaning = (typeof COLUMN_MEANINGS)[number];

/**
 * robust: median and the deviation of spread.ts, which strange training rows do not move. standard: mean and standard
 * deviation.
 */
export const SCALINGS = ['robust', 'standard'] as const;
export type Scaling = (typeof SCALINGS)[number];

export interface ScalerSettings {
  readonly meanings: readonly ColumnMeaning[];
  readonly scaling: Scaling;
  /**
   * Scaled amounts end here, either way, so that a single huge value does not make all else equal. They count as they
   * are up to the knee, and beyond by ever less: what is further out is still more unusual.
   */
  readonly limit: number;
}

/**
 * As profiles are scaled. A lower limit ranks many new services better: with a third of the services of NSL-KDD held
 * back, the one-class machine finds 43 of 100 attacks at 1 false alarm in 100 under a limit of 20, and 73 under 12. It
 * also tells less of how extreme a single amount is: an upload of a thousand times the usual one (e2e/training) has a
 * p-value 1.6 times as high under 12 as under 20, and 2.5 times under 8.
 */
export const PROFILE_SCALING = { scaling: 'robust', limit: 12 } as const;

/** Names of a column that are told apart; rarer ones share one column with those never seen. */
const MAX_NAMES = 64;
const MAX_LIMIT = 1e9;
const KIND = 'scaler';
/** Since 2 there is a knee; before, scaled amounts were cut off at the limit. Since 3 it says how they go on. */
const VERSION = 3;
/** Where scaled amounts begin to count less, as a share of the limit: of that of profiles, nearly four deviations. */
const KNEE_SHARE = 0.3;
/** Deviations beyond the knee at which half of the room up to the limit is used. */
const HALF_WAY = 5;
/** As it was before documents said it. */
const FORMER_HALF_WAY = 10;
/** Puts rows that differ in one name a distance of 1 apart. */
const HOT = Math.SQRT1_2;

interface Part {
  readonly meaning: ColumnMeaning;
  /** First of its scaled columns. */
  readonly target: number;
  readonly centre: number;
  readonly deviation: number;
  /** Known names, each with a column; one more column stands for all others. */
  readonly names: Float64Array;
}

/** How far out scaled amounts can be. */
interface Bounds {
  readonly limit: number;
  readonly knee: number;
  /** Beyond the knee, where half of the room up to the limit is used. */
  readonly halfWay: number;
}

export class Scaler {
  /** Raw columns. */
  readonly columns: number;
  /** Scaled columns. */
  readonly outputs: number;
  /** Of each scaled column the raw one that it was made from. */
  readonly sources: Int32Array;
  private readonly parts: readonly Part[];
  private readonly limit: number;
  /** From here on scaled amounts count less; where it is the limit, they are cut off there. */
  private readonly knee: number;
  private readonly halfWay: number;

  private constructor(parts: readonly Part[], { limit, knee, halfWay }: Bounds) {
    this.parts = parts;
    this.limit = limit;
    this.knee = knee;
    this.halfWay = halfWay;
    this.columns = parts.length;
    this.sources = Int32Array.from(parts.flatMap((part, column) => new Array<number>(widthOf(part)).fill(column)));
    this.outputs = this.sources.length;
  }

  /** Values that are not finite count as missing and are left out. @throws RangeError for settings that do not fit */
  static fit(matrix: Matrix, { meanings, scaling, limit }: ScalerSettings): Scaler {
    if (meanings.length !== matrix.columns) {
      throw new RangeError(`${meanings.length} meanings for ${matrix.columns} columns`);
    }
    if (!(limit > 0 && limit <= MAX_LIMIT)) throw new RangeError(`limit is ${limit}, not above 0 up to ${MAX_LIMIT}`);
    let target = 0;
    const parts = meanings.map((meaning, column): Part => {
      const present = columnOf(matrix, column).filter(Number.isFinite);
      const part = fitPart(present, meaning, scaling, target);
      target += widthOf(part);
      return part;
    });
    if (target > MAX_COLUMNS) throw new RangeError(`${target} scaled columns, more than ${MAX_COLUMNS}`);
    return new Scaler(parts, { limit, knee: limit * KNEE_SHARE, halfWay: HALF_WAY });
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown): Scaler {
    const reader = new DocumentReader(document, 'scaler');
    const version = reader.header(KIND, VERSION);
    const limit = reader.number('limit', Number.MIN_VALUE, MAX_LIMIT);
    const knee = version === 1 ? limit : reader.number('knee', 0, limit);
    const halfWay = version < 3 ? FORMER_HALF_WAY : reader.number('halfWay', Number.MIN_VALUE, MAX_LIMIT);
    let target = 0;
    const parts = reader.objects('parts', 1, MAX_COLUMNS).map((entry): Part => {
      const count = entry.integer('count', 0, MAX_NAMES);
      const part: Part = {
        meaning: entry.choice('meaning', COLUMN_MEANINGS),
        target,
        centre: entry.number('centre', -Number.MAX_VALUE, Number.MAX_VALUE),
        deviation: entry.number('deviation', Number.MIN_VALUE, Number.MAX_VALUE),
        names: entry.float64('names', count),
      };
      entry.finish();
      target += widthOf(part);
      return part;
    });
    reader.finish();
    if (target > MAX_COLUMNS) throw reader.wrong('parts', `would make ${target} columns, more than ${MAX_COLUMNS}`);
    return new Scaler(parts, { limit, knee, halfWay });
  }

  /** Writes `outputs` scaled values to `target`; a missing (not finite) amount becomes the usual one. */
  transform(values: Float64Array, offset: number, target: Float64Array, targetOffset: number): void {
    const { limit, knee, halfWay, parts } = this;
    for (let column = 0; column < parts.length; column++) {
      const part = parts[column]!;
      const value = values[offset + column]!;
      const place = targetOffset + part.target;
      if (part.meaning === 'name') {
        const { names } = part;
        for (let name = 0; name <= names.length; name++) target[place + name] = 0;
        const known = names.indexOf(value);
        target[place + (known < 0 ? names.length : known)] = HOT;
      } else {
        const scaled = ((part.meaning === 'wide-amount' ? signedLog(value) : value) - part.centre) / part.deviation;
        if (!Number.isFinite(value)) target[place] = 0;
        // Most are; what another function gives back may be an object, and then takes longer than all of this.
        else if (scaled <= knee && scaled >= -knee) target[place] = scaled;
        else target[place] = bounded(scaled, knee, limit, halfWay);
      }
    }
  }

  transformRows(matrix: Matrix): Matrix {
    if (matrix.columns !== this.columns) throw new RangeError(`${matrix.columns} columns instead of ${this.columns}`);
    const data = new Float64Array(matrix.rows * this.outputs);
    for (let row = 0; row < matrix.rows; row++) {
      this.transform(matrix.data, row * this.columns, data, row * this.outputs);
    }
    return { rows: matrix.rows, columns: this.outputs, data };
  }

  /** Contributions of scaled columns added up for the raw columns that they were made from. */
  gather(contributions: Float64Array): Float64Array {
    const sums = new Float64Array(this.columns);
    contributions.forEach((contribution, output) => {
      sums[this.sources[output]!]! += contribution;
    });
    return sums;
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: VERSION,
      limit: this.limit,
      knee: this.knee,
      halfWay: this.halfWay,
      parts: this.parts.map(({ meaning, centre, deviation, names }) => ({
        meaning,
        centre,
        deviation,
        count: names.length,
        names: encodeNumbers(names),
      })),
    };
  }
}

function widthOf({ meaning, names }: Part): number {
  return meaning === 'name' ? names.length + 1 : 1;
}

/** Most features of most rows are 0, and a logarithm takes longer than all else that is done to a value. */
function signedLog(value: number): number {
  return value > 0 ? Math.log1p(value) : value < 0 ? -Math.log1p(-value) : 0;
}

/** As it is up to the knee, and from there to the limit ever slower. */
function bounded(scaled: number, knee: number, limit: number, halfWay: number): number {
  if (scaled <= knee && scaled >= -knee) return scaled;
  const beyond = Math.abs(scaled) - knee;
  const size = beyond < Number.MAX_VALUE ? knee + (limit - knee) * (beyond / (beyond + halfWay)) : limit;
  return scaled < 0 ? -size : size;
}

/** @param present finite values */
function fitPart(present: Float64Array, meaning: ColumnMeaning, scaling: Scaling, target: number): Part {
  const base = { meaning, target, centre: 0, deviation: 1, names: new Float64Array(0) };
  if (meaning === 'name') return { ...base, names: commonNames(present) };
  if (present.length === 0) return base;
  const spread = spreadOf(meaning === 'wide-amount' ? present.map(signedLog) : present);
  return scaling === 'robust'
    ? { ...base, centre: spread.median, deviation: spread.deviation }
    : { ...base, centre: spread.mean, deviation: spread.standardDeviation };
}

function commonNames(values: Float64Array): Float64Array {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const common = [...counts].sort(([a, first], [b, second]) => second - first || a - b).slice(0, MAX_NAMES);
  return Float64Array.from(common, ([name]) => name).sort();
}
