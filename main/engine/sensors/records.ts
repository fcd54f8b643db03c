/**
 * Reads what sense writes: native-helpers/sense/src/records.h describes the format.
 *
 * The helper has no rights, but it reads what strangers send: its output is treated as theirs. Every length is
 * checked; at the first record that cannot be, the stream is damaged for good, because nothing tells where the
 * next record begins.
 */
import type { FrameSink } from '../../../contract/traffic.ts';

const MAGIC = 0x4e534648;
const VERSION = 1;

/** The values of `type` in a record's header. */
export const RECORD_TYPE = { hello: 1, packet: 2, statistics: 3, interface: 4, tick: 5 } as const;

export const HEADER_BYTES = 8;
const ALIGNMENT_MASK = 7;
const NAME_BYTES = 16;
const MAX_DETAIL_BYTES = 256;
const MAX_FRAME_BYTES = 65_535 + 16;
/** Header fields of each record; packet and interface records go on with bytes of variable length. */
export const FIXED_BYTES = { hello: 24, packet: 24, statistics: 40, interface: 40, tick: 16 } as const;
const MAX_RECORD_BYTES = (FIXED_BYTES.packet + MAX_FRAME_BYTES + ALIGNMENT_MASK) & ~ALIGNMENT_MASK;
/** More slots than sense can have are a damaged stream; bounds the tables that are kept per slot. */
const MAX_SLOTS = 1_024;
/** Slot of an interface for which there was no slot. */
export const NO_SLOT = 0xffff;

/** As much as the pipe holds, so that one read can empty it. */
const READ_BYTES = 1024 * 1024;

/** What became of an interface, by `state` in its record. */
const INTERFACE_STATES = [undefined, 'up', 'down', 'missing', 'failed'] as const;
export type InterfaceCondition = 'up' | 'down' | 'missing' | 'failed';

/** Packets go to the FrameSink; this is for everything else. */
export interface RecordEvents {
  /** `slot` stands for this interface from now on, or is NO_SLOT. */
  status(slot: number, name: string, linkType: number, state: InterfaceCondition, error: number, detail: string): void;
  /** Totals since the slot began to stand for its interface. Packets and bytes (on the wire) as delivered. */
  statistics(slot: number, packets: number, bytes: number, dropped: number, freezes: number): void;
  /** Everything that the kernel saw before this moment (microseconds since the epoch) has been delivered. */
  tick(nowUs: number): void;
}

const text = new TextDecoder();

/** Takes in the stream piece by piece: read into `buffer` from `filled` on, then say `accept(bytesRead)`. */
export class RecordDecoder {
  readonly buffer = new Uint8Array(READ_BYTES + MAX_RECORD_BYTES);
  readonly #words = new Uint32Array(this.buffer.buffer);
  readonly #sink: FrameSink;
  readonly #events: RecordEvents;
  #filled = 0;
  /** Link type of every slot; -1 where no interface record has come. Empty before the hello record. */
  #linkTypes = new Int32Array(0);
  #problem: string | undefined;

  constructor(sink: FrameSink, events: RecordEvents) {
    this.#sink = sink;
    this.#events = events;
  }

  /** Where the next bytes go. There is always room for READ_BYTES behind it. */
  get filled(): number {
    return this.#filled;
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Bytes of a record that is not complete yet: more than 0 at the end of a stream that was cut off. */
  get pendingBytes(): number {
    return this.#filled;
  }

  /** Hands on the records that `count` more bytes make complete. False when the stream is damaged. */
  accept(count: number): boolean {
    if (this.#problem !== undefined) return false;
    const words = this.#words;
    const end = this.#filled + count;
    let offset = 0;
    while (end - offset >= HEADER_BYTES) {
      const word = offset >>> 2;
      const bytes = words[word];
      if (bytes < HEADER_BYTES || bytes > MAX_RECORD_BYTES || (bytes & ALIGNMENT_MASK) !== 0) {
        return this.#fail(`a record of ${bytes} bytes`);
      }
      if (bytes > end - offset) break;
      const type = words[word + 1] & 0xffff;
      const slot = words[word + 1] >>> 16;
      if (type === RECORD_TYPE.packet) {
        if (!this.#packet(offset, bytes, slot)) return false;
      } else if (!this.#other(type, offset, bytes, slot)) {
        return false;
      }
      offset += bytes;
    }
    this.buffer.copyWithin(0, offset, end);
    this.#filled = end - offset;
    return true;
  }

  #packet(offset: number, bytes: number, slot: number): boolean {
    const words = this.#words;
    const word = offset >>> 2;
    const nanoseconds = words[word + 3];
    const captured = words[word + 4];
    const wire = words[word + 5];
    const room = bytes - FIXED_BYTES.packet;
    if (room < 0 || captured > room || room - captured > ALIGNMENT_MASK || wire < captured) {
      return this.#fail(`a packet of ${captured} of ${wire} bytes in a record of ${bytes}`);
    }
    if (nanoseconds >= 1e9) return this.#fail(`${nanoseconds} nanoseconds`);
    if (slot >= this.#linkTypes.length || this.#linkTypes[slot] < 0) return this.#fail(`a packet of slot ${slot}`);
    const timeUs = words[word + 2] * 1e6 + nanoseconds / 1e3;
    this.#sink.frame(this.buffer, offset + FIXED_BYTES.packet, captured, wire, timeUs, this.#linkTypes[slot]);
    return true;
  }

  #other(type: number, offset: number, bytes: number, slot: number): boolean {
    const words = this.#words;
    const word = offset >>> 2;
    if (type === RECORD_TYPE.hello) return this.#hello(word, bytes);
    if (this.#linkTypes.length === 0) return this.#fail('no greeting');
    switch (type) {
      case RECORD_TYPE.tick:
        if (bytes !== FIXED_BYTES.tick || words[word + 3] >= 1e9) return this.#fail('a tick of another form');
        this.#events.tick(words[word + 2] * 1e6 + words[word + 3] / 1e3);
        return true;
      case RECORD_TYPE.statistics:
        if (bytes !== FIXED_BYTES.statistics || slot >= this.#linkTypes.length) {
          return this.#fail('statistics of another form');
        }
        this.#events.statistics(
          slot,
          this.#count(word + 2),
          this.#count(word + 4),
          this.#count(word + 6),
          this.#count(word + 8),
        );
        return true;
      case RECORD_TYPE.interface:
        return this.#interface(offset, bytes, slot);
      default:
        return this.#fail(`a record of type ${type}`);
    }
  }

  #hello(word: number, bytes: number): boolean {
    const words = this.#words;
    if (bytes !== FIXED_BYTES.hello || words[word + 2] !== MAGIC || this.#linkTypes.length > 0) {
      return this.#fail('a greeting of another form');
    }
    if (words[word + 3] !== VERSION) return this.#fail(`format version ${words[word + 3]} instead of ${VERSION}`);
    const slots = words[word + 5];
    if (slots < 1 || slots > MAX_SLOTS) return this.#fail(`${slots} slots`);
    this.#linkTypes = new Int32Array(slots).fill(-1);
    return true;
  }

  #interface(offset: number, bytes: number, slot: number): boolean {
    const words = this.#words;
    const word = offset >>> 2;
    const detailBytes = words[word + 5];
    const room = bytes - FIXED_BYTES.interface;
    const state = INTERFACE_STATES[words[word + 4] & 0xffff];
    const linkType = words[word + 3];
    if (room < 0 || detailBytes > room || room - detailBytes > ALIGNMENT_MASK || detailBytes > MAX_DETAIL_BYTES) {
      return this.#fail(`an interface record of ${bytes} bytes with ${detailBytes} of text`);
    }
    if (state === undefined || linkType > 0xffff || (slot !== NO_SLOT && slot >= this.#linkTypes.length)) {
      return this.#fail(`an interface of slot ${slot} in state ${words[word + 4] & 0xffff}`);
    }
    if (slot !== NO_SLOT) this.#linkTypes[slot] = linkType;
    const name = offset + 24;
    const nameEnd = this.buffer.indexOf(0, name);
    const detail = offset + FIXED_BYTES.interface;
    this.#events.status(
      slot,
      text.decode(this.buffer.subarray(name, nameEnd < 0 ? name + NAME_BYTES : Math.min(nameEnd, name + NAME_BYTES))),
      linkType,
      state,
      words[word + 4] >>> 16,
      text.decode(this.buffer.subarray(detail, detail + detailBytes)),
    );
    return true;
  }

  /** A 64-bit count. Beyond 2^53 it loses its last digits, which no machine lives to see. */
  #count(word: number): number {
    return this.#words[word] + this.#words[word + 1] * 2 ** 32;
  }

  #fail(problem: string): false {
    this.#problem = problem;
    return false;
  }
}
