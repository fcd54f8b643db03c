import { PACKET_KIND, type PacketKind, type PacketView } from '../../../../contract/traffic.ts';

/**
 * The one packet that a decoder fills again and again: the writable side of `PacketView`.
 *
 * Every field is set in the constructor, always in the same order, and keeps its representation (small
 * integer, double or object) for life, so that the JavaScript engine compiles the decoder and all its
 * observers for a single object shape.
 */
export class Packet implements PacketView {
  kind: PacketKind;
  timeUs: number;
  bytes: Uint8Array;
  wireBytes: number;
  sourceMacHigh: number;
  sourceMacLow: number;
  destinationMacHigh: number;
  destinationMacLow: number;
  vlan: number;
  tunnel: number;
  ipVersion: number;
  protocol: number;
  hopLimit: number;
  ipBytes: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  sourcePort: number;
  destinationPort: number;
  transportStart: number;
  transportHeaderBytes: number;
  payloadStart: number;
  payloadEnd: number;
  payloadBytes: number;
  tcpFlags: number;
  sequence: number;
  acknowledgment: number;
  window: number;

  constructor() {
    this.kind = PACKET_KIND.other;
    // Not 0: a field born as a small integer would change its representation at the first real timestamp.
    this.timeUs = Number.NaN;
    this.bytes = new Uint8Array(0);
    this.wireBytes = 0;
    this.sourceMacHigh = 0;
    this.sourceMacLow = 0;
    this.destinationMacHigh = 0;
    this.destinationMacLow = 0;
    this.vlan = 0;
    this.tunnel = 0;
    this.ipVersion = 0;
    this.protocol = 0;
    this.hopLimit = 0;
    this.ipBytes = 0;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.transportStart = 0;
    this.transportHeaderBytes = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.payloadBytes = 0;
    this.tcpFlags = 0;
    this.sequence = 0;
    this.acknowledgment = 0;
    this.window = 0;
  }

  /** Forgets everything above the link layer, so that nothing of an earlier packet shows through. */
  clearNetwork(): void {
    this.ipVersion = 0;
    this.protocol = 0;
    this.hopLimit = 0;
    this.ipBytes = 0;
    this.source0 = 0;
    this.source1 = 0;
    this.source2 = 0;
    this.source3 = 0;
    this.destination0 = 0;
    this.destination1 = 0;
    this.destination2 = 0;
    this.destination3 = 0;
    this.transportStart = 0;
    this.clearTransport();
  }

  /** Forgets ports and everything else that only some transports have, and says that there is no payload. */
  clearTransport(): void {
    this.sourcePort = 0;
    this.destinationPort = 0;
    this.transportHeaderBytes = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.payloadBytes = 0;
    this.tcpFlags = 0;
    this.sequence = 0;
    this.acknowledgment = 0;
    this.window = 0;
  }

  clearMacs(): void {
    this.sourceMacHigh = 0;
    this.sourceMacLow = 0;
    this.destinationMacHigh = 0;
    this.destinationMacLow = 0;
  }
}
