import type { FlowChange, FlowView, PacketView, TrafficInterest, TrafficObserver } from '../../../contract/traffic.ts';
import { FLOW_CHANGE, PACKET_KIND, PROTOCOL } from '../../../contract/traffic.ts';
import { isBroadcast, isIpv4, isMulticast, isUnspecified, mixHash, parseAddress } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DistinctCounters } from '../runtime/counters.ts';
import { DHCP_CLIENT_PORT, DHCP_MESSAGE, DHCP_SERVER_PORT, parseDhcpMessage } from './dhcp-message.ts';
import { EMPTY_SEED, type ExplainedActivity, type Landscape, type LandscapeSeed, ROLE_EXPLAINS } from './landscape.ts';

/** A workstation sees tens of neighbours; a large flat network some thousand. */
const MAX_NEIGHBOURS = 4096;
const MAX_SERVERS = 1024;
const MAX_BROADCASTS = 64;
/** The seed comes from the host's own files; a list longer than this is a mistake. */
const MAX_SEEDED = 1024;
/** Registers of the distinct counters: 2^6 tell 3 from 8 well enough, which is all that is asked. */
const DISTINCT_BITS = 6;

/** A host with a few addresses of its own (aliases, containers) forwards nothing; a router does this in seconds. */
const GATEWAY_MIN_HOSTS = 8;
/** Flows of a MAC address that are all looked at, and one in how many later. */
const ALWAYS_LOOKED_AT = 1024;
const LATER_SAMPLING = 64;
/** DNS: clients whose queries were answered. One accomplice is easy to have, three in one network are not. */
const DNS_MIN_CLIENTS = 3;
/** ... or answered queries of one client: a workstation that sees only its own traffic has no other. */
const DNS_MIN_ANSWERS = 10;
const DNS_PORT = 53;

const BROADCAST_MAC_HIGH = 0xffff;
const BROADCAST_MAC_LOW = -1;

const SEEDED = { gateway: 1, dnsServer: 2, own: 4, never: 8 } as const;

/**
 * Learns the roles of the network's hosts from the traffic, in about 1 MB whatever comes. To be called
 * before the detectors, so that they ask about a network that includes the present packet.
 */
export class LearnedLandscape implements Landscape, TrafficObserver {
  readonly interest = { packets: ['arp', 'udp'], tcpBytes: false } as const satisfies TrafficInterest;
  /** What the host said, as SEEDED bits. */
  private readonly seeded = new AddressTable(MAX_SEEDED);
  private readonly seededBits = new Uint8Array(MAX_SEEDED);

  /** Neighbours by IP address, from ARP: the slot of their MAC address. */
  private readonly owners = new AddressTable(MAX_NEIGHBOURS);
  private readonly ownerMacHigh = new Int32Array(MAX_NEIGHBOURS);
  private readonly ownerMacLow = new Int32Array(MAX_NEIGHBOURS);
  /** Neighbours by MAC address: how many hosts' packets they bring, and for how many they are given packets. */
  private readonly macs = new AddressTable(MAX_NEIGHBOURS);
  private readonly forwardedSources = new DistinctCounters(MAX_NEIGHBOURS, DISTINCT_BITS);
  private readonly forwardedTargets = new DistinctCounters(MAX_NEIGHBOURS, DISTINCT_BITS);

  private readonly macFlows = new Uint32Array(MAX_NEIGHBOURS);
  private fromHigh = 0;
  private fromLow = 0;
  private fromSlot = 0;
  private toHigh = 0;
  private toLow = 0;
  private toSlot = 0;

  private readonly dnsServers = new AddressTable(MAX_SERVERS);
  private readonly dnsAnswers = new Uint32Array(MAX_SERVERS);
  private readonly dnsClients = new DistinctCounters(MAX_SERVERS, DISTINCT_BITS);

  private readonly dhcpServers = new AddressTable(MAX_SERVERS);
  /** Bit 1: a client asked this server for a lease by name. Bit 2: the server granted one. */
  private readonly dhcpSteps = new Uint8Array(MAX_SERVERS);

  private readonly broadcasts = new AddressTable(MAX_BROADCASTS);

  constructor(seed: LandscapeSeed = EMPTY_SEED) {
    this.plant(seed.gateways, SEEDED.gateway);
    this.plant(seed.dnsServers, SEEDED.dnsServer);
    this.plant(seed.ownAddresses, SEEDED.own);
    this.plant(seed.neverAttackers, SEEDED.never);
  }

  mayBeAttacker(word0: number, word1: number, word2: number, word3: number): boolean {
    const exempt = SEEDED.gateway | SEEDED.dnsServer | SEEDED.never;
    return (
      (this.seedBits(word0, word1, word2, word3) & exempt) === 0 &&
      !this.isMulticastOrBroadcast(word0, word1, word2, word3)
    );
  }

  explains(activity: ExplainedActivity, word0: number, word1: number, word2: number, word3: number): boolean {
    return (
      (ROLE_EXPLAINS.dnsServer.includes(activity) && this.isDnsServer(word0, word1, word2, word3)) ||
      (ROLE_EXPLAINS.dhcpServer.includes(activity) && this.isDhcpServer(word0, word1, word2, word3)) ||
      (ROLE_EXPLAINS.gateway.includes(activity) && this.isGateway(word0, word1, word2, word3))
    );
  }

  isGateway(word0: number, word1: number, word2: number, word3: number): boolean {
    if ((this.seedBits(word0, word1, word2, word3) & SEEDED.gateway) !== 0) return true;
    const owner = this.owners.find(word0, word1, word2, word3);
    if (owner < 0) return false;
    const mac = this.macs.find(this.ownerMacHigh[owner]!, this.ownerMacLow[owner]!, 0, 0);
    // Both directions: one that only sends from many addresses spoofs them, and nobody sends through it.
    return (
      mac >= 0 &&
      this.forwardedSources.estimate(mac) >= GATEWAY_MIN_HOSTS &&
      this.forwardedTargets.estimate(mac) >= GATEWAY_MIN_HOSTS
    );
  }

  isDnsServer(word0: number, word1: number, word2: number, word3: number): boolean {
    if ((this.seedBits(word0, word1, word2, word3) & SEEDED.dnsServer) !== 0) return true;
    const slot = this.dnsServers.find(word0, word1, word2, word3);
    return (
      slot >= 0 && (this.dnsAnswers[slot]! >= DNS_MIN_ANSWERS || this.dnsClients.estimate(slot) >= DNS_MIN_CLIENTS)
    );
  }

  isDhcpServer(word0: number, word1: number, word2: number, word3: number): boolean {
    const slot = this.dhcpServers.find(word0, word1, word2, word3);
    return slot >= 0 && this.dhcpSteps[slot] === 3;
  }

  isOwn(word0: number, word1: number, word2: number, word3: number): boolean {
    return (this.seedBits(word0, word1, word2, word3) & SEEDED.own) !== 0;
  }

  isMulticastOrBroadcast(word0: number, word1: number, word2: number, word3: number): boolean {
    return (
      isMulticast(word0, word1, word2, word3) ||
      isBroadcast(word0, word1, word2, word3) ||
      isUnspecified(word0, word1, word2, word3) ||
      (this.broadcasts.size > 0 && this.broadcasts.find(word0, word1, word2, word3) >= 0)
    );
  }

  packet(packet: PacketView): void {
    if (packet.kind === PACKET_KIND.arp) this.learnOwner(packet);
    else if (
      packet.protocol === PROTOCOL.udp &&
      (packet.destinationPort === DHCP_SERVER_PORT || packet.destinationPort === DHCP_CLIENT_PORT)
    ) {
      this.learnDhcp(packet);
    }
  }

  /** Routing is learned from the first packets of flows: one per pair of hosts is enough to count hosts. */
  flowStart(_flow: FlowView, packet: PacketView): void {
    // Links without MAC addresses (tunnels, loopback) have no neighbours.
    if (packet.sourceMacHigh === 0 && packet.sourceMacLow === 0) return;
    if (packet.destinationMacHigh === 0 && packet.destinationMacLow === 0) return;
    if (packet.destinationMacHigh === BROADCAST_MAC_HIGH && packet.destinationMacLow === BROADCAST_MAC_LOW) {
      this.learnBroadcast(packet);
      return;
    }
    // Inside of a tunnel the MAC addresses belong to its ends.
    if (packet.tunnel !== 0) return;
    const { source0, source1, source2, source3, destination0, destination1, destination2, destination3 } = packet;
    this.findMacs(packet);
    const from = this.fromSlot;
    if (this.isLookedAt(from) && this.owners.find(source0, source1, source2, source3) < 0) {
      this.forwardedSources.add(from, fold(source0, source1, source2, source3));
    }
    const to = this.toSlot;
    if (this.isLookedAt(to) && this.owners.find(destination0, destination1, destination2, destination3) < 0) {
      this.forwardedTargets.add(to, fold(destination0, destination1, destination2, destination3));
    }
  }

  flowChange(flow: FlowView, _packet: PacketView, change: FlowChange): void {
    if (change !== FLOW_CHANGE.answered || flow.responderPort !== DNS_PORT) return;
    if (flow.protocol !== PROTOCOL.udp) return;
    const slot = this.dnsServers.findOrInsert(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    if (this.dnsServers.inserted) {
      this.dnsAnswers[slot] = 0;
      this.dnsClients.clear(slot);
    }
    this.dnsAnswers[slot]!++;
    this.dnsClients.add(slot, fold(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3));
  }

  private plant(addresses: readonly string[], bit: number): void {
    for (const text of addresses) {
      const words = parseAddress(text);
      if (words === null) continue;
      const slot = this.seeded.findOrInsert(...words);
      if (this.seeded.inserted) this.seededBits[slot] = 0;
      this.seededBits[slot]! |= bit;
    }
  }

  private seedBits(word0: number, word1: number, word2: number, word3: number): number {
    if (this.seeded.size === 0) return 0;
    const slot = this.seeded.find(word0, word1, word2, word3);
    return slot < 0 ? 0 : this.seededBits[slot]!;
  }

  /** The sender fields of ARP requests and replies alike say who owns the address (RFC 826). */
  private learnOwner(packet: PacketView): void {
    const { source0, source1, source2, source3 } = packet;
    // A probe (RFC 5227) has no sender address.
    if (isUnspecified(source0, source1, source2, source3)) return;
    const slot = this.owners.findOrInsert(source0, source1, source2, source3);
    this.ownerMacHigh[slot] = packet.sourceMacHigh;
    this.ownerMacLow[slot] = packet.sourceMacLow;
    this.forgetBroadcast(source0, source1, source2, source3);
  }

  /** All of a MAC address's first flows, then a sample: a flood of millions tells no more than its beginning. */
  private isLookedAt(mac: number): boolean {
    const flows = ++this.macFlows[mac]!;
    return flows <= ALWAYS_LOOKED_AT || flows % LATER_SAMPLING === 0;
  }

  /** Neighbouring flows mostly come from the same two MAC addresses: the last two are kept at hand. */
  private findMacs(packet: PacketView): void {
    const { sourceMacHigh, sourceMacLow, destinationMacHigh, destinationMacLow } = packet;
    if (sourceMacLow !== this.fromLow || sourceMacHigh !== this.fromHigh) {
      this.fromSlot = this.macSlot(sourceMacHigh, sourceMacLow);
      this.fromHigh = sourceMacHigh;
      this.fromLow = sourceMacLow;
    }
    if (destinationMacLow !== this.toLow || destinationMacHigh !== this.toHigh) {
      this.toSlot = this.macSlot(destinationMacHigh, destinationMacLow);
      this.toHigh = destinationMacHigh;
      this.toLow = destinationMacLow;
    }
  }

  private macSlot(high: number, low: number): number {
    const slot = this.macs.findOrInsert(high, low, 0, 0);
    if (this.macs.inserted) {
      this.macFlows[slot] = 0;
      this.forwardedSources.clear(slot);
      this.forwardedTargets.clear(slot);
    }
    return slot;
  }

  /**
   * The broadcast address of a subnet ends in ones and no host owns it. Without these two conditions anyone on
   * the link could have a victim taken for a broadcast address by sending to it in broadcast frames.
   */
  private learnBroadcast(packet: PacketView): void {
    const { destination0, destination1, destination2, destination3 } = packet;
    if (!isIpv4(destination0, destination1, destination2) || (destination3 & 3) !== 3) return;
    if (this.owners.find(destination0, destination1, destination2, destination3) >= 0) return;
    this.broadcasts.findOrInsert(destination0, destination1, destination2, destination3);
  }

  private forgetBroadcast(word0: number, word1: number, word2: number, word3: number): void {
    if (this.broadcasts.size === 0) return;
    const slot = this.broadcasts.find(word0, word1, word2, word3);
    if (slot >= 0) this.broadcasts.delete(slot);
  }

  /** Asked by name by a client, and granted a lease itself: an offer alone proves nothing, anyone can make one. */
  private learnDhcp(packet: PacketView): void {
    const message = parseDhcpMessage(packet.bytes, packet.payloadStart, packet.payloadEnd);
    if (message === null || message.serverIdentifier === 0) return;
    const asked = message.operation === 1 && message.type === DHCP_MESSAGE.request;
    const granted =
      message.operation === 2 &&
      message.type === DHCP_MESSAGE.ack &&
      isIpv4(packet.source0, packet.source1, packet.source2) &&
      packet.source3 === message.serverIdentifier;
    if (!asked && !granted) return;
    const slot = this.dhcpServers.findOrInsert(0, 0, 0xffff, message.serverIdentifier);
    if (this.dhcpServers.inserted) this.dhcpSteps[slot] = 0;
    this.dhcpSteps[slot]! |= asked ? 1 : 2;
  }
}

/** An address as one number, for counters of distinct things. */
function fold(word0: number, word1: number, word2: number, word3: number): number {
  return mixHash(mixHash(word0, word1), mixHash(word2, word3));
}
