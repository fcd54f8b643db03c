import { PACKET_KIND, type PacketView } from '../../../../contract/traffic.ts';
import { formatAddress, isInternal, isMulticast, mixHash } from '../../runtime/address.ts';
import { AddressTable } from '../../runtime/address-table.ts';
import { macNumber } from './neighbour-claim.ts';

/** Inside hosts whose way out is remembered. */
const MAX_HOSTS = 4096;
/** MAC addresses that carry traffic from and to outside. */
const MAX_CARRIERS = 64;
/** Suspects whose traffic is looked at, at once; the others are judged by what they say. */
const MAX_WATCHED = 8;
/** Packets of one suspect that are looked at: enough to see, little enough that a download costs nothing. */
const MAX_PACKETS = 4096;
const MAX_PASSING = 64;
/** Packets that went to a suspect and may come out of it again. */
const MEMORY = 256;

/** Places by the last bits of MAC addresses. */
const PLACES = 4096;

/** What passes through the device that stands in for others. */
export interface Passing {
  /** Hosts whose packets for elsewhere go to it. */
  readonly hosts: Set<string>;
  /** Of those, the ones whose packets went to another device before. */
  readonly moved: Set<string>;
  /** Packets that it handed on as they were. */
  forwarded: number;
  looked: number;
  readonly recent: Int32Array;
  /** It carried traffic from and to outside before it was suspected: a router. */
  readonly wasCarrier: boolean;
}

/** Which device carries whose traffic: who the router was, and what changed when somebody stood in for it. */
export class TrafficWatch {
  readonly #wayOut: AddressTable;
  readonly #routers = new Float64Array(MAX_HOSTS);
  readonly #carriers = new Set<number>();
  readonly #watched = new Map<number, Passing>();
  /** 1 where one who is watched may be, by the last bits: all other packets are told at a glance. */
  readonly #places = new Uint8Array(PLACES);

  constructor(seed: number | undefined) {
    this.#wayOut = new AddressTable(MAX_HOSTS, { seed });
  }

  get isWatching(): boolean {
    return this.#watched.size > 0;
  }

  isCarrier(mac: number): boolean {
    return this.#carriers.has(mac);
  }

  passing(mac: number): Passing | undefined {
    return this.#watched.get(mac);
  }

  watch(mac: number): void {
    if (this.#watched.has(mac)) return;
    const [oldest] = this.#watched.keys();
    if (this.#watched.size >= MAX_WATCHED && oldest !== undefined) this.#watched.delete(oldest);
    this.#watched.set(mac, {
      hosts: new Set(),
      moved: new Set(),
      forwarded: 0,
      looked: 0,
      recent: new Int32Array(MEMORY),
      wasCarrier: this.#carriers.has(mac),
    });
    this.#markPlaces();
  }

  forget(mac: number): void {
    if (this.#watched.delete(mac)) this.#markPlaces();
  }

  /** The first packet of a flow. Who is suspected is not taken for the router. */
  noteFlow(packet: PacketView, isSuspect: (mac: number) => boolean): void {
    const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } = packet;
    const isFromInside = isInternal(source0, source1, source2, source3);
    const isToInside = isInternal(destination0, destination1, destination2, destination3);
    if (isFromInside === isToInside || isMulticast(destination0, destination1, destination2, destination3)) return;
    const router = isFromInside
      ? macNumber(packet.destinationMacHigh, packet.destinationMacLow)
      : macNumber(packet.sourceMacHigh, packet.sourceMacLow);
    if (router === 0 || isSuspect(router)) return;
    if (this.#carriers.size < MAX_CARRIERS) this.#carriers.add(router);
    const host = isFromInside
      ? this.#wayOut.findOrInsert(source0, source1, source2, source3)
      : this.#wayOut.findOrInsert(destination0, destination1, destination2, destination3);
    this.#routers[host] = router;
  }

  /** Any packet, while somebody is watched. */
  notePacket(packet: PacketView, ownerOf: (w0: number, w1: number, w2: number, w3: number) => number): void {
    if (packet.kind !== PACKET_KIND.ip || packet.tunnel !== 0) return;
    const places = this.#places;
    if (places[packet.destinationMacLow & (PLACES - 1)] === 0 && places[packet.sourceMacLow & (PLACES - 1)] === 0)
      return;
    const to = macNumber(packet.destinationMacHigh, packet.destinationMacLow);
    const taker = this.#watched.get(to);
    if (taker !== undefined) this.#noteTaken(packet, taker, to, ownerOf);
    const giver = this.#watched.get(macNumber(packet.sourceMacHigh, packet.sourceMacLow));
    if (giver === undefined || giver.looked >= MAX_PACKETS) return;
    const at = giver.recent.indexOf(fingerprint(packet));
    if (at < 0) return;
    giver.recent[at] = 0;
    giver.forwarded++;
  }

  clear(): void {
    this.#wayOut.clear();
    this.#carriers.clear();
    this.#watched.clear();
    this.#markPlaces();
  }

  #markPlaces(): void {
    this.#places.fill(0);
    for (const mac of this.#watched.keys()) this.#places[mac % PLACES] = 1;
  }

  #noteTaken(
    packet: PacketView,
    taker: Passing,
    mac: number,
    ownerOf: (w0: number, w1: number, w2: number, w3: number) => number,
  ): void {
    if (taker.looked >= MAX_PACKETS) return;
    const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } = packet;
    if (isMulticast(destination0, destination1, destination2, destination3)) return;
    const owner = ownerOf(destination0, destination1, destination2, destination3);
    const isForOutside = !isInternal(destination0, destination1, destination2, destination3);
    // What goes to an inside address that nobody was seen with may be its own.
    if (owner === mac || (owner === 0 && !isForOutside)) return;
    taker.recent[taker.looked % MEMORY] = fingerprint(packet);
    taker.looked++;
    if (!isInternal(source0, source1, source2, source3) || taker.hosts.size >= MAX_PASSING) return;
    const host = formatAddress(source0, source1, source2, source3);
    taker.hosts.add(host);
    const slot = this.#wayOut.find(source0, source1, source2, source3);
    if (isForOutside && slot >= 0 && this.#routers[slot] !== mac) taker.moved.add(host);
    // To another inside host, whose own device is known: neighbours send to each other without a third.
    if (!isForOutside && owner !== 0) taker.moved.add(host);
  }
}

/** The same for a packet before and after it was handed on; never 0. */
function fingerprint(packet: PacketView): number {
  let hash = mixHash(packet.source3, packet.destination3);
  hash = mixHash(hash, (packet.sourcePort << 16) | packet.destinationPort);
  hash = mixHash(hash, packet.sequence);
  hash = mixHash(hash, packet.acknowledgment);
  return mixHash(hash, (packet.ipBytes << 8) | packet.protocol) || 1;
}
