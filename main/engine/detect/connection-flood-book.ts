import type { FlowView, PacketView } from '../../../contract/traffic.ts';
import { ANALYSIS_HASH_SEED, hashAddress, mixHash } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DistinctCounters } from '../runtime/counters.ts';
import { ConnectionCounters } from './connection-flood-counters.ts';

/** Server ports watched at once, and their clients. A workstation has tens of servers, a server tens of ports. */
export const MAX_TARGETS = 256;
export const MAX_SOURCES = 2048;
/** Connections to a server port, less a half every COARSE_SECONDS, after which it is watched. */
const WATCH_AFTER = 8;
const COARSE_BITS = 12;
const COARSE_SECONDS = 8;
const COARSE_LIMIT = 0xffff;
/** A server port or client without a new connection or request for so long, and with none held back, is forgotten. */
const FORGET_US = 120e6;
const CLIENT_BITS = 8;

/**
 * The servers that get many connections, and their clients, in fixed memory. A server is one address and port;
 * it is only watched after some connections, so that the ordinary ones cost one look at a small array.
 */
export class ConnectionBook {
  readonly targets: AddressTable;
  readonly sources: AddressTable;
  readonly ofTargets = new ConnectionCounters(MAX_TARGETS);
  readonly ofSources = new ConnectionCounters(MAX_SOURCES);
  /** By source: the slot of its target. */
  readonly targetOf = new Int32Array(MAX_SOURCES);
  /** By target: the service of its latest connection, an index into SERVICES. */
  readonly services = new Uint8Array(MAX_TARGETS);
  /** What `find` and `open` found; -1 for none. */
  target = -1;
  source = -1;

  private readonly seed: number;
  private readonly ids = new Int32Array(MAX_TARGETS);
  private readonly clients = new DistinctCounters(MAX_TARGETS, CLIENT_BITS);
  private readonly coarse = new Uint16Array(2 ** COARSE_BITS);
  private coarseSecond = Number.NEGATIVE_INFINITY;
  /** By port: how many watched targets have it. */
  private readonly watchedPorts = new Uint16Array(65_536);
  private nextId = 0;

  constructor(seed?: number) {
    this.seed = seed ?? ANALYSIS_HASH_SEED;
    this.targets = new AddressTable(MAX_TARGETS, { seed, onEvict: (target) => this.unwatch(target) });
    this.sources = new AddressTable(MAX_SOURCES, { seed });
  }

  isPortWatched(port: number): boolean {
    return this.watchedPorts[port & 0xffff] !== 0;
  }

  /** Finds the server and the client of a flow, and makes places for them when the server has become worth it. */
  open(flow: FlowView): boolean {
    if (this.find(flow)) return true;
    const { responder0, responder1, responder2, responder3, responderPort } = flow;
    const hash = mixHash(hashAddress(responder0, responder1, responder2, responder3, this.seed), responderPort);
    const place = hash >>> (32 - COARSE_BITS);
    if (this.coarse[place]! < COARSE_LIMIT) this.coarse[place]!++;
    if (this.target < 0 && this.coarse[place]! <= WATCH_AFTER) return false;
    this.watch(flow);
    return true;
  }

  /** Whether both the server and the client of a flow are known; `target` may be there alone. */
  find(flow: FlowView): boolean {
    this.source = -1;
    this.target = -1;
    if (!this.isPortWatched(flow.responderPort)) return false;
    const { responder0, responder1, responder2, responder3, initiator0, initiator1, initiator2, initiator3 } = flow;
    this.target = this.targets.find(responder0, responder1, responder2, responder3, flow.responderPort);
    if (this.target < 0) return false;
    this.source = this.sources.find(initiator0, initiator1, initiator2, initiator3, this.ids[this.target]!);
    return this.source >= 0;
  }

  /** The same by a packet of the client; the client is given a place if its server is watched. */
  openByPacket(packet: PacketView): boolean {
    const { destination0, destination1, destination2, destination3, source0, source1, source2, source3 } = packet;
    this.target = this.targets.find(destination0, destination1, destination2, destination3, packet.destinationPort);
    if (this.target < 0) return false;
    this.source = this.sources.find(source0, source1, source2, source3, this.ids[this.target]!);
    if (this.source < 0) this.addSource(source0, source1, source2, source3, packet.timeUs);
    return true;
  }

  /** Finds the server and the client of a flow, and makes places for them whatever its connections. */
  watch(flow: FlowView): void {
    const { responder0, responder1, responder2, responder3, responderPort } = flow;
    const target = this.targets.findOrInsert(responder0, responder1, responder2, responder3, responderPort);
    this.target = target;
    if (this.targets.inserted) {
      this.watchedPorts[responderPort & 0xffff]!++;
      this.nextId = (this.nextId + 1) | 0;
      this.ids[target] = this.nextId;
      this.services[target] = flow.service;
      this.clients.clear(target);
      this.ofTargets.begin(target, flow.firstUs);
    }
    this.addSource(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3, flow.firstUs);
  }

  /** Clients of a target, nearly. */
  clientCount(target: number): number {
    return this.clients.estimate(target);
  }

  port(target: number): number {
    return this.targets.extra(target);
  }

  /** Once per second: forgets what has gone quiet. */
  age(nowUs: number): void {
    const second = nowUs / 1e6;
    if (second - this.coarseSecond >= COARSE_SECONDS) {
      this.coarseSecond = second;
      for (let place = 0; place < this.coarse.length; place++) this.coarse[place]! >>>= 1;
    }
    if (this.targets.size === 0) return;
    for (let target = 0; target < MAX_TARGETS; target++) {
      if (!this.targets.isUsed(target)) continue;
      this.ofTargets.advance(target, nowUs);
      if (nowUs - this.ofTargets.lastUs[target]! < FORGET_US || this.ofTargets.held(target, 0) > WATCH_AFTER) continue;
      this.unwatch(target);
      this.targets.delete(target);
    }
    for (let source = 0; source < MAX_SOURCES; source++) {
      if (!this.sources.isUsed(source)) continue;
      this.ofSources.advance(source, nowUs);
      const isQuiet =
        nowUs - this.ofSources.lastUs[source]! >= FORGET_US && this.ofSources.held(source, 0) <= WATCH_AFTER;
      const isOrphan = this.ids[this.targetOf[source]!] !== this.sources.extra(source);
      if (isQuiet || isOrphan) this.sources.delete(source);
    }
  }

  clear(): void {
    this.targets.clear();
    this.sources.clear();
    this.watchedPorts.fill(0);
    this.ids.fill(0);
    this.coarse.fill(0);
    this.coarseSecond = Number.NEGATIVE_INFINITY;
  }

  private unwatch(target: number): void {
    this.watchedPorts[this.port(target) & 0xffff]!--;
    this.ids[target] = 0;
  }

  private addSource(word0: number, word1: number, word2: number, word3: number, timeUs: number): void {
    const source = this.sources.findOrInsert(word0, word1, word2, word3, this.ids[this.target]!);
    this.source = source;
    if (!this.sources.inserted) return;
    this.targetOf[source] = this.target;
    this.ofSources.begin(source, timeUs);
    this.clients.add(this.target, hashAddress(word0, word1, word2, word3, this.seed));
  }
}
