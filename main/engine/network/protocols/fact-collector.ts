import type { Fact } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { formatAddress } from '../../runtime/address.ts';

/** A flow with all that was said about it. */
export interface FlowFacts {
  readonly id: number;
  /** See PROTOCOL in contract/traffic.ts. */
  readonly protocol: number;
  readonly initiator: string;
  readonly initiatorPort: number;
  readonly responder: string;
  readonly responderPort: number;
  readonly vlan: number;
  readonly firstUs: number;
  readonly facts: readonly Fact[];
}

/** Remembers all facts of all flows: for comparisons and tests, not for live traffic. */
export class FactCollector implements TrafficObserver {
  readonly #flows = new Map<number, FlowFacts & { readonly facts: Fact[] }>();

  flowStart(flow: FlowView): void {
    this.#flows.set(flow.id, {
      id: flow.id,
      protocol: flow.protocol,
      initiator: formatAddress(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3),
      initiatorPort: flow.initiatorPort,
      responder: formatAddress(flow.responder0, flow.responder1, flow.responder2, flow.responder3),
      responderPort: flow.responderPort,
      vlan: flow.vlan,
      firstUs: flow.firstUs,
      facts: [],
    });
  }

  fact(flow: FlowView, fact: Fact): void {
    this.#flows.get(flow.id)?.facts.push(fact);
  }

  /** In the order in which they began. */
  flows(): Iterable<FlowFacts> {
    return this.#flows.values();
  }
}
