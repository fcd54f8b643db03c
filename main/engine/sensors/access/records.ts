/**
 * Reads what `sense access` writes: native-helpers/sense/src/access_records.h describes the format.
 *
 * Names and paths in it are every program's own choice. Every length is checked; at the first record that cannot be, the
 * stream is damaged for good: nothing tells where the next one begins.
 */
import {
  EventRecordDecoder,
  millisecondsAt,
  paddedText,
  type RecordFormat,
  textsAt,
  wideAt,
} from '../event-records.ts';
import { fits } from '../frames.ts';
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

const FORMAT: RecordFormat<AccessCount> = {
  magic: MAGIC,
  version: VERSION,
  helloType: ACCESS_RECORD_TYPE.hello,
  helloBytes: ACCESS_FIXED_BYTES.hello,
  statisticsType: ACCESS_RECORD_TYPE.statistics,
  counts: ACCESS_COUNTS,
};

export class AccessRecordDecoder extends EventRecordDecoder<AccessCount> {
  constructor(events: AccessRecordEvents) {
    super(FORMAT, {
      hello: ({ word, bootMs, detail }) => {
        const seesMemory = (word & ACCESS_PART.memory) !== 0;
        events.hello({ bootMs, seesMemory, seesModules: (word & ACCESS_PART.modules) !== 0, detail });
        return undefined;
      },
      record: (type, record) => {
        if (!isKind(type)) return `a record of type ${type}`;
        if (record.length < ACCESS_FIXED_BYTES.access) return `an access in ${record.length} bytes`;
        const lengths = [0, 1, 2].map((text) => record.readUInt16LE(AT.textLengths + 2 * text));
        const total = lengths.reduce((sum, length) => sum + length, 0);
        if (!fits(record.length - ACCESS_FIXED_BYTES.access, total)) return `texts of ${total} bytes`;
        events.record(readAccess(KINDS[type], record, lengths));
        return undefined;
      },
      statistics: (counts) => events.statistics(counts),
    });
  }
}

function isKind(type: number): type is keyof typeof KINDS {
  return type in KINDS;
}

function readAccess(kind: AccessRecordKind, record: Buffer, lengths: readonly number[]): AccessRecord {
  const [image, targetImage, path] = textsAt(record, ACCESS_FIXED_BYTES.access, lengths);
  const flags = record.readUInt32LE(AT.flags);
  const targetPid = record.readUInt32LE(AT.target);
  const way = WAYS[record.readUInt16LE(AT.way)];
  const targetUser = record.readUInt32LE(AT.targetUser);
  return {
    kind,
    timeMs: millisecondsAt(record, AT.time),
    process: {
      pid: record.readUInt32LE(AT.process),
      parentPid: record.readUInt32LE(AT.parent),
      startNs: wideAt(record, AT.start),
      users: { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) },
      name: paddedText(record, AT.name, NAME_BYTES),
      image,
      isImageDeleted: (flags & FLAG.imageDeleted) !== 0,
    },
    ...(targetPid !== 0 && {
      target: {
        pid: targetPid,
        startNs: wideAt(record, AT.targetStart),
        users: { uid: targetUser, euid: targetUser },
        name: paddedText(record, AT.targetName, NAME_BYTES),
        image: targetImage,
        isImageDeleted: (flags & FLAG.targetDeleted) !== 0,
      },
    }),
    ...(way !== undefined && { way }),
    ...(kind === 'signal' && { signal: record.readUInt16LE(AT.signal) }),
    ...((kind === 'module-load' || kind === 'module-unload') && {
      module: { name: paddedText(record, AT.module, MODULE_BYTES), path, taints: wideAt(record, AT.taints) },
    }),
  };
}
