/**
 * Reads what `sense files` writes: native-helpers/sense/src/files_records.h describes the format.
 *
 * Names of files are whatever a program liked to write, and are treated as a stranger's. Every length is checked.
 */
import { fits, RecordFrames, wide } from './frames.ts';

const MAGIC = 0x46534648;
const VERSION = 1;

/** The values of `type` in a record's header. */
export const FILE_RECORD_TYPE = {
  hello: 32,
  fileSystem: 33,
  statistics: 34,
  created: 35,
  attributes: 36,
  written: 37,
  renamed: 38,
  executed: 39,
  deleted: 40,
} as const;

/** Bytes before the texts. */
export const FILE_FIXED_BYTES = { hello: 24, fileSystem: 32, statistics: 80, file: 136 } as const;
/** Where struct file_record has its fields. */
const AT = {
  time: 8,
  inode: 16,
  device: 24,
  bytes: 32,
  process: 48,
  flags: 52,
  mode: 56,
  user: 60,
  group: 64,
  beforeMode: 68,
  beforeUser: 72,
  beforeGroup: 76,
  changed: 80,
  times: 84,
  entropy: 88,
  textLengths: 92,
  name: 104,
  head: 120,
} as const;
const NANOSECONDS_PER_MS = 1e6;
const NAME_BYTES = 16;
const HEAD_BYTES = 16;
const ENTROPY_UNITS = 1_000;

const FLAG = { facts: 1, before: 2, directory: 4, processGone: 8, sample: 16, programDeleted: 32 } as const;
const ABILITY = { rename: 1 } as const;
const CHANGES = [
  [1, 'mode'],
  [2, 'owner'],
  [4, 'times'],
  [8, 'extended'],
] as const;
export type FileChange = (typeof CHANGES)[number][1];

const KINDS = { 35: 'created', 36: 'attributes', 37: 'written', 38: 'renamed', 39: 'executed', 40: 'deleted' } as const;
export type FileRecordKind = (typeof KINDS)[keyof typeof KINDS];

const STATES = [undefined, 'watched', 'not-wanted', 'refused', 'gone'] as const;
export type FileSystemState = 'watched' | 'not-wanted' | 'refused' | 'gone';

/** A file system of this computer, and whether it is watched. */
export interface FileSystem {
  /** "8:1": the kernel's numbers. */
  readonly device: string;
  readonly mountPoint: string;
  /** "ext4". */
  readonly type: string;
  readonly state: FileSystemState;
  /** errno of the refusal; 0 for none. */
  readonly error: number;
}

/** What the helper says of one file. */
export interface FileRecord {
  readonly kind: FileRecordKind;
  readonly timeMs: number;
  readonly path: string;
  /** Of a rename the name before; of a new symbolic link its target; else empty. */
  readonly other: string;
  /** 0: not known. */
  readonly pid: number;
  /** Path of the process's executable; empty where the process had ended. */
  readonly program: string;
  readonly processName: string;
  readonly isProgramDeleted: boolean;
  readonly isDirectory: boolean;
  readonly facts:
    | {
        readonly inode: number;
        readonly device: number;
        readonly sizeBytes: number;
        /** st_mode, the kind of file included. */
        readonly mode: number;
        readonly uid: number;
        readonly gid: number;
      }
    | undefined;
  readonly before: { readonly mode: number; readonly uid: number; readonly gid: number } | undefined;
  readonly changed: readonly FileChange[];
  /** How many of the same this stands for. */
  readonly times: number;
  /** Bits for each byte, and the first 16 bytes (fewer where the file is shorter, then with zeros behind them). */
  readonly sample: { readonly entropy: number; readonly head: Uint8Array } | undefined;
}

/** Totals of one run of the helper. */
export interface FileCounts {
  readonly events: number;
  readonly told: number;
  readonly coalesced: number;
  readonly excluded: number;
  readonly unresolved: number;
  readonly overflows: number;
  readonly sampled: number;
  /** File systems watched now; not a total. */
  readonly watched: number;
  /** Left out because the engine did not read in time. */
  readonly dropped: number;
}

const COUNT_NAMES = [
  'events',
  'told',
  'coalesced',
  'excluded',
  'unresolved',
  'overflows',
  'sampled',
  'watched',
  'dropped',
] as const satisfies readonly (keyof FileCounts)[];

export const NO_FILE_COUNTS: FileCounts = {
  events: 0,
  told: 0,
  coalesced: 0,
  excluded: 0,
  unresolved: 0,
  overflows: 0,
  sampled: 0,
  watched: 0,
  dropped: 0,
};

export interface FileRecordEvents {
  /** First of all. `detail`: what this kernel lacks; empty for nothing. */
  hello(method: 'complete' | 'basic', detail: string): void;
  fileSystem(fileSystem: FileSystem): void;
  record(record: FileRecord): void;
  statistics(counts: FileCounts): void;
}

/** Takes in the stream piece by piece. */
export class FileRecordDecoder {
  readonly #events: FileRecordEvents;
  readonly #frames = new RecordFrames((type, record) => this.#take(type, record));
  readonly #program = new RepeatedText();
  readonly #name = new RepeatedText();
  #isGreeted = false;

  constructor(events: FileRecordEvents) {
    this.#events = events;
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#frames.problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. Never throws by itself. */
  accept(piece: Uint8Array): boolean {
    return this.#frames.accept(piece);
  }

  #take(type: number, record: Buffer): string | undefined {
    if (type === FILE_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return 'no greeting';
    if (isKind(type)) return this.#file(KINDS[type], record);
    if (type === FILE_RECORD_TYPE.statistics) return this.#statistics(record);
    if (type === FILE_RECORD_TYPE.fileSystem) return this.#fileSystem(record);
    return `a record of type ${type}`;
  }

  #hello(record: Buffer): string | undefined {
    const from = FILE_FIXED_BYTES.hello;
    if (this.#isGreeted || record.length < from || record.readUInt32LE(8) !== MAGIC) {
      return 'a greeting of another form';
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return `format version ${version} instead of ${VERSION}`;
    const detailBytes = record.readUInt32LE(20);
    if (!fits(record.length - from, detailBytes)) return 'a greeting of another form';
    this.#isGreeted = true;
    const isComplete = (record.readUInt32LE(16) & ABILITY.rename) !== 0;
    this.#events.hello(isComplete ? 'complete' : 'basic', record.toString('utf8', from, from + detailBytes));
    return undefined;
  }

  #fileSystem(record: Buffer): string | undefined {
    const from = FILE_FIXED_BYTES.fileSystem;
    if (record.length < from) return `a file system in ${record.length} bytes`;
    const [major, minor, stateNumber, error, pathBytes, typeBytes] = [8, 12, 16, 20, 24, 28].map((at) =>
      record.readUInt32LE(at),
    );
    const state = STATES[stateNumber];
    if (state === undefined) return `a file system in state ${stateNumber}`;
    if (!fits(record.length - from, pathBytes + typeBytes)) return 'a file system of another form';
    this.#events.fileSystem({
      device: `${major}:${minor}`,
      mountPoint: record.toString('utf8', from, from + pathBytes),
      type: record.toString('utf8', from + pathBytes, from + pathBytes + typeBytes),
      state,
      error,
    });
    return undefined;
  }

  #statistics(record: Buffer): string | undefined {
    if (record.length !== FILE_FIXED_BYTES.statistics) return 'statistics of another form';
    const counts = COUNT_NAMES.map((name, index) => [name, wide(record, 8 + 8 * index)] as const);
    this.#events.statistics({ ...NO_FILE_COUNTS, ...Object.fromEntries(counts) });
    return undefined;
  }

  #file(kind: FileRecordKind, record: Buffer): string | undefined {
    const from = FILE_FIXED_BYTES.file;
    if (record.length < from) return `a file in ${record.length} bytes`;
    const pathEnd = from + record.readUInt32LE(AT.textLengths);
    const otherEnd = pathEnd + record.readUInt32LE(AT.textLengths + 4);
    const programEnd = otherEnd + record.readUInt32LE(AT.textLengths + 8);
    if (!fits(record.length - from, programEnd - from)) return `texts of ${programEnd - from} bytes`;
    const path = record.toString('utf8', from, pathEnd);
    const other = pathEnd === otherEnd ? '' : record.toString('utf8', pathEnd, otherEnd);
    const program = this.#program.textOf(record, otherEnd, programEnd);
    const nameEnd = AT.name + NAME_BYTES;
    const name = this.#name.textOf(record, AT.name, nameEnd);
    this.#events.record(readFile(kind, record, path, other, program, name));
    return undefined;
  }
}

/** One text after the other is the same: a program does more than one thing. It is decoded once. */
class RepeatedText {
  #bytes = Buffer.alloc(0);
  #text = '';

  /** Up to the first NUL. */
  textOf(record: Buffer, from: number, to: number): string {
    if (to - from === this.#bytes.length && record.compare(this.#bytes, 0, undefined, from, to) === 0)
      return this.#text;
    this.#bytes = Buffer.from(record.subarray(from, to));
    const end = this.#bytes.indexOf(0);
    this.#text = this.#bytes.toString('utf8', 0, end < 0 ? undefined : end);
    return this.#text;
  }
}

function isKind(type: number): type is keyof typeof KINDS {
  return type in KINDS;
}

const NOTHING_CHANGED: readonly FileChange[] = [];

function readFile(
  kind: FileRecordKind,
  record: Buffer,
  path: string,
  other: string,
  program: string,
  processName: string,
): FileRecord {
  const flags = record.readUInt32LE(AT.flags);
  return {
    kind,
    timeMs: wide(record, AT.time) / NANOSECONDS_PER_MS,
    path,
    other,
    pid: record.readUInt32LE(AT.process),
    program,
    processName,
    isProgramDeleted: (flags & FLAG.programDeleted) !== 0,
    isDirectory: (flags & FLAG.directory) !== 0,
    facts: (flags & FLAG.facts) === 0 ? undefined : readFacts(record),
    before: (flags & FLAG.before) === 0 ? undefined : readBefore(record),
    changed: readChanges(record.readUInt32LE(AT.changed)),
    times: record.readUInt32LE(AT.times),
    sample: (flags & FLAG.sample) === 0 ? undefined : readSample(record),
  };
}

function readFacts(record: Buffer): FileRecord['facts'] {
  return {
    inode: wide(record, AT.inode),
    device: wide(record, AT.device),
    sizeBytes: wide(record, AT.bytes),
    mode: record.readUInt32LE(AT.mode),
    uid: record.readUInt32LE(AT.user),
    gid: record.readUInt32LE(AT.group),
  };
}

function readBefore(record: Buffer): FileRecord['before'] {
  return {
    mode: record.readUInt32LE(AT.beforeMode),
    uid: record.readUInt32LE(AT.beforeUser),
    gid: record.readUInt32LE(AT.beforeGroup),
  };
}

function readChanges(bits: number): readonly FileChange[] {
  if (bits === 0) return NOTHING_CHANGED;
  return CHANGES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}

function readSample(record: Buffer): FileRecord['sample'] {
  return {
    entropy: record.readUInt32LE(AT.entropy) / ENTROPY_UNITS,
    // A copy: the record is a view of a piece of the stream.
    head: Uint8Array.from(record.subarray(AT.head, AT.head + HEAD_BYTES)),
  };
}
