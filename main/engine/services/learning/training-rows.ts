/**
 * Rows to learn from, gathered from files: of each group a fair sample of bounded size, in the order of time. What a
 * detector names is taken out again before it is learnt from.
 */
import { createHash } from 'node:crypto';
import type { ModelGroup } from '../../../../contract/models.ts';
import { Random, type TrainingGroup } from '../../models/index.ts';
import type { Conversation } from './model-guard.ts';

/** Rows of one group as plain data, for a work file. */
export interface GroupState {
  readonly group: ModelGroup;
  /** Rows that came by, kept or not. */
  readonly seen: number;
  /** As many as there are rows; rising numbers in the order in which rows came. */
  readonly order: Float64Array;
  readonly values: Float64Array;
}

export interface RowsState {
  readonly groups: readonly GroupState[];
  readonly next: number;
  readonly flagged: number;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
}

/** A group's reservoir (Vitter 1985, algorithm R). */
interface Reservoir {
  readonly limit: number;
  seen: number;
  rows: number;
  values: Float64Array;
  order: Float64Array;
  /** Of rows of the present source only. */
  facts: (Conversation | undefined)[];
}

const FIRST_ROOM = 1_024;
/** Shares of the rows of TCP that are kept of the others: there are fewer kinds of them. */
const SHARES: Readonly<Record<ModelGroup, number>> = { tcp: 1, udp: 0.5, other: 0.25, all: 1 };

export class TrainingRows {
  readonly columns: number;
  readonly #limit: number;
  readonly #seed: number;
  readonly #groups = new Map<ModelGroup, Reservoir>();
  #random: Random;
  #next = 0;
  #flagged = 0;
  #fromMs = Number.POSITIVE_INFINITY;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** @param limit most rows of TCP that are kept */
  constructor(columns: number, limit: number, seed: number) {
    this.columns = columns;
    this.#limit = limit;
    this.#seed = seed;
    this.#random = new Random(seed);
  }

  /** Rows that came by and were no attack's. */
  get seen(): number {
    let sum = 0;
    for (const { seen } of this.#groups.values()) sum += seen;
    return sum;
  }

  get kept(): number {
    let sum = 0;
    for (const { rows } of this.#groups.values()) sum += rows;
    return sum;
  }

  /** Rows that were taken out again because a detector named them. */
  get flagged(): number {
    return this.#flagged;
  }

  /** Milliseconds since the epoch; null while no row has a time. */
  get span(): { readonly fromMs: number | null; readonly untilMs: number | null } {
    const isKnown = this.#fromMs <= this.#untilMs;
    return { fromMs: isKnown ? this.#fromMs : null, untilMs: isKnown ? this.#untilMs : null };
  }

  /** Random numbers that depend on the source alone: going on after a pause gives the same rows. */
  beginSource(index: number): void {
    this.#random = new Random(this.#seed + index * 0x9e37_79b9);
  }

  /**
   * Takes a row, or not.
   *
   * @param write fills the row, from the given offset on
   */
  add(group: ModelGroup, facts: Conversation | undefined, write: (target: Float64Array, offset: number) => void): void {
    const reservoir = this.#reservoir(group);
    const isFull = reservoir.rows >= reservoir.limit;
    const place = isFull ? this.#random.below(reservoir.seen + 1) : reservoir.rows;
    reservoir.seen += 1;
    const order = this.#next++;
    if (facts !== undefined && Number.isFinite(facts.firstMs) && Number.isFinite(facts.lastMs)) {
      this.#fromMs = Math.min(this.#fromMs, facts.firstMs);
      this.#untilMs = Math.max(this.#untilMs, facts.lastMs);
    }
    if (place >= reservoir.limit) return;
    if (place >= reservoir.rows) {
      reservoir.rows = place + 1;
      this.#grow(reservoir);
    }
    write(reservoir.values, place * this.columns);
    reservoir.order[place] = order;
    reservoir.facts[place] = facts;
  }

  /** Ends a source: what a detector named in it is taken out. */
  endSource(isNamed: (conversation: Conversation) => boolean): void {
    for (const reservoir of this.#groups.values()) {
      let kept = 0;
      for (let row = 0; row < reservoir.rows; row++) {
        const facts = reservoir.facts[row];
        if (facts !== undefined && isNamed(facts)) continue;
        if (kept !== row) this.#move(reservoir, row, kept);
        kept += 1;
      }
      const named = reservoir.rows - kept;
      this.#flagged += named;
      reservoir.seen -= Math.round((named * reservoir.seen) / Math.max(1, reservoir.rows));
      reservoir.rows = kept;
      reservoir.facts = [];
    }
  }

  /** What there is, in the order of time. */
  groups(): TrainingGroup[] {
    return this.state().groups.map(({ group, order, values }) => ({
      group,
      rows: { rows: order.length, columns: this.columns, data: values },
    }));
  }

  state(): RowsState {
    const groups = [...this.#groups]
      .filter(([, { rows }]) => rows > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, { seen, rows, values, order }]): GroupState => {
        const places = Array.from({ length: rows }, (_, row) => row).sort((a, b) => order[a]! - order[b]!);
        const sorted = new Float64Array(rows * this.columns);
        for (const [to, from] of places.entries()) {
          sorted.set(values.subarray(from * this.columns, (from + 1) * this.columns), to * this.columns);
        }
        return { group, seen, order: Float64Array.from(places, (place) => order[place]!), values: sorted };
      });
    return { groups, next: this.#next, flagged: this.#flagged, ...this.span };
  }

  /** Goes on from what `state` gave. */
  restore({ groups, next, flagged, fromMs, untilMs }: RowsState): void {
    this.#groups.clear();
    for (const { group, seen, order, values } of groups) {
      const reservoir = this.#reservoir(group);
      Object.assign(reservoir, { seen, rows: order.length, order: order.slice(), values: values.slice() });
    }
    this.#next = next;
    this.#flagged = flagged;
    this.#fromMs = fromMs ?? Number.POSITIVE_INFINITY;
    this.#untilMs = untilMs ?? Number.NEGATIVE_INFINITY;
  }

  #reservoir(group: ModelGroup): Reservoir {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const made: Reservoir = {
      limit: Math.max(1, Math.floor(this.#limit * SHARES[group])),
      seen: 0,
      rows: 0,
      values: new Float64Array(FIRST_ROOM * this.columns),
      order: new Float64Array(FIRST_ROOM),
      facts: [],
    };
    this.#groups.set(group, made);
    return made;
  }

  #grow(reservoir: Reservoir): void {
    const { rows, limit } = reservoir;
    if (rows * this.columns <= reservoir.values.length && rows <= reservoir.order.length) return;
    const room = Math.min(limit, Math.max(rows, 2 * reservoir.order.length));
    const values = new Float64Array(room * this.columns);
    const order = new Float64Array(room);
    values.set(reservoir.values);
    order.set(reservoir.order);
    Object.assign(reservoir, { values, order });
  }

  #move(reservoir: Reservoir, from: number, to: number): void {
    const { columns } = this;
    reservoir.values.copyWithin(to * columns, from * columns, (from + 1) * columns);
    reservoir.order[to] = reservoir.order[from]!;
  }
}

/** SHA-256 of rows by group, hexadecimal: what was learnt from can be told apart. */
export function digestOf(groups: readonly TrainingGroup[]): string {
  const hash = createHash('sha256');
  for (const { group, rows } of groups) {
    hash.update(`${group} ${rows.rows} ${rows.columns}\n`);
    hash.update(new Uint8Array(rows.data.buffer, rows.data.byteOffset, rows.rows * rows.columns * 8));
  }
  return hash.digest('hex');
}
