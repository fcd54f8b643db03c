import {
  type EndReason,
  type FlowView,
  SERVICES,
  type Service,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { formatAddress } from '../runtime/address.ts';
import type { FeatureSource } from './feature-reader.ts';
import { type FlowNote, type FlowNotes, NO_NOTE } from './flow-notes.ts';
import { flowNumber } from './flow-number.ts';

/** Raised when FEATURES changes its meaning or order, so that stored values are never misread. */
export const FEATURES_VERSION = 1;

/** One ended flow as plain data, for whoever keeps it. */
export interface RecordedFlow {
  /** What LiveFlows called it while it was open. */
  readonly number: number;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly protocol: number;
  readonly initiator: string;
  readonly initiatorPort: number;
  readonly responder: string;
  readonly responderPort: number;
  readonly vlan: number;
  readonly tunnel: number;
  readonly initiatorPackets: number;
  readonly responderPackets: number;
  readonly initiatorBytes: number;
  readonly responderBytes: number;
  readonly service: Service;
  readonly endReason: EndReason;
  readonly note: FlowNote;
  readonly features: { readonly version: number; readonly values: Float32Array };
}

/** Collects ended flows until they are taken; beyond its capacity they are counted and left out. */
export class FlowRecorder implements TrafficObserver {
  /** Flows that were left out because nobody took the others in time. */
  dropped = 0;
  #flows: RecordedFlow[] = [];
  readonly #capacity: number;
  readonly #features: () => FeatureSource;
  readonly #idBase: number;
  readonly #notes: FlowNotes | undefined;

  /**
   * @param features asked for with each flow, for an engine may be made after those who watch it
   * @param idBase see LiveFlows
   * @param notes an observer after this one
   */
  constructor(features: () => FeatureSource, capacity: number, idBase = 0, notes?: FlowNotes) {
    this.#features = features;
    this.#capacity = capacity;
    this.#idBase = idBase;
    this.#notes = notes;
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (this.#flows.length >= this.#capacity) {
      this.dropped++;
      return;
    }
    const features = this.#features();
    this.#flows.push({
      number: this.#idBase + flowNumber(flow.id, features.begun),
      firstUs: flow.firstUs,
      lastUs: flow.lastUs,
      protocol: flow.protocol,
      initiator: formatAddress(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3),
      initiatorPort: flow.initiatorPort,
      responder: formatAddress(flow.responder0, flow.responder1, flow.responder2, flow.responder3),
      responderPort: flow.responderPort,
      vlan: flow.vlan,
      tunnel: flow.tunnel,
      initiatorPackets: flow.initiatorPackets,
      responderPackets: flow.responderPackets,
      initiatorBytes: flow.initiatorWireBytes,
      responderBytes: flow.responderWireBytes,
      service: SERVICES[flow.service],
      endReason: reason,
      note: this.#notes?.of(flow.id) ?? NO_NOTE,
      features: { version: FEATURES_VERSION, values: Float32Array.from(features.read(flow)) },
    });
  }

  /** What has been collected since the last call. */
  take(): RecordedFlow[] {
    const flows = this.#flows;
    this.#flows = [];
    return flows;
  }
}
