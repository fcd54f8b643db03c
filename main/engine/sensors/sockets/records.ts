/**
 * Reads what `sense sockets` writes: native-helpers/sense/src/socket_records.h describes the format.
 *
 * Every length is checked; at the first record that cannot be, the stream is damaged for good: nothing tells where the
 * next one begins.
 */
import { formatAddress } from '../../runtime/address.ts';
import type { ToldProcess } from '../told-process.ts';

const MAGIC = 0x4b534648;
const VERSION = 1;

/** The values of `type` in a record's header. */
export const SOCKET_RECORD_TYPE = {
  hello: 64,
  connect: 65,
  accept: 66,
  send: 67,
  listen: 68,
  unlisten: 69,
  found: 70,
  foundListener: 71,
  listed: 72,
  statistics: 73,
} as const;

export const SOCKET_HEADER_BYTES = 8;
/** Bytes before the text. */
export const SOCKET_FIXED_BYTES = { hello: 40, socket: 112, statistics: 72 } as const;
const ALIGNMENT_MASK = 7;
/** A path, with room for its growth. */
const MAX_RECORD_BYTES = 16_384;
const NAME_BYTES = 16;
/** Where struct socket_record has its fields. */
const AT = {
  time: 8,
  start: 16,
  inode: 24,
  process: 32,
  parent: 36,
  user: 40,
  effectiveUser: 44,
  network: 48,
  flags: 52,
  protocol: 56,
  localPort: 58,
  remotePort: 60,
  imageBytes: 62,
  local: 64,
  remote: 80,
  name: 96,
} as const;
const FLAG = { imageDeleted: 1, pathCut: 2, bound: 4 } as const;
const NANOSECONDS_PER_MS = 1e6;
const WORD = 2 ** 32;

/** How sockets are watched: complete, or as good as lists in intervals are. */
export type SocketMethod = 'ebpf' | 'lists';
const METHODS = [undefined, 'ebpf', 'lists'] as const;

const KINDS = {
  65: 'connect',
  66: 'accept',
  67: 'send',
  68: 'listen',
  69: 'unlisten',
  70: 'found',
  71: 'found-listener',
} as const;
export type SocketRecordKind = (typeof KINDS)[keyof typeof KINDS];

/** What the helper says of one socket at one moment. */
export interface SocketRecord {
  readonly kind: SocketRecordKind;
  readonly timeMs: number;
  /** Of the socket, as in /proc/PID/fd; 0: not known. */
  readonly inode: number;
  /** IP protocol number. */
  readonly protocol: number;
  /** In their canonical form; IPv4 without its mapping. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Inode of the network namespace. */
  readonly network: number;
  /** The local port was asked for: others may begin. */
  readonly isBound: boolean;
  /** Who; left out where the record only says that the socket is there. */
  readonly owner?: SocketOwner;
}

export interface SocketOwner extends ToldProcess {
  readonly parentPid: number;
}

export const SOCKET_COUNTS = [
  'connects',
  'accepts',
  'sends',
  'listens',
  'unlistens',
  'found',
  'lists',
  'dropped',
] as const;
export type SocketCount = (typeof SOCKET_COUNTS)[number];

/** Totals of one run of the helper. */
export type SocketCounts = Readonly<Record<SocketCount, number>>;

/** What a run begins with. */
export interface SocketGreeting {
  readonly method: SocketMethod;
  readonly bootMs: number;
  /** Inode of the network namespace that the helper is in; 0: not known. */
  readonly network: number;
  /** Why no better method is in use; empty for nothing. */
  readonly detail: string;
}

export interface SocketRecordEvents {
  /** First of all. */
  hello(greeting: SocketGreeting): void;
  record(record: SocketRecord): void;
  /** The sockets that were there already have all been told. */
  listed(): void;
  statistics(counts: SocketCounts): void;
}

/** Takes in the stream piece by piece. */
export class SocketRecordDecoder {
  readonly #events: SocketRecordEvents;
  #rest: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  #problem: string | undefined;

  constructor(events: SocketRecordEvents) {
    this.#events = events;
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. Never throws by itself. */
  accept(piece: Uint8Array): boolean {
    if (this.#problem !== undefined) return false;
    const fresh = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const bytes = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh]);
    let offset = 0;
    while (bytes.length - offset >= SOCKET_HEADER_BYTES) {
      const size = bytes.readUInt32LE(offset);
      if (size < SOCKET_HEADER_BYTES || size > MAX_RECORD_BYTES || (size & ALIGNMENT_MASK) !== 0) {
        return this.#fail(`a record of ${size} bytes`);
      }
      if (size > bytes.length - offset) break;
      if (!this.#take(bytes.subarray(offset, offset + size))) return false;
      offset += size;
    }
    // A copy: what is left is less than a record, the piece may be large.
    this.#rest = Buffer.from(bytes.subarray(offset));
    return true;
  }

  #take(record: Buffer): boolean {
    const type = record.readUInt16LE(4);
    if (type === SOCKET_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return this.#fail('no greeting');
    if (type === SOCKET_RECORD_TYPE.listed) {
      this.#events.listed();
      return true;
    }
    if (type === SOCKET_RECORD_TYPE.statistics) return this.#statistics(record);
    if (!isKind(type)) return this.#fail(`a record of type ${type}`);
    if (record.length < SOCKET_FIXED_BYTES.socket) return this.#fail(`a socket in ${record.length} bytes`);
    const imageBytes = record.readUInt16LE(AT.imageBytes);
    if (!fits(record.length - SOCKET_FIXED_BYTES.socket, imageBytes)) {
      return this.#fail(`a path of ${imageBytes} bytes`);
    }
    this.#events.record(readSocket(KINDS[type], record, imageBytes));
    return true;
  }

  #statistics(record: Buffer): boolean {
    if (record.length !== SOCKET_FIXED_BYTES.statistics) return this.#fail('statistics of another form');
    const counts = SOCKET_COUNTS.map((name, index) => [name, wide(record, SOCKET_HEADER_BYTES + 8 * index)]);
    this.#events.statistics(Object.fromEntries(counts) as unknown as SocketCounts);
    return true;
  }

  #hello(record: Buffer): boolean {
    if (this.#isGreeted || record.length < SOCKET_FIXED_BYTES.hello || record.readUInt32LE(8) !== MAGIC) {
      return this.#fail('a greeting of another form');
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return this.#fail(`format version ${version} instead of ${VERSION}`);
    const method = METHODS[record.readUInt32LE(16)];
    const detailBytes = record.readUInt32LE(20);
    const from = SOCKET_FIXED_BYTES.hello;
    if (method === undefined || !fits(record.length - from, detailBytes)) {
      return this.#fail('a greeting of another form');
    }
    this.#isGreeted = true;
    this.#events.hello({
      method,
      bootMs: wide(record, 24) / NANOSECONDS_PER_MS,
      network: record.readUInt32LE(32),
      detail: record.toString('utf8', from, from + detailBytes),
    });
    return true;
  }

  #fail(problem: string): false {
    this.#problem = problem;
    return false;
  }
}

function isKind(type: number): type is keyof typeof KINDS {
  return type in KINDS;
}

/** Whether text of `bytes` and its padding fill `room`. */
function fits(room: number, bytes: number): boolean {
  return bytes <= room && room - bytes <= ALIGNMENT_MASK;
}

/** A 64-bit number; beyond 2^53 its last digits are lost, which times and counts do not miss. */
function wide(record: Buffer, at: number): number {
  return record.readUInt32LE(at) + record.readUInt32LE(at + 4) * WORD;
}

function addressAt(record: Buffer, at: number): string {
  const [a, b, c, d] = [0, 4, 8, 12].map((offset) => record.readInt32BE(at + offset));
  return formatAddress(a, b, c, d);
}

function readSocket(kind: SocketRecordKind, record: Buffer, imageBytes: number): SocketRecord {
  const flags = record.readUInt32LE(AT.flags);
  const pid = record.readUInt32LE(AT.process);
  return {
    kind,
    timeMs: wide(record, AT.time) / NANOSECONDS_PER_MS,
    inode: wide(record, AT.inode),
    protocol: record.readUInt16LE(AT.protocol),
    localAddress: addressAt(record, AT.local),
    localPort: record.readUInt16LE(AT.localPort),
    remoteAddress: addressAt(record, AT.remote),
    remotePort: record.readUInt16LE(AT.remotePort),
    network: record.readUInt32LE(AT.network),
    isBound: (flags & FLAG.bound) !== 0,
    ...(pid !== 0 && { owner: readOwner(record, pid, flags, imageBytes) }),
  };
}

function readOwner(record: Buffer, pid: number, flags: number, imageBytes: number): SocketOwner {
  const name = record.subarray(AT.name, AT.name + NAME_BYTES);
  const end = name.indexOf(0);
  const from = SOCKET_FIXED_BYTES.socket;
  return {
    pid,
    parentPid: record.readUInt32LE(AT.parent),
    startNs: wide(record, AT.start),
    users: { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) },
    name: name.toString('utf8', 0, end < 0 ? NAME_BYTES : end),
    image: record.toString('utf8', from, from + imageBytes),
    isImageDeleted: (flags & FLAG.imageDeleted) !== 0,
  };
}
