import type { AnalysisDocument } from '../../../../contract/analysis.ts';
import { isoTime, toAnalysisAlert } from '../../../../contract/analysis-document.ts';
import type { Alert, Finding } from '../../../../contract/domain.ts';
import type { EndReason, FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { AlertBook, type AlertChange, alertSettings } from '../../alerts/index.ts';
import { BUILT_IN_TABLE, type CompiledIndicators, IndicatorTable } from '../../indicators/index.ts';
import {
  type CaptureProgress,
  FlowNotes,
  FlowRecorder,
  HostCounter,
  type ProtocolShare,
  type RecordedFlow,
  readTraffic,
  type Talker,
  type TrafficBucket,
  TrafficSummary,
} from '../../network/index.ts';
import { modelSettings } from '../learning/model-settings.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';
import { createWatch, type SectionSource } from '../traffic/watch.ts';
import { CaptureAnomalies, type CaptureProfile, noAnomalies } from './capture-anomalies.ts';
import { captureNotes } from './capture-notes.ts';

export interface AnalyzeOptions {
  /** Defaults of all settings where it is left out. */
  readonly config?: SectionSource;
  /** What is known to be bad; the built-in test indicators alone where it is left out. */
  readonly indicators?: CompiledIndicators;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CaptureProgress) => void;
  /** What was learnt before, to judge conversations by; or why there is nothing. */
  readonly judge?: CaptureProfile | { readonly why: string };
  /** For the path "-"; process.stdin where it is left out. */
  readonly stdin?: NodeJS.ReadableStream;
  /** Given the ended flows as they are, the first `limit` of them, a few at a time. */
  readonly keep?: { readonly limit: number; readonly onFlows: (flows: readonly RecordedFlow[]) => void };
  /** Told of every finding, before it is joined with others. */
  readonly onFinding?: (finding: Finding) => void;
  /** Told of every alert as it comes about. */
  readonly onAlertChange?: (alert: Alert, change: AlertChange) => void;
}

/** What surrounds the alerts in a report: not part of the promised document. */
export interface AnalysisContext {
  readonly buckets: readonly TrafficBucket[];
  readonly talkers: readonly Talker[];
  readonly protocols: readonly ProtocolShare[];
}

export interface AnalysisResult {
  readonly document: AnalysisDocument;
  readonly context: AnalysisContext;
  /** The alerts of the document in the engine's own form. */
  readonly alerts: readonly Alert[];
}

const LISTED_TALKERS = 10;
const MICROSECONDS_PER_MS = 1_000;
const NO_JUDGE = {
  why: 'Anomaly scoring was off: nothing that was learnt before was given to judge by. Rules and indicators were applied.',
} as const;

/**
 * Reads a capture ("-" is standard input) and says who did what to whom. The same code as live: flows,
 * detectors, alert joining.
 *
 * @throws CaptureError when there is nothing to read: missing, unreadable, empty, or not a capture
 */
export async function analyzeCapture(path: string, options: AnalyzeOptions = {}): Promise<AnalysisResult> {
  const begun = performance.now();
  const config = options.config ?? DEFAULT_SETTINGS;
  const book = new AlertBook(config.section('alerts', alertSettings));
  const hosts = new HostCounter();
  const traffic = new TrafficSummary('by-flow');
  if (options.onAlertChange !== undefined) book.onChange = options.onAlertChange;
  const { judge = NO_JUDGE } = options;
  const anomalies =
    'why' in judge ? undefined : new CaptureAnomalies(judge, config.section('models', modelSettings).alertsPerDay);
  const keepers = [
    options.keep,
    anomalies && {
      limit: Number.POSITIVE_INFINITY,
      onFlows: (flows: readonly RecordedFlow[]) => anomalies.addFlows(flows),
    },
  ]
    .filter((keep) => keep !== undefined)
    .map((keep) => new FlowKeeper(() => watch.features, keep));
  const report = (finding: Finding): void => {
    options.onFinding?.(finding);
    book.add(finding);
  };
  const watch = createWatch({
    config,
    onFinding: report,
    indicators: new IndicatorTable(options.indicators ?? BUILT_IN_TABLE),
    observers: [hosts, traffic, ...keepers.flatMap((keeper) => [keeper, keeper.notes])],
  });
  const summary = await readTraffic(path, watch, {
    signal: options.signal,
    onProgress: options.onProgress,
    stdin: options.stdin,
    mayFollowElsewhere: { features: keepers.length > 0 },
  });
  watch.finish();
  for (const keeper of keepers) keeper.finish();
  const spanMs = ((summary.lastSeenUs ?? 0) - (summary.firstSeenUs ?? 0)) / MICROSECONDS_PER_MS;
  const unusual = anomalies?.finish(spanMs);
  for (const finding of unusual?.findings ?? []) report(finding);
  const alerts = book.list();
  const counters = watch.counters();
  const moment = (timeUs: number | null) => (timeUs === null ? null : isoTime(timeUs / 1000));
  return {
    document: {
      capture: {
        path: summary.path,
        format: summary.format,
        packets: summary.packets,
        bytes: traffic.bytes,
        firstSeen: moment(summary.firstSeenUs),
        lastSeen: moment(summary.lastSeenUs),
        malformed: counters.decode.malformedFrames,
        notes: captureNotes(summary, counters, hosts),
      },
      flows: counters.flows.flows,
      hosts: hosts.size,
      elapsedSeconds: Math.round(performance.now() - begun) / 1000,
      alerts: alerts.map(toAnalysisAlert),
      anomalies: unusual?.summary ?? noAnomalies('why' in judge ? judge.why : NO_JUDGE.why),
    },
    context: {
      buckets: traffic.timeline(),
      talkers: traffic.topTalkers(LISTED_TALKERS),
      protocols: traffic.protocols(),
    },
    alerts,
  };
}

/** Flows that are handed on together: some hundred kilobytes. */
const FLOWS_AT_ONCE = 500;

/** Hands ended flows on, the first so many. */
class FlowKeeper implements TrafficObserver {
  readonly notes = new FlowNotes();
  readonly #recorder: FlowRecorder;
  readonly #onFlows: (flows: readonly RecordedFlow[]) => void;
  #room: number;
  #waiting = 0;

  constructor(
    features: ConstructorParameters<typeof FlowRecorder>[0],
    { limit, onFlows }: NonNullable<AnalyzeOptions['keep']>,
  ) {
    this.#recorder = new FlowRecorder(features, FLOWS_AT_ONCE, 0, this.notes);
    this.#onFlows = onFlows;
    this.#room = limit;
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (this.#room === 0) return;
    this.#room--;
    this.#recorder.flowEnd(flow, reason);
    if (++this.#waiting === FLOWS_AT_ONCE) this.finish();
  }

  finish(): void {
    this.#waiting = 0;
    const flows = this.#recorder.take();
    if (flows.length > 0) this.#onFlows(flows);
  }
}
