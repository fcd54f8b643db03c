import type { Finding } from '../../../../contract/domain.ts';
import type { LandscapeSeed } from '../../detect/index.ts';
import type { CompiledIndicators } from '../../indicators/index.ts';
import type {
  LiveFlowDetail,
  LiveSnapshot,
  ProtocolShare,
  RecentFlow,
  RecordedFlow,
  Talker,
} from '../../network/index.ts';
import type { InterfaceState, PumpEnd } from '../../sensors/index.ts';

/**
 * Memory that the engine and its traffic thread share, as words of an Int32Array: the thread blocks while it reads
 * its pipe and cannot receive messages, so it looks here between reads.
 */
export const SHARED = {
  /** Not 0 when the thread is to stop reading. */
  stop: 0,
  /** Not 0 while somebody watches the open flows. */
  watch: 1,
  /** Counts the questions about single flows; a new number is a new question, and its answer bears it. */
  question: 2,
  /** The flow that is asked about, as a double at this word and the next; written before the number. */
  asked: 4,
} as const;
export const SHARED_BYTES = 24;

/** What the engine hands to its traffic thread when it starts it. */
export interface TrafficWorkerData {
  /** All settings by section, for they are a class on the other side. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly landscape: LandscapeSeed;
  /** Read in shared memory. */
  readonly indicators: CompiledIndicators;
  /** Seed of the flow hash. */
  readonly seed: number;
  /** See SHARED. */
  readonly shared: SharedArrayBuffer;
  /** Added to the numbers of flows: differs from thread to thread, so that no number is used twice. */
  readonly flowIdBase: number;
}

/** To the traffic thread: read this pipe until it ends. */
export interface StreamMessage {
  readonly fd: number;
  readonly run: number;
}

/** The state of the traffic, once a second. Counts are totals since the thread began. */
export interface TrafficSnapshot {
  /** Wall clock, milliseconds since the epoch. */
  readonly timeMs: number;
  readonly packets: number;
  /** Bytes on the wire. */
  readonly bytes: number;
  readonly flows: number;
  readonly openFlows: number;
  readonly evictedFlows: number;
  readonly malformedPackets: number;
  /** Messages that a detector failed at and left out: a mistake of ours. */
  readonly detectorFailures: number;
  /** Flow records that could not be handed on in time. */
  readonly droppedRecords: number;
  /** What `talkers` and `protocols` are about: the last so many seconds, fading. */
  readonly windowSeconds: number;
  readonly talkers: readonly Talker[];
  readonly protocols: readonly ProtocolShare[];
  readonly recentFlows: readonly RecentFlow[];
}

/** From the traffic thread. */
export type TrafficMessage =
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'snapshot'; readonly snapshot: TrafficSnapshot }
  | { readonly type: 'flows'; readonly flows: readonly RecordedFlow[] }
  | { readonly type: 'live'; readonly live: LiveSnapshot }
  | { readonly type: 'flow'; readonly question: number; readonly detail: LiveFlowDetail | undefined }
  | { readonly type: 'interfaces'; readonly run: number; readonly interfaces: readonly InterfaceState[] }
  | { readonly type: 'ended'; readonly run: number; readonly end: PumpEnd };
