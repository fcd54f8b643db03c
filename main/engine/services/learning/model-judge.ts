import type { Learning } from '../../../../contract/api-models.ts';
import type { Finding } from '../../../../contract/domain.ts';
import type { AnomalyJudgement, ModelGroup, ModelTable } from '../../../../contract/models.ts';
import { SERVICES } from '../../../../contract/traffic.ts';
import {
  type AnomalySubject,
  anomalyCause,
  anomalyFinding,
  type BudgetVerdict,
  flowGroup,
  flowRow,
  type JudgedRow,
  type Profile,
  rowByName,
  TABLE_COLUMNS,
} from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { StoredAnomaly } from '../../store/index.ts';
import type { ProgramHour } from '../host/host-activity.ts';
import type { IncomingRow } from './model-samples.ts';
import { subjectOf } from './model-subject.ts';

/** Who is asked about the rows of a table. */
export interface Judging {
  readonly profile: Profile;
  /** "flow-3"; empty for the simple baseline of the first hours. */
  readonly id: string;
}

export interface ModelJudgeOptions {
  readonly clock: Clock;
  readonly judging: (table: ModelTable) => Judging | undefined;
  /** Whether it is shown; see AlertBudget. */
  readonly decide: (row: JudgedRow) => BudgetVerdict;
  /** To learn from. */
  readonly learn: (row: IncomingRow) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly onAnomaly: (anomaly: StoredAnomaly) => void;
}

/** A row, and what it is of. */
interface Row {
  readonly group: ModelGroup;
  readonly timeMs: number;
  readonly values: Float64Array;
  readonly subject: AnomalySubject;
}

/** What is shown of one cause so far. */
interface Shown {
  readonly judgement: AnomalyJudgement;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  rows: number;
  toldMs: number;
}

/** From here on a row may be shown, however few alerts there are: what is more usual is not unusual. */
const LOOKED_AT = 0.01;
/**
 * Rows are kept for "what would have been shown", but not more than so many an hour of each power of ten of their
 * p-values: a hundred that are a little unusual do not take the place of one that is very much so.
 */
const MOST_REMEMBERED_AN_HOUR = 10;
/** Rows that the model in use finds less likely than this are not learnt from for a while; see quarantineDays. */
const VERY_UNUSUAL = 0.0001;
/** Of a second that judging may take: the rest is for everybody else on the thread. */
const TIME_SHARE = 0.25;
/** Saved up for a moment with much to judge. */
const MOST_SAVED_MS = 50;
/** Between two looks at the clock. */
const ROWS_BETWEEN_LOOKS = 32;
/** Explaining a row takes a hundred times as long as judging it. */
const EXPLAINED_A_SECOND = 20;
/** A cause that goes on is told anew so often at the most. */
const TOLD_AGAIN_MS = 10_000;
/** Causes whose rows are counted; the oldest goes. */
const MAX_SHOWN = 1_000;
/** P-values are counted down to a millionth. */
const DECADES = 6;
const MICROSECONDS = 1_000;
const MS_PER_SECOND = 1_000;
const HOUR_MS = 3_600_000;

const SERVICE_NUMBERS: ReadonlyMap<string, number> = new Map(SERVICES.map((service, number) => [service, number]));

/** Judges rows as they come, within a bounded part of the time; what it has no time for is counted. */
export class ModelJudge {
  readonly #options: ModelJudgeOptions;
  readonly #values = new Float64Array(TABLE_COLUMNS.flow.length);
  readonly #programValues = new Float64Array(TABLE_COLUMNS.process.length);
  readonly #shown = new Map<string, Shown>();
  /** Rows with a p-value of at most 1, 0.1, 0.01 and so on. */
  readonly #byDecade = new Map<ModelTable, number[]>();
  #savedMs = MOST_SAVED_MS;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #explanations = EXPLAINED_A_SECOND;
  #hour = 0;
  /** In this hour, by powers of ten. */
  readonly #remembered = new Uint32Array(DECADES + 1);
  #counts = { judged: 0, unjudged: 0, shown: 0, heldBack: 0 };

  constructor(options: ModelJudgeOptions) {
    this.#options = options;
  }

  /** Since the start. */
  get counts(): {
    readonly judged: number;
    readonly unjudged: number;
    readonly shown: number;
    readonly heldBack: number;
  } {
    return { ...this.#counts };
  }

  /** Rows of a table that were judged since the start, and how unusual they were; undefined while none was. */
  judged(table: ModelTable): Learning['judged'] {
    const byDecade = this.#byDecade.get(table);
    return byDecade === undefined ? undefined : { rows: byDecade[0]!, byDecade: byDecade.slice(1) };
  }

  /** Ended conversations. */
  takeFlows(flows: readonly RecordedFlow[]): void {
    const { clock, judging, learn } = this.#options;
    const asked = judging('flow');
    const values = this.#values;
    const startMs = clock.monotonicMs();
    this.#save(startMs);
    let done = 0;
    for (const flow of flows) {
      if (done % ROWS_BETWEEN_LOOKS === 0 && done > 0 && clock.monotonicMs() - startMs > this.#savedMs) break;
      done++;
      const group = flowGroup(flow.protocol);
      flowRow(flow.features.values, SERVICE_NUMBERS.get(flow.service) ?? 0, flow.responderPort, values);
      const pValue = asked === undefined ? Number.NaN : asked.profile.pValue(group, values);
      const { initiator, responder } = flow;
      const [firstMs, lastMs] = [flow.firstUs / MICROSECONDS, flow.lastUs / MICROSECONDS];
      const isUnusual = isVeryUnusual(asked, pValue);
      learn({ table: 'flow', group, initiator, responder, firstMs, lastMs, values, isUnusual });
      if (Number.isNaN(pValue)) continue;
      this.#count('flow', pValue);
      if (asked === undefined || pValue > LOOKED_AT) continue;
      this.#tell(asked, pValue, { group, timeMs: lastMs, values, subject: subjectOf(flow) });
    }
    this.#savedMs = Math.max(0, this.#savedMs - (clock.monotonicMs() - startMs));
    // What was not judged is not learnt from either: it may be what an attacker hid in the crowd.
    this.#counts.unjudged += flows.length - done;
  }

  /** Ten seconds of the computer. */
  takeHost(timeMs: number, values: Float64Array, addresses: readonly string[]): void {
    this.#save(this.#options.clock.monotonicMs());
    const asked = this.#options.judging('host');
    const pValue = asked === undefined ? Number.NaN : asked.profile.pValue('all', values);
    const ends = { initiator: '', responder: '', firstMs: timeMs, lastMs: timeMs };
    const isUnusual = isVeryUnusual(asked, pValue);
    this.#options.learn({ ...ends, table: 'host', group: 'all', values, isUnusual });
    if (Number.isNaN(pValue)) return;
    this.#count('host', pValue);
    if (asked === undefined || pValue > LOOKED_AT) return;
    this.#tell(asked, pValue, { group: 'all', timeMs, values, subject: { table: 'host', addresses } });
  }

  /** An hour of each program. */
  takePrograms(timeMs: number, programs: readonly ProgramHour[]): void {
    this.#save(this.#options.clock.monotonicMs());
    const asked = this.#options.judging('process');
    const values = this.#programValues;
    for (const { program, values: named } of programs) {
      rowByName('process', named, values);
      const pValue = asked === undefined ? Number.NaN : asked.profile.pValue('all', values);
      const ends = { initiator: '', responder: '', firstMs: timeMs - HOUR_MS, lastMs: timeMs };
      const isUnusual = isVeryUnusual(asked, pValue);
      this.#options.learn({ ...ends, table: 'process', group: 'all', values, isUnusual });
      if (Number.isNaN(pValue)) continue;
      this.#count('process', pValue);
      if (asked === undefined || pValue > LOOKED_AT) continue;
      const subject = { table: 'process', program, addresses: [] } as const;
      this.#tell(asked, pValue, { group: 'all', timeMs, values, subject });
    }
  }

  #count(table: ModelTable, pValue: number): void {
    this.#counts.judged++;
    let byDecade = this.#byDecade.get(table);
    if (byDecade === undefined) {
      byDecade = Array(DECADES + 1).fill(0) as number[];
      this.#byDecade.set(table, byDecade);
    }
    for (let decade = 0, limit = 1; decade <= DECADES && pValue <= limit; decade++, limit /= 10) byDecade[decade]!++;
  }

  #tell(asked: Judging, pValue: number, row: Row): void {
    const { timeMs, subject } = row;
    const cause = anomalyCause(subject);
    const verdict = this.#options.decide({ timeMs, pValue, cause });
    if (verdict === 'joined') {
      this.#join(asked, pValue, cause, row);
      return;
    }
    if (verdict === 'shown') this.#counts.shown++;
    else if (verdict === 'held') this.#counts.heldBack++;
    // All that are shown are explained, and they are few; of the others as many as there is time for.
    if (verdict !== 'shown' && !this.#mayRemember(timeMs, pValue)) return;
    const judgement = asked.profile.judge(row.group, row.values);
    if (judgement === undefined) return;
    const shown: Shown = { judgement, firstSeenMs: timeMs, lastSeenMs: timeMs, rows: 1, toldMs: timeMs };
    const finding = findingOf(asked, subject, shown);
    if (verdict === 'shown') {
      this.#remember(cause, shown);
      this.#options.onFinding(finding);
    }
    this.#options.onAnomaly({
      timeMs,
      table: subject.table,
      group: row.group,
      profileId: asked.id,
      pValue,
      probability: judgement.probability,
      cause,
      title: finding.title,
      reasons: judgement.reasons.map(({ words }) => words),
      isShown: verdict === 'shown',
    });
  }

  /** A row of a cause that is shown already: the same alert, told with more rows now and then. */
  #join(asked: Judging, pValue: number, cause: string, { group, timeMs, values, subject }: Row): void {
    const shown = this.#shown.get(cause);
    const isWorse = shown === undefined || pValue < shown.judgement.pValue;
    const judgement = isWorse && this.#mayExplain() ? asked.profile.judge(group, values) : undefined;
    const told = judgement ?? shown?.judgement;
    if (told === undefined) return;
    const next: Shown = {
      judgement: told,
      firstSeenMs: Math.min(shown?.firstSeenMs ?? timeMs, timeMs),
      lastSeenMs: Math.max(shown?.lastSeenMs ?? timeMs, timeMs),
      rows: (shown?.rows ?? 0) + 1,
      toldMs: shown?.toldMs ?? Number.NEGATIVE_INFINITY,
    };
    if (judgement !== undefined || timeMs - next.toldMs >= TOLD_AGAIN_MS) {
      next.toldMs = timeMs;
      this.#options.onFinding(findingOf(asked, subject, next));
    }
    this.#remember(cause, next);
  }

  #remember(cause: string, shown: Shown): void {
    this.#shown.delete(cause);
    this.#shown.set(cause, shown);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MAX_SHOWN && oldest !== undefined) this.#shown.delete(oldest);
  }

  #mayExplain(): boolean {
    if (this.#explanations < 1) return false;
    this.#explanations--;
    return true;
  }

  #mayRemember(timeMs: number, pValue: number): boolean {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour !== this.#hour) {
      this.#hour = hour;
      this.#remembered.fill(0);
    }
    const decade = Math.min(DECADES, Math.floor(-Math.log10(pValue)));
    if (this.#remembered[decade]! >= MOST_REMEMBERED_AN_HOUR || !this.#mayExplain()) return false;
    this.#remembered[decade]!++;
    return true;
  }

  #save(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#savedAtMs);
    this.#savedAtMs = nowMs;
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + elapsedMs * TIME_SHARE);
    const more = (elapsedMs / MS_PER_SECOND) * EXPLAINED_A_SECOND;
    this.#explanations = Math.min(EXPLAINED_A_SECOND, this.#explanations + more);
  }
}

/** The simple baseline of the first hours knows too little to decide what is learnt. */
function isVeryUnusual(asked: Judging | undefined, pValue: number): boolean {
  return asked !== undefined && asked.id !== '' && pValue <= VERY_UNUSUAL;
}

const LEARNING_NOTE =
  ' Holdfast has only begun to learn what is usual here, so this is a notice, and it will often be wrong.';

function findingOf({ id }: Judging, subject: AnomalySubject, shown: Shown): Finding {
  const { judgement, rows, firstSeenMs, lastSeenMs } = shown;
  const finding = anomalyFinding({ subject, judgement, rows, firstSeenMs, lastSeenMs });
  if (id !== '') return finding;
  return { ...finding, severity: 'info', explanation: `${finding.explanation}${LEARNING_NOTE}` };
}
