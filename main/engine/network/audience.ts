import { type Fact, PROTOCOL_IDS, type ProtocolId } from '../../../contract/facts.ts';
import {
  type EndReason,
  type FactInterest,
  type FlowChange,
  type FlowView,
  factName,
  isFactWanted,
  PACKET_CLASSES,
  PACKET_KIND,
  type PacketClass,
  type PacketView,
  PROTOCOL,
  type TrafficObserver,
} from '../../../contract/traffic.ts';

type PacketListener = (packet: PacketView) => void;
type FactListener = (flow: FlowView, fact: Fact) => void;
export type SegmentListener = (flow: FlowView, packet: PacketView, fromInitiator: boolean) => boolean;

/** Who hears of facts of one type: of some protocols others than of the rest, and of some names. */
interface FactRoute {
  readonly byProtocol: ReadonlyMap<ProtocolId, ProtocolRoute>;
  /** Of a protocol that nobody named. */
  readonly others: readonly FactListener[];
}

interface ProtocolRoute {
  readonly byName: ReadonlyMap<string, readonly FactListener[]>;
  /** Of a name that nobody gave. */
  readonly others: readonly FactListener[];
}

/** Place of a class in PACKET_CLASSES. */
const PLACE = Object.fromEntries(PACKET_CLASSES.map((name, place) => [name, place])) as Record<PacketClass, number>;

/** The class of an IP packet by its protocol. */
const CLASS_OF_PROTOCOL = new Uint8Array(256).fill(PLACE['other-ip']);
CLASS_OF_PROTOCOL[PROTOCOL.tcp] = PLACE.tcp;
CLASS_OF_PROTOCOL[PROTOCOL.udp] = PLACE.udp;
CLASS_OF_PROTOCOL[PROTOCOL.icmp] = PLACE.icmp;
CLASS_OF_PROTOCOL[PROTOCOL.icmpv6] = PLACE.icmp;

/** The class of what is no IP packet by its kind. */
const CLASS_OF_KIND = new Uint8Array(256).fill(PLACE.other);
CLASS_OF_KIND[PACKET_KIND.arp] = PLACE.arp;
CLASS_OF_KIND[PACKET_KIND.fragment] = PLACE.fragment;

/** The methods of all observers that have it, ready to call in their order. */
function collect<K extends Exclude<keyof TrafficObserver, 'interest'>>(
  observers: readonly TrafficObserver[],
  method: K,
): NonNullable<TrafficObserver[K]>[] {
  return observers.flatMap((observer) => {
    const found = observer[method];
    return found ? [found.bind(observer) as NonNullable<TrafficObserver[K]>] : [];
  });
}

/**
 * Those who watch the traffic, each told of what it wants, in their order. For every kind of news there is a row of
 * those to call: nobody is called for nothing, and nothing is decided per packet.
 */
export class Audience {
  readonly segments: readonly SegmentListener[];
  /** What they want together; undefined where one of them wants every fact. */
  readonly wantedFacts: readonly FactInterest[] | undefined;
  /** Whether one of them wants the MD5 of files. */
  readonly wantsMd5: boolean;
  /** Whether one of them reads the bytes of TCP packets that are shown for other reasons than their payload. */
  readonly wantsTcpBytes: boolean;
  /** Facts that one of them failed at: a mistake of ours. The others were told all the same. */
  failures = 0;
  /** By the places of PACKET_CLASSES. */
  readonly #packets: readonly (readonly PacketListener[])[];
  readonly #facts: ReadonlyMap<Fact['type'], FactRoute>;
  readonly #starts: NonNullable<TrafficObserver['flowStart']>[];
  readonly #changes: NonNullable<TrafficObserver['flowChange']>[];
  readonly #payloads: NonNullable<TrafficObserver['payload']>[];
  readonly #updates: NonNullable<TrafficObserver['flowUpdate']>[];
  readonly #ends: NonNullable<TrafficObserver['flowEnd']>[];
  /** Of those the ones who are also told of the ends of silent flows. */
  readonly #silentEnds: NonNullable<TrafficObserver['flowEnd']>[];
  /** Ids of open flows that go on with the conversation of another: their silence says nothing. */
  readonly #renewed = new Set<number>();
  readonly #renewals: NonNullable<TrafficObserver['flowRenewed']>[];
  readonly #ticks: NonNullable<TrafficObserver['tick']>[];
  readonly #resets: NonNullable<TrafficObserver['clockReset']>[];

  constructor(observers: readonly TrafficObserver[]) {
    this.#packets = PACKET_CLASSES.map((name) =>
      collect(
        observers.filter(({ interest }) => interest?.packets?.includes(name) ?? true),
        'packet',
      ),
    );
    const hearers = observers.filter((observer) => observer.fact !== undefined);
    const isUnbounded = hearers.some(({ interest }) => interest?.facts === undefined);
    this.wantedFacts = isUnbounded ? undefined : [...new Set(hearers.flatMap(({ interest }) => interest?.facts ?? []))];
    this.wantsTcpBytes = observers.some(
      (observer) =>
        (observer.interest?.tcpBytes ?? true) &&
        (observer.packet ?? observer.flowStart ?? observer.flowChange) !== undefined,
    );
    this.wantsMd5 = hearers.some(({ interest }) => interest?.md5 ?? interest?.facts === undefined);
    this.#facts = new Map(FACT_TYPES.map((type) => [type, routeOf(hearers, type)]));
    this.#starts = collect(observers, 'flowStart');
    this.#changes = collect(observers, 'flowChange');
    this.#payloads = collect(observers, 'payload');
    this.segments = collect(observers, 'segment');
    this.#updates = collect(observers, 'flowUpdate');
    this.#ends = collect(observers, 'flowEnd');
    this.#silentEnds = collect(
      observers.filter(({ interest }) => interest?.silentEnds ?? true),
      'flowEnd',
    );
    this.#renewals = collect(observers, 'flowRenewed');
    this.#ticks = collect(observers, 'tick');
    this.#resets = collect(observers, 'clockReset');
  }

  /** Whether anybody wants facts at all. */
  get wantsFacts(): boolean {
    return this.wantedFacts === undefined || this.wantedFacts.length > 0;
  }

  packet(packet: PacketView): void {
    const place =
      packet.kind === PACKET_KIND.ip ? CLASS_OF_PROTOCOL[packet.protocol & 0xff] : CLASS_OF_KIND[packet.kind];
    const calls = this.#packets[place];
    for (let i = 0; i < calls.length; i++) calls[i](packet);
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

  /** Shows a segment to those whose bit is not set in `done`; gives it with the bits of those that now have enough. */
  segment(flow: FlowView, packet: PacketView, fromInitiator: boolean, done: number): number {
    const calls = this.segments;
    let now = done;
    for (let i = 0; i < calls.length; i++) {
      const bit = 1 << i;
      if ((done & bit) === 0 && !calls[i](flow, packet, fromInitiator)) now |= bit;
    }
    return now;
  }

  /** @param name see factName */
  isWanted(type: Fact['type'], protocol: ProtocolId | undefined, name: string | undefined): boolean {
    return this.#listenersOf(type, protocol, name).length > 0;
  }

  /** One that fails at a fact costs the others nothing: parsers tell facts in the middle of their work. */
  fact(flow: FlowView, fact: Fact): void {
    const calls = this.#listenersOf(fact.type, 'protocol' in fact ? fact.protocol : undefined, factName(fact));
    for (let i = 0; i < calls.length; i++) {
      try {
        calls[i](flow, fact);
      } catch {
        this.failures++;
      }
    }
  }

  flowUpdate(flow: FlowView): void {
    const calls = this.#updates;
    for (let i = 0; i < calls.length; i++) calls[i](flow);
  }

  flowRenewed(formerId: number, flow: FlowView): void {
    this.#renewed.add(flow.id);
    for (const call of this.#renewals) call(formerId, flow);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    const isRenewed = this.#renewed.size > 0 && this.#renewed.delete(flow.id);
    const isSilent = flow.initiatorPayloadBytes + flow.responderPayloadBytes === 0 && !isRenewed;
    const calls = isSilent ? this.#silentEnds : this.#ends;
    for (let i = 0; i < calls.length; i++) calls[i](flow, reason);
  }

  tick(nowUs: number): void {
    for (const tick of this.#ticks) tick(nowUs);
  }

  clockReset(nowUs: number): void {
    for (const reset of this.#resets) reset(nowUs);
  }

  #listenersOf(
    type: Fact['type'],
    protocol: ProtocolId | undefined,
    name: string | undefined,
  ): readonly FactListener[] {
    const route = this.#facts.get(type);
    if (route === undefined) return NOBODY;
    const special = protocol === undefined ? undefined : route.byProtocol.get(protocol);
    if (special === undefined) return route.others;
    return (name === undefined ? undefined : special.byName.get(name)) ?? special.others;
  }
}

const NOBODY: readonly FactListener[] = [];

/** Every type once: the compiler misses none. */
const FACT_TYPES = Object.keys({
  protocol: 0,
  broken: 0,
  dns: 0,
  'tls-client': 0,
  'tls-server': 0,
  certificate: 0,
  'tls-alert': 0,
  'tls-heartbeat': 0,
  quic: 0,
  'http-request': 0,
  'http-response': 0,
  file: 0,
  ssh: 0,
  login: 0,
  command: 0,
  icmp: 0,
  dhcp: 0,
  ntp: 0,
  property: 0,
} satisfies Record<Fact['type'], 0>) as Fact['type'][];

function routeOf(hearers: readonly TrafficObserver[], type: Fact['type']): FactRoute {
  const listenersOf = (protocol?: ProtocolId, name?: string) =>
    collect(
      hearers.filter(({ interest }) => isFactWanted(interest ?? {}, type, protocol, name)),
      'fact',
    );
  const named = new Set(hearers.flatMap(({ interest }) => interest?.facts ?? []));
  const byProtocol = new Map<ProtocolId, ProtocolRoute>();
  for (const id of PROTOCOL_IDS) {
    const start = `${type}:${id}.`;
    const names = [...named].flatMap((row) => (row.startsWith(start) ? [row.slice(start.length)] : []));
    if (names.length === 0 && !named.has(`${type}:${id}`)) continue;
    byProtocol.set(id, {
      byName: new Map(names.map((name) => [name, listenersOf(id, name)])),
      others: listenersOf(id),
    });
  }
  return { byProtocol, others: listenersOf() };
}
