/**
 * Reads what `sense sockets` writes: native-helpers/sense/src/socket_records.h describes the format.
 *
 * Every length is checked; at the first record that cannot be, the stream is damaged for good: nothing tells where the
 * next one begins.
 */
import { formatAddress } from '../../runtime/address.ts';
import { EventRecordDecoder, millisecondsAt, paddedText, type RecordFormat, wideAt } from '../event-records.ts';
import { fits } from '../frames.ts';
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

const FORMAT: RecordFormat<SocketCount> = {
  magic: MAGIC,
  version: VERSION,
  helloType: SOCKET_RECORD_TYPE.hello,
  helloBytes: SOCKET_FIXED_BYTES.hello,
  statisticsType: SOCKET_RECORD_TYPE.statistics,
  counts: SOCKET_COUNTS,
};

export class SocketRecordDecoder extends EventRecordDecoder<SocketCount> {
  constructor(events: SocketRecordEvents) {
    super(FORMAT, {
      hello: ({ word, bootMs, detail, record }) => {
        const method = METHODS[word];
        if (method === undefined) return 'a greeting of another form';
        events.hello({ method, bootMs, network: record.readUInt32LE(32), detail });
        return undefined;
      },
      record: (type, record) => {
        if (type === SOCKET_RECORD_TYPE.listed) {
          events.listed();
          return undefined;
        }
        if (!isKind(type)) return `a record of type ${type}`;
        if (record.length < SOCKET_FIXED_BYTES.socket) return `a socket in ${record.length} bytes`;
        const imageBytes = record.readUInt16LE(AT.imageBytes);
        if (!fits(record.length - SOCKET_FIXED_BYTES.socket, imageBytes)) return `a path of ${imageBytes} bytes`;
        events.record(readSocket(KINDS[type], record, imageBytes));
        return undefined;
      },
      statistics: (counts) => events.statistics(counts),
    });
  }
}

function isKind(type: number): type is keyof typeof KINDS {
  return type in KINDS;
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
    timeMs: millisecondsAt(record, AT.time),
    inode: wideAt(record, AT.inode),
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
  const from = SOCKET_FIXED_BYTES.socket;
  return {
    pid,
    parentPid: record.readUInt32LE(AT.parent),
    startNs: wideAt(record, AT.start),
    users: { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) },
    name: paddedText(record, AT.name, NAME_BYTES),
    image: record.toString('utf8', from, from + imageBytes),
    isImageDeleted: (flags & FLAG.imageDeleted) !== 0,
  };
}
