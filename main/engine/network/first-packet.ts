/** The first packet of a flow, which its head remembers: floods are made of flows that have no other. */
import type { PacketView } from '../../../contract/traffic.ts';
import type { Packet } from './decode/packet.ts';
import { entropyOf } from './entropy.ts';
import { HEAD } from './flow-layout.ts';

/** How many words `readFirst` writes. */
export const FIRST_PACKET_NUMBERS = 7;
/** 8 bits per byte at the most: fits a signed word with nine decimal digits to spare. */
const ENTROPY_SCALE = 2 ** 27;

/**
 * Writes all that statistics need of a packet, but its protocol, time and flags, into the head at `at`.
 *
 * @param withEntropy whether somebody reads the entropy of its payload, which costs more than all the rest
 */
export function rememberFirst(head: Int32Array, at: number, packet: PacketView, withEntropy: boolean): void {
  const { payloadBytes } = packet;
  head[at + HEAD.firstPayloadBytes] = payloadBytes;
  head[at + HEAD.firstHeaderBytes] = packet.transportHeaderBytes;
  head[at + HEAD.firstWireBytes] = packet.wireBytes;
  head[at + HEAD.firstWindow] = packet.window;
  head[at + HEAD.firstSequence] = packet.sequence;
  const entropy = withEntropy && payloadBytes > 0 ? entropyOf(packet.bytes, packet.payloadStart, packet.payloadEnd) : 0;
  head[at + HEAD.firstEntropy] = entropy * ENTROPY_SCALE;
}

/** Makes `packet` the one that the head at `at` remembers, without its payload. */
export function recallFirst(head: Int32Array, at: number, timeUs: number, packet: Packet): void {
  packet.protocol = head[at + HEAD.protocol];
  packet.timeUs = timeUs;
  packet.payloadBytes = head[at + HEAD.firstPayloadBytes] >>> 0;
  packet.transportHeaderBytes = head[at + HEAD.firstHeaderBytes];
  packet.wireBytes = head[at + HEAD.firstWireBytes] >>> 0;
  packet.window = head[at + HEAD.firstWindow];
  packet.sequence = head[at + HEAD.firstSequence];
  packet.tcpFlags = head[at + HEAD.firstFlags];
  packet.payloadStart = 0;
  packet.payloadEnd = 0;
}

/** The entropy of its payload, in bits per byte. */
export function firstEntropy(head: Int32Array, at: number): number {
  return head[at + HEAD.firstEntropy] / ENTROPY_SCALE;
}

/** Writes the FIRST_PACKET_NUMBERS words that all statistics but times depend on. */
export function readFirst(head: Int32Array, at: number, into: Int32Array): void {
  into[0] = head[at + HEAD.protocol];
  into[1] = head[at + HEAD.firstFlags];
  into[2] = head[at + HEAD.firstPayloadBytes];
  into[3] = head[at + HEAD.firstHeaderBytes];
  into[4] = head[at + HEAD.firstWireBytes];
  into[5] = head[at + HEAD.firstWindow];
  into[6] = head[at + HEAD.firstEntropy];
}
