/** What one host sent out in the hours before. */
export class HostHistory {
  /** Bytes per hour, the oldest first; hours without traffic count as 0 once the host is known. */
  readonly #hours: number[] = [];
  #currentHour: number;
  current = 0;

  constructor(nowUs: number) {
    this.#currentHour = hourOf(nowUs);
  }

  /** Hours that are over. */
  get knownHours(): number {
    return this.#hours.length;
  }

  add(bytes: number, nowUs: number): void {
    this.advance(nowUs);
    this.current += bytes;
  }

  advance(nowUs: number): void {
    const hour = hourOf(nowUs);
    if (hour <= this.#currentHour) return;
    const silent = Math.min(hour - this.#currentHour - 1, MAX_HOURS);
    this.#push(this.current);
    for (let index = 0; index < silent; index++) this.#push(0);
    this.current = 0;
    this.#currentHour = hour;
  }

  /**
   * The median of the hours before and a spread that a few odd hours do not change: the median absolute deviation,
   * times 1.4826 so that it is the standard deviation where hours are spread normally (Hampel 1974).
   */
  usual(): { readonly median: number; readonly deviation: number } {
    const median = medianOf(this.#hours);
    const deviation = 1.4826 * medianOf(this.#hours.map((bytes) => Math.abs(bytes - median)));
    return { median, deviation };
  }

  #push(bytes: number): void {
    this.#hours.push(bytes);
    if (this.#hours.length > MAX_HOURS) this.#hours.shift();
  }
}

/** A week. */
const MAX_HOURS = 168;
const HOUR_US = 3_600e6;

export function hourOf(timeUs: number): number {
  return Math.floor(timeUs / HOUR_US);
}

function medianOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
