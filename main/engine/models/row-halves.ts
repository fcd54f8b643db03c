/** Orders rows so that those that follow one another are near one another. */
import type { Sample } from './matrix.ts';

/**
 * Halves the rows by the column in which they are spread widest, and the halves again, down to blocks of `blockRows`,
 * all but the last of which are full (the k-d construction of S. M. Omohundro, "Five Balltree Construction
 * Algorithms", ICSI 1989).
 *
 * @returns numbers of rows in their new order
 */
export function halveRows(sample: Sample, blockRows: number): Int32Array {
  const halving = new Halving(sample, blockRows);
  halving.halve(0, sample.rows);
  return halving.order;
}

/** Rows, of those to be halved, that it is read off how far columns are spread: about so many, where there are more. */
const SPREAD_ROWS = 12;

class Halving {
  readonly order: Int32Array;
  private readonly sample: Sample;
  private readonly blockRows: number;
  private readonly values: Float32Array;
  private readonly later: Int32Array;
  /** Where the rows begin that a spread is read off. */
  private readonly offsets: Int32Array;

  constructor(sample: Sample, blockRows: number) {
    const { rows } = sample;
    this.sample = sample;
    this.blockRows = blockRows;
    this.order = Int32Array.from({ length: rows }, (_, row) => row);
    this.values = new Float32Array(rows);
    this.later = new Int32Array(rows);
    this.offsets = new Int32Array(2 * SPREAD_ROWS);
  }

  /** As deep as the number of blocks has bits. */
  halve(start: number, end: number): void {
    const blocks = Math.ceil((end - start) / this.blockRows);
    if (blocks < 2) return;
    const middle = start + Math.ceil(blocks / 2) * this.blockRows;
    this.part(start, middle, end, this.widestColumn(start, end));
    this.halve(start, middle);
    this.halve(middle, end);
  }

  /** Brings the rows with the lowest values before `middle`; of equal ones those that come first. */
  private part(start: number, middle: number, end: number, column: number): void {
    const { order, values, later } = this;
    const { columns, data } = this.sample;
    const sorted = values.subarray(start, end);
    for (let i = start; i < end; i++) values[i] = data[order[i]! * columns + column]!;
    sorted.sort();
    const pivot = sorted[middle - start]!;
    let equal = 0;
    for (let i = middle - start - 1; i >= 0 && sorted[i] === pivot; i--) equal++;
    let kept = start;
    let moved = 0;
    for (let i = start; i < end; i++) {
      const row = order[i]!;
      const value = data[row * columns + column]!;
      if (value < pivot || (value === pivot && equal-- > 0)) order[kept++] = row;
      else later[moved++] = row;
    }
    order.set(later.subarray(0, moved), kept);
  }

  private widestColumn(start: number, end: number): number {
    const { order, offsets } = this;
    const { columns, data } = this.sample;
    const step = Math.max(1, Math.floor((end - start) / SPREAD_ROWS));
    let looked = 0;
    for (let i = start; i < end; i += step) offsets[looked++] = order[i]! * columns;
    let widest = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < columns; column++) {
      let lowest = Number.POSITIVE_INFINITY;
      let highest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < looked; i++) {
        const value = data[offsets[i]! + column]!;
        if (value < lowest) lowest = value;
        if (value > highest) highest = value;
      }
      if (highest - lowest > most) {
        most = highest - lowest;
        widest = column;
      }
    }
    return widest;
  }
}
