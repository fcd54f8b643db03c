import { type Random, Reservoir } from '../../models/index.ts';
import type { ModelStore, SampleRow } from '../../store/index.ts';
import { Turns } from './turns.ts';

/** What a part of a sample is, and how it is kept. */
export interface SamplePartOptions {
  /** "flow/tcp/long" */
  readonly name: string;
  readonly capacity: number;
  readonly fadeMs: number;
  /** Names its columns: rows of others are of no use. */
  readonly layout: string;
  readonly random: Random;
  readonly store: () => ModelStore;
}

/** Says of a row what is wanted, by what is known of it without reading it. */
export type RowTest = (timeMs: number, isUnusual: boolean) => boolean;

/** Rows that are written in one go: a few milliseconds. */
const WRITTEN_AT_ONCE = 500;
/** Slots that are read in one go: as long. */
const READ_AT_ONCE = 250;

/**
 * One reservoir of rows. The rows are in the store; memory has when they were and whose, 17 bytes each, and those that
 * are not written yet.
 */
export class SamplePart {
  readonly #options: SamplePartOptions;
  readonly #reservoir: Reservoir;
  /** NaN for a slot without a row. */
  readonly #times: Float64Array;
  readonly #initiators: Uint32Array;
  readonly #responders: Uint32Array;
  readonly #unusual: Uint8Array;
  readonly #waiting = new Map<number, SampleRow>();
  readonly #removed = new Set<number>();
  #isAnew: boolean;

  constructor(options: SamplePartOptions) {
    this.#options = options;
    const { name, capacity, fadeMs, random, layout, store } = options;
    this.#times = new Float64Array(capacity).fill(Number.NaN);
    this.#initiators = new Uint32Array(capacity);
    this.#responders = new Uint32Array(capacity);
    this.#unusual = new Uint8Array(capacity);
    const kept = store().sampleState(name);
    this.#isAnew = kept !== undefined && kept.layout !== layout;
    const taken = new Set<number>();
    for (const row of kept === undefined || this.#isAnew ? [] : store().sampleSlots(name)) {
      // There was more room when it was written.
      if (row.slot >= capacity) this.#removed.add(row.slot);
      else {
        taken.add(row.slot);
        this.#know(row);
      }
    }
    const state = this.#isAnew ? undefined : kept;
    this.#reservoir = new Reservoir(capacity, fadeMs, random, state, taken);
  }

  get name(): string {
    return this.#options.name;
  }

  /** Rows in it, whether they may be learnt from or not. */
  get size(): number {
    return this.#reservoir.size;
  }

  /** @param values are copied, and only where the row is taken */
  add(timeMs: number, initiator: string, responder: string, isUnusual: boolean, values: Float64Array): void {
    const slot = this.#reservoir.offer(timeMs);
    if (slot < 0) return;
    const row = { slot, timeMs, initiator, responder, isUnusual, values: Float32Array.from(values) };
    this.#know(row);
    this.#removed.delete(slot);
    this.#waiting.set(slot, row);
    if (this.#waiting.size >= WRITTEN_AT_ONCE) this.write();
  }

  /** How many of its rows are of this kind. */
  count(isWanted: RowTest): number {
    // Most parts of most computers stay empty, and this is asked once a minute.
    if (this.size === 0) return 0;
    let count = 0;
    for (let slot = 0; slot < this.#times.length; slot++) {
      const timeMs = this.#times[slot];
      if (!Number.isNaN(timeMs) && isWanted(timeMs, this.#unusual[slot] !== 0)) count++;
    }
    return count;
  }

  /**
   * Takes rows out.
   *
   * @param isMeant is asked by the hashes of their ends (see `hashOf`)
   * @returns how many went
   */
  remove(isMeant: (initiator: number, responder: number, timeMs: number) => boolean): number {
    let count = 0;
    for (let slot = 0; slot < this.#times.length; slot++) {
      const timeMs = this.#times[slot];
      if (Number.isNaN(timeMs) || !isMeant(this.#initiators[slot], this.#responders[slot], timeMs)) continue;
      this.#times[slot] = Number.NaN;
      this.#waiting.delete(slot);
      this.#removed.add(slot);
      this.#reservoir.release(slot);
      count++;
    }
    return count;
  }

  /** Hands what changed to the store: rows, and how far it is with them. */
  write(): void {
    if (this.#waiting.size === 0 && this.#removed.size === 0) return;
    const { name: part, layout } = this.#options;
    const state = { part, layout, ...this.#reservoir.state };
    const rows = [...this.#waiting.values()];
    this.#options.store().changeSample({ state, rows, removed: [...this.#removed], isAnew: this.#isAnew });
    this.#isAnew = false;
    this.#waiting.clear();
    this.#removed.clear();
  }

  /** Its rows from a moment on, read in turns; what comes in meanwhile may be among them or not. */
  async rows(sinceMs = -Number.MAX_VALUE): Promise<readonly SampleRow[]> {
    this.write();
    const turns = new Turns();
    const found: SampleRow[] = [];
    for (let from = 0; from < this.#times.length; from += READ_AT_ONCE) {
      const until = from + READ_AT_ONCE;
      // NaN, of a slot without a row, is not at or after anything.
      if (!this.#times.subarray(from, until).some((timeMs) => timeMs >= sinceMs)) continue;
      const range = { from, until, sinceMs };
      found.push(...this.#options.store().sampleRows(this.name, range));
      if (turns.isOver) await turns.next();
    }
    return found;
  }

  #know({ slot, timeMs, initiator, responder, isUnusual }: Omit<SampleRow, 'values'>): void {
    this.#times[slot] = timeMs;
    this.#initiators[slot] = hashOf(initiator);
    this.#responders[slot] = hashOf(responder);
    this.#unusual[slot] = isUnusual ? 1 : 0;
  }
}

const FNV_BASIS = 2_166_136_261;
const FNV_PRIME = 16_777_619;

/** FNV-1a of an address: two that share one are taken for the same, which costs a row of the sample at the worst. */
export function hashOf(address: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < address.length; i++) hash = Math.imul(hash ^ address.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}
