import { createHash } from 'node:crypto';
import { MODEL_GROUPS, MODEL_TABLES, type ModelGroup, type ModelTable } from '../../contract/models.ts';
import { type Conversation, PoisonGuard, type Suspicion } from './model-guard.ts';
import { hashOf, type RowTest, SamplePart } from './model-sample-part.ts';
import type { ModelSettings } from './model-settings.ts';
import { type Matrix, Random, TABLE_COLUMNS, type TrainingGroup } from './models/index.ts';
import type { Clock } from './runtime/clock.ts';
import type { ModelStore, SampleRow } from './store/index.ts';

export interface ModelSamplesOptions {
  readonly store: () => ModelStore;
  readonly clock: Clock;
  /** Random, so that nobody outside can tell which rows are taken. */
  readonly seed: number;
  readonly settings: () => ModelSettings;
}

/** A row that comes in. */
export interface IncomingRow extends Conversation {
  readonly table: ModelTable;
  readonly group: ModelGroup;
  /** Raw values in columns' order; copied where the row is taken. */
  readonly values: Float64Array;
  /** Whether the model in use finds it very unusual. */
  readonly isUnusual: boolean;
}

/** Everything to be learnt from of one table. */
export interface TrainingRows {
  readonly groups: readonly TrainingGroup[];
  readonly rows: number;
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  /** SHA-256 of the rows, hexadecimal. */
  readonly digest: string;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const COUNTED_AGAIN_MS = 1_000;

/**
 * Parts of a group's sample. A row belongs to one of them by lot, so that no row is in two: models that were fitted on
 * `long` and `recent` are compared by rows of `check` that neither has seen.
 */
const PARTS = [
  { name: 'check', upTo: 0.1, share: 0.1, fadeMs: 7 * DAY_MS },
  { name: 'recent', upTo: 0.4, share: 0.3, fadeMs: 2 * DAY_MS },
  { name: 'long', upTo: 1, share: 0.6, fadeMs: 30 * DAY_MS },
] as const;
type PartName = (typeof PARTS)[number]['name'];

/** Share of the setting sampleRows that a group gets. */
const GROUP_SHARES: Readonly<Record<ModelGroup, number>> = { tcp: 1, udp: 0.5, other: 0.25, all: 0.5 };

interface GroupSample {
  readonly table: ModelTable;
  readonly group: ModelGroup;
  readonly parts: Readonly<Record<PartName, SamplePart>>;
}

/** The rows that are learnt from, of every table and group. */
export class ModelSamples {
  readonly guard = new PoisonGuard();
  readonly #options: ModelSamplesOptions;
  readonly #random: Random;
  #samples: readonly GroupSample[] = [];
  /** Rows that findings kept or took out. */
  readonly #heldOut = new Map<ModelTable, number>();
  /** Counting goes through all slots, and is asked for with everything that changes. */
  readonly #usable = new Map<ModelTable, { readonly rows: number; readonly atMs: number }>();
  #unusual = 0;

  constructor(options: ModelSamplesOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** Brings back what was there before. */
  start(): void {
    const { store, settings } = this.#options;
    const { sampleRows } = settings();
    this.#samples = MODEL_TABLES.flatMap((table) =>
      MODEL_GROUPS[table].map((group): GroupSample => {
        const part = ({ name, share, fadeMs }: (typeof PARTS)[number]): [PartName, SamplePart] => [
          name,
          new SamplePart({
            name: `${table}/${group}/${name}`,
            capacity: Math.max(1, Math.round(sampleRows * GROUP_SHARES[group] * share)),
            fadeMs,
            layout: layoutOf(table),
            random: this.#random,
            store,
          }),
        ];
        return { table, group, parts: Object.fromEntries(PARTS.map(part)) as GroupSample['parts'] };
      }),
    );
  }

  /** Rows that rules or indicators spoke of, and rows that the model in use found very unusual, since the start. */
  get counts(): { readonly heldOut: number; readonly unusual: number } {
    const heldOut = MODEL_TABLES.reduce((sum, table) => sum + this.heldOutOf(table), 0);
    return { heldOut, unusual: this.#unusual };
  }

  /** Rows of a table that rules or indicators spoke of, since the start. */
  heldOutOf(table: ModelTable): number {
    return this.#heldOut.get(table) ?? 0;
  }

  add(row: IncomingRow): void {
    if (this.guard.isNamed(row)) {
      this.#holdOut(row.table, 1);
      return;
    }
    if (row.isUnusual) this.#unusual++;
    const sample = this.#samples.find(({ table, group }) => table === row.table && group === row.group);
    if (sample === undefined) return;
    const lot = this.#random.next();
    const part = PARTS.find(({ upTo }) => lot < upTo)?.name ?? 'long';
    sample.parts[part].add(row.lastMs, row.initiator, row.responder, row.isUnusual, row.values);
  }

  /** Takes out what was spoken of meanwhile, and hands what changed to the store. */
  write(): void {
    this.#withdraw(this.guard.takeNews());
    for (const { parts } of this.#samples) for (const part of Object.values(parts)) part.write();
  }

  /** Rows of a table that may be learnt from, as of a moment ago. */
  usable(table: ModelTable): number {
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#usable.get(table);
    if (known !== undefined && nowMs - known.atMs < COUNTED_AGAIN_MS) return known.rows;
    const rows = this.countUsable(table);
    this.#usable.set(table, { rows, atMs: nowMs });
    return rows;
  }

  /** The same, counted now. */
  countUsable(table: ModelTable): number {
    const isUsable = this.#usability();
    const parts = this.#of(table).flatMap(({ parts: { long, recent } }) => [long, recent]);
    return parts.reduce((sum, part) => sum + part.count(isUsable), 0);
  }

  /** All rows of a table, those that wait too. */
  size(table: ModelTable): number {
    const parts = this.#of(table).flatMap((sample) => Object.values(sample.parts));
    return parts.reduce((sum, part) => sum + part.size, 0);
  }

  /** What may be learnt from now, in the order of time. */
  training(table: ModelTable): TrainingRows {
    const hash = createHash('sha256');
    let rows = 0;
    let fromMs = Number.POSITIVE_INFINITY;
    let untilMs = Number.NEGATIVE_INFINITY;
    const groups = this.#usableRows(table, ['long', 'recent']).map(({ group, rows: taken }): TrainingGroup => {
      const matrix = matrixOf(taken, TABLE_COLUMNS[table].length);
      hash.update(`${group} ${taken.length}\n`).update(matrix.data);
      rows += taken.length;
      if (taken.length > 0) {
        fromMs = Math.min(fromMs, taken[0].timeMs);
        untilMs = Math.max(untilMs, taken[taken.length - 1].timeMs);
      }
      return { group, rows: matrix };
    });
    const span = rows === 0 ? { fromMs: null, untilMs: null } : { fromMs, untilMs };
    return { groups: groups.filter((group) => group.rows.rows > 0), rows, ...span, digest: hash.digest('hex') };
  }

  /** Rows that no model was fitted on, to compare versions by. */
  check(table: ModelTable): readonly TrainingGroup[] {
    return this.#matrices(table, this.#usableRows(table, ['check']));
  }

  /** What came since a moment, unusual or not: to see whether it still is as it was. */
  since(table: ModelTable, sinceMs: number): readonly TrainingGroup[] {
    const rows = this.#of(table).map(({ group, parts }) => ({
      group,
      rows: inOrder(Object.values(parts).flatMap((part) => part.rows(sinceMs))),
    }));
    return this.#matrices(table, rows);
  }

  /** The latest of each group, usable yet or not, but for those that the model in use finds very unusual. */
  latest(table: ModelTable, most: number): readonly TrainingGroup[] {
    const rows = this.#of(table).map(({ group, parts: { long, recent } }) => {
      const usual = [...long.rows(), ...recent.rows()].filter(({ isUnusual }) => !isUnusual);
      return { group, rows: inOrder(usual).slice(-most) };
    });
    return this.#matrices(table, rows);
  }

  #usableRows(table: ModelTable, names: readonly PartName[]) {
    this.write();
    const isUsable = this.#usability();
    return this.#of(table).map(({ group, parts }) => ({
      group,
      rows: inOrder(
        names.flatMap((name) => parts[name].rows().filter(({ timeMs, isUnusual }) => isUsable(timeMs, isUnusual))),
      ),
    }));
  }

  #matrices(
    table: ModelTable,
    groups: readonly { readonly group: ModelGroup; readonly rows: readonly SampleRow[] }[],
  ): readonly TrainingGroup[] {
    const columns = TABLE_COLUMNS[table].length;
    return groups
      .filter(({ rows }) => rows.length > 0)
      .map(({ group, rows }) => ({ group, rows: matrixOf(rows, columns) }));
  }

  #of(table: ModelTable): readonly GroupSample[] {
    return this.#samples.filter((sample) => sample.table === table);
  }

  #usability(): RowTest {
    const { holdMinutes, quarantineDays } = this.#options.settings();
    const nowMs = this.#options.clock.nowMs();
    const usualUntilMs = nowMs - holdMinutes * MINUTE_MS;
    const unusualUntilMs = nowMs - Math.max(quarantineDays * DAY_MS, holdMinutes * MINUTE_MS);
    return (timeMs, isUnusual) => timeMs <= (isUnusual ? unusualUntilMs : usualUntilMs);
  }

  #withdraw(news: readonly Suspicion[]): void {
    if (news.length === 0) return;
    const byHost = new Map<number, HashedSuspicion[]>();
    for (const { attackers, victims, fromMs, untilMs } of news) {
      const hashed = { attackers: hashesOf(attackers), victims: hashesOf(victims), fromMs, untilMs };
      for (const host of new Set([...hashed.attackers, ...hashed.victims])) {
        const known = byHost.get(host);
        if (known === undefined) byHost.set(host, [hashed]);
        else known.push(hashed);
      }
    }
    const isMeant = (initiator: number, responder: number, timeMs: number): boolean => {
      const suspected = byHost.get(initiator) ?? byHost.get(responder);
      return suspected?.some((suspicion) => isRowMeant(suspicion, initiator, responder, timeMs)) ?? false;
    };
    for (const { parts } of this.#of('flow')) {
      for (const part of Object.values(parts)) this.#holdOut('flow', part.remove(isMeant));
    }
  }

  #holdOut(table: ModelTable, rows: number): void {
    this.#heldOut.set(table, this.heldOutOf(table) + rows);
  }
}

interface HashedSuspicion {
  readonly attackers: ReadonlySet<number>;
  readonly victims: ReadonlySet<number>;
  readonly fromMs: number;
  readonly untilMs: number;
}

const hashesOf = (hosts: ReadonlySet<string>): ReadonlySet<number> => new Set([...hosts].map(hashOf));

/** As `isNamed`, by hashes; of a row it is only known when its conversation ended. */
function isRowMeant(
  { attackers, victims, fromMs, untilMs }: HashedSuspicion,
  initiator: number,
  responder: number,
  timeMs: number,
): boolean {
  if (timeMs < fromMs || timeMs > untilMs) return false;
  const isBetween = (from: number, to: number): boolean =>
    (attackers.size === 0 || attackers.has(from)) && (victims.size === 0 || victims.has(to));
  return isBetween(initiator, responder) || isBetween(responder, initiator);
}

/** Names the columns of a table, so that rows are not taken for those of other columns after an update. */
function layoutOf(table: ModelTable): string {
  const names = TABLE_COLUMNS[table].map(({ name }) => name).join('\n');
  return createHash('sha256').update(names).digest('hex').slice(0, 16);
}

function inOrder(rows: SampleRow[]): SampleRow[] {
  return rows.sort((first, second) => first.timeMs - second.timeMs);
}

function matrixOf(rows: readonly SampleRow[], columns: number): Matrix {
  const data = new Float64Array(rows.length * columns);
  for (const [index, { values }] of rows.entries()) data.set(values.subarray(0, columns), index * columns);
  return { rows: rows.length, columns, data };
}
