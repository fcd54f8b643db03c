import {
  END_REASON,
  type EndReason,
  type FlowChange,
  type FlowView,
  type FrameSink,
  PACKET_KIND,
  type PacketView,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import type { SettingValues } from '../runtime/settings.ts';
import { type DecodeCounters, Decoder } from './decode/decoder.ts';
import type { Packet } from './decode/packet.ts';
import type { flowSettings } from './flow-settings.ts';
import { type FlowEvents, type FlowSource, FlowTable, type FlowTableCounters } from './flow-table.ts';
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
  /** What that may cost; INSPECTION_LIMITS where they are left out. */
  readonly inspection?: Partial<InspectionLimits>;
}

/** Bits of a flow's head that say who wants no more of its segments. */
const MAX_SEGMENT_LISTENERS = 8;

/** The methods of all observers that have it, ready to call in their order. */
function collect<K extends keyof TrafficObserver>(
  observers: readonly TrafficObserver[],
  method: K,
): NonNullable<TrafficObserver[K]>[] {
  return observers.flatMap((observer) => {
    const found = observer[method];
    return found ? [found.bind(observer) as NonNullable<TrafficObserver[K]>] : [];
  });
}

/**
 * Frames in; packets, flows and seconds out to the observers. The same object reads a capture and the live
 * network. Nothing in it looks at a clock: time is what the frames say, and `advance` while none come.
 */
export class TrafficEngine implements FrameSink {
  readonly #decoder = new Decoder();
  readonly #table: FlowTable;
  readonly #inspector: Inspector | undefined;
  readonly #toleranceUs: number;
  readonly #onPacket: ((packet: PacketView) => void)[];
  readonly #onTick: ((nowUs: number) => void)[];
  readonly #onClockReset: ((nowUs: number) => void)[];
  #nowUs = Number.NEGATIVE_INFINITY;
  #nextTickUs = Number.NEGATIVE_INFINITY;
  #decodedElsewhere: DecodeCounters | undefined;
  #packets = 0;
  #bytes = 0;
  #clockResets = 0;

  constructor(options: TrafficEngineOptions) {
    const { observers, settings } = options;
    this.#onPacket = collect(observers, 'packet');
    this.#onTick = collect(observers, 'tick');
    this.#onClockReset = collect(observers, 'clockReset');
    this.#inspector = this.#createInspector(options);
    const distributor = new Distributor(observers, this.#inspector);
    this.#table = new FlowTable(settings, distributor, options.seed ?? REPEATABLE_SEED);
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
    const onPacket = this.#onPacket;
    for (let i = 0; i < onPacket.length; i++) onPacket[i](packet);
    if (packet.kind === PACKET_KIND.ip) this.#table.count(packet);
  }

  /** Frames were decoded by another decoder, and these are its counts. */
  decodedElsewhere(counters: DecodeCounters): void {
    this.#decodedElsewhere = counters;
  }

  /** Tells the time while no frames come (live), in microseconds since the epoch. Never turns time back. */
  advance(nowUs: number): void {
    if (nowUs >= this.#nextTickUs && this.#packets > 0) this.#tick(nowUs);
    if (nowUs > this.#nowUs) this.#nowUs = nowUs;
  }

  /** Ends all flows and gives observers a last tick. */
  finish(): void {
    this.#table.endAll(END_REASON.stopped, Math.max(this.#nowUs, 0));
    if (this.#packets > 0) for (const tick of this.#onTick) tick(this.#nowUs);
  }

  /** The numbers behind the flow that observers are shown. */
  get flowSource(): FlowSource {
    return this.#table;
  }

  counters(): TrafficCounters {
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      decode: this.#decodedElsewhere ?? this.#decoder.counters(),
      flows: this.#table.counters(),
      clockResets: this.#clockResets,
      ...(this.#inspector === undefined ? {} : { inspection: this.#inspector.counters() }),
    };
  }

  /** Nothing where nobody wants facts: looking into conversations costs time. */
  #createInspector({ observers, protocols, inspection }: TrafficEngineOptions): Inspector | undefined {
    const onFact = collect(observers, 'fact');
    if (onFact.length === 0) return undefined;
    return new Inspector({
      protocols: protocols ?? PROTOCOLS,
      ...INSPECTION_LIMITS,
      ...inspection,
      told: (_flow, protocol) => this.#table.tellService(serviceOfProtocol(protocol)),
      tell: (flow, fact) => {
        for (let i = 0; i < onFact.length; i++) onFact[i](flow, fact);
      },
    });
  }

  #tick(nowUs: number): void {
    this.#nextTickUs = (Math.floor(nowUs / MICROSECONDS) + 1) * MICROSECONDS;
    this.#table.advance(nowUs);
    for (const tick of this.#onTick) tick(nowUs);
  }

  #resetClock(nowUs: number): void {
    this.#clockResets++;
    this.#table.endAll(END_REASON.clockReset, nowUs);
    this.#nowUs = nowUs;
    this.#nextTickUs = (Math.floor(nowUs / MICROSECONDS) + 1) * MICROSECONDS;
    for (const reset of this.#onClockReset) reset(nowUs);
  }
}

/** Hands each event of a flow to all observers that want it. */
class Distributor implements FlowEvents {
  readonly #starts: NonNullable<TrafficObserver['flowStart']>[];
  readonly #changes: NonNullable<TrafficObserver['flowChange']>[];
  readonly #payloads: NonNullable<TrafficObserver['payload']>[];
  readonly #updates: NonNullable<TrafficObserver['flowUpdate']>[];
  readonly #ends: NonNullable<TrafficObserver['flowEnd']>[];
  readonly #renewals: NonNullable<TrafficObserver['flowRenewed']>[];
  readonly #segments: ((flow: InspectedFlow, packet: PacketView, fromInitiator: boolean) => boolean)[];
  readonly #inspector: Inspector | undefined;

  constructor(observers: readonly TrafficObserver[], inspector: Inspector | undefined) {
    this.#starts = collect(observers, 'flowStart');
    this.#changes = collect(observers, 'flowChange');
    this.#payloads = collect(observers, 'payload');
    this.#updates = collect(observers, 'flowUpdate');
    this.#ends = collect(observers, 'flowEnd');
    this.#renewals = collect(observers, 'flowRenewed');
    this.#segments = collect(observers, 'segment');
    this.#inspector = inspector;
    if (inspector !== undefined) this.#segments.unshift(inspector.segment.bind(inspector));
    if (this.#segments.length > MAX_SEGMENT_LISTENERS) {
      throw new Error(`${this.#segments.length} want segments, at most ${MAX_SEGMENT_LISTENERS} can have them`);
    }
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    const calls = this.#starts;
    for (let i = 0; i < calls.length; i++) calls[i](flow, packet);
  }
  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    const calls = this.#changes;
    for (let i = 0; i < calls.length; i++) calls[i](flow, packet, change);
  }
  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    const calls = this.#payloads;
    for (let i = 0; i < calls.length; i++) calls[i](flow, packet, fromInitiator);
  }
  flowUpdate(flow: FlowView): void {
    const calls = this.#updates;
    for (let i = 0; i < calls.length; i++) calls[i](flow);
  }
  get segmentListeners(): number {
    return this.#segments.length;
  }
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean, done: number): number {
    const calls = this.#segments;
    let now = done;
    for (let i = 0; i < calls.length; i++) {
      const bit = 1 << i;
      if ((done & bit) === 0 && !calls[i](flow, packet, fromInitiator)) now |= bit;
    }
    return now;
  }
  flowRenewed(formerId: number, flow: InspectedFlow): void {
    this.#inspector?.renewed(flow);
    for (const call of this.#renewals) call(formerId, flow);
  }
  flowEnd(flow: InspectedFlow, reason: EndReason): void {
    // Before the others: the last facts of a conversation come before its end.
    this.#inspector?.flowEnd(flow, reason);
    const calls = this.#ends;
    for (let i = 0; i < calls.length; i++) calls[i](flow, reason);
  }
}
