import type { AnalysisDocument } from '../../contract/analysis.ts';
import { isoTime, toAnalysisAlert } from '../../contract/analysis-document.ts';
import { AlertBook, alertSettings } from './alerts/index.ts';
import { captureNotes } from './capture-notes.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';
import {
  type CaptureProgress,
  HostCounter,
  type ProtocolShare,
  readTraffic,
  type Talker,
  type TrafficBucket,
  TrafficSummary,
} from './network/index.ts';
import { createWatch, type SectionSource } from './watch.ts';

export interface AnalyzeOptions {
  /** Defaults of all settings where it is left out. */
  readonly config?: SectionSource;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CaptureProgress) => void;
  /** For the path "-"; process.stdin where it is left out. */
  readonly stdin?: NodeJS.ReadableStream;
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
}

const LISTED_TALKERS = 10;

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
  const watch = createWatch({ config, onFinding: (finding) => book.add(finding), observers: [hosts, traffic] });
  const summary = await readTraffic(path, watch, {
    signal: options.signal,
    onProgress: options.onProgress,
    stdin: options.stdin,
  });
  watch.finish();
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
      alerts: book.list().map(toAnalysisAlert),
    },
    context: {
      buckets: traffic.timeline(),
      talkers: traffic.topTalkers(LISTED_TALKERS),
      protocols: traffic.protocols(),
    },
  };
}
