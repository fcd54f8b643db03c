import {
  END_REASON,
  type EndReason,
  type FactInterest,
  type FlowChange,
  type FlowView,
  type FrameSink,
  PACKET_KIND,
  type PacketView,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import type { SettingValues } from '../runtime/settings.ts';
import { Audience } from './audience.ts';
import { type DecodeCounters, Decoder } from './decode/decoder.ts';
import type { Packet } from './decode/packet.ts';
import { FeatureReader, type FeatureSource } from './feature-reader.ts';
import type { FlowEvents, FlowSource, FlowTableCounters } from './flow-events.ts';
import type { flowSettings } from './flow-settings.ts';
import { FlowTable } from './flow-table.ts';
import type { InspectedFlow } from './protocols/conversation.ts';
import { Inspector, type InspectorCounters } from './protocols/inspector.ts';
import { INSPECTION_LIMITS, type InspectionLimits } from './protocols/limits.ts';
import type { ProtocolDefinition } from './protocols/protocol.ts';
import { PROTOCOLS } from './protocols/table.ts';
import { serviceOfProtocol } from './service.ts';

const MICROSECONDS = 1_000_000;
/** Seed of the flow hash where runs must be repeatable (captures). Live, a random one is handed in. */
export const REPEATABLE_SEED = 0x5eed;

/**
 * No real capture is made of more pieces. Each reset costs a look at every open flow and every detector's state:
 * a file whose clock leaps with each packet would otherwise cost minutes. From then on time stands still where
 * it would run back.
 */
const MAX_CLOCK_RESETS = 1_000;

export interface TrafficCounters {
  readonly packets: number;
  readonly bytes: number;
  readonly decode: DecodeCounters;
  readonly flows: FlowTableCounters;
  /** How often the traffic's clock was set back beyond the tolerance. */
  readonly clockResets: number;
  /** Facts that an observer failed at: a mistake of ours. */
  readonly observerFailures: number;
  /** Undefined where conversations are not looked into. */
  readonly inspection?: InspectorCounters;
}

export interface TrafficEngineOptions {
  readonly settings: SettingValues<typeof flowSettings>;
  readonly observers: readonly TrafficObserver[];
  /** Hash seed; REPEATABLE_SEED by default. */
  readonly seed?: number;
  /** Those that are told where an observer wants facts; all by default. */
  readonly protocols?: readonly ProtocolDefinition[];
  /** False: nobody reads features of flows, and what makes them is not counted. */
  readonly countsFeatures?: boolean;
  /** What that may cost; INSPECTION_LIMITS where they are left out. */
  readonly inspection?: Partial<InspectionLimits>;
}

/** What another thread needs to follow the flows of an engine for it; plain data. */
export interface FollowingOrder {
  readonly settings: SettingValues<typeof flowSettings>;
  readonly seed: number;
  readonly inspection: Partial<InspectionLimits> | undefined;
  readonly wanted: {
    /** Left out: all. */
    readonly facts?: readonly FactInterest[];
    readonly md5: boolean;
    readonly tcpBytes: boolean;
    readonly segments: boolean;
    /** Those of flows that end. */
    readonly features: boolean;
  };
}

/** Bits of a flow's head that say who wants no more of its segments. */
const MAX_SEGMENT_LISTENERS = 8;

/**
 * Frames in; packets, flows and seconds out to the observers. The same object reads a capture and the live
 * network. Nothing in it looks at a clock: time is what the frames say, and `advance` while none come.
 */
export class TrafficEngine implements FrameSink {
  readonly #decoder = new Decoder();
  readonly #table: FlowTable;
  readonly #inspector: Inspector | undefined;
  readonly #toleranceUs: number;
  /** Those who are told. */
  readonly audience: Audience;
  readonly #options: TrafficEngineOptions;
  #features: FeatureSource = new FeatureReader(() => this.#table);
  #nowUs = Number.NEGATIVE_INFINITY;
  #nextTickUs = Number.NEGATIVE_INFINITY;
  #decodedElsewhere: DecodeCounters | undefined;
  #followedElsewhere: TrafficCounters | undefined;
  #packets = 0;
  #bytes = 0;
  #clockResets = 0;

  constructor(options: TrafficEngineOptions) {
    const { observers, settings } = options;
    this.#options = options;
    this.audience = new Audience(observers);
    this.#inspector = this.#createInspector(options);
    const distributor = new Distributor(this.audience, this.#inspector);
    this.#table = new FlowTable(settings, distributor, options.seed ?? REPEATABLE_SEED, options.countsFeatures);
    this.#toleranceUs = settings.clockToleranceSeconds * MICROSECONDS;
  }

  frame(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    wireBytes: number,
    timeUs: number,
    linkType: number,
  ): void {
    this.#decoder.decode(bytes, start, capturedBytes, wireBytes, timeUs, linkType);
    this.deliver(capturedBytes);
  }

  /** The packet that `deliver` takes: filled by the decoder, or by whoever decoded elsewhere. */
  get packet(): Packet {
    return this.#decoder.packet;
  }

  /** Takes the decoded packet in `packet`, whose frame has `capturedBytes` bytes in the capture. */
  deliver(capturedBytes: number): void {
    const packet = this.#decoder.packet;
    this.#packets++;
    this.#bytes += capturedBytes;
    let timeUs = packet.timeUs;
    if (timeUs >= this.#nextTickUs) {
      this.#tick(timeUs);
    } else if (timeUs < this.#nowUs - this.#toleranceUs) {
      if (this.#clockResets < MAX_CLOCK_RESETS) {
        this.#resetClock(timeUs);
      } else {
        timeUs = this.#nowUs;
        packet.timeUs = timeUs;
      }
    }
    if (timeUs > this.#nowUs) this.#nowUs = timeUs;
    this.audience.packet(packet);
    if (packet.kind === PACKET_KIND.ip) this.#table.count(packet);
  }

  /** Frames were decoded by another decoder, and these are its counts. */
  decodedElsewhere(counters: DecodeCounters): void {
    this.#decodedElsewhere = counters;
  }

  /**
   * What another thread must know to follow the flows; undefined where it cannot know these protocols.
   *
   * @param features whether those of flows that end are read
   */
  followingOrder(features = false): FollowingOrder | undefined {
    const { settings, seed, protocols, inspection } = this.#options;
    if (protocols !== undefined) return undefined;
    const { wantedFacts, wantsMd5, wantsTcpBytes, segments } = this.audience;
    const facts = wantedFacts === undefined ? {} : { facts: wantedFacts };
    const wanted = { ...facts, md5: wantsMd5, tcpBytes: wantsTcpBytes, segments: segments.length > 0, features };
    return { settings, seed: seed ?? REPEATABLE_SEED, inspection, wanted };
  }

  /** Flows will be followed by another engine, and their features come from there. */
  followElsewhere(features: FeatureSource): void {
    this.#features = features;
  }

  /** All was followed by another engine, to the end, and the audience told; these are the other one's counts. */
  followedElsewhere(counters: TrafficCounters): void {
    this.#followedElsewhere = counters;
  }

  /** Tells the time while no frames come (live), in microseconds since the epoch. Never turns time back. */
  advance(nowUs: number): void {
    if (nowUs >= this.#nextTickUs && this.#packets > 0) this.#tick(nowUs);
    if (nowUs > this.#nowUs) this.#nowUs = nowUs;
  }

  /** Ends all flows and gives observers a last tick. */
  finish(): void {
    if (this.#followedElsewhere !== undefined) return;
    this.#table.endAll(END_REASON.stopped, Math.max(this.#nowUs, 0));
    if (this.#packets > 0) this.audience.tick(this.#nowUs);
  }

  /** The features of the flow whose end observers are told of, wherever it is followed. */
  get features(): FeatureSource {
    return this.#features;
  }

  /** The numbers behind the flow that observers are shown. */
  get flowSource(): FlowSource {
    return this.#table;
  }

  counters(): TrafficCounters {
    if (this.#followedElsewhere !== undefined) {
      return { ...this.#followedElsewhere, observerFailures: this.audience.failures };
    }
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      decode: this.#decodedElsewhere ?? this.#decoder.counters(),
      flows: this.#table.counters(),
      clockResets: this.#clockResets,
      observerFailures: this.audience.failures,
      ...(this.#inspector === undefined ? {} : { inspection: this.#inspector.counters() }),
    };
  }

  /** Nothing where nobody wants facts: looking into conversations costs time. */
  #createInspector({ protocols, inspection }: TrafficEngineOptions): Inspector | undefined {
    const audience = this.audience;
    if (!audience.wantsFacts) return undefined;
    return new Inspector({
      protocols: protocols ?? PROTOCOLS,
      ...INSPECTION_LIMITS,
      ...inspection,
      told: (_flow, protocol) => this.#table.tellService(serviceOfProtocol(protocol)),
      tell: (flow, fact) => audience.fact(flow, fact),
      isWanted: (type, protocol, name) => audience.isWanted(type, protocol, name),
      wantsMd5: audience.wantsMd5,
    });
  }

  #tick(nowUs: number): void {
    this.#nextTickUs = (Math.floor(nowUs / MICROSECONDS) + 1) * MICROSECONDS;
    this.#table.advance(nowUs);
    this.audience.tick(nowUs);
  }

  #resetClock(nowUs: number): void {
    this.#clockResets++;
    this.#table.endAll(END_REASON.clockReset, nowUs);
    this.#nowUs = nowUs;
    this.#nextTickUs = (Math.floor(nowUs / MICROSECONDS) + 1) * MICROSECONDS;
    this.audience.clockReset(nowUs);
  }
}

/** Lets the inspector see what the audience is shown, and before it. */
class Distributor implements FlowEvents {
  readonly segmentListeners: number;
  readonly #audience: Audience;
  readonly #inspector: Inspector | undefined;

  constructor(audience: Audience, inspector: Inspector | undefined) {
    this.#audience = audience;
    this.#inspector = inspector;
    this.segmentListeners = audience.segments.length + (inspector === undefined ? 0 : 1);
    if (this.segmentListeners > MAX_SEGMENT_LISTENERS) {
      throw new Error(`${this.segmentListeners} want segments, at most ${MAX_SEGMENT_LISTENERS} can have them`);
    }
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    this.#audience.flowStart(flow, packet);
  }
  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    this.#audience.flowChange(flow, packet, change);
  }
  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    this.#audience.payload(flow, packet, fromInitiator);
  }
  flowUpdate(flow: FlowView): void {
    this.#audience.flowUpdate(flow);
  }
  /** The lowest bit of `done` is the inspector's, where there is one. */
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean, done: number): number {
    const inspector = this.#inspector;
    if (inspector === undefined) return this.#audience.segment(flow, packet, fromInitiator, done);
    const isDone = (done & 1) !== 0 || !inspector.segment(flow, packet, fromInitiator);
    const others = this.#audience.segment(flow, packet, fromInitiator, done >> 1);
    return (others << 1) | (isDone ? 1 : 0);
  }
  flowRenewed(formerId: number, flow: InspectedFlow): void {
    this.#inspector?.renewed(flow);
    this.#audience.flowRenewed(formerId, flow);
  }
  flowEnd(flow: InspectedFlow, reason: EndReason): void {
    // Before the others: the last facts of a conversation come before its end.
    this.#inspector?.flowEnd(flow, reason);
    this.#audience.flowEnd(flow, reason);
  }
}
