import { createHash } from 'node:crypto';
import { MODEL_GROUPS, MODEL_TABLES, type ModelGroup, type ModelTable } from '../../../../contract/models.ts';
import { type Matrix, Random, TABLE_COLUMNS, type TrainingGroup } from '../../models/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ModelStore, SampleRow } from '../../store/index.ts';
import { type Conversation, PoisonGuard, type Suspicion } from './model-guard.ts';
import { hashOf, type RowTest, SamplePart } from './model-sample-part.ts';
import type { ModelSettings } from './model-settings.ts';
import { Turns } from './turns.ts';

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
const PART_NAMES = PARTS.map(({ name }) => name);

/** Share of the setting sampleRows that a group gets. */
const GROUP_SHARES: Readonly<Record<ModelGroup, number>> = { tcp: 1, udp: 0.5, other: 0.25, all: 0.5 };

interface GroupSample {
  readonly table: ModelTable;
  readonly group: ModelGroup;
  readonly parts: Readonly<Record<PartName, SamplePart>>;
}

interface GroupRows {
  readonly group: ModelGroup;
  readonly rows: readonly SampleRow[];
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
  async training(table: ModelTable): Promise<TrainingRows> {
    const turns = new Turns();
    const hash = createHash('sha256');
    let rows = 0;
    let fromMs = Number.POSITIVE_INFINITY;
    let untilMs = Number.NEGATIVE_INFINITY;
    const groups: TrainingGroup[] = [];
    for (const { group, rows: taken } of await this.#usableRows(table, ['long', 'recent'])) {
      hash.update(`${group} ${taken.length}\n`);
      if (taken.length === 0) continue;
      const matrix = matrixOf(taken, TABLE_COLUMNS[table].length);
      hash.update(matrix.data);
      rows += taken.length;
      fromMs = Math.min(fromMs, taken[0].timeMs);
      untilMs = Math.max(untilMs, taken[taken.length - 1].timeMs);
      groups.push({ group, rows: matrix });
      if (turns.isOver) await turns.next();
    }
    const span = rows === 0 ? { fromMs: null, untilMs: null } : { fromMs, untilMs };
    return { groups, rows, ...span, digest: hash.digest('hex') };
  }

  /** Rows that no model was fitted on, to compare versions by. */
  async check(table: ModelTable): Promise<readonly TrainingGroup[]> {
    return matricesOf(table, await this.#usableRows(table, ['check']));
  }

  /** What came since a moment, unusual or not: to see whether it still is as it was. */
  async since(table: ModelTable, sinceMs: number): Promise<readonly TrainingGroup[]> {
    return matricesOf(table, await this.#rows(table, PART_NAMES, sinceMs));
  }

  /** The latest of each group, usable yet or not, but for those that the model in use finds very unusual. */
  async latest(table: ModelTable, most: number): Promise<readonly TrainingGroup[]> {
    const groups = await this.#rows(table, ['long', 'recent']);
    const latest = groups.map(({ group, rows }) => ({
      group,
      rows: rows.filter(({ isUnusual }) => !isUnusual).slice(-most),
    }));
    return matricesOf(table, latest);
  }

  async #usableRows(table: ModelTable, names: readonly PartName[]): Promise<readonly GroupRows[]> {
    this.write();
    const groups = await this.#rows(table, names);
    const isUsable = this.#usability();
    return groups.map(({ group, rows }) => ({
      group,
      rows: rows.filter(({ timeMs, isUnusual }) => isUsable(timeMs, isUnusual)),
    }));
  }

  /** In the order of time. */
  async #rows(table: ModelTable, names: readonly PartName[], sinceMs?: number): Promise<readonly GroupRows[]> {
    const groups: GroupRows[] = [];
    for (const { group, parts } of this.#of(table)) {
      const rows: SampleRow[] = [];
      for (const name of names) for (const row of await parts[name].rows(sinceMs)) rows.push(row);
      groups.push({ group, rows: inOrder(rows) });
    }
    return groups;
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

function matricesOf(table: ModelTable, groups: readonly GroupRows[]): readonly TrainingGroup[] {
  const columns = TABLE_COLUMNS[table].length;
  return groups
    .filter(({ rows }) => rows.length > 0)
    .map(({ group, rows }) => ({ group, rows: matrixOf(rows, columns) }));
}

function inOrder(rows: SampleRow[]): SampleRow[] {
  return rows.sort((first, second) => first.timeMs - second.timeMs);
}

function matrixOf(rows: readonly SampleRow[], columns: number): Matrix {
  const data = new Float64Array(rows.length * columns);
  for (const [index, { values }] of rows.entries()) data.set(values.subarray(0, columns), index * columns);
  return { rows: rows.length, columns, data };
}
