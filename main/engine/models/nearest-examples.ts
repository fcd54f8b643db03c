/** The few rows of a small sample that are nearest to one; so small that nothing is quicker than to look at all. */
import { type Sample, squaredDistance } from './matrix.ts';

/** @returns numbers of at most `wanted` (1 or more) rows, the nearest first; of equally near ones the first of the sample */
export function nearestExamples({ rows, columns, data }: Sample, query: Float32Array, wanted: number): number[] {
  const found: { readonly row: number; readonly square: number }[] = [];
  for (let row = 0; row < rows; row++) {
    const limit = found.length < wanted ? Number.POSITIVE_INFINITY : found[found.length - 1]!.square;
    const square = squaredDistance(query, 0, data, row * columns, columns, limit);
    if (found.length === wanted && square >= limit) continue;
    if (found.length === wanted) found.pop();
    const place = found.findIndex((other) => other.square > square);
    found.splice(place < 0 ? found.length : place, 0, { row, square });
  }
  return found.map(({ row }) => row);
}
