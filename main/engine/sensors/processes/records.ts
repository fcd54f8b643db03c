/**
 * Reads what `sense processes` writes: native-helpers/sense/src/process_records.h describes the format.
 *
 * What the records tell of comes from every program of the machine, and is treated as a stranger's. Every length is
 * checked; at the first record that cannot be, the stream is damaged for good: nothing tells where the next one begins.
 */

import { formatAddress } from '../../runtime/address.ts';
import type { Draft } from '../../runtime/draft.ts';
import {
  EventRecordDecoder,
  millisecondsAt,
  paddedText,
  type RecordFormat,
  textsAt,
  wideAt,
} from '../event-records.ts';
import { fits } from '../frames.ts';

const MAGIC = 0x50534648;
const VERSION = 2;

/** The values of `type` in a record's header. */
export const PROCESS_RECORD_TYPE = {
  hello: 16,
  fork: 17,
  exec: 18,
  exit: 19,
  credentials: 20,
  statistics: 21,
} as const;

export const PROCESS_HEADER_BYTES = 8;
/** Bytes before the texts. */
export const PROCESS_FIXED_BYTES = { hello: 32, process: 192, statistics: 56 } as const;
const NAME_BYTES = 16;
/** Where struct process_record has its fields. */
const AT = {
  time: 8,
  start: 16,
  parentStart: 24,
  inode: 32,
  capabilities: 40,
  process: 48,
  parent: 52,
  user: 56,
  effectiveUser: 60,
  group: 64,
  effectiveGroup: 68,
  loginUser: 72,
  session: 76,
  exitStatus: 80,
  flags: 84,
  streamModes: 88,
  streamDevices: 100,
  textLengths: 116,
  name: 136,
  terminal: 152,
  remote: 168,
  remotePort: 184,
} as const;
/** What the kernel writes for "no such id". */
const UNSET_ID = 0xffffffff;

const FLAG = {
  imageDeleted: 1,
  argumentsCut: 2,
  pathCut: 4,
  incomplete: 8,
  users: 16,
  groups: 32,
  streams: 64,
  capabilities: 128,
  session: 256,
} as const;

/** How processes are watched: the first two complete, the last as good as /proc is quick. */
export type ProcessMethod = 'ebpf' | 'audit' | 'connector';
/** By the numbers of enum process_method. */
const METHODS = [undefined, 'ebpf', 'connector', 'audit'] as const;

const KINDS = { 17: 'fork', 18: 'exec', 19: 'exit', 20: 'credentials' } as const;
export type ProcessRecordKind = (typeof KINDS)[keyof typeof KINDS];

/** One standard stream: st_mode and, of a device, its number (major << 20 | minor), of a socket its family; mode 0 is closed. */
export interface StreamFacts {
  readonly mode: number;
  readonly device: number;
}

/** What the helper says of one process at one moment. */
export interface ProcessRecord {
  readonly kind: ProcessRecordKind;
  readonly timeMs: number;
  readonly pid: number;
  /** 0: not known. */
  readonly parentPid: number;
  /** Since the machine started, in nanoseconds; 0: not known. */
  readonly startNs: number;
  readonly parentStartNs: number;
  readonly users?: { readonly uid: number; readonly euid: number };
  readonly groups?: { readonly gid: number; readonly egid: number };
  /** Effective capabilities, as bits. */
  readonly capabilities?: bigint;
  readonly loginUid?: number;
  readonly sessionId?: number;
  /** As wait(2) gives it. */
  readonly exitStatus: number;
  readonly isIncomplete: boolean;
  /** Of an exec only. */
  readonly program?: ProgramFacts;
  readonly name: string;
  readonly terminal: string;
}

export interface ProgramFacts {
  /** What was asked to be executed; empty where it is not known. */
  readonly fileName: string;
  readonly image: string;
  readonly inode: number;
  readonly directory: string;
  readonly cgroup: string;
  /** Each followed by a NUL. */
  readonly arguments: string;
  readonly areArgumentsCut: boolean;
  readonly isImageDeleted: boolean;
  readonly streams: readonly StreamFacts[];
  /** With whom the first of them that is a socket of the network is connected. */
  readonly streamsRemote?: { readonly address: string; readonly port: number };
}

export const PROCESS_COUNTS = ['forks', 'execs', 'exits', 'credentials', 'dropped', 'incomplete'] as const;
export type ProcessCount = (typeof PROCESS_COUNTS)[number];

/** Totals of one run of the helper. */
export type ProcessCounts = Readonly<Record<ProcessCount, number>>;

export interface ProcessRecordEvents {
  /** First of all. `detail`: why no better method is in use, or what this one lacks; empty for nothing. */
  hello(method: ProcessMethod, bootMs: number, detail: string): void;
  record(record: ProcessRecord): void;
  statistics(counts: ProcessCounts): void;
}

const FORMAT: RecordFormat<ProcessCount> = {
  magic: MAGIC,
  version: VERSION,
  helloType: PROCESS_RECORD_TYPE.hello,
  helloBytes: PROCESS_FIXED_BYTES.hello,
  statisticsType: PROCESS_RECORD_TYPE.statistics,
  counts: PROCESS_COUNTS,
};

export class ProcessRecordDecoder extends EventRecordDecoder<ProcessCount> {
  constructor(events: ProcessRecordEvents) {
    super(FORMAT, {
      hello: ({ word, bootMs, detail }) => {
        const method = METHODS[word];
        if (method === undefined) return 'a greeting of another form';
        events.hello(method, bootMs, detail);
        return undefined;
      },
      record: (type, record) => {
        if (!isKind(type)) return `a record of type ${type}`;
        if (record.length < PROCESS_FIXED_BYTES.process) return `a process in ${record.length} bytes`;
        const lengths = [0, 1, 2, 3, 4].map((text) => record.readUInt32LE(AT.textLengths + 4 * text));
        const total = lengths.reduce((sum, length) => sum + length, 0);
        if (!fits(record.length - PROCESS_FIXED_BYTES.process, total)) return `texts of ${total} bytes`;
        events.record(readProcess(KINDS[type], record, lengths));
        return undefined;
      },
      statistics: (counts) => events.statistics(counts),
    });
  }
}

function isKind(type: number): type is keyof typeof KINDS {
  return type in KINDS;
}

function readProcess(kind: ProcessRecordKind, record: Buffer, lengths: readonly number[]): ProcessRecord {
  const flags = record.readUInt32LE(AT.flags);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const loginUid = record.readUInt32LE(AT.loginUser);
  const sessionId = record.readUInt32LE(AT.session);
  const read: Draft<ProcessRecord> = {
    kind,
    timeMs: millisecondsAt(record, AT.time),
    startNs: wideAt(record, AT.start),
    parentStartNs: wideAt(record, AT.parentStart),
    pid: record.readUInt32LE(AT.process),
    parentPid: record.readUInt32LE(AT.parent),
    exitStatus: record.readUInt32LE(AT.exitStatus),
    isIncomplete: has(FLAG.incomplete),
    name: paddedText(record, AT.name, NAME_BYTES),
    terminal: paddedText(record, AT.terminal, NAME_BYTES),
  };
  if (has(FLAG.users)) {
    read.users = { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) };
  }
  if (has(FLAG.groups)) {
    read.groups = { gid: record.readUInt32LE(AT.group), egid: record.readUInt32LE(AT.effectiveGroup) };
  }
  if (has(FLAG.capabilities)) read.capabilities = record.readBigUInt64LE(AT.capabilities);
  if (has(FLAG.session) && loginUid !== UNSET_ID) read.loginUid = loginUid;
  if (has(FLAG.session) && sessionId !== UNSET_ID) read.sessionId = sessionId;
  if (kind === 'exec') read.program = readProgram(record, lengths, has);
  return read;
}

function remoteOf(record: Buffer): Pick<ProgramFacts, 'streamsRemote'> {
  const port = record.readUInt32LE(AT.remotePort);
  if (port === 0) return {};
  const [a, b, c, d] = [0, 4, 8, 12].map((offset) => record.readInt32BE(AT.remote + offset));
  return { streamsRemote: { address: formatAddress(a, b, c, d), port } };
}

function readProgram(record: Buffer, lengths: readonly number[], has: (flag: number) => boolean): ProgramFacts {
  const [fileName, image, directory, cgroup, text] = textsAt(record, PROCESS_FIXED_BYTES.process, lengths);
  return {
    fileName,
    image,
    directory,
    cgroup,
    arguments: text,
    inode: wideAt(record, AT.inode),
    areArgumentsCut: has(FLAG.argumentsCut),
    isImageDeleted: has(FLAG.imageDeleted),
    ...(has(FLAG.streams) && remoteOf(record)),
    streams: has(FLAG.streams)
      ? [0, 1, 2].map((stream) => ({
          mode: record.readUInt32LE(AT.streamModes + 4 * stream),
          device: record.readUInt32LE(AT.streamDevices + 4 * stream),
        }))
      : [],
  };
}
