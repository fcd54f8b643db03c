import { PACKET_KIND, type PacketView, PROTOCOL } from '../../../contract/traffic.ts';
import { isUnspecified } from '../runtime/address.ts';
import type { ExplainedActivity } from './landscape.ts';

/** A way to ask whether a host exists. */
export interface QueryMethod {
  /** As people call it. */
  readonly name: string;
  /** Completes "It …ed": what was done, for people. */
  readonly description: string;
  /** What a role of the sender would have to explain. */
  readonly activity: ExplainedActivity;
}

/** Indexed by HostQuery.method. */
export const QUERY_METHODS: readonly QueryMethod[] = [
  { name: 'ARP', description: 'asked the local network who has each address (ARP)', activity: 'address-resolution' },
  {
    name: 'neighbour solicitation',
    description: 'asked the local network who has each address (IPv6 neighbour solicitation)',
    activity: 'address-resolution',
  },
  { name: 'ping', description: 'sent a ping to each address (ICMP echo)', activity: 'icmp-echo' },
  { name: 'ICMP timestamp', description: 'asked each address for its time (ICMP timestamp)', activity: 'icmp-echo' },
  { name: 'ICMP netmask', description: 'asked each address for its netmask (ICMP)', activity: 'icmp-echo' },
];

/** A question whether a host is there, or the answer to one. One object, reused. */
export interface HostQuery {
  /** Index into QUERY_METHODS. */
  method: number;
  /** The target says to the sender: here I am. */
  isAnswer: boolean;
  /** The sender gave no address of its own: the words hold its MAC address. */
  byMac: boolean;
  sender0: number;
  sender1: number;
  sender2: number;
  sender3: number;
  target0: number;
  target1: number;
  target2: number;
  target3: number;
}

export function emptyHostQuery(): HostQuery {
  return {
    method: 0,
    isAnswer: false,
    byMac: false,
    sender0: 0,
    sender1: 0,
    sender2: 0,
    sender3: 0,
    target0: 0,
    target1: 0,
    target2: 0,
    target3: 0,
  };
}

const ARP_REQUEST = 1;
const ARP_REPLY = 2;

interface MessageForm {
  readonly method: number;
  readonly isAnswer: boolean;
  /** The target stands in the message and not in the header. */
  readonly targetInside: boolean;
}

function form(method: number, isAnswer: boolean, targetInside = false): MessageForm {
  return { method, isAnswer, targetInside };
}

/** By ICMP type (RFC 792, RFC 950). */
const ICMP_FORMS: ReadonlyMap<number, MessageForm> = new Map([
  [8, form(2, false)],
  [0, form(2, true)],
  [13, form(3, false)],
  [14, form(3, true)],
  [17, form(4, false)],
  [18, form(4, true)],
]);

/** By ICMPv6 type (RFC 4443, RFC 4861). */
const ICMPV6_FORMS: ReadonlyMap<number, MessageForm> = new Map([
  [128, form(2, false)],
  [129, form(2, true)],
  [135, form(1, false, true)],
  [136, form(1, true, true)],
]);

/** Where the target stands in neighbour messages, after the start of the ICMPv6 header. */
const NEIGHBOUR_TARGET_OFFSET = 8;

/**
 * Reads a question or an answer about a host out of a packet. False for anything else, and for whoever only
 * speaks of itself: announcements of the own address (RFC 5227), pings of oneself.
 */
export function readHostQuery(packet: PacketView, into: HostQuery): boolean {
  if (packet.kind === PACKET_KIND.arp) return readArp(packet, into);
  if (packet.kind !== PACKET_KIND.ip) return false;
  // The type stands in sourcePort.
  const forms = packet.protocol === PROTOCOL.icmp ? ICMP_FORMS : ICMPV6_FORMS;
  if (packet.protocol !== PROTOCOL.icmp && packet.protocol !== PROTOCOL.icmpv6) return false;
  const message = forms.get(packet.sourcePort);
  if (message === undefined) return false;
  into.method = message.method;
  into.isAnswer = message.isAnswer;
  fillHeader(packet, into, message.isAnswer);
  return (!message.targetInside || readInsideTarget(packet, into)) && isAboutAnother(into);
}

function readArp(packet: PacketView, into: HostQuery): boolean {
  const operation = packet.sourcePort;
  if (operation !== ARP_REQUEST && operation !== ARP_REPLY) return false;
  into.method = 0;
  into.isAnswer = operation === ARP_REPLY;
  fillHeader(packet, into, into.isAnswer);
  return isAboutAnother(into);
}

function fillHeader(packet: PacketView, into: HostQuery, isAnswer: boolean): void {
  into.byMac = false;
  if (isAnswer) {
    into.sender0 = packet.destination0;
    into.sender1 = packet.destination1;
    into.sender2 = packet.destination2;
    into.sender3 = packet.destination3;
    into.target0 = packet.source0;
    into.target1 = packet.source1;
    into.target2 = packet.source2;
    into.target3 = packet.source3;
    return;
  }
  into.target0 = packet.destination0;
  into.target1 = packet.destination1;
  into.target2 = packet.destination2;
  into.target3 = packet.destination3;
  if (isUnspecified(packet.source0, packet.source1, packet.source2, packet.source3)) {
    // A check for double addresses asks for one or two; somebody who hides asks for many.
    into.byMac = true;
    into.sender0 = packet.sourceMacHigh;
    into.sender1 = packet.sourceMacLow;
    into.sender2 = into.sender3 = 0;
    return;
  }
  into.sender0 = packet.source0;
  into.sender1 = packet.source1;
  into.sender2 = packet.source2;
  into.sender3 = packet.source3;
}

function readInsideTarget(packet: PacketView, into: HostQuery): boolean {
  const { bytes } = packet;
  const start = packet.transportStart + NEIGHBOUR_TARGET_OFFSET;
  if (start + 16 > packet.payloadEnd || packet.payloadEnd > bytes.length) return false;
  into.target0 = readWord(bytes, start);
  into.target1 = readWord(bytes, start + 4);
  into.target2 = readWord(bytes, start + 8);
  into.target3 = readWord(bytes, start + 12);
  return true;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function isAboutAnother(query: HostQuery): boolean {
  if (isUnspecified(query.target0, query.target1, query.target2, query.target3)) return false;
  return (
    query.sender3 !== query.target3 ||
    query.sender2 !== query.target2 ||
    query.sender1 !== query.target1 ||
    query.sender0 !== query.target0
  );
}
