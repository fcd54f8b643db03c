import type { PacketKind, PacketView } from '../../../contract/traffic.ts';
import type { Packet } from './decode/packet.ts';

/** Packets of a batch: enough that handing one over costs nothing per packet, few enough to stay in the cache. */
const BATCH_PACKETS = 2_048;
/** Bytes of transport headers and payloads of a batch; a packet has at most 64 KiB of them. */
const BATCH_BYTES = 768 << 10;
const LONGEST_PACKET = 1 << 16;

/** Words of a packet, in the order in which they are written and read below. */
const PACKET_WORDS = 33;
const TRANSPORT_START_WORD = 23;
const PAYLOAD_START_WORD = 25;
const PAYLOAD_END_WORD = 26;
/** Layout of a batch in shared memory: packet count, then words, times and bytes. */
const COUNT_BYTES = 16;
const WORDS_BYTES = BATCH_PACKETS * PACKET_WORDS * Int32Array.BYTES_PER_ELEMENT;
const TIMES_BYTES = BATCH_PACKETS * Float64Array.BYTES_PER_ELEMENT;
export const BATCH_SIZE = COUNT_BYTES + WORDS_BYTES + TIMES_BYTES + BATCH_BYTES;

/** Decoded packets on their way from one thread to another, in shared memory. */
export class PacketBatch {
  readonly #count: Int32Array;
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #bytes: Uint8Array;
  #bytesUsed = 0;

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#count = new Int32Array(memory, offset, 1);
    this.#words = new Int32Array(memory, offset + COUNT_BYTES, BATCH_PACKETS * PACKET_WORDS);
    this.#times = new Float64Array(memory, offset + COUNT_BYTES + WORDS_BYTES, BATCH_PACKETS);
    this.#bytes = new Uint8Array(memory, offset + COUNT_BYTES + WORDS_BYTES + TIMES_BYTES, BATCH_BYTES);
  }

  get packets(): number {
    return this.#count[0];
  }

  clear(): void {
    this.#count[0] = 0;
    this.#bytesUsed = 0;
  }

  /**
   * Adds a packet with its bytes from the transport header to the end of the payload, which is all that
   * observers read. False when there is no room.
   *
   * @param withBytes false: as if none of them had been captured; see `addPayload`
   */
  add(packet: PacketView, capturedBytes: number, withBytes = true): boolean {
    const n = this.#count[0];
    if (n === BATCH_PACKETS) return false;
    const start = packet.transportStart;
    const end = Math.min(Math.max(packet.payloadEnd, start), packet.bytes.length, start + LONGEST_PACKET);
    const used = placeFor(start, this.#bytesUsed);
    // Room for the payload too, which may be added later.
    if (used + end - start + WORD_BYTES > BATCH_BYTES) return false;
    const copied = withBytes ? end : start;
    const words = this.#words;
    let at = n * PACKET_WORDS;
    words[at++] = packet.kind;
    words[at++] = capturedBytes;
    words[at++] = packet.wireBytes;
    words[at++] = packet.sourceMacHigh;
    words[at++] = packet.sourceMacLow;
    words[at++] = packet.destinationMacHigh;
    words[at++] = packet.destinationMacLow;
    words[at++] = packet.vlan;
    words[at++] = packet.tunnel;
    words[at++] = packet.ipVersion;
    words[at++] = packet.protocol;
    words[at++] = packet.hopLimit;
    words[at++] = packet.ipBytes;
    words[at++] = packet.source0;
    words[at++] = packet.source1;
    words[at++] = packet.source2;
    words[at++] = packet.source3;
    words[at++] = packet.destination0;
    words[at++] = packet.destination1;
    words[at++] = packet.destination2;
    words[at++] = packet.destination3;
    words[at++] = packet.sourcePort;
    words[at++] = packet.destinationPort;
    words[at++] = used;
    words[at++] = packet.transportHeaderBytes;
    words[at++] = withBytes ? used + Math.max(0, packet.payloadStart - start) : used;
    words[at++] = used + Math.max(0, Math.min(packet.payloadEnd, copied) - start);
    words[at++] = packet.payloadBytes;
    words[at++] = packet.tcpFlags;
    words[at++] = packet.sequence;
    words[at++] = packet.acknowledgment;
    words[at] = packet.window;
    this.#times[n] = packet.timeUs;
    if (copied > start) {
      copy(packet.bytes, start, copied, this.#bytes, used);
      this.#bytesUsed = used + copied - start;
    }
    this.#count[0] = n + 1;
    return true;
  }

  /** Adds the payload of the packet that was added last, without bytes; there was room for it then. */
  addPayload(packet: PacketView): void {
    const start = packet.payloadStart;
    const longest = packet.transportStart + LONGEST_PACKET;
    const end = Math.min(packet.payloadEnd, packet.bytes.length, longest);
    if (end <= start) return;
    const used = placeFor(start, this.#bytesUsed);
    copy(packet.bytes, start, end, this.#bytes, used);
    this.#bytesUsed = used + end - start;
    const words = (this.#count[0] - 1) * PACKET_WORDS;
    this.#words[words + TRANSPORT_START_WORD] = used;
    this.#words[words + PAYLOAD_START_WORD] = used;
    this.#words[words + PAYLOAD_END_WORD] = this.#bytesUsed;
  }

  /** Fills `packet` with packet number `n` and gives the bytes that its frame had in the capture. */
  read(n: number, packet: Packet): number {
    const words = this.#words;
    let at = n * PACKET_WORDS;
    packet.kind = words[at++] as PacketKind;
    const capturedBytes = words[at++];
    packet.wireBytes = words[at++] >>> 0;
    packet.sourceMacHigh = words[at++];
    packet.sourceMacLow = words[at++];
    packet.destinationMacHigh = words[at++];
    packet.destinationMacLow = words[at++];
    packet.vlan = words[at++];
    packet.tunnel = words[at++];
    packet.ipVersion = words[at++];
    packet.protocol = words[at++];
    packet.hopLimit = words[at++];
    packet.ipBytes = words[at++] >>> 0;
    packet.source0 = words[at++];
    packet.source1 = words[at++];
    packet.source2 = words[at++];
    packet.source3 = words[at++];
    packet.destination0 = words[at++];
    packet.destination1 = words[at++];
    packet.destination2 = words[at++];
    packet.destination3 = words[at++];
    packet.sourcePort = words[at++];
    packet.destinationPort = words[at++];
    packet.transportStart = words[at++];
    packet.transportHeaderBytes = words[at++];
    packet.payloadStart = words[at++];
    packet.payloadEnd = words[at++];
    packet.payloadBytes = words[at++] >>> 0;
    packet.tcpFlags = words[at++];
    packet.sequence = words[at++];
    packet.acknowledgment = words[at++];
    packet.window = words[at];
    packet.timeUs = this.#times[n];
    packet.bytes = this.#bytes;
    return capturedBytes;
  }
}

/** V8 copies into shared memory word by word where both sides lie alike, and else byte by byte. */
const WORD_BYTES = 8;

/** The first place from `used` on that lies to words as `start` does. */
function placeFor(start: number, used: number): number {
  return used + ((start - used) & (WORD_BYTES - 1));
}

/** A loop beats the call into the engine for the short ones, which most are. */
const SHORT_COPY = 64;

function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > SHORT_COPY) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start; i < end; i++) to[at++] = from[i];
}
