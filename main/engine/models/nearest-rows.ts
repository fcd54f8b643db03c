/** What searches for the nearest rows ask for and find. */

export interface Search {
  /** Rows for each query, at most as many as there is room for. */
  readonly wanted: number;
  /** Squared distance from which on rows do not count; infinity where left out. */
  readonly limit?: number;
  /** Only whether so many rows are below the limit is asked for, not which are nearest. */
  readonly isAnyEnough?: boolean;
}

/** The nearest rows of several searches at a time. */
export class NearestRows {
  /** By query, `most` for each: the rows found, nearest first. */
  readonly found: Int32Array;
  /** Their squared distances. */
  readonly squares: Float64Array;
  /** By query, how many were found. */
  readonly counts: Int32Array;
  private readonly most: number;

  /** @param most rows that will be asked for */
  constructor(queries: number, most: number) {
    this.most = most;
    this.found = new Int32Array(queries * most);
    this.squares = new Float64Array(queries * most);
    this.counts = new Int32Array(queries);
  }

  /** Squared distance from which on a row is of no use to the query. */
  bound(query: number, { wanted, limit = Number.POSITIVE_INFINITY }: Search): number {
    return this.counts[query]! < wanted ? limit : this.squares[query * this.most + wanted - 1]!;
  }

  /** Adds a row if it is among the nearest; of equally near ones those with the lowest numbers are. */
  add(query: number, row: number, square: number, search: Search): void {
    const { found, squares, counts } = this;
    const { wanted } = search;
    const first = query * this.most;
    const isAfter = (place: number) => squares[place]! > square || (squares[place] === square && found[place]! > row);
    if (counts[query]! < wanted) {
      if (!(square < this.bound(query, search))) return;
      counts[query]!++;
    } else if (!isAfter(first + wanted - 1)) return;
    let place = first + counts[query]! - 1;
    for (; place > first && isAfter(place - 1); place--) {
      squares[place] = squares[place - 1]!;
      found[place] = found[place - 1]!;
    }
    squares[place] = square;
    found[place] = row;
  }
}
