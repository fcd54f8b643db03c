import { type EndReason, type FlowView, SERVICES, type TrafficObserver } from '../../../contract/traffic.ts';
import { formatAddress } from '../runtime/address.ts';
import { transportName } from './transport-name.ts';

/** A flow as a person wants to see it go by. */
export interface RecentFlow {
  readonly startMs: number;
  readonly lastMs: number;
  readonly initiator: string;
  readonly initiatorPort: number;
  readonly responder: string;
  readonly responderPort: number;
  readonly transport: string;
  readonly service: string;
  readonly packets: number;
  /** On the wire, both directions. */
  readonly bytes: number;
}

/** Text costs a microsecond: under a flood only so many flows of a second are shown. */
const MAX_SHOWN_PER_SECOND = 32;

/** Remembers the flows that began last, with what became of them. */
export class RecentFlows implements TrafficObserver {
  readonly #capacity: number;
  /** By flow id, in the order of their beginning. */
  readonly #flows = new Map<number, RecentFlow>();
  #shownThisSecond = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  flowStart(flow: FlowView): void {
    if (this.#shownThisSecond >= MAX_SHOWN_PER_SECOND) return;
    this.#shownThisSecond++;
    this.#flows.set(flow.id, describe(flow));
    if (this.#flows.size <= this.#capacity) return;
    for (const oldest of this.#flows.keys()) {
      this.#flows.delete(oldest);
      break;
    }
  }

  flowUpdate(flow: FlowView): void {
    if (this.#flows.has(flow.id)) this.#flows.set(flow.id, describe(flow));
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    this.flowUpdate(flow);
  }

  tick(): void {
    this.#shownThisSecond = 0;
  }

  /** The newest first. */
  list(): RecentFlow[] {
    return [...this.#flows.values()].reverse();
  }
}

function describe(flow: FlowView): RecentFlow {
  return {
    startMs: flow.firstUs / 1000,
    lastMs: flow.lastUs / 1000,
    initiator: formatAddress(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3),
    initiatorPort: flow.initiatorPort,
    responder: formatAddress(flow.responder0, flow.responder1, flow.responder2, flow.responder3),
    responderPort: flow.responderPort,
    transport: transportName(flow.protocol),
    service: SERVICES[flow.service],
    packets: flow.initiatorPackets + flow.responderPackets,
    bytes: flow.initiatorWireBytes + flow.responderWireBytes,
  };
}
