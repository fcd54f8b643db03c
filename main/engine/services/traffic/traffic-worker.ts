/**
 * The traffic thread: reads the capture helper's pipe, decodes, follows flows and runs the detectors. It
 * blocks while it reads, so messages to it wait until a stream has ended; what it has to say it posts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { MAX_LIVE_FLOWS } from '../../../../contract/traffic.ts';
import { IndicatorTable } from '../../indicators/index.ts';
import { FlowNotes, FlowRecorder, LiveFlows, RecentFlows, TrafficSummary } from '../../network/index.ts';
import { HeapTidy } from '../../runtime/heap.ts';
import type { SettingTable, SettingValues } from '../../runtime/settings.ts';
import { pumpCapture } from '../../sensors/index.ts';
import { SHARED, type StreamMessage, type TrafficMessage, type TrafficWorkerData } from './traffic-messages.ts';
import { createWatch } from './watch.ts';

/** Flows handed on per second at the most: what the store takes in without falling behind. A flood has more. */
const MAX_RECORDS_PER_SECOND = 2_000;
const SNAPSHOT_INTERVAL_US = 1_000_000;
/** See TrafficSummary.fade: long enough to read, short enough to be the present. */
const WINDOW_SECONDS = 50;
const FADE = 1 - 1 / WINDOW_SECONDS;
const LISTED_TALKERS = 12;
const LISTED_FLOWS = 20;

const port = parentPort;
if (port === null) throw new Error('traffic-worker.ts runs as a worker thread of the engine');
const data = workerData as TrafficWorkerData;
const shared = new Int32Array(data.shared);
const askedFlow = new Float64Array(data.shared, SHARED.asked * Int32Array.BYTES_PER_ELEMENT, 1);
const post = (message: TrafficMessage, moved: ArrayBuffer[] = []): void => port.postMessage(message, moved);

const traffic = new TrafficSummary('by-packet', data.seed);
const notes = new FlowNotes();
const recorder = new FlowRecorder(() => watch.features, MAX_RECORDS_PER_SECOND, data.flowIdBase, notes);
const liveFlows = new LiveFlows(() => watch.flowSource, MAX_LIVE_FLOWS, data.flowIdBase, notes);
const recentFlows = new RecentFlows(LISTED_FLOWS);
const watch = createWatch({
  config: {
    section<T extends SettingTable>(path: string): SettingValues<T> {
      return data.settings[path] as SettingValues<T>;
    },
  },
  onFinding: (finding) => post({ type: 'finding', finding }),
  observers: [traffic, recorder, recentFlows, liveFlows, notes],
  landscape: data.landscape,
  indicators: new IndicatorTable(data.indicators),
  seed: data.seed,
});
const tidy = new HeapTidy();
let nextSnapshotUs = 0;
let nextLiveUs = 0;
let isWatched = false;
let answered = 0;

/** Whether a moment has come; also after the clock was set back, which must not silence us until it is there again. */
function isDue(nowUs: number, dueUs: number): boolean {
  return nowUs >= dueUs || nowUs < dueUs - 2 * SNAPSHOT_INTERVAL_US;
}

/** Whole seconds: at rest there is a tick as each of them is over, and none of the time between. */
function nextSecondUs(nowUs: number): number {
  return (Math.floor(nowUs / SNAPSHOT_INTERVAL_US) + 1) * SNAPSHOT_INTERVAL_US;
}

/** The open flows, once a second while somebody watches. */
function tellLiveFlows(nowUs: number): void {
  const wasWatched = isWatched;
  isWatched = Atomics.load(shared, SHARED.watch) !== 0;
  if (!isWatched) {
    if (wasWatched) liveFlows.forget();
    return;
  }
  if (wasWatched && !isDue(nowUs, nextLiveUs)) return;
  postLiveFlows(nowUs);
}

function postLiveFlows(nowUs: number): void {
  nextLiveUs = nextSecondUs(nowUs);
  const live = liveFlows.snapshot(nowUs);
  post({ type: 'live', live }, [live.rows.buffer as ArrayBuffer, live.ended.buffer as ArrayBuffer]);
}

function answer(): void {
  const question = Atomics.load(shared, SHARED.question);
  if (question === answered) return;
  answered = question;
  post({ type: 'flow', question, detail: liveFlows.detail(askedFlow[0]) });
}

function snapshot(nowUs: number): void {
  nextSnapshotUs = nextSecondUs(nowUs);
  const counters = watch.counters();
  traffic.fade(FADE);
  const flows = recorder.take();
  if (flows.length > 0) post({ type: 'flows', flows });
  post({
    type: 'snapshot',
    snapshot: {
      timeMs: nowUs / 1000,
      packets: counters.packets,
      bytes: traffic.bytes,
      flows: counters.flows.flows,
      openFlows: counters.flows.open,
      evictedFlows: counters.flows.evicted,
      malformedPackets: counters.decode.malformedFrames,
      detectorFailures: counters.observerFailures,
      droppedRecords: recorder.dropped,
      windowSeconds: WINDOW_SECONDS,
      talkers: traffic.topTalkers(LISTED_TALKERS),
      protocols: traffic.protocols(),
      recentFlows: recentFlows.list(),
    },
  });
}

port.on('message', ({ fd, run }: StreamMessage) => {
  const end = pumpCapture(fd, watch, {
    onTick(nowUs) {
      watch.advance(nowUs);
      if (isDue(nowUs, nextSnapshotUs)) snapshot(nowUs);
      tellLiveFlows(nowUs);
      answer();
      tidy.look();
    },
    onInterfaces: (interfaces) => post({ type: 'interfaces', run, interfaces }),
    shouldStop: () => Atomics.load(shared, SHARED.stop) !== 0,
  });
  if (Atomics.load(shared, SHARED.stop) !== 0) {
    watch.finish();
    snapshot(Date.now() * 1000);
    // Whoever watches sees that all flows have ended.
    if (isWatched) postLiveFlows(Date.now() * 1000);
  }
  post({ type: 'ended', run, end });
});
