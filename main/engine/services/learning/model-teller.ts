import type { Finding } from '../../../../contract/domain.ts';
import type { AnomalyJudgement, ModelGroup } from '../../../../contract/models.ts';
import {
  type AnomalySubject,
  anomalyCause,
  anomalyFinding,
  type BudgetVerdict,
  type JudgedRow,
  type Profile,
} from '../../models/index.ts';
import { BoundedQueue } from '../../runtime/queue.ts';
import type { StoredAnomaly } from '../../store/index.ts';

/** Who is asked about the rows of a table. */
export interface Judging {
  readonly profile: Profile;
  /** "flow-3"; empty for the simple baseline of the first hours. */
  readonly id: string;
}

export interface ModelTellerOptions {
  /** Whether it is shown; see AlertBudget. */
  readonly decide: (row: JudgedRow) => BudgetVerdict;
  readonly onFinding: (finding: Finding) => void;
  readonly onAnomaly: (anomaly: StoredAnomaly) => void;
}

/** A row that may be told, and what it is of. */
export interface UnusualRow {
  readonly group: ModelGroup;
  readonly timeMs: number;
  /** Copied where it is kept. */
  readonly values: Float64Array;
  readonly subject: AnomalySubject;
}

/** A row that is to be explained, by those who found it unusual. */
interface Unexplained {
  readonly asked: Judging;
  readonly pValue: number;
  readonly cause: string;
  readonly row: UnusualRow;
}

/** What was said of a row, and by whom. */
interface Explained {
  readonly asked: Judging;
  readonly judgement: AnomalyJudgement;
}

/** What is shown of one cause so far. */
interface Shown {
  /** Of the most unusual row that is explained; none while the first one waits. */
  explained: Explained | undefined;
  /** A more unusual one, that waits to be. */
  worse: Unexplained | undefined;
  /** Of the most unusual row, explained or not. */
  leastPValue: number;
  firstSeenMs: number;
  lastSeenMs: number;
  rows: number;
  toldMs: number;
}

/** P-values are counted down to a millionth. */
export const DECADES = 6;
/**
 * Rows are kept for "what would have been shown", but not more than so many an hour of each power of ten of their
 * p-values: a hundred that are a little unusual do not take the place of one that is very much so.
 */
const MOST_REMEMBERED_AN_HOUR = 10;
/** Of those that are remembered as many wait as may come in an hour. */
const MOST_REMEMBERED_WAITING = (DECADES + 1) * MOST_REMEMBERED_AN_HOUR;
/** A cause that goes on is told anew so often at the most. */
const TOLD_AGAIN_MS = 10_000;
/** Causes whose rows are counted; the oldest goes. */
const MAX_SHOWN = 1_000;
const HOUR_MS = 3_600_000;

/**
 * Tells of unusual rows. Whether they are shown is decided at once, in the order in which they come; explaining one
 * takes a hundred times as long as judging it, so that it waits until there is time.
 */
export class ModelTeller {
  readonly #options: ModelTellerOptions;
  readonly #shown = new Map<string, Shown>();
  /** Rows that begin an alert: all of them are explained, and the budget sees to it that they are few. */
  readonly #begun: { readonly shown: Shown; readonly first: Unexplained }[] = [];
  /** Causes of which there is news, the oldest first. */
  readonly #news = new Map<string, AnomalySubject>();
  readonly #remembered = new BoundedQueue<Unexplained>(MOST_REMEMBERED_WAITING, 'newest');
  #hour = 0;
  /** In this hour, by powers of ten. */
  readonly #rememberedNow = new Uint32Array(DECADES + 1);
  #counts = { shown: 0, heldBack: 0 };

  constructor(options: ModelTellerOptions) {
    this.#options = options;
  }

  /** Since the start. */
  get counts(): { readonly shown: number; readonly heldBack: number } {
    return this.#counts;
  }

  /** Whether an alert waits to be told. */
  get hasBegun(): boolean {
    return this.#begun.length > 0;
  }

  /** Whether anything waits to be told. */
  get isWaiting(): boolean {
    return this.hasBegun || this.#news.size > 0 || this.#remembered.length > 0;
  }

  /** A row that these find so unusual that it may be shown. */
  take(asked: Judging, pValue: number, row: UnusualRow): void {
    const { timeMs, subject } = row;
    const cause = anomalyCause(subject);
    const verdict = this.#options.decide({ timeMs, pValue, cause });
    if (verdict === 'joined') {
      this.#join(asked, pValue, cause, row);
      return;
    }
    if (verdict === 'shown') this.#counts.shown++;
    else if (verdict === 'held') this.#counts.heldBack++;
    if (verdict === 'shown') {
      const shown = shownOf(row, pValue, 1);
      this.#begun.push({ shown, first: copyOf(asked, pValue, cause, row) });
      // What was told of it is another alert.
      this.#news.delete(cause);
      this.#remember(cause, shown);
    } else if (this.#mayRemember(timeMs, pValue)) this.#remembered.push(copyOf(asked, pValue, cause, row));
  }

  /** Explains and tells one of those that wait, the most important first. */
  tellNext(): void {
    const begun = this.#begun.shift();
    if (begun !== undefined) {
      this.#tellBegun(begun.shown, begun.first);
      return;
    }
    const [news] = this.#news;
    if (news !== undefined) {
      this.#news.delete(news[0]);
      this.#tellNews(...news);
      return;
    }
    const remembered = this.#remembered.shift();
    if (remembered !== undefined) this.#tellRemembered(remembered);
  }

  #tellBegun(shown: Shown, first: Unexplained): void {
    const explained = explain(first);
    if (explained === undefined) return;
    shown.explained = explained;
    shown.toldMs = shown.lastSeenMs;
    const finding = findingOf(explained, first.row.subject, shown);
    this.#options.onFinding(finding);
    this.#options.onAnomaly(anomalyOf(first, explained.judgement, finding.title, true));
  }

  #tellNews(cause: string, subject: AnomalySubject): void {
    const shown = this.#shown.get(cause);
    if (shown === undefined) return;
    const { worse } = shown;
    shown.worse = undefined;
    if (worse !== undefined) shown.explained = explain(worse) ?? shown.explained;
    if (shown.explained === undefined) return;
    shown.toldMs = shown.lastSeenMs;
    this.#options.onFinding(findingOf(shown.explained, subject, shown));
  }

  #tellRemembered(remembered: Unexplained): void {
    const explained = explain(remembered);
    if (explained === undefined) return;
    const { timeMs, subject } = remembered.row;
    const { title } = findingOf(explained, subject, { rows: 1, firstSeenMs: timeMs, lastSeenMs: timeMs });
    this.#options.onAnomaly(anomalyOf(remembered, explained.judgement, title, false));
  }

  /** A row of a cause that is shown already: the same alert, told with more rows now and then. */
  #join(asked: Judging, pValue: number, cause: string, row: UnusualRow): void {
    const { timeMs } = row;
    // It may have been shown before a restart.
    const shown = this.#shown.get(cause) ?? shownOf(row, Number.POSITIVE_INFINITY, 0);
    shown.firstSeenMs = Math.min(shown.firstSeenMs, timeMs);
    shown.lastSeenMs = Math.max(shown.lastSeenMs, timeMs);
    shown.rows++;
    if (pValue < shown.leastPValue) {
      shown.leastPValue = pValue;
      // Of several that wait only the most unusual one is explained.
      shown.worse = copyOf(asked, pValue, cause, row);
    }
    if (shown.worse !== undefined || timeMs - shown.toldMs >= TOLD_AGAIN_MS) this.#news.set(cause, row.subject);
    this.#remember(cause, shown);
  }

  #remember(cause: string, shown: Shown): void {
    this.#shown.delete(cause);
    this.#shown.set(cause, shown);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MAX_SHOWN && oldest !== undefined) this.#shown.delete(oldest);
  }

  #mayRemember(timeMs: number, pValue: number): boolean {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#rememberedNow.fill(0);
    }
    const decade = Math.min(DECADES, Math.floor(-Math.log10(pValue)));
    if (this.#rememberedNow[decade]! >= MOST_REMEMBERED_AN_HOUR) return false;
    this.#rememberedNow[decade]!++;
    return true;
  }
}

function copyOf(asked: Judging, pValue: number, cause: string, row: UnusualRow): Unexplained {
  return { asked, pValue, cause, row: { ...row, values: row.values.slice() } };
}

function shownOf({ timeMs }: UnusualRow, leastPValue: number, rows: number): Shown {
  const times = { firstSeenMs: timeMs, lastSeenMs: timeMs, toldMs: timeMs };
  return { explained: undefined, worse: undefined, leastPValue, rows, ...times };
}

/** Undefined where there are no models of its group. */
function explain({ asked, row }: Unexplained): Explained | undefined {
  const judgement = asked.profile.judge(row.group, row.values);
  return judgement && { asked, judgement };
}

const LEARNING_NOTE =
  ' Holdfast has only begun to learn what is usual here, so this is a notice, and it will often be wrong.';

function findingOf(
  { asked, judgement }: Explained,
  subject: AnomalySubject,
  { rows, firstSeenMs, lastSeenMs }: Pick<Shown, 'rows' | 'firstSeenMs' | 'lastSeenMs'>,
): Finding {
  const finding = anomalyFinding({ subject, judgement, rows, firstSeenMs, lastSeenMs });
  if (asked.id !== '') return finding;
  return { ...finding, severity: 'info', explanation: `${finding.explanation}${LEARNING_NOTE}` };
}

function anomalyOf(
  { asked, pValue, cause, row }: Unexplained,
  { probability, reasons }: AnomalyJudgement,
  title: string,
  isShown: boolean,
): StoredAnomaly {
  return {
    timeMs: row.timeMs,
    table: row.subject.table,
    group: row.group,
    profileId: asked.id,
    pValue,
    probability,
    cause,
    title,
    reasons: reasons.map(({ words }) => words),
    isShown,
  };
}
