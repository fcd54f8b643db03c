/** The thread that analyses one capture: the same code as `holdfast analyze`, with its flows and alerts handed on. */
import { parentPort, workerData } from 'node:worker_threads';
import { SEVERITIES } from '../../../../contract/domain.ts';
import { plainText } from '../../../../contract/text.ts';
import { AlertHistory, type alertSettings } from '../../alerts/index.ts';
import { CaptureError } from '../../network/index.ts';
import { failureOf } from '../../runtime/failure.ts';
import type { SettingTable, SettingValues } from '../../runtime/settings.ts';
import { type AnalysisResult, analyzeCapture } from './analyze.ts';
import {
  type CaptureMessage,
  type CaptureResult,
  type CaptureWorkerData,
  UNSTORED_BATCHES,
} from './capture-messages.ts';

/** Five a second look smooth, and the engine's thread has other things to do. */
const PROGRESS_MS = 200;

const port = parentPort;
if (port === null) throw new Error('capture-worker.ts runs as a worker thread of the engine');
const data = workerData as CaptureWorkerData;
const unstored = new Int32Array(data.unstored);
const post = (message: CaptureMessage): void => port.postMessage(message);

const config = {
  section<T extends SettingTable>(path: string): SettingValues<T> {
    return data.settings[path] as SettingValues<T>;
  },
};
const history = new AlertHistory(config.section<typeof alertSettings>('alerts').maxAlerts);
let keptFlows = 0;
let toldMs = Number.NEGATIVE_INFINITY;

try {
  const analysis = await analyzeCapture(data.path, {
    config,
    ...(data.indicators === undefined ? {} : { indicators: data.indicators }),
    onProgress({ bytesRead, bytesTotal }) {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
      post({ type: 'progress', progress: bytesTotal === null ? null : Math.min(1, bytesRead / bytesTotal) });
    },
    onAlertChange: (alert, change) => history.note(alert, change),
    keep: {
      limit: data.keptFlows,
      onFlows(flows) {
        keptFlows += flows.length;
        waitForStore();
        Atomics.add(unstored, 0, 1);
        post({ type: 'flows', flows });
      },
    },
  });
  const { alerts } = analysis;
  const trails = new Map(alerts.flatMap(({ id }) => [[id, history.trail(id)] as const]).filter(hasTrail));
  post({ type: 'done', result: resultOf(analysis), alerts, trails });
} catch (error) {
  const hint = 'The log of the engine says more; please report this.';
  const failure = error instanceof CaptureError ? error.failure : failureOf(error, 'analysis-failed', hint);
  // Its path is one of ours and means nothing to the person.
  const message = plainText(failure.message.replaceAll(data.path, 'The capture'));
  post({ type: 'failed', failure: { ...failure, message } });
}

/** Blocks: the engine takes the waiting batches meanwhile. */
function waitForStore(): void {
  for (let waiting = Atomics.load(unstored, 0); waiting >= UNSTORED_BATCHES; waiting = Atomics.load(unstored, 0)) {
    Atomics.wait(unstored, 0, waiting);
  }
}

function hasTrail<T>(entry: readonly [string, T | undefined]): entry is readonly [string, T] {
  return entry[1] !== undefined;
}

function resultOf({ document, context, alerts }: AnalysisResult): CaptureResult {
  const { capture, flows, hosts, elapsedSeconds } = document;
  const moment = (text: string | null) => (text === null ? null : Date.parse(text));
  const bySeverity = (severity: (typeof SEVERITIES)[number]) =>
    alerts.filter((alert) => alert.severity === severity).length;
  const [info, low, medium, high, critical] = SEVERITIES.map(bySeverity);
  return {
    format: capture.format,
    packets: capture.packets,
    bytes: capture.bytes,
    malformed: capture.malformed,
    flows,
    hosts,
    keptFlows,
    firstSeenMs: moment(capture.firstSeen),
    lastSeenMs: moment(capture.lastSeen),
    elapsedSeconds,
    alerts: { info, low, medium, high, critical },
    notes: capture.notes.map(({ code, message, count }) => ({ code, message, count })),
    timeline: context.buckets.map(({ startMs, packets, bytes }) => ({ timeMs: startMs, packets, bytes })),
    talkers: context.talkers.map(({ address, sentBytes, receivedBytes, packets }) => ({
      address,
      sentBytes,
      receivedBytes,
      packets,
    })),
    protocols: context.protocols.map(({ name, flows: some, bytes }) => ({ name, flows: some, bytes })),
  };
}
