import type { AttackCatalogue } from '../../../contract/attack.ts';
import type { AlertKind } from '../../../contract/domain.ts';

/** What the report shows beside the document itself. */
export interface ReportContext {
  /** Version of Holdfast. */
  readonly version: string;
  /** When the report was written, milliseconds since the epoch. */
  readonly writtenMs: number;
  readonly catalogue: AttackCatalogue;
  /** What was looked for: a sentence of each detector that was on. */
  readonly detectors: readonly { readonly kind: AlertKind; readonly summary: string }[];
  /** Traffic over time, in buckets of equal length; those without packets may be left out. */
  readonly buckets?: readonly TrafficBucket[];
  /** Hosts that sent and received the most, the busiest first. */
  readonly talkers?: readonly Talker[];
  /** What the traffic is made of, the largest first. */
  readonly protocols?: readonly ProtocolShare[];
}

export interface TrafficBucket {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly bytes: number;
  readonly packets: number;
}

/** One host's part of the traffic. */
export interface Talker {
  readonly address: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly packets: number;
}

/** One protocol's part of the traffic. */
export interface ProtocolShare {
  readonly name: string;
  readonly flows: number;
  readonly bytes: number;
}
