/** The nearest rows seen so far, of several searches at a time, where distances are known roughly and are dear to know. */

export interface Search {
  /** Rows for each query, at most as many as there is room for. */
  readonly wanted: number;
  /** Squared distance from which on rows do not count; infinity where left out. */
  readonly limit?: number;
  /** Only whether so many rows are below the limit is asked for, not which are nearest. */
  readonly isAnyEnough?: boolean;
}

/** Exact squared distance of a row to a query. */
export type Measure = (query: number, row: number) => number;

/** How many candidates come between two times of measuring them all, at least. */
const LEAST_PAUSE = 64;

export class NearestRows {
  /** By query, `most` for each: the rows found, nearest first. Complete after `settle`. */
  readonly found: Int32Array;
  /** Their squared distances. */
  readonly squares: Float64Array;
  /** By query, how many were found. */
  readonly counts: Int32Array;
  /** By query, the squared distance from which on a row is of no more use. */
  readonly bounds: Float64Array;
  private readonly most: number;
  /** By query, the smallest upper ends of distances so far, as a heap with the greatest on top. */
  private readonly uppers: Float64Array;
  private readonly upperCounts: Int32Array;
  /** By query, rows that may be among the nearest, in the order in which they came, and the lower ends of distances. */
  private readonly candidates: Int32Array;
  private readonly lowers: Float64Array;
  private readonly candidateCounts: Int32Array;
  private readonly room: number;
  private wanted = 0;
  private limit = 0;
  private isAnyEnough = false;

  /** @param most rows that will be asked for */
  constructor(queries: number, most: number) {
    this.most = most;
    this.room = 2 * most + LEAST_PAUSE;
    this.found = new Int32Array(queries * most);
    this.squares = new Float64Array(queries * most);
    this.counts = new Int32Array(queries);
    this.bounds = new Float64Array(queries);
    this.uppers = new Float64Array(queries * most);
    this.upperCounts = new Int32Array(queries);
    this.candidates = new Int32Array(queries * this.room);
    this.lowers = new Float64Array(queries * this.room);
    this.candidateCounts = new Int32Array(queries);
  }

  begin(queries: number, { wanted, limit = Number.POSITIVE_INFINITY, isAnyEnough = false }: Search): void {
    this.wanted = wanted;
    this.limit = limit;
    this.isAnyEnough = isAnyEnough;
    this.bounds.fill(limit, 0, queries);
    this.counts.fill(0, 0, queries);
    this.upperCounts.fill(0, 0, queries);
    this.candidateCounts.fill(0, 0, queries);
  }

  /** A row that may be among the nearest: its squared distance is `lower` at least. */
  add(query: number, row: number, lower: number, measure: Measure): void {
    const at = query * this.room + this.candidateCounts[query]!++;
    this.candidates[at] = row;
    this.lowers[at] = lower;
    if (this.candidateCounts[query]! < this.room) return;
    this.settle(query, measure);
    this.keepFound(query);
  }

  /** Measures what may be among the nearest. Of equally near rows those that came first are kept. */
  settle(query: number, measure: Measure): void {
    const { wanted, limit, found, squares } = this;
    if (this.isAnyEnough && this.upperCounts[query]! >= wanted) {
      this.counts[query] = wanted;
      return;
    }
    const bound = this.bounds[query]!;
    const first = query * this.room;
    const start = query * this.most;
    let count = 0;
    for (let i = first; i < first + this.candidateCounts[query]!; i++) {
      if (this.lowers[i]! > bound) continue;
      const row = this.candidates[i]!;
      const square = measure(query, row);
      if (!(square < (count < wanted ? limit : squares[start + wanted - 1]!))) continue;
      if (count < wanted) count++;
      let place = start + count - 1;
      for (; place > start && squares[place - 1]! > square; place--) {
        squares[place] = squares[place - 1]!;
        found[place] = found[place - 1]!;
      }
      squares[place] = square;
      found[place] = row;
    }
    this.counts[query] = count;
  }

  /** Begins anew with what was measured. */
  private keepFound(query: number): void {
    const count = this.counts[query]!;
    const first = query * this.room;
    const start = query * this.most;
    this.candidateCounts[query] = count;
    this.upperCounts[query] = count;
    for (let i = 0; i < count; i++) {
      this.candidates[first + i] = this.found[start + i]!;
      this.lowers[first + i] = this.squares[start + i]!;
      // From greatest to smallest, which is a heap.
      this.uppers[start + i] = this.squares[start + count - 1 - i]!;
    }
    this.bounds[query] = count < this.wanted ? this.limit : this.squares[start + count - 1]!;
  }

  /** What the squared distance of one more row is at most, below the bound. Each row counts once. */
  addUpper(query: number, upper: number): void {
    const { uppers, wanted } = this;
    const start = query * this.most;
    const count = this.upperCounts[query]!;
    if (count < wanted) {
      let place = count;
      for (; place > 0; ) {
        const parent = (place - 1) >> 1;
        if (uppers[start + parent]! >= upper) break;
        uppers[start + place] = uppers[start + parent]!;
        place = parent;
      }
      uppers[start + place] = upper;
      this.upperCounts[query] = count + 1;
      if (count + 1 < wanted) return;
    } else this.replaceTop(start, upper);
    this.bounds[query] = this.isAnyEnough ? Number.NEGATIVE_INFINITY : uppers[start]!;
  }

  private replaceTop(start: number, upper: number): void {
    const { uppers, wanted } = this;
    let place = 0;
    for (let child = 1; child < wanted; child = 2 * place + 1) {
      if (child + 1 < wanted && uppers[start + child + 1]! > uppers[start + child]!) child++;
      if (uppers[start + child]! <= upper) break;
      uppers[start + place] = uppers[start + child]!;
      place = child;
    }
    uppers[start + place] = upper;
  }
}
