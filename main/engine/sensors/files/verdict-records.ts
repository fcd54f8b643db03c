/** What is said between the engine and `sense verdicts`: native-helpers/sense/src/files_records.h. */
import { fits, RecordFrames, wide } from '../frames.ts';

const MAGIC = 0x56534648;
const VERSION = 4;
const IS_BEING_WRITTEN = 1;

export const VERDICT_RECORD_TYPE = { hello: 32, request: 41, statistics: 42 } as const;
export const VERDICT_FIXED_BYTES = { hello: 24, request: 72, statistics: 88, answer: 16 } as const;
const COMMAND = { allow: 1, deny: 2, allowRemember: 3, guard: 4, unguard: 5, forgetAll: 6, watchOpens: 7 } as const;
export type VerdictCommand = keyof typeof COMMAND;
const KINDS = [undefined, 'execute', 'open'] as const;
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
  /** Somebody may write to it without opening it anew, through a mapping even without another time of change. */
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
  /** From a question to its answer, microseconds; not a total. */
  readonly medianUs: number;
  /** How often nobody was asked for some seconds, because too many answers had come too late. */
  readonly deaf: number;
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
};

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
    const pathBytes = record.readUInt32LE(60);
    const kind = KINDS[record.readUInt32LE(48)];
    if (kind === undefined || !fits(record.length - from, pathBytes)) return 'a question of another form';
    const request: FileVerdictRequest = {
      path: record.toString('utf8', from, from + pathBytes),
      inode: wide(view, 8),
      device: wide(view, 16),
      changeTimeNs: record.readBigUInt64LE(24),
      sizeBytes: wide(view, 32),
      pid: record.readUInt32LE(44),
      mode: record.readUInt32LE(52),
      uid: record.readUInt32LE(56),
      kind,
      isBeingWritten: (record.readUInt32LE(68) & IS_BEING_WRITTEN) !== 0,
    };
    this.#events.request(record.readUInt32LE(40), request, record.readUInt32LE(64));
    return undefined;
  }

  #statistics(record: Buffer): string | undefined {
    if (record.length !== VERDICT_FIXED_BYTES.statistics) return 'statistics of another form';
    const view = viewOf(record);
    const [asked, allowed, denied, timeouts, crowded, exempt, guarded, overflows, medianUs, deaf] = [
      8, 16, 24, 32, 40, 48, 56, 64, 72, 80,
    ].map((at) => wide(view, at));
    this.#events.statistics({
      asked,
      allowed,
      denied,
      timeouts,
      crowded,
      exempt,
      guarded,
      overflows,
      medianUs,
      deaf,
    });
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
