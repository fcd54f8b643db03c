import { type PacketView, PROTOCOL } from '../../../contract/traffic.ts';
import { HEAD } from './flow-layout.ts';
import { type Direction, FROM_INITIATOR, FROM_RESPONDER } from './flow-statistics.ts';

/** Only these have ports; for ICMP the view holds type and code there, which are no part of the key. */
export function hasPorts(protocol: number): boolean {
  return protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp || protocol === PROTOCOL.sctp;
}

/**
 * Hash of the five-tuple and the VLAN or tunnel: both ends are hashed alike and added, so that either direction gives
 * the same number.
 */
export function hashOf(packet: PacketView, sourcePort: number, destinationPort: number, seed: number): number {
  let source = packet.source3 ^ seed;
  let destination = packet.destination3 ^ seed;
  if (packet.ipVersion === 6) {
    source ^= Math.imul(packet.source0, 0x2c1b3c6d) ^ Math.imul(packet.source1, 0x297a2d39);
    source ^= Math.imul(packet.source2, 0x1b873593);
    destination ^= Math.imul(packet.destination0, 0x2c1b3c6d) ^ Math.imul(packet.destination1, 0x297a2d39);
    destination ^= Math.imul(packet.destination2, 0x1b873593);
  }
  source = Math.imul(source ^ (source >>> 16), 0x85ebca6b) ^ Math.imul(sourcePort + 1, 0x9e3779b1);
  destination = Math.imul(destination ^ (destination >>> 16), 0x85ebca6b) ^ Math.imul(destinationPort + 1, 0x9e3779b1);
  source = Math.imul(source ^ (source >>> 13), 0xc2b2ae35);
  destination = Math.imul(destination ^ (destination >>> 13), 0xc2b2ae35);
  let hash = ((source ^ (source >>> 15)) + (destination ^ (destination >>> 15))) | 0;
  hash ^= Math.imul(packet.protocol ^ (packet.vlan << 8) ^ packet.tunnel, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/**
 * The direction that a packet has in the flow whose head begins at `at`, or undefined where it is of another flow.
 *
 * @param forward source port, then destination port
 * @param backward the same the other way
 */
export function directionIn(
  head: Int32Array,
  at: number,
  packet: PacketView,
  forward: number,
  backward: number,
): Direction | undefined {
  if (
    head[at + HEAD.protocol] !== packet.protocol ||
    head[at + HEAD.vlan] !== packet.vlan ||
    head[at + HEAD.tunnel] !== packet.tunnel
  ) {
    return undefined;
  }
  const ports = head[at + HEAD.ports];
  if (
    ports === forward &&
    head[at + HEAD.initiator3] === packet.source3 &&
    head[at + HEAD.responder3] === packet.destination3 &&
    head[at + HEAD.initiator2] === packet.source2 &&
    head[at + HEAD.responder2] === packet.destination2 &&
    head[at + HEAD.initiator1] === packet.source1 &&
    head[at + HEAD.responder1] === packet.destination1 &&
    head[at + HEAD.initiator0] === packet.source0 &&
    head[at + HEAD.responder0] === packet.destination0
  ) {
    return FROM_INITIATOR;
  }
  if (
    ports === backward &&
    head[at + HEAD.initiator3] === packet.destination3 &&
    head[at + HEAD.responder3] === packet.source3 &&
    head[at + HEAD.initiator2] === packet.destination2 &&
    head[at + HEAD.responder2] === packet.source2 &&
    head[at + HEAD.initiator1] === packet.destination1 &&
    head[at + HEAD.responder1] === packet.source1 &&
    head[at + HEAD.initiator0] === packet.destination0 &&
    head[at + HEAD.responder0] === packet.source0
  ) {
    return FROM_RESPONDER;
  }
  return undefined;
}

/** Writes the key of a flow into the head at `at`, as a packet of the given direction shows it. */
export function writeKey(
  head: Int32Array,
  at: number,
  packet: PacketView,
  sourcePort: number,
  destinationPort: number,
  direction: Direction,
): void {
  const isFromInitiator = direction === FROM_INITIATOR;
  const initiator = at + (isFromInitiator ? HEAD.initiator0 : HEAD.responder0);
  const responder = at + (isFromInitiator ? HEAD.responder0 : HEAD.initiator0);
  head[initiator] = packet.source0;
  head[initiator + 1] = packet.source1;
  head[initiator + 2] = packet.source2;
  head[initiator + 3] = packet.source3;
  head[responder] = packet.destination0;
  head[responder + 1] = packet.destination1;
  head[responder + 2] = packet.destination2;
  head[responder + 3] = packet.destination3;
  const initiatorPort = isFromInitiator ? sourcePort : destinationPort;
  const responderPort = isFromInitiator ? destinationPort : sourcePort;
  head[at + HEAD.ports] = (initiatorPort << 16) | responderPort;
  head[at + HEAD.protocol] = packet.protocol;
  head[at + HEAD.ipVersion] = packet.ipVersion;
  head[at + HEAD.vlan] = packet.vlan;
  head[at + HEAD.tunnel] = packet.tunnel;
}
