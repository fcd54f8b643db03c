/** What is said between the engine and `sense verdicts`: native-helpers/sense/src/files_records.h. */
import { fits, RecordFrames, wide } from '../frames.ts';

const MAGIC = 0x56534648;
const VERSION = 6;
const IS_BEING_WRITTEN = 1;

export const VERDICT_RECORD_TYPE = { hello: 32, request: 41, statistics: 42 } as const;
export const VERDICT_FIXED_BYTES = { hello: 24, request: 72, statistics: 112, answer: 16 } as const;
/** Where struct verdict_request_record has its fields. */
const REQUEST_AT = {
  inode: 8,
  device: 16,
  changed: 24,
  bytes: 32,
  question: 40,
  process: 44,
  kind: 48,
  mode: 52,
  user: 56,
  pathBytes: 60,
  descriptor: 64,
  flags: 68,
} as const;
const COMMAND = { allow: 1, deny: 2, allowRemember: 3, guard: 4, unguard: 5, forgetAll: 6, watchOpens: 7 } as const;
export type VerdictCommand = keyof typeof COMMAND;
/** Of what it is asked. */
const KINDS = [undefined, 'execute', 'open'] as const;
/** Records and commands are filled up to a multiple of it. */
const ALIGNMENT = 8;

/** Somebody wants to execute or open a file, and waits. */
export interface FileVerdictRequest {
  /** As the kernel sees it, without links; empty where it is longer than 4,000 bytes. */
  readonly path: string;
  readonly inode: number;
  readonly device: number;
  /** Since the epoch; with inode and device it names this content of this file: only the kernel sets it. */
  readonly changeTimeNs: bigint;
  readonly sizeBytes: number;
  /** st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly pid: number;
  readonly kind: 'execute' | 'open';
  /**
   * Somebody may write to it without opening it anew, through a mapping even without another time of change. Not told of
   * files that root alone may change.
   */
  readonly isBeingWritten?: boolean;
  /**
   * Opens exactly the file that is asked about, whatever has its name by now and however long or odd the name is; only
   * until the question is answered.
   */
  readonly openAt?: string;
}

/** Totals of one run of the helper. */
export interface VerdictCounts {
  readonly asked: number;
  readonly allowed: number;
  readonly denied: number;
  /** Allowed because no answer came in time. */
  readonly timeouts: number;
  /** Allowed unasked because too many were waiting, or nobody answered for a while. */
  readonly crowded: number;
  /** Allowed unasked: Holdfast's own processes. */
  readonly exempt: number;
  /** Files that are asked about whenever they are opened; not a total. */
  readonly guarded: number;
  readonly overflows: number;
  /** Of what was asked: from the kernel's question to its answer, microseconds; not a total. */
  readonly medianUs: number;
  /** How often nobody was asked for some seconds, because too many answers had come too late. */
  readonly deaf: number;
  /** Allowed unasked: the same content was allowed before, or it lies in a trusted folder. */
  readonly known: number;
  /** The same as `medianUs`, of these. */
  readonly knownMedianUs: number;
  /** The same of all that were asked or known: what whoever starts a program waits. */
  readonly overallMedianUs: number;
}

export const NO_VERDICT_COUNTS: VerdictCounts = {
  asked: 0,
  allowed: 0,
  denied: 0,
  timeouts: 0,
  crowded: 0,
  exempt: 0,
  guarded: 0,
  overflows: 0,
  medianUs: 0,
  deaf: 0,
  known: 0,
  knownMedianUs: 0,
  overallMedianUs: 0,
};

/** As struct verdict_statistics_record has them. */
const COUNT_NAMES = [
  ...([
    'asked',
    'allowed',
    'denied',
    'timeouts',
    'crowded',
    'exempt',
    'guarded',
    'overflows',
    'medianUs',
    'deaf',
  ] as const),
  ...(['known', 'knownMedianUs', 'overallMedianUs'] as const),
];

export interface VerdictRecordEvents {
  hello(): void;
  /** @param descriptor of the helper's process */
  request(question: number, request: FileVerdictRequest, descriptor: number): void;
  statistics(counts: VerdictCounts): void;
}

/** Takes in the stream piece by piece. */
export class VerdictRecordDecoder {
  readonly #events: VerdictRecordEvents;
  readonly #frames = new RecordFrames((type, { bytes }, from, end) => this.#take(type, bytes.subarray(from, end)));
  #isGreeted = false;

  constructor(events: VerdictRecordEvents) {
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
    if (type === VERDICT_RECORD_TYPE.hello) return this.#hello(record);
    if (!this.#isGreeted) return 'no greeting';
    if (type === VERDICT_RECORD_TYPE.request) return this.#request(record);
    if (type === VERDICT_RECORD_TYPE.statistics) return this.#statistics(record);
    return `a record of type ${type}`;
  }

  #hello(record: Buffer): string | undefined {
    if (this.#isGreeted || record.length !== VERDICT_FIXED_BYTES.hello || record.readUInt32LE(8) !== MAGIC) {
      return 'a greeting of another form';
    }
    const version = record.readUInt32LE(12);
    if (version !== VERSION) return `format version ${version} instead of ${VERSION}`;
    this.#isGreeted = true;
    this.#events.hello();
    return undefined;
  }

  #request(record: Buffer): string | undefined {
    const from = VERDICT_FIXED_BYTES.request;
    if (record.length < from) return `a question in ${record.length} bytes`;
    const view = viewOf(record);
    const pathBytes = record.readUInt32LE(REQUEST_AT.pathBytes);
    const kind = KINDS[record.readUInt32LE(REQUEST_AT.kind)];
    if (kind === undefined || !fits(record.length - from, pathBytes)) return 'a question of another form';
    const request: FileVerdictRequest = {
      path: record.toString('utf8', from, from + pathBytes),
      inode: wide(view, REQUEST_AT.inode),
      device: wide(view, REQUEST_AT.device),
      changeTimeNs: record.readBigUInt64LE(REQUEST_AT.changed),
      sizeBytes: wide(view, REQUEST_AT.bytes),
      pid: record.readUInt32LE(REQUEST_AT.process),
      mode: record.readUInt32LE(REQUEST_AT.mode),
      uid: record.readUInt32LE(REQUEST_AT.user),
      kind,
      isBeingWritten: (record.readUInt32LE(REQUEST_AT.flags) & IS_BEING_WRITTEN) !== 0,
    };
    this.#events.request(record.readUInt32LE(REQUEST_AT.question), request, record.readUInt32LE(REQUEST_AT.descriptor));
    return undefined;
  }

  #statistics(record: Buffer): string | undefined {
    if (record.length !== VERDICT_FIXED_BYTES.statistics) return 'statistics of another form';
    const view = viewOf(record);
    const counts = COUNT_NAMES.map((name, index) => [name, wide(view, 8 + 8 * index)] as const);
    this.#events.statistics({ ...NO_VERDICT_COUNTS, ...Object.fromEntries(counts) });
    return undefined;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** What the helper is told: an answer to a question, or with a path a wish. */
export function encodeCommand(command: VerdictCommand, question: number, path = ''): Uint8Array {
  const text = Buffer.from(path);
  const made = Buffer.alloc(VERDICT_FIXED_BYTES.answer + Math.ceil(text.length / ALIGNMENT) * ALIGNMENT);
  made.writeUInt32LE(COMMAND[command], 0);
  made.writeUInt32LE(question, 4);
  made.writeUInt32LE(text.length, 8);
  text.copy(made, VERDICT_FIXED_BYTES.answer);
  return made;
}
