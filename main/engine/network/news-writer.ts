import type { Fact } from '../../../contract/facts.ts';
import {
  type EndReason,
  type FlowChange,
  type FlowView,
  type PacketView,
  PROTOCOL,
  type TrafficInterest,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import type { EnoughSegments } from './enough-segments.ts';
import type { FeatureSource } from './feature-reader.ts';
import { NEWS, type News, type NewsBatch, newsWord } from './news-batch.ts';
import type { InspectedFlow } from './protocols/conversation.ts';
import type { FollowingOrder } from './traffic-engine.ts';

/** Takes a full batch away, with the facts of it, and gives an empty one. */
export type HandOver = (facts: readonly Fact[]) => NewsBatch;

const NO_FLOW = 0;

/** Writes down everything that observers in another thread are to be told. */
export class NewsWriter implements TrafficObserver {
  readonly interest: TrafficInterest;
  readonly #handOver: HandOver;
  readonly #wantsSegments: boolean;
  readonly #wantsTcpBytes: boolean;
  readonly #enough: EnoughSegments;
  readonly #features: (() => FeatureSource) | undefined;
  #batch: NewsBatch;
  #facts: Fact[] = [];
  /** The packet at hand. */
  #packet: PacketView | undefined;
  /** Its bytes are not in the batch. */
  #lacksPayload = false;
  /** The flow that the batch's latest words are about, as it is now. */
  #flowId = NO_FLOW;

  /** @param features those of the engine that this one watches, which is made later */
  constructor(
    first: NewsBatch,
    handOver: HandOver,
    wanted: FollowingOrder['wanted'],
    enough: EnoughSegments,
    features: () => FeatureSource,
  ) {
    this.#batch = first;
    this.#handOver = handOver;
    this.interest = { facts: wanted.facts, md5: wanted.md5 };
    this.#wantsSegments = wanted.segments;
    this.#wantsTcpBytes = wanted.tcpBytes;
    this.#enough = enough;
    this.#features = wanted.features ? features : undefined;
  }

  packet(packet: PacketView): void {
    this.#flowId = NO_FLOW;
    this.#packet = undefined;
    this.#makeRoom();
    const withBytes = this.#wantsTcpBytes || packet.protocol !== PROTOCOL.tcp;
    if (!this.#batch.packets.add(packet, 0, withBytes)) {
      this.#next();
      this.#batch.packets.add(packet, 0, withBytes);
    }
    this.#packet = packet;
    this.#lacksPayload = !withBytes;
    this.#batch.add(NEWS.packet);
  }

  flowStart(flow: InspectedFlow): void {
    this.#tell(NEWS.flowStart, 0, flow);
  }

  flowChange(flow: InspectedFlow, _packet: PacketView, change: FlowChange): void {
    this.#tell(NEWS.flowChange, change, flow);
  }

  payload(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean): void {
    this.#tell(NEWS.payload, fromInitiator ? 1 : 0, flow);
    this.#showPayload(packet);
  }

  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean): boolean {
    if (!this.#wantsSegments || this.#enough.has(flow.id)) return false;
    this.#tell(NEWS.segment, fromInitiator ? 1 : 0, flow);
    this.#showPayload(packet);
    return true;
  }

  fact(flow: InspectedFlow, fact: Fact): void {
    this.#tell(NEWS.fact, 0, flow);
    this.#batch.countFact();
    this.#facts.push(fact);
  }

  flowUpdate(flow: InspectedFlow): void {
    this.#tell(NEWS.flowUpdate, 0, flow);
  }

  flowRenewed(formerId: number, flow: InspectedFlow): void {
    this.#tell(NEWS.flowRenewed, 0, flow);
    this.#batch.add(formerId);
    // Its first packet is not counted yet.
    this.#flowId = NO_FLOW;
  }

  flowEnd(flow: InspectedFlow, reason: EndReason): void {
    this.#tell(NEWS.flowEnd, reason, flow);
    if (this.#features !== undefined) this.#batch.addFeatures(this.#features().read(flow));
  }

  tick(nowUs: number): void {
    this.#tellTime(NEWS.tick, nowUs);
  }

  clockReset(nowUs: number): void {
    this.#tellTime(NEWS.clockReset, nowUs);
  }

  /** Hands over what has been written. */
  finish(): void {
    this.#next();
  }

  #tell(kind: News, detail: number, flow: InspectedFlow): void {
    this.#makeRoom();
    if (flow.id !== this.#flowId) {
      this.#flowId = flow.id;
      this.#batch.addFlow(flow);
      this.#batch.add(NEWS.flow);
    }
    this.#batch.add(newsWord(kind, detail, flow satisfies FlowView));
  }

  #tellTime(kind: News, nowUs: number): void {
    this.#makeRoom();
    this.#flowId = NO_FLOW;
    this.#batch.add(kind);
    this.#batch.addTime(nowUs);
  }

  #makeRoom(): void {
    if (this.#batch.hasRoom) return;
    this.#next();
    const packet = this.#packet;
    if (packet === undefined) return;
    this.#batch.packets.add(packet, 0);
    this.#lacksPayload = false;
    this.#batch.add(NEWS.samePacket);
  }

  #showPayload(packet: PacketView): void {
    if (!this.#lacksPayload) return;
    this.#batch.packets.addPayload(packet);
    this.#lacksPayload = false;
  }

  #next(): void {
    this.#batch = this.#handOver(this.#facts);
    this.#facts = [];
    this.#flowId = NO_FLOW;
  }
}
