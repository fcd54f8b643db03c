/**
 * Conversations of a capture that are unlike what was learnt before. A capture has its own time and its own number of
 * conversations, so the live threshold, which finds its place over days, says nothing here. Instead:
 *
 * - what is unusual is decided among all conversations of the capture by the procedure of Benjamini and Hochberg
 *   ("Controlling the False Discovery Rate", 1995), which holds for conformal p-values (Bates et al., "Testing for
 *   outliers with conformal p-values", 2023): of ordinary captures one in ten shows anything;
 * - of that, the most unusual causes are shown: as many as the alerts of a day for each day that the capture spans, a
 *   shorter one counting as a whole day, and at least one.
 */
import type { AnalysisAnomalies } from '../../../../contract/analysis.ts';
import { isoTime } from '../../../../contract/analysis-document.ts';
import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import type { Finding } from '../../../../contract/domain.ts';
import { formatCount } from '../../../../contract/format.ts';
import type { ModelGroup } from '../../../../contract/models.ts';
import { SERVICES } from '../../../../contract/traffic.ts';
import { anomalyCause, anomalyFinding, flowGroup, flowRow, type Profile } from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import { subjectOf } from '../learning/model-subject.ts';

/** Who judges, and where it comes from. */
export interface CaptureProfile {
  readonly profile: Profile;
  readonly info: Pick<ProfileInfo, 'trainedMs' | 'rows' | 'digest'>;
  /** "version flow-3 of the engine", "file office.hfmodel", "capture benign.pcap". */
  readonly source: string;
}

/** Share of what is shown that may be chance: less would hide what few hundred rows of training can tell. */
const FALSE_DISCOVERIES = 0.1;
/** Nothing more usual is looked at again, however many conversations are unusual. */
const MOST_P_VALUE = 0.01;
/** Conversations that are remembered until the end: the most unusual ones. */
const MOST_REMEMBERED = 5_000;
/** Conversations from which on it can be said that most of them are unusual. */
const FEWEST_TO_TELL = 20;
const FOREIGN = ' Most of it is unlike what was learnt, as traffic of another network is: little follows from it.';
const DAY_MS = 86_400_000;
const MICROSECONDS_PER_MS = 1_000;

interface Candidate {
  readonly flow: RecordedFlow;
  readonly group: ModelGroup;
  readonly pValue: number;
}

const SERVICE_NUMBERS: ReadonlyMap<string, number> = new Map(SERVICES.map((service, number) => [service, number]));

export class CaptureAnomalies {
  readonly #judge: CaptureProfile;
  readonly #perDay: number;
  readonly #row: Float64Array;
  #candidates: Candidate[] = [];
  #judged = 0;
  #unjudged = 0;

  /** @param perDay setting models.alertsPerDay */
  constructor(judge: CaptureProfile, perDay: number) {
    this.#judge = judge;
    this.#perDay = perDay;
    this.#row = new Float64Array(judge.profile.columns.length);
  }

  addFlows(flows: readonly RecordedFlow[]): void {
    for (const flow of flows) {
      const group = flowGroup(flow.protocol);
      this.#fill(flow);
      const pValue = this.#judge.profile.pValue(group, this.#row);
      if (Number.isNaN(pValue)) {
        this.#unjudged += 1;
        continue;
      }
      this.#judged += 1;
      if (pValue > MOST_P_VALUE) continue;
      this.#candidates.push({ flow, group, pValue });
      if (this.#candidates.length >= 2 * MOST_REMEMBERED) this.#forget();
    }
  }

  /** @param spanMs from the first packet of the capture to the last */
  finish(spanMs: number): { readonly findings: readonly Finding[]; readonly summary: AnalysisAnomalies } {
    this.#forget();
    const unusual = this.#candidates.slice(0, discoveries(this.#candidates, this.#judged));
    const byCause = Map.groupBy(unusual, ({ flow }) => anomalyCause(subjectOf(flow)));
    const room = roomFor(this.#perDay, spanMs);
    // A map keeps the order in which causes came: the most unusual first.
    const shown = [...byCause.values()].slice(0, room).flatMap((rows) => this.#findingOf(rows));
    const threshold = unusual.at(-1)?.pValue ?? null;
    const counts = { unusual: unusual.length, shown: shown.length, heldBack: byCause.size - shown.length };
    // In the order of time, as a live engine would tell them.
    const findings = [...shown].sort((first, second) => first.lastSeenMs - second.lastSeenMs);
    return { findings, summary: this.#summary(counts, threshold) };
  }

  #fill(flow: RecordedFlow): void {
    const service = SERVICE_NUMBERS.get(flow.service) ?? Number.NaN;
    flowRow(flow.features.values, service, flow.responderPort, this.#row);
  }

  /** Of the conversations of one cause, the most unusual first. */
  #findingOf(rows: readonly Candidate[]): Finding[] {
    const [worst] = rows;
    if (worst === undefined) return [];
    this.#fill(worst.flow);
    const judgement = this.#judge.profile.judge(worst.group, this.#row);
    if (judgement === undefined) return [];
    return [
      anomalyFinding({
        subject: subjectOf(worst.flow),
        judgement,
        rows: rows.length,
        firstSeenMs: Math.min(...rows.map(({ flow }) => flow.firstUs)) / MICROSECONDS_PER_MS,
        lastSeenMs: Math.max(...rows.map(({ flow }) => flow.lastUs)) / MICROSECONDS_PER_MS,
      }),
    ];
  }

  #forget(): void {
    this.#candidates.sort((first, second) => first.pValue - second.pValue);
    this.#candidates.length = Math.min(this.#candidates.length, MOST_REMEMBERED);
  }

  #summary(
    counts: Pick<AnalysisAnomalies, 'unusual' | 'shown' | 'heldBack'>,
    threshold: number | null,
  ): AnalysisAnomalies {
    const { profile, info, source } = this.#judge;
    return {
      state: 'on',
      detail: this.#detail(counts),
      model: {
        source,
        trainedAt: isoTime(info.trainedMs),
        rows: info.rows,
        digest: info.digest,
        kinds: profile.kinds,
      },
      judged: this.#judged,
      unjudged: this.#unjudged,
      ...counts,
      threshold,
    };
  }

  #detail({ unusual, shown, heldBack }: Pick<AnalysisAnomalies, 'unusual' | 'shown' | 'heldBack'>): string {
    const { source } = this.#judge;
    const judged = `${formatCount(this.#judged, 'conversation')} judged by the ${source}`;
    const left = this.#unjudged === 0 ? '' : `; of ${formatCount(this.#unjudged, 'other')} nothing has been learnt`;
    const found =
      unusual === 0
        ? 'none is too unusual to be chance'
        : `${formatCount(unusual, 'conversation')} too unusual to be chance, of ${formatCount(shown + heldBack, 'cause')}`;
    const held = heldBack === 0 ? '' : `, ${heldBack} of them not shown (models.alertsPerDay is ${this.#perDay})`;
    const isForeign = this.#judged >= FEWEST_TO_TELL && unusual > this.#judged / 2;
    return `${judged}${left}: ${found}${held}.${isForeign ? FOREIGN : ''}`;
  }
}

/** How many of the candidates, the most unusual first, are too unusual to be chance among so many. */
function discoveries(candidates: readonly Candidate[], judged: number): number {
  for (let count = candidates.length; count > 0; count--) {
    if (candidates[count - 1]!.pValue <= (FALSE_DISCOVERIES * count) / judged) return count;
  }
  return 0;
}

function roomFor(perDay: number, spanMs: number): number {
  return perDay === 0 ? 0 : Math.max(1, Math.round(perDay * Math.max(1, spanMs / DAY_MS)));
}

/** Nothing was judged. @param why one or two plain sentences */
export function noAnomalies(why: string): AnalysisAnomalies {
  return {
    state: 'off',
    detail: why,
    model: null,
    judged: 0,
    unjudged: 0,
    unusual: 0,
    shown: 0,
    heldBack: 0,
    threshold: null,
  };
}
