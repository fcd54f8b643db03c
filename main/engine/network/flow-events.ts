import type { EndReason, FlowChange, FlowView, PacketView } from '../../../contract/traffic.ts';
import type { InspectedFlow } from './protocols/conversation.ts';

/** What happens to flows, for whoever distributes it. The view is the table's cursor: valid during the call. */
export interface FlowEvents {
  flowStart(flow: FlowView, packet: PacketView): void;
  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void;
  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void;
  flowUpdate(flow: FlowView): void;
  flowEnd(flow: InspectedFlow, reason: EndReason): void;
  /** How many want to be shown segments: up to 8. */
  readonly segmentListeners: number;
  /**
   * A packet with payload of a flow of which not everybody has seen enough. `done` has a bit for each listener that
   * has; gives it with the bits of those that now have.
   */
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean, done: number): number;
  /** `flow` goes on with the conversation of the flow `formerId`, which the active timeout has just ended. */
  flowRenewed(formerId: number, flow: InspectedFlow): void;
}

/** The numbers of the flow that the table's cursor shows, during a call to an observer. */
export interface FlowSource {
  /** All statistics records; see flow-layout.ts. */
  readonly statistics: Float64Array;
  /** Where the flow's record begins. That of a flow of one packet is made on demand, in a scratch record. */
  statisticsBase(): number;
  /**
   * Of a flow of one packet: writes the FIRST_PACKET_NUMBERS words (see first-packet.ts) that all its statistics but its times
   * depend on to `into`, and says true. False for any other flow.
   */
  readFirstPacket(into: Int32Array): boolean;
  /** Flows begun so far; the ids of flows are the low 32 bits of their number. */
  readonly begun: number;
  /** Flows open now. */
  readonly openFlows: number;
  /** Open flows are in the slots from 0 to below this. */
  readonly slots: number;
  /**
   * The flow in a slot, or undefined when the slot is free. The view is the table's cursor: for the time between
   * packets (in `tick`), and until the next call.
   */
  flowIn(slot: number): OpenFlowView | undefined;
}

/** An open flow, with what tells conversations from lone packets without a look at the statistics. */
export interface OpenFlowView extends FlowView {
  /** Whether it has more than its first packet. */
  readonly hasStatistics: boolean;
}

export interface FlowTableCounters {
  /** Flows begun so far. */
  readonly flows: number;
  /** Flows open now. */
  readonly open: number;
  /** Flows that ended early because the table or the statistics were full. */
  readonly evicted: number;
}
