/**
 * Which anomalies are shown, so that their number a day is what was asked for.
 *
 * Two rules. A hard one: never more than asked for in any 24 hours. And a threshold that finds its own place: it rises
 * slowly while time goes by and falls with every anomaly that is shown, so that in the long run as many are shown as
 * the balance says, whatever the p-values are distributed like and even while that changes (adaptive conformal
 * inference: I. Gibbs, E. J. Candès, "Adaptive Conformal Inference Under Distribution Shift", NeurIPS 2021, here in
 * steps of the threshold's logarithm and per day instead of per row). Without the threshold the first ones of a day
 * would use the day up, and the unusual of its evening would not be seen.
 */
import { LEAST_P_VALUE } from './calibration.ts';
import { DocumentReader, type ModelDocument } from './document.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * What the threshold aims at, in parts of what was asked for. At the full number the limit of the day would be reached
 * all the time, and the first be shown instead of the most unusual.
 */
const AIM = 0.85;
/** Nothing more usual is ever shown, even where the number asked for is not reached: it is not unusual. */
const MOST_P_VALUE = 0.01;
/** Where nothing is known of the rows of a day: rather too many of the first day, of which the limit is shown. */
const FIRST_P_VALUE = 1e-3;
/** Change of the threshold's logarithm with one shown; less where many are, so that the threshold stays as calm. */
const STEP = 0.5;
/** Silence that the threshold rises by at most: a computer that was off for weeks has not become more usual. */
const MOST_SILENCE_MS = DAY_MS;
/** Rows come at most so much out of order; a row that is older than the last one by more means a clock set back. */
const MOST_DISORDER_MS = 2 * HOUR_MS;
/** Causes whose last row is remembered. More a day are no longer told apart, and counted once each time. */
const MOST_CAUSES = 4_096;
const MOST_CAUSE_LENGTH = 400;
const MOST_PER_DAY = 10_000;
/**
 * The last alert of a day is kept for what is so many times as unusual as all that was shown: who makes odd but harmless
 * contacts in the morning must not hide what comes in the evening.
 */
const KEPT_FOR = 10;
const HOURS_KEPT = 24;
const KIND = 'alert-budget';

/** A row that was judged. */
export interface JudgedRow {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly pValue: number;
  /** As its finding has it: rows of one cause are one alert. */
  readonly cause: string;
}

/**
 * usual: not unusual enough at present. shown: a new alert. joined: belongs to an alert that is shown. held: unusual
 * enough, but the day is full (but for its last alert, see KEPT_FOR), or this cause was told within the day.
 */
export type BudgetVerdict = 'usual' | 'shown' | 'joined' | 'held';

export interface BudgetSettings {
  /** Alerts a day; 0 shows none. Less than 1 is one in so many days. */
  readonly perDay: number;
  /** Silence after which rows of a cause no longer belong to its alert: `joinGapSeconds` of the alerts. */
  readonly joinGapMs: number;
  /** Rows that are expected to be judged in a day, for the first threshold. */
  readonly rowsPerDay?: number;
}

interface Told {
  readonly cause: string;
  readonly pValue: number;
  shownMs: number;
  lastMs: number;
}

export interface BudgetState {
  readonly perDay: number;
  /** Alerts of the last 24 hours. */
  readonly shown: number;
  /** Causes that were unusual enough in the last 24 hours, and not shown. */
  readonly heldBack: number;
  /** P-value up to which an anomaly is shown. Null while nothing is judged, or nothing is to be shown. */
  readonly threshold: number | null;
}

/** Rows are told in about the order of their times. */
export class AlertBudget {
  private perDay: number;
  private joinGapMs: number;
  private logThreshold: number;
  /** Null before the first row. */
  private lastMs: number | null = null;
  /** Alerts that still count, or that rows may still join; the oldest first. */
  private told: Told[] = [];
  /** Causes that were held back, with the time of the first such row within a day; the oldest first. */
  private held = new Map<string, number>();
  /** Causes held back, by the hour; what is not remembered above is still counted. */
  private heldHours: { hour: number; count: number }[] = [];

  constructor({ perDay, joinGapMs, rowsPerDay }: BudgetSettings) {
    this.perDay = checkedPerDay(perDay);
    this.joinGapMs = joinGapMs;
    const first = rowsPerDay === undefined || rowsPerDay <= 0 ? FIRST_P_VALUE : (AIM * perDay) / rowsPerDay;
    this.logThreshold = bounded(Math.log(Math.max(first, LEAST_P_VALUE)));
  }

  /** @throws ModelDocumentError for anything but what `toJSON` gave */
  static fromJSON(document: unknown, settings: BudgetSettings): AlertBudget {
    const reader = new DocumentReader(document, KIND);
    reader.header(KIND);
    const perDay = reader.number('perDay', 0, MOST_PER_DAY);
    const budget = new AlertBudget({ ...settings, perDay });
    budget.logThreshold = reader.number('logThreshold', Math.log(LEAST_P_VALUE), Math.log(MOST_P_VALUE));
    const lastMs = reader.field('lastMs');
    budget.lastMs = lastMs === null ? null : reader.number('lastMs', 0, Number.MAX_SAFE_INTEGER);
    budget.told = reader.objects('told', 0, MOST_PER_DAY).map((entry) => {
      const told: Told = {
        cause: entry.text('cause', MOST_CAUSE_LENGTH),
        pValue: entry.number('pValue', 0, MOST_P_VALUE),
        shownMs: entry.number('shownMs', 0, Number.MAX_SAFE_INTEGER),
        lastMs: entry.number('lastMs', 0, Number.MAX_SAFE_INTEGER),
      };
      entry.finish();
      return told;
    });
    budget.heldHours = reader.objects('held', 0, HOURS_KEPT + 1).map((entry) => {
      const hour = { hour: entry.integer('hour', 0, 1e9), count: entry.integer('count', 0, 1e9) };
      entry.finish();
      return hour;
    });
    reader.finish();
    budget.configure(settings);
    return budget;
  }

  /** From the next row on. The threshold moves with the number asked for. */
  configure({ perDay, joinGapMs }: BudgetSettings): void {
    const before = this.perDay;
    this.perDay = checkedPerDay(perDay);
    this.joinGapMs = joinGapMs;
    if (before > 0 && perDay > 0) this.logThreshold = bounded(this.logThreshold + Math.log(perDay / before));
  }

  /** Whether a row is shown. Rows that are not unusual cost next to nothing. */
  judge({ timeMs, pValue, cause }: JudgedRow): BudgetVerdict {
    this.pass(timeMs);
    const name = cause.length > MOST_CAUSE_LENGTH ? cause.slice(0, MOST_CAUSE_LENGTH) : cause;
    // Whether it is still going on is asked of every row that is at all unusual; the usual ones end here.
    if (!(pValue <= MOST_P_VALUE) || this.perDay === 0) return 'usual';
    const known = this.told.find((told) => told.cause === name);
    const isUnusual = pValue <= Math.exp(this.logThreshold);
    if (known !== undefined && Math.abs(timeMs - known.lastMs) <= this.joinGapMs) {
      known.lastMs = Math.max(known.lastMs, timeMs);
      return 'joined';
    }
    if (!isUnusual) return 'usual';
    if (known !== undefined || this.isFull(timeMs, pValue)) {
      this.hold(name, timeMs);
      return 'held';
    }
    this.told.push({ cause: name, pValue, shownMs: timeMs, lastMs: timeMs });
    this.logThreshold = bounded(this.logThreshold - this.step());
    return 'shown';
  }

  /** @param nowMs of the same clock as the rows */
  state(nowMs: number): BudgetState {
    const sinceMs = nowMs - DAY_MS;
    return {
      perDay: this.perDay,
      shown: this.told.filter(({ shownMs }) => shownMs > sinceMs).length,
      heldBack: this.heldHours
        .filter(({ hour }) => (hour + 1) * HOUR_MS > sinceMs)
        .reduce((sum, { count }) => sum + count, 0),
      threshold: this.lastMs === null || this.perDay === 0 ? null : Math.exp(this.logThreshold),
    };
  }

  /** For the next start. */
  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: 1,
      perDay: this.perDay,
      logThreshold: this.logThreshold,
      lastMs: this.lastMs,
      told: this.told.map(({ cause, pValue, shownMs, lastMs }) => ({ cause, pValue, shownMs, lastMs })),
      held: this.heldHours.map(({ hour, count }) => ({ hour, count })),
    };
  }

  /** Lets time go by: the threshold rises, and what is older than a day is forgotten. */
  private pass(timeMs: number): void {
    if (this.lastMs !== null && this.lastMs - timeMs > MOST_DISORDER_MS) this.setBack(timeMs);
    const passedMs = this.lastMs === null ? 0 : timeMs - this.lastMs;
    if (this.lastMs !== null && passedMs <= 0) return;
    this.lastMs = timeMs;
    const rise = (AIM * this.perDay * Math.min(passedMs, MOST_SILENCE_MS)) / DAY_MS;
    this.logThreshold = bounded(this.logThreshold + rise * this.step());
    const keptFromMs = timeMs - Math.max(this.windowMs(), this.joinGapMs);
    if (this.told.length > 0 && this.told[0]!.shownMs <= keptFromMs) {
      this.told = this.told.filter(({ shownMs, lastMs }) => shownMs > keptFromMs || lastMs > timeMs - this.joinGapMs);
    }
    for (const [cause, sinceMs] of this.held) {
      if (sinceMs > timeMs - DAY_MS) break;
      this.held.delete(cause);
    }
    const oldest = Math.floor(timeMs / HOUR_MS) - HOURS_KEPT;
    if (this.heldHours.length > 0 && this.heldHours[0]!.hour < oldest) {
      this.heldHours = this.heldHours.filter(({ hour }) => hour >= oldest);
    }
  }

  /** What was shown by a clock that ran ahead was shown just now: it must not count until that time comes. */
  private setBack(timeMs: number): void {
    this.lastMs = timeMs;
    for (const told of this.told) {
      told.shownMs = Math.min(told.shownMs, timeMs);
      told.lastMs = Math.min(told.lastMs, timeMs);
    }
    this.held.clear();
    const hour = Math.floor(timeMs / HOUR_MS);
    this.heldHours = this.heldHours.filter((each) => each.hour <= hour);
  }

  private isFull(timeMs: number, pValue: number): boolean {
    const sinceMs = timeMs - this.windowMs();
    let shown = 0;
    let least = 1;
    for (const told of this.told) {
      if (told.shownMs <= sinceMs) continue;
      shown++;
      least = Math.min(least, told.pValue);
    }
    const room = Math.max(1, Math.floor(this.perDay)) - shown;
    return room <= 0 || (room === 1 && shown > 0 && pValue > least / KEPT_FOR);
  }

  /** Of less than one a day there is one in several days. */
  private windowMs(): number {
    return this.perDay >= 1 ? DAY_MS : DAY_MS / this.perDay;
  }

  private step(): number {
    return STEP / Math.sqrt(Math.max(1, this.perDay));
  }

  private hold(cause: string, timeMs: number): void {
    if (this.held.has(cause)) return;
    if (this.held.size < MOST_CAUSES) this.held.set(cause, timeMs);
    const hour = Math.floor(timeMs / HOUR_MS);
    const last = this.heldHours[this.heldHours.length - 1];
    if (last !== undefined && last.hour >= hour) last.count++;
    else this.heldHours.push({ hour, count: 1 });
  }
}

/**
 * What would have been shown of past rows at so many a day: those of `rows`, in their order. They are gone through
 * twice, the first time for the threshold to find its place.
 *
 * @param rows in the order of time; those that are not unusual (p above 0.01) need not be there
 */
export function previewBudget<T extends JudgedRow>(rows: readonly T[], settings: BudgetSettings): T[] {
  const first = new AlertBudget(settings);
  for (const row of rows) first.judge(row);
  const { logThreshold } = first.toJSON();
  const second = AlertBudget.fromJSON({ ...new AlertBudget(settings).toJSON(), logThreshold: logThreshold! }, settings);
  return rows.filter((row) => second.judge(row) === 'shown');
}

function checkedPerDay(perDay: number): number {
  if (!(perDay >= 0 && perDay <= MOST_PER_DAY)) throw new RangeError(`perDay is ${perDay}, not 0 to ${MOST_PER_DAY}`);
  return perDay;
}

function bounded(logThreshold: number): number {
  return Math.min(Math.max(logThreshold, Math.log(LEAST_P_VALUE)), Math.log(MOST_P_VALUE));
}
