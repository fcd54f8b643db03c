import type { Finding } from '../../contract/domain.ts';
import type { LandscapeSeed } from './detect/index.ts';
import type { ProtocolShare, RecentFlow, RecordedFlow, Talker } from './network/index.ts';
import type { InterfaceState, PumpEnd } from './sensors/index.ts';

/** What the engine hands to its traffic thread when it starts it. */
export interface TrafficWorkerData {
  /** All settings by section, for they are a class on the other side. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly landscape: LandscapeSeed;
  /** Seed of the flow hash. */
  readonly seed: number;
  /** Int32Array of one element: not 0 when the thread is to stop reading. */
  readonly stop: SharedArrayBuffer;
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
  | { readonly type: 'interfaces'; readonly run: number; readonly interfaces: readonly InterfaceState[] }
  | { readonly type: 'ended'; readonly run: number; readonly end: PumpEnd };
