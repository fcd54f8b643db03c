/** The rows that a network learns from: each column with mean 0 and deviation 1, some held back, others in batches. */
import { heardAs } from '../autoencoder.ts';
import type { Matrix } from '../matrix.ts';
import type { Random } from '../random.ts';

export interface BatchSettings {
  readonly batchRows: number;
  readonly noise: number;
}

/** Rows with and without noise, row after row. The arrays are used again for the next batch. */
export interface Batch {
  readonly noisy: Float32Array;
  readonly clean: Float32Array;
  readonly rows: number;
}

/** Share of the rows that tells when to end; of fewer than so many all are learnt from, and tell it themselves. */
const HELD_BACK_SHARE = 0.1;
const LEAST_TO_HOLD_BACK = 50;
/** Small tables need small batches to make steps enough; larger ones than the most are no quicker. */
const STEPS_PER_EPOCH = 32;
const LEAST_BATCH = 32;
const MOST_BATCH = 512;
/**
 * Of the scaled columns, so that a column that hardly ever varies does not shout down the others with a single row.
 * Amounts deviate by about 1, and names are √½ where they hold: one that is new is then one deviation away.
 */
const LEAST_DEVIATION = Math.SQRT1_2;
/**
 * Deviations from the mean at which values end that count as they are. Rows that were learnt from go further where a few
 * of them are wild, and then those are all that the network cares for. Ends at 7 rank 35_SpamBase better by 0.02, and
 * 23_mammography, where long tails tell most, worse by up to 0.006.
 */
const END = 20;
/** Deviations beyond the ends at which half of the room is used. Results hardly change from 3 to 10. */
const ROOM = 5;
/** Makes a uniform number between −½ and ½ one of deviation 1. */
const UNIFORM_DEVIATION = Math.sqrt(12);
const UINT32 = 2 ** 32;

export class TrainingRows {
  readonly columns: number;
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** Of each column, as it is given: from where on values count less, and how far beyond they can be. */
  readonly lowest: Float64Array;
  readonly highest: Float64Array;
  readonly room: Float64Array;
  /** All rows, also those that are held back, in their order. */
  readonly count: number;
  readonly scaled: Float32Array;
  /** In one epoch. */
  readonly steps: number;
  readonly #random: Random;
  readonly #order: Int32Array;
  readonly #heldBack: Int32Array;
  readonly #noise: number;
  readonly #batch: Batch;

  constructor(matrix: Matrix, { batchRows, noise }: BatchSettings, random: Random) {
    this.columns = matrix.columns;
    const { lowest, highest, room } = endsOf(matrix);
    this.lowest = lowest;
    this.highest = highest;
    this.room = room;
    const heard = {
      ...matrix,
      data: matrix.data.map((value, place) => {
        const column = place % matrix.columns;
        return heardAs(value, lowest[column]!, highest[column]!, room[column]!);
      }),
    };
    const { mean, deviation } = momentsOf(heard);
    this.mean = mean;
    this.deviation = deviation;
    this.count = matrix.rows;
    this.scaled = scaledRows(heard, mean, deviation);
    const all = random.choose(matrix.rows, matrix.rows);
    const held = matrix.rows < LEAST_TO_HOLD_BACK ? 0 : Math.floor(matrix.rows * HELD_BACK_SHARE);
    this.#heldBack = all.slice(0, held);
    this.#order = all.slice(held);
    this.#random = random;
    this.#noise = noise;
    const size = Math.min(batchRows || sizeOfBatch(this.#order.length), this.#order.length);
    this.steps = Math.ceil(this.#order.length / size);
    const most = size * matrix.columns;
    this.#batch = { noisy: new Float32Array(most), clean: new Float32Array(most), rows: size };
  }

  /** All rows that are learnt from, once, in an order of chance. */
  *epoch(): Generator<Batch> {
    const order = this.#order;
    for (let i = order.length - 1; i > 0; i--) {
      const other = this.#random.below(i + 1);
      const kept = order[i]!;
      order[i] = order[other]!;
      order[other] = kept;
    }
    yield* this.#batches(order, this.#random, this.#noise);
  }

  /** Rows that are not learnt from, in their order; those that are where none are held back. */
  *heldBack(random: Random): Generator<Batch> {
    const rows = this.#heldBack.length > 0 ? this.#heldBack : this.#order;
    yield* this.#batches(rows, random, this.#noise);
  }

  /** All rows in their order, without noise. */
  *clean(): Generator<Batch> {
    yield* this.#batches(
      Int32Array.from({ length: this.count }, (_, row) => row),
      this.#random,
      0,
    );
  }

  *#batches(order: Int32Array, random: Random, deviation: number): Generator<Batch> {
    const { columns } = this;
    const { noisy, clean, rows: most } = this.#batch;
    const noise = (deviation * UNIFORM_DEVIATION) / UINT32;
    const middle = (deviation * UNIFORM_DEVIATION) / 2;
    for (let start = 0; start < order.length; start += most) {
      const rows = Math.min(most, order.length - start);
      for (let row = 0; row < rows; row++) {
        const from = order[start + row]! * columns;
        const to = row * columns;
        for (let column = 0; column < columns; column++) {
          const value = this.scaled[from + column]!;
          clean[to + column] = value;
          noisy[to + column] = value + random.uint32() * noise - middle;
        }
      }
      const length = rows * columns;
      yield { noisy: noisy.subarray(0, length), clean: clean.subarray(0, length), rows };
    }
  }
}

function sizeOfBatch(rows: number): number {
  const even = 2 ** Math.floor(Math.log2(Math.max(1, rows / STEPS_PER_EPOCH)));
  return Math.min(Math.max(even, LEAST_BATCH), MOST_BATCH);
}

function scaledRows({ rows, columns, data }: Matrix, mean: Float64Array, deviation: Float64Array): Float32Array {
  const scaled = new Float32Array(data.length);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) scaled[i] = (data[i]! - mean[column]!) / deviation[column]!;
  }
  return scaled;
}

function momentsOf({ rows, columns, data }: Matrix): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) mean[column]! += data[i]! / rows;
  }
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) squares[column]! += (data[i]! - mean[column]!) ** 2 / rows;
  }
  return { mean, deviation: squares.map((square) => Math.max(Math.sqrt(square), LEAST_DEVIATION)) };
}

/** Values count as they are as far as any that is learnt from, but not further out than so many deviations. */
function endsOf(matrix: Matrix): Pick<TrainingRows, 'lowest' | 'highest' | 'room'> {
  const { mean, deviation } = momentsOf(matrix);
  const [lowest, highest] = [extremesOf(matrix, Math.min), extremesOf(matrix, Math.max)];
  return {
    lowest: lowest.map((value, column) => Math.max(value, mean[column]! - END * deviation[column]!)),
    highest: highest.map((value, column) => Math.min(value, mean[column]! + END * deviation[column]!)),
    room: deviation.map((each) => ROOM * each),
  };
}

function extremesOf({ columns, data }: Matrix, furtherOf: (one: number, other: number) => number): Float64Array {
  const extremes = data.slice(0, columns);
  for (let i = columns; i < data.length; i++) extremes[i % columns] = furtherOf(extremes[i % columns]!, data[i]!);
  return extremes;
}
