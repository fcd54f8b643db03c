import type { Learning } from '../../../../contract/api-models.ts';
import type { ModelGroup, ModelTable } from '../../../../contract/models.ts';
import { SERVICES } from '../../../../contract/traffic.ts';
import { type AnomalySubject, flowGroup, flowRow, rowByName, TABLE_COLUMNS } from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { ProgramHour } from '../host/host-activity.ts';
import type { Conversation } from './model-guard.ts';
import type { IncomingRow } from './model-samples.ts';
import { type FlowEnds, subjectOf } from './model-subject.ts';
import { DECADES, type Judging, ModelTeller, type ModelTellerOptions } from './model-teller.ts';
import { TimeAccount } from './time-account.ts';
import { TURN_MS } from './turns.ts';
import { WaitingRows } from './waiting-rows.ts';

export interface ModelJudgeOptions extends ModelTellerOptions {
  readonly clock: Clock;
  readonly judging: (table: ModelTable) => Judging | undefined;
  /** To learn from. */
  readonly learn: (row: IncomingRow) => void;
  /** What a row failed by; the next ones are judged all the same. */
  readonly onProblem: (error: unknown) => void;
}

/** What a row is of, but for its values. */
type RowSource = Conversation & { readonly group: ModelGroup } & (
    | ({ readonly table: 'flow' } & FlowEnds)
    | { readonly table: 'host'; readonly addresses: readonly string[] }
    | { readonly table: 'process'; readonly program: string }
  );

/** From here on a row may be shown, however few alerts there are: what is more usual is not unusual. */
const LOOKED_AT = 0.01;
/** Rows that the model in use finds less likely than this are not learnt from for a while; see quarantineDays. */
const VERY_UNUSUAL = 0.0001;
/** Of the thread's time that judging may take: the rest is for everybody else on it. */
const JUDGING_SHARE = 0.25;
/** And that telling what is unusual may take beside it: no storm of unusual rows keeps others from being judged. */
const TELLING_SHARE = 0.05;
/** Of either, saved up for a moment with much to do. */
const MOST_SAVED_MS = 50;
/** About what one row takes to be explained, and its finding to be taken in by everybody. */
const TELLING_MS = 5;
/**
 * Conversations that wait to be judged: two seconds of as many as the traffic thread hands on, which new models, not
 * yet compiled, and all thorough ones need for a busy second.
 */
const MOST_WAITING_FLOWS = 4_096;
/** As many programs as an hour may have. */
const MOST_WAITING_PROGRAMS = 2_048;
/** When the engine ends, what waits is still judged, for so long at the most. */
const LAST_TURN_MS = 500;
const MICROSECONDS = 1_000;
const HOUR_MS = 3_600_000;

const SERVICE_NUMBERS: ReadonlyMap<string, number> = new Map(SERVICES.map((service, number) => [service, number]));

/**
 * Judges rows in the order in which they come, within a bounded part of the thread's time and in short turns. What
 * there is no time for waits; what there is no room for is counted.
 */
export class ModelJudge {
  readonly #options: ModelJudgeOptions;
  readonly #teller: ModelTeller;
  readonly #judgingTime: TimeAccount;
  readonly #tellingTime: TimeAccount;
  readonly #values = new Float64Array(TABLE_COLUMNS.flow.length);
  readonly #programValues = new Float64Array(TABLE_COLUMNS.process.length);
  readonly #flows = new WaitingRows<RowSource>(TABLE_COLUMNS.flow.length, MOST_WAITING_FLOWS);
  readonly #programs = new WaitingRows<RowSource>(TABLE_COLUMNS.process.length, MOST_WAITING_PROGRAMS);
  /** Rows with a p-value of at most 1, 0.1, 0.01 and so on. */
  readonly #byDecade = new Map<ModelTable, number[]>();
  #timer: Timer | undefined;
  #judged = 0;
  #unjudged = 0;

  constructor(options: ModelJudgeOptions) {
    this.#options = options;
    const { clock } = options;
    this.#teller = new ModelTeller(options);
    this.#judgingTime = new TimeAccount({ clock, share: JUDGING_SHARE, mostMs: MOST_SAVED_MS });
    this.#tellingTime = new TimeAccount({ clock, share: TELLING_SHARE, mostMs: MOST_SAVED_MS });
  }

  /** Since the start; `waiting` at present. */
  get counts(): {
    readonly judged: number;
    readonly waiting: number;
    readonly unjudged: number;
    readonly shown: number;
    readonly heldBack: number;
  } {
    return { judged: this.#judged, waiting: this.#waiting, unjudged: this.#unjudged, ...this.#teller.counts };
  }

  /** Rows of a table that were judged since the start, and how unusual they were; undefined while none was. */
  judged(table: ModelTable): Learning['judged'] {
    const byDecade = this.#byDecade.get(table);
    return byDecade === undefined ? undefined : { rows: byDecade[0]!, byDecade: byDecade.slice(1) };
  }

  /** Ended conversations. */
  takeFlows(flows: readonly RecordedFlow[]): void {
    const values = this.#values;
    const endMs = this.#turnEndMs();
    for (const { protocol, initiator, responder, responderPort, service, firstUs, lastUs, features } of flows) {
      flowRow(features.values, SERVICE_NUMBERS.get(service) ?? 0, responderPort, values);
      const [group, firstMs, lastMs] = [flowGroup(protocol), firstUs / MICROSECONDS, lastUs / MICROSECONDS];
      const ends = { initiator, responder, responderPort, service, protocol };
      // What is not judged is not learnt from either: it may be what an attacker hid in the crowd.
      if (!this.#flows.push({ table: 'flow', group, firstMs, lastMs, ...ends }, values)) this.#unjudged++;
    }
    this.#turn(endMs);
  }

  /** Ten seconds of the computer. */
  takeHost(timeMs: number, values: Float64Array, addresses: readonly string[]): void {
    const ends = { initiator: '', responder: '', firstMs: timeMs, lastMs: timeMs };
    const endMs = this.#turnEndMs();
    // One row, that must not wait behind thousands of others.
    this.#judge({ table: 'host', group: 'all', ...ends, addresses }, values);
    this.#turn(endMs);
  }

  /** An hour of each program. */
  takePrograms(timeMs: number, programs: readonly ProgramHour[]): void {
    const values = this.#programValues;
    const endMs = this.#turnEndMs();
    const ends = { initiator: '', responder: '', firstMs: timeMs - HOUR_MS, lastMs: timeMs };
    for (const { program, values: named } of programs) {
      rowByName('process', named, values);
      if (!this.#programs.push({ table: 'process', group: 'all', ...ends, program }, values)) this.#unjudged++;
    }
    this.#turn(endMs);
  }

  /** Forgets the rows that wait. What is decided to be shown is shown. */
  drop(): void {
    this.#unjudged += this.#flows.clear() + this.#programs.clear();
  }

  /** Judges what waits as far as there is time, and shows what is to be shown. */
  stop(): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + LAST_TURN_MS;
    while (this.#waiting > 0 && clock.monotonicMs() < endMs) this.#judgeNext();
    this.drop();
    while (this.#teller.hasBegun || (this.#teller.isWaiting && clock.monotonicMs() < endMs)) this.#tellNext();
  }

  get #waiting(): number {
    return this.#flows.length + this.#programs.length;
  }

  /** As much as there is time for; the rest in turns to come. */
  #turn(endMs = this.#turnEndMs()): void {
    this.#timer?.cancel();
    // One at the beginning, so that a storm of rows does not keep what is unusual from being told.
    this.#tell(1, endMs);
    const isLeft = (): boolean => this.#waiting > 0;
    this.#work(this.#judgingTime, endMs, isLeft, () => this.#judgeNext());
    this.#tell(Number.POSITIVE_INFINITY, endMs);
    this.#planTurn();
  }

  #turnEndMs(): number {
    return this.#options.clock.monotonicMs() + TURN_MS;
  }

  #planTurn(): void {
    this.#timer = undefined;
    const waits: number[] = [];
    // A whole turn each time: many short ones would cost the others on the thread more.
    if (this.#waiting > 0) waits.push(this.#judgingTime.waitMs(TURN_MS));
    if (this.#teller.isWaiting) waits.push(this.#tellingTime.waitMs(TELLING_MS));
    if (waits.length > 0) this.#timer = this.#options.clock.after(Math.min(...waits), () => this.#turn());
  }

  #tell(most: number, endMs: number): void {
    let told = 0;
    const isLeft = (): boolean => told < most && this.#teller.isWaiting;
    this.#work(this.#tellingTime, endMs, isLeft, () => {
      told++;
      this.#tellNext();
    });
  }

  /** One step after another, while there is something left to do and time to do it in. */
  #work(account: TimeAccount, turnEndMs: number, isLeft: () => boolean, step: () => void): void {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const endMs = Math.min(turnEndMs, startMs + account.savedMs);
    let nowMs = startMs;
    while (nowMs < endMs && isLeft()) {
      step();
      nowMs = clock.monotonicMs();
    }
    account.spend(nowMs - startMs);
  }

  #judgeNext(): void {
    // Those of an hour are few, and must not wait for a storm of conversations to end.
    const program = this.#programs.shift(this.#programValues);
    if (program !== undefined) this.#judge(program, this.#programValues);
    else {
      const flow = this.#flows.shift(this.#values);
      if (flow !== undefined) this.#judge(flow, this.#values);
    }
  }

  #judge(row: RowSource, values: Float64Array): void {
    const { judging, learn, onProblem } = this.#options;
    const { table, group, lastMs } = row;
    try {
      const asked = judging(table);
      const pValue = asked === undefined ? Number.NaN : asked.profile.pValue(group, values);
      learn({ ...row, values, isUnusual: isVeryUnusual(asked, pValue) });
      if (asked === undefined || Number.isNaN(pValue)) return;
      this.#count(table, pValue);
      if (pValue <= LOOKED_AT) this.#teller.take(asked, pValue, { group, timeMs: lastMs, values, subject: about(row) });
    } catch (error) {
      this.#unjudged++;
      onProblem(error);
    }
  }

  #tellNext(): void {
    try {
      this.#teller.tellNext();
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  #count(table: ModelTable, pValue: number): void {
    this.#judged++;
    let byDecade = this.#byDecade.get(table);
    if (byDecade === undefined) {
      byDecade = Array(DECADES + 1).fill(0) as number[];
      this.#byDecade.set(table, byDecade);
    }
    for (let decade = 0, limit = 1; decade <= DECADES && pValue <= limit; decade++, limit /= 10) byDecade[decade]!++;
  }
}

/** The simple baseline of the first hours knows too little to decide what is learnt. */
function isVeryUnusual(asked: Judging | undefined, pValue: number): boolean {
  return asked !== undefined && asked.id !== '' && pValue <= VERY_UNUSUAL;
}

function about(row: RowSource): AnomalySubject {
  switch (row.table) {
    case 'flow':
      return subjectOf(row);
    case 'host':
      return { table: 'host', addresses: row.addresses };
    case 'process':
      return { table: 'process', program: row.program, addresses: [] };
  }
}
