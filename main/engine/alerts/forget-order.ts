import type { AlertEntry } from './entry.ts';
import { severityRank } from './rules.ts';

/**
 * Which alert gives way when there are too many: shadows first, then the least severe, then the oldest, then the one
 * that was opened first. A binary heap that knows where each alert is, so that a flood of findings with forged senders
 * costs the logarithm of what is kept for each of them.
 */
export class ForgetOrder {
  readonly #heap: AlertEntry[] = [];
  readonly #places = new Map<AlertEntry, number>();

  /** The one to be forgotten; undefined where there is none. */
  least(): AlertEntry | undefined {
    return this.#heap[0];
  }

  /** Takes an alert in, or notes that it is another one by now. */
  put(entry: AlertEntry): void {
    const place = this.#places.get(entry);
    if (place === undefined) this.#rise(this.#heap.push(entry) - 1, entry);
    else this.#settle(place, entry);
  }

  /** The same for one that may have been removed already. */
  changed(entry: AlertEntry): void {
    const place = this.#places.get(entry);
    if (place !== undefined) this.#settle(place, entry);
  }

  remove(entry: AlertEntry): void {
    const place = this.#places.get(entry);
    if (place === undefined) return;
    this.#places.delete(entry);
    const last = this.#heap.pop();
    if (last !== undefined && last !== entry) this.#settle(place, last);
  }

  #settle(place: number, entry: AlertEntry): void {
    const above = this.#heap[(place - 1) >> 1];
    if (place > 0 && above !== undefined && isBefore(entry, above)) this.#rise(place, entry);
    else this.#sink(place, entry);
  }

  #rise(from: number, entry: AlertEntry): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above]!;
      if (!isBefore(entry, other)) break;
      this.#set(place, other);
      place = above;
    }
    this.#set(place, entry);
  }

  #sink(from: number, entry: AlertEntry): void {
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      const [first, second] = [this.#heap[below], this.#heap[below + 1]];
      if (first === undefined) break;
      if (second !== undefined && isBefore(second, first)) below += 1;
      const other = this.#heap[below]!;
      if (!isBefore(other, entry)) break;
      this.#set(place, other);
      place = below;
    }
    this.#set(place, entry);
  }

  #set(place: number, entry: AlertEntry): void {
    this.#heap[place] = entry;
    this.#places.set(entry, place);
  }
}

/** To be forgotten rather than the other. */
export function isBefore(first: AlertEntry, second: AlertEntry): boolean {
  const order =
    Number(first.explainedBy === undefined) - Number(second.explainedBy === undefined) ||
    severityRank(first.severity) - severityRank(second.severity) ||
    first.lastSeenMs - second.lastSeenMs ||
    first.sequence - second.sequence;
  return order < 0;
}
