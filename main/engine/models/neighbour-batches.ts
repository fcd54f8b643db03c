/** Searches for many rows, as many at a time as an index takes. */
import type { Matrix } from './matrix.ts';
import type { Search } from './nearest-rows.ts';
import type { NeighbourIndex } from './neighbour-index.ts';
import { MOST_QUERIES } from './search-layout.ts';

/** Is told which query, whose results are there, was for which row: its place among those that were asked for. */
export type Found = (place: number, query: number) => void;

export function searchMatrix(index: NeighbourIndex, rows: Matrix, search: Search, found: Found): void {
  const setQuery = (query: number, place: number) => index.setQuery(query, rows.data, place * rows.columns);
  inBatches(index, rows.rows, setQuery, search, found);
}

/** Rows of the index itself, each among the others or, without `isLeftOut`, among all. */
export function searchOwnRows(
  index: NeighbourIndex,
  rows: Int32Array,
  search: Search & { readonly isLeftOut: boolean },
  found: Found,
): void {
  const setQuery = (query: number, place: number) => index.setOwnQuery(query, rows[place]!, search.isLeftOut);
  inBatches(index, rows.length, setQuery, search, found);
}

/** All rows of the index. */
export function ownRows(index: NeighbourIndex): Int32Array {
  return Int32Array.from({ length: index.rows }, (_, row) => row);
}

function inBatches(
  index: NeighbourIndex,
  rows: number,
  setQuery: (query: number, place: number) => void,
  search: Search,
  found: Found,
): void {
  for (let first = 0; first < rows; first += MOST_QUERIES) {
    const queries = Math.min(MOST_QUERIES, rows - first);
    forEach(queries, (query) => setQuery(query, first + query));
    index.search(queries, search);
    forEach(queries, (query) => found(first + query, query));
  }
}

/** A loop of its own: what the language makes quick stays small, where whole searches may end before it has done so. */
function forEach(queries: number, visit: (query: number) => void): void {
  for (let query = 0; query < queries; query++) visit(query);
}
