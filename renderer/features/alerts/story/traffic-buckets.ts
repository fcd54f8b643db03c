import type { AlertStory } from '../../../../contract/api-alerts.ts';

/** Far more than a story has; a plot of more could not be drawn in a frame. */
const MOST_BUCKETS = 500;
const MS_PER_SECOND = 1_000;
/** The engine looks so far around an alert; of a longer one, this share of its time. */
const LEAST_AROUND_MS = 30_000;
const AROUND_SHARE = 0.25;

export interface TrafficLine {
  readonly timesMs: readonly number[];
  readonly bytesPerSecond: readonly number[];
}

/**
 * The traffic of a story as a line: buckets without traffic, which the engine leaves out, are zero. It spans
 * what the engine looked at. Pure.
 */
export function trafficLine(
  { bucketMs, points }: AlertStory['traffic'],
  { firstSeenMs, lastSeenMs }: { readonly firstSeenMs: number; readonly lastSeenMs: number },
): TrafficLine {
  if (points.length === 0) return { timesMs: [], bytesPerSecond: [] };
  const origin = points[0].timeMs;
  const indexOf = (timeMs: number): number => Math.floor((timeMs - origin) / bucketMs);
  const aroundMs = Math.max(LEAST_AROUND_MS, (lastSeenMs - firstSeenMs) * AROUND_SHARE);
  const from = Math.min(0, indexOf(firstSeenMs - aroundMs));
  const to = Math.max(indexOf(points[points.length - 1].timeMs), indexOf(lastSeenMs + aroundMs));
  const bytes = new Map(points.map((point) => [indexOf(point.timeMs), point.bytes]));
  const length = Math.min(to - from + 1, MOST_BUCKETS);
  const indexes = Array.from({ length }, (_, step) => from + step);
  return {
    timesMs: indexes.map((index) => origin + index * bucketMs),
    bytesPerSecond: indexes.map((index) => ((bytes.get(index) ?? 0) * MS_PER_SECOND) / bucketMs),
  };
}
