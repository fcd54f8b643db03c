/**
 * Reads what `sense access` writes: native-helpers/sense/src/access_records.h describes the format.
 *
 * Names and paths in it are every program's own choice. Every length is checked; at the first record that cannot be, the
 * stream is damaged for good: nothing tells where the next one begins.
 */
import type { ToldProcess } from '../told-process.ts';

const MAGIC = 0x41534648;
const VERSION = 1;

/** The values of `type` in a record's header. */
export const ACCESS_RECORD_TYPE = {
  hello: 96,
  trace: 97,
  read: 98,
  write: 99,
  signal: 100,
  moduleLoad: 101,
  moduleUnload: 102,
  statistics: 103,
} as const;

export const ACCESS_HEADER_BYTES = 8;
/** Bytes before the texts. */
export const ACCESS_FIXED_BYTES = { hello: 32, access: 168, statistics: 64 } as const;
const ALIGNMENT_MASK = 7;
/** Three paths, with room for their growth. */
const MAX_RECORD_BYTES = 16_384;
/** Where struct access_record has its fields. */
const AT = {
  time: 8,
  start: 16,
  targetStart: 24,
  taints: 32,
  process: 40,
  parent: 44,
  user: 48,
  effectiveUser: 52,
  target: 56,
  targetUser: 60,
  flags: 64,
  signal: 68,
  way: 70,
  textLengths: 72,
  name: 80,
  targetName: 96,
  module: 112,
} as const;
const NAME_BYTES = 16;
const MODULE_BYTES = 56;
const FLAG = { imageDeleted: 1, targetDeleted: 2 } as const;
/** What is watched, as bits of the greeting. */
export const ACCESS_PART = { signals: 1, memory: 2, modules: 4 } as const;
const NANOSECONDS_PER_MS = 1e6;
const WORD = 2 ** 32;

const KINDS = {
  97: 'trace',
  98: 'read',
  99: 'write',
  100: 'signal',
  101: 'module-load',
  102: 'module-unload',
} as const;
export type AccessRecordKind = (typeof KINDS)[keyof typeof KINDS];

const WAYS = [undefined, 'ptrace', 'process-vm', 'memory-file'] as const;
export type AccessWay = Exclude<(typeof WAYS)[number], undefined>;

/** What the helper says: somebody did something to another process, or to the kernel. */
export interface AccessRecord {
  readonly kind: AccessRecordKind;
  readonly timeMs: number;
  readonly process: ToldProcess;
  /** To whom; of modules nobody. */
  readonly target?: ToldProcess;
  /** By what memory was reached. */
  readonly way?: AccessWay;
  /** Number of the signal. */
  readonly signal?: number;
  readonly module?: {
    readonly name: string;
    /** The file that it came from; empty where it came from memory or is being removed. */
    readonly path: string;
    /** Bits as in the kernel's Documentation/admin-guide/tainted-kernels.rst. */
    readonly taints: number;
  };
}

export const ACCESS_COUNTS = ['traces', 'reads', 'writes', 'signals', 'loads', 'unloads', 'dropped'] as const;
export type AccessCount = (typeof ACCESS_COUNTS)[number];

/** Totals of one run of the helper. */
export type AccessCounts = Readonly<Record<AccessCount, number>>;

/** What a run begins with. */
export interface AccessGreeting {
  readonly bootMs: number;
  readonly seesMemory: boolean;
  readonly seesModules: boolean;
  /** Why memory is not watched; empty where it is. */
  readonly detail: string;
}

export interface AccessRecordEvents {
  /** First of all. */
  hello(greeting: AccessGreeting): void;
  record(record: AccessRecord): void;
  statistics(counts: AccessCounts): void;
}

/** Takes in the stream piece by piece. */
export class AccessRecordDecoder {
  readonly #events: AccessRecordEvents;
  #rest: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  #problem: string | undefined;

  constructor(events: AccessRecordEvents) {
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
    while (bytes.length - offset >= ACCESS_HEADER_BYTES) {
      const size = bytes.readUInt32LE(offset);
      if (size < ACCESS_HEADER_BYTES || size > MAX_RECORD_BYTES || (size & ALIGNMENT_MASK) !== 0) {
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
    if (type === ACCESS_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return this.#fail('no greeting');
    if (type === ACCESS_RECORD_TYPE.statistics) return this.#statistics(record);
    if (!isKind(type)) return this.#fail(`a record of type ${type}`);
    if (record.length < ACCESS_FIXED_BYTES.access) return this.#fail(`an access in ${record.length} bytes`);
    const lengths = [0, 1, 2].map((text) => record.readUInt16LE(AT.textLengths + 2 * text));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (!fits(record.length - ACCESS_FIXED_BYTES.access, total)) return this.#fail(`texts of ${total} bytes`);
    this.#events.record(readAccess(KINDS[type], record, lengths));
    return true;
  }

  #statistics(record: Buffer): boolean {
    if (record.length !== ACCESS_FIXED_BYTES.statistics) return this.#fail('statistics of another form');
    const counts = ACCESS_COUNTS.map((name, index) => [name, wide(record, ACCESS_HEADER_BYTES + 8 * index)]);
    this.#events.statistics(Object.fromEntries(counts) as unknown as AccessCounts);
    return true;
  }

  #hello(record: Buffer): boolean {
    if (this.#isGreeted || record.length < ACCESS_FIXED_BYTES.hello || record.readUInt32LE(8) !== MAGIC) {
      return this.#fail('a greeting of another form');
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return this.#fail(`format version ${version} instead of ${VERSION}`);
    const parts = record.readUInt32LE(16);
    const detailBytes = record.readUInt32LE(20);
    const from = ACCESS_FIXED_BYTES.hello;
    if (!fits(record.length - from, detailBytes)) return this.#fail('a greeting of another form');
    this.#isGreeted = true;
    this.#events.hello({
      bootMs: wide(record, 24) / NANOSECONDS_PER_MS,
      seesMemory: (parts & ACCESS_PART.memory) !== 0,
      seesModules: (parts & ACCESS_PART.modules) !== 0,
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

function paddedText(record: Buffer, at: number, room: number): string {
  const end = record.subarray(at, at + room).indexOf(0);
  return record.toString('utf8', at, at + (end < 0 ? room : end));
}

function readAccess(kind: AccessRecordKind, record: Buffer, lengths: readonly number[]): AccessRecord {
  let at: number = ACCESS_FIXED_BYTES.access;
  const [image, targetImage, path] = lengths.map((length) => {
    at += length;
    return record.toString('utf8', at - length, at);
  });
  const flags = record.readUInt32LE(AT.flags);
  const targetPid = record.readUInt32LE(AT.target);
  const way = WAYS[record.readUInt16LE(AT.way)];
  const targetUser = record.readUInt32LE(AT.targetUser);
  return {
    kind,
    timeMs: wide(record, AT.time) / NANOSECONDS_PER_MS,
    process: {
      pid: record.readUInt32LE(AT.process),
      parentPid: record.readUInt32LE(AT.parent),
      startNs: wide(record, AT.start),
      users: { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) },
      name: paddedText(record, AT.name, NAME_BYTES),
      image,
      isImageDeleted: (flags & FLAG.imageDeleted) !== 0,
    },
    ...(targetPid !== 0 && {
      target: {
        pid: targetPid,
        startNs: wide(record, AT.targetStart),
        users: { uid: targetUser, euid: targetUser },
        name: paddedText(record, AT.targetName, NAME_BYTES),
        image: targetImage,
        isImageDeleted: (flags & FLAG.targetDeleted) !== 0,
      },
    }),
    ...(way !== undefined && { way }),
    ...(kind === 'signal' && { signal: record.readUInt16LE(AT.signal) }),
    ...((kind === 'module-load' || kind === 'module-unload') && {
      module: { name: paddedText(record, AT.module, MODULE_BYTES), path, taints: wide(record, AT.taints) },
    }),
  };
}
