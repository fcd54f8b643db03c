/**
 * Reads what `sense processes` writes: native-helpers/sense/src/process_records.h describes the format.
 *
 * What the records tell of comes from every program of the machine, and is treated as a stranger's. Every length is
 * checked; at the first record that cannot be, the stream is damaged for good: nothing tells where the next one begins.
 */

import { formatAddress } from '../../runtime/address.ts';

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
const ALIGNMENT_MASK = 7;
/** Three paths, a control group and a command line, with room for their growth. */
const MAX_RECORD_BYTES = 65_536;
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
const NANOSECONDS_PER_MS = 1e6;
const WORD = 2 ** 32;
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

/** Takes in the stream piece by piece. */
export class ProcessRecordDecoder {
  readonly #events: ProcessRecordEvents;
  #rest: Buffer = Buffer.alloc(0);
  #isGreeted = false;
  #problem: string | undefined;

  constructor(events: ProcessRecordEvents) {
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
    while (bytes.length - offset >= PROCESS_HEADER_BYTES) {
      const size = bytes.readUInt32LE(offset);
      if (size < PROCESS_HEADER_BYTES || size > MAX_RECORD_BYTES || (size & ALIGNMENT_MASK) !== 0) {
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
    if (type === PROCESS_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return this.#fail('no greeting');
    if (type === PROCESS_RECORD_TYPE.statistics) {
      if (record.length !== PROCESS_FIXED_BYTES.statistics) return this.#fail('statistics of another form');
      const [forks, execs, exits, credentials, dropped, incomplete] = [8, 16, 24, 32, 40, 48].map((at) =>
        wide(record, at),
      );
      this.#events.statistics({ forks, execs, exits, credentials, dropped, incomplete });
      return true;
    }
    if (!isKind(type)) return this.#fail(`a record of type ${type}`);
    return this.#process(KINDS[type], record);
  }

  #hello(record: Buffer): boolean {
    if (this.#isGreeted || record.length < PROCESS_FIXED_BYTES.hello || record.readUInt32LE(8) !== MAGIC) {
      return this.#fail('a greeting of another form');
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return this.#fail(`format version ${version} instead of ${VERSION}`);
    const method = METHODS[record.readUInt32LE(16)];
    const detailBytes = record.readUInt32LE(20);
    if (method === undefined || !fits(record.length - PROCESS_FIXED_BYTES.hello, detailBytes)) {
      return this.#fail('a greeting of another form');
    }
    this.#isGreeted = true;
    const from = PROCESS_FIXED_BYTES.hello;
    this.#events.hello(
      method,
      wide(record, 24) / NANOSECONDS_PER_MS,
      record.toString('utf8', from, from + detailBytes),
    );
    return true;
  }

  #process(kind: ProcessRecordKind, record: Buffer): boolean {
    if (record.length < PROCESS_FIXED_BYTES.process) return this.#fail(`a process in ${record.length} bytes`);
    const lengths = [0, 1, 2, 3, 4].map((text) => record.readUInt32LE(AT.textLengths + 4 * text));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (!fits(record.length - PROCESS_FIXED_BYTES.process, total)) return this.#fail(`texts of ${total} bytes`);
    this.#events.record(readProcess(kind, record, lengths));
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

/** Whether texts of `bytes` and their padding fill `room`. */
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

function readProcess(kind: ProcessRecordKind, record: Buffer, lengths: readonly number[]): ProcessRecord {
  const flags = record.readUInt32LE(AT.flags);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const loginUid = record.readUInt32LE(AT.loginUser);
  const sessionId = record.readUInt32LE(AT.session);
  return {
    kind,
    timeMs: wide(record, AT.time) / NANOSECONDS_PER_MS,
    startNs: wide(record, AT.start),
    parentStartNs: wide(record, AT.parentStart),
    pid: record.readUInt32LE(AT.process),
    parentPid: record.readUInt32LE(AT.parent),
    ...(has(FLAG.users) && {
      users: { uid: record.readUInt32LE(AT.user), euid: record.readUInt32LE(AT.effectiveUser) },
    }),
    ...(has(FLAG.groups) && {
      groups: { gid: record.readUInt32LE(AT.group), egid: record.readUInt32LE(AT.effectiveGroup) },
    }),
    ...(has(FLAG.capabilities) && { capabilities: record.readBigUInt64LE(AT.capabilities) }),
    ...(has(FLAG.session) && loginUid !== UNSET_ID && { loginUid }),
    ...(has(FLAG.session) && sessionId !== UNSET_ID && { sessionId }),
    exitStatus: record.readUInt32LE(AT.exitStatus),
    isIncomplete: has(FLAG.incomplete),
    name: paddedText(record, AT.name, NAME_BYTES),
    terminal: paddedText(record, AT.terminal, NAME_BYTES),
    ...(kind === 'exec' && { program: readProgram(record, lengths, has) }),
  };
}

function remoteOf(record: Buffer): Pick<ProgramFacts, 'streamsRemote'> {
  const port = record.readUInt32LE(AT.remotePort);
  if (port === 0) return {};
  const [a, b, c, d] = [0, 4, 8, 12].map((offset) => record.readInt32BE(AT.remote + offset));
  return { streamsRemote: { address: formatAddress(a, b, c, d), port } };
}

function readProgram(record: Buffer, lengths: readonly number[], has: (flag: number) => boolean): ProgramFacts {
  let at: number = PROCESS_FIXED_BYTES.process;
  const [fileName, image, directory, cgroup, text] = lengths.map((length) => {
    at += length;
    return record.toString('utf8', at - length, at);
  });
  return {
    fileName,
    image,
    directory,
    cgroup,
    arguments: text,
    inode: wide(record, AT.inode),
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
