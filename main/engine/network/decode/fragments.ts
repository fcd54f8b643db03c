import { PACKET_KIND, PROTOCOL } from '../../../../contract/traffic.ts';
import { COUNT, REASON } from './counters.ts';
import { type Cursor, LAYER, type Step } from './cursor.ts';
import { FragmentBlocks, MAX_BLOCKS_PER_DATAGRAM, UNIT_BYTES } from './fragment-blocks.ts';
import type { Packet } from './packet.ts';

export interface FragmentLimits {
  /** Memory for the bytes of datagrams that are not complete yet. At least 64 KiB, so that the largest one fits. */
  readonly fragmentMemoryBytes: number;
  /** How long a datagram waits for its rest, counted from its first fragment, in the time of the traffic. */
  readonly fragmentTimeoutMs: number;
  /** How many datagrams may wait at a time. */
  readonly maxFragmentDatagrams: number;
}

/** Words of a key: addresses, identification, IP version and protocol, VLAN, tunnel. */
const KEY_WORDS = 12;
/**
 * A bucket never grows longer than this, so that packets chosen to collide cost no more than others; the oldest
 * of the bucket goes instead.
 */
const MAX_CHAIN = 16;
const NONE = -1;

const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
/** Largest payloads that the length fields of IPv4 (which counts the header) and IPv6 can say. */
const MAX_IPV4_PAYLOAD = 65_535 - IPV4_HEADER_BYTES;
const MAX_IPV6_PAYLOAD = 65_535;
/** A TCP header up to its flags; RFC 1858 warns of first fragments that end before them. */
const TCP_TO_FLAGS_BYTES = 16;
const SHORTEST_TRANSPORT_BYTES = 8;

/**
 * Puts IP datagrams together (RFC 791, RFC 8200) in a fixed amount of memory.
 *
 * - Where fragments of IPv4 overlap, the bytes that came first stay, as in BSD; either choice is some host's.
 * - IPv6 datagrams with overlapping fragments are dropped with all that follows of them (RFC 5722); an exact repetition
 *   of bytes that are there already is no overlap.
 * - When there is no room, the datagram that has waited longest goes. Each fragment thereby costs a bounded amount of
 *   work: nothing is searched, and at most as many blocks are given back as earlier fragments had taken.
 * - The header of the finished datagram is made anew, with the hop limit of the first fragment and without options or
 *   extension headers.
 */
export class Fragments {
  readonly #limits: FragmentLimits;
  /** Most captures have no fragments: the memory is taken when the first one comes. */
  #table: DatagramTable | null = null;

  constructor(limits: FragmentLimits) {
    this.#limits = limits;
  }

  /**
   * Adds the fragment `cursor.bytes[start..end)`, which `cursor.packet` describes.
   *
   * @param offset of its first byte in the datagram's payload, a multiple of 8
   * @param more whether further bytes follow it in the datagram
   * @returns the IP layer when the datagram is complete (the cursor then stands on it), `fragment` when it waits, or
   *   `malformed` for a fragment that no host would accept
   */
  add(cursor: Cursor, identification: number, offset: number, more: boolean, start: number, end: number): Step {
    const packet = cursor.packet;
    const length = end - start;
    const largest = packet.ipVersion === 4 ? MAX_IPV4_PAYLOAD : MAX_IPV6_PAYLOAD;
    if (length === 0 || offset + length > largest || (more && length % UNIT_BYTES !== 0)) {
      return cursor.fail(REASON.fragmentBounds);
    }
    const enough = packet.protocol === PROTOCOL.tcp ? TCP_TO_FLAGS_BYTES : SHORTEST_TRANSPORT_BYTES;
    if (offset === 0 && length < enough) cursor.counts[COUNT.fragmentsTiny]++;
    this.#table ??= new DatagramTable(this.#limits, cursor.counts);
    return this.#table.add(cursor, identification, offset, more, start, end);
  }
}

class DatagramTable {
  readonly #counts: Float64Array;
  readonly #timeoutUs: number;
  readonly #blocks: FragmentBlocks;
  readonly #bucketMask: number;
  /** Bucket → newest datagram of its chain. */
  readonly #buckets: Int32Array;

  /** The rest is indexed by datagram slot. */
  readonly #keys: Int32Array;
  readonly #bucketOf: Int32Array;
  readonly #nextInBucket: Int32Array;
  /** Links of the list by age. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #firstUs: Float64Array;
  /** Payload bytes of the whole datagram, NONE until its last fragment came. */
  readonly #length: Int32Array;
  /** End of the furthest byte that came. */
  readonly #highest: Int32Array;
  readonly #isPoisoned: Uint8Array;
  readonly #hopLimit: Uint8Array;
  readonly #protocol: Uint8Array;

  readonly #freeSlots: Int32Array;
  #freeSlotCount: number;
  #oldest = NONE;
  #newest = NONE;

  /** The key that is being looked for. */
  readonly #key = new Int32Array(KEY_WORDS);
  readonly #output = new Uint8Array(IPV6_HEADER_BYTES + MAX_IPV6_PAYLOAD);

  constructor(limits: FragmentLimits, counts: Float64Array) {
    const slots = Math.max(1, Math.floor(limits.maxFragmentDatagrams));
    const buckets = 2 ** Math.ceil(Math.log2(slots + 1));
    this.#counts = counts;
    this.#timeoutUs = limits.fragmentTimeoutMs * 1000;
    this.#blocks = new FragmentBlocks(limits.fragmentMemoryBytes, slots);
    this.#bucketMask = buckets - 1;
    this.#buckets = new Int32Array(buckets).fill(NONE);
    this.#keys = new Int32Array(slots * KEY_WORDS);
    this.#bucketOf = new Int32Array(slots);
    this.#nextInBucket = new Int32Array(slots);
    this.#newer = new Int32Array(slots);
    this.#older = new Int32Array(slots);
    this.#firstUs = new Float64Array(slots);
    this.#length = new Int32Array(slots);
    this.#highest = new Int32Array(slots);
    this.#isPoisoned = new Uint8Array(slots);
    this.#hopLimit = new Uint8Array(slots);
    this.#protocol = new Uint8Array(slots);
    this.#freeSlots = Int32Array.from({ length: slots }, (_, index) => index);
    this.#freeSlotCount = slots;
  }

  add(cursor: Cursor, identification: number, offset: number, more: boolean, start: number, end: number): Step {
    const packet = cursor.packet;
    this.#expire(packet.timeUs);
    const slot = this.#find(packet, identification);
    if (this.#isPoisoned[slot] === 1) return PACKET_KIND.fragment;

    const length = end - start;
    const fragmentEnd = offset + length;
    const known = this.#length[slot];
    const isContradiction = more
      ? known !== NONE && fragmentEnd > known
      : (known !== NONE && fragmentEnd !== known) || this.#highest[slot] > fragmentEnd;
    if (isContradiction) {
      this.#counts[COUNT.fragmentsContradicting]++;
      return PACKET_KIND.fragment;
    }
    if (this.#blocks.holdsAny(slot, offset, length)) {
      if (this.#blocks.holdsSame(slot, offset, cursor.bytes, start, length)) return PACKET_KIND.fragment;
      this.#counts[COUNT.fragmentsOverlapping]++;
      if (packet.ipVersion === 6) {
        this.#blocks.release(slot);
        this.#isPoisoned[slot] = 1;
        this.#counts[COUNT.datagramsPoisoned]++;
        return PACKET_KIND.fragment;
      }
    }
    if (offset === 0) {
      this.#hopLimit[slot] = packet.hopLimit;
      this.#protocol[slot] = packet.protocol;
    }
    if (!more) this.#length[slot] = fragmentEnd;
    if (fragmentEnd > this.#highest[slot]) this.#highest[slot] = fragmentEnd;
    this.#makeRoom(slot);
    this.#blocks.write(slot, offset, cursor.bytes, start, length);
    if (!this.#blocks.isComplete(slot, this.#length[slot])) return PACKET_KIND.fragment;
    return this.#finish(cursor, slot);
  }

  /** Moves the cursor onto the finished datagram and forgets the slot. */
  #finish(cursor: Cursor, slot: number): Step {
    const packet = cursor.packet;
    const isV4 = packet.ipVersion === 4;
    const headerBytes = isV4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
    const length = this.#length[slot];
    const output = this.#output;
    this.#blocks.read(slot, output, headerBytes, length);
    if (isV4) writeIpv4Header(output, packet, headerBytes + length, this.#hopLimit[slot], this.#protocol[slot]);
    else writeIpv6Header(output, packet, length, this.#hopLimit[slot], this.#protocol[slot]);
    this.#remove(slot);
    this.#counts[COUNT.datagramsReassembled]++;
    cursor.bytes = output;
    packet.bytes = output;
    cursor.isCarrierKept = false;
    return cursor.within(0, headerBytes + length, headerBytes + length, isV4 ? LAYER.ipv4 : LAYER.ipv6);
  }

  /** The slot of the datagram that the packet belongs to, a new one if need be. */
  #find(packet: Packet, identification: number): number {
    const key = this.#key;
    key[0] = packet.source0;
    key[1] = packet.source1;
    key[2] = packet.source2;
    key[3] = packet.source3;
    key[4] = packet.destination0;
    key[5] = packet.destination1;
    key[6] = packet.destination2;
    key[7] = packet.destination3;
    key[8] = identification;
    // IPv6 fragments of one datagram may name different next headers; only the first one's counts (RFC 8200).
    key[9] = packet.ipVersion === 4 ? 0x400 | packet.protocol : 0x600;
    key[10] = packet.vlan;
    key[11] = packet.tunnel;
    let hash = 0;
    for (let word = 0; word < KEY_WORDS; word++) {
      hash = Math.imul(hash ^ key[word], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const bucket = hash & this.#bucketMask;
    let chain = 0;
    let last = NONE;
    for (let slot = this.#buckets[bucket]; slot !== NONE; slot = this.#nextInBucket[slot]) {
      if (this.#hasKey(slot)) return slot;
      chain++;
      last = slot;
    }
    if (chain >= MAX_CHAIN) this.#evict(last);
    if (this.#freeSlotCount === 0) this.#evict(this.#oldest);
    return this.#insert(bucket, packet.timeUs);
  }

  #hasKey(slot: number): boolean {
    const at = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) if (this.#keys[at + word] !== this.#key[word]) return false;
    return true;
  }

  #insert(bucket: number, nowUs: number): number {
    const slot = this.#freeSlots[--this.#freeSlotCount];
    this.#keys.set(this.#key, slot * KEY_WORDS);
    this.#bucketOf[slot] = bucket;
    this.#nextInBucket[slot] = this.#buckets[bucket];
    this.#buckets[bucket] = slot;
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
    this.#firstUs[slot] = nowUs;
    this.#length[slot] = NONE;
    this.#highest[slot] = 0;
    this.#isPoisoned[slot] = 0;
    return slot;
  }

  #remove(slot: number): void {
    this.#blocks.release(slot);
    const bucket = this.#bucketOf[slot];
    if (this.#buckets[bucket] === slot) {
      this.#buckets[bucket] = this.#nextInBucket[slot];
    } else {
      let before = this.#buckets[bucket];
      while (this.#nextInBucket[before] !== slot) before = this.#nextInBucket[before];
      this.#nextInBucket[before] = this.#nextInBucket[slot];
    }
    const older = this.#older[slot];
    const newer = this.#newer[slot];
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    this.#freeSlots[this.#freeSlotCount++] = slot;
  }

  #evict(slot: number): void {
    if (this.#isPoisoned[slot] === 0) this.#counts[COUNT.datagramsEvicted]++;
    this.#remove(slot);
  }

  /** Gives up what has waited too long. A clock that jumped back makes ages meaningless, so those go, too. */
  #expire(nowUs: number): void {
    while (this.#oldest !== NONE && Math.abs(nowUs - this.#firstUs[this.#oldest]) > this.#timeoutUs) {
      if (this.#isPoisoned[this.#oldest] === 0) this.#counts[COUNT.datagramsExpired]++;
      this.#remove(this.#oldest);
    }
  }

  /** Sees to it that any one fragment fits: the oldest datagrams go, but never `slot` itself. */
  #makeRoom(slot: number): void {
    while (this.#blocks.freeCount + this.#blocks.heldBy(slot) < MAX_BLOCKS_PER_DATAGRAM) {
      const victim = this.#oldest === slot ? this.#newer[slot] : this.#oldest;
      if (victim === NONE) return;
      this.#evict(victim);
    }
  }
}

function writeIpv4Header(
  output: Uint8Array,
  packet: Packet,
  totalBytes: number,
  hopLimit: number,
  protocol: number,
): void {
  output[0] = 0x45;
  output[1] = 0;
  output[2] = totalBytes >> 8;
  output[3] = totalBytes;
  // No identification, no flags, no offset, no checksum: nobody looks at them any more.
  output.fill(0, 4, 12);
  output[8] = hopLimit;
  output[9] = protocol;
  writeWord(output, 12, packet.source3);
  writeWord(output, 16, packet.destination3);
}

function writeIpv6Header(
  output: Uint8Array,
  packet: Packet,
  payloadBytes: number,
  hopLimit: number,
  protocol: number,
): void {
  output[0] = 0x60;
  output.fill(0, 1, 4);
  output[4] = payloadBytes >> 8;
  output[5] = payloadBytes;
  output[6] = protocol;
  output[7] = hopLimit;
  writeWord(output, 8, packet.source0);
  writeWord(output, 12, packet.source1);
  writeWord(output, 16, packet.source2);
  writeWord(output, 20, packet.source3);
  writeWord(output, 24, packet.destination0);
  writeWord(output, 28, packet.destination1);
  writeWord(output, 32, packet.destination2);
  writeWord(output, 36, packet.destination3);
}

function writeWord(output: Uint8Array, at: number, word: number): void {
  output[at] = word >>> 24;
  output[at + 1] = word >>> 16;
  output[at + 2] = word >>> 8;
  output[at + 3] = word;
}
