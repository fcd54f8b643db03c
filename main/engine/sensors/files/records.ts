/**
 * Reads what `sense files` writes: native-helpers/sense/src/files_records.h describes the format.
 *
 * Names of files are whatever a program liked to write, and are treated as a stranger's. Every length is checked.
 */
import type { HostEvent } from '../../../../contract/events.ts';
import { fits, RecordFrames, type RecordPiece, wide } from '../frames.ts';
import { FileEventReader, type ProcessLookup } from './events.ts';
import { FILE_FIXED_BYTES, FILE_RECORD_TYPE } from './format.ts';

const MAGIC = 0x46534648;
const VERSION = 6;

const ABILITY = { rename: 1 } as const;

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
  /** Files of which every opening is told; those that are gone are counted on. */
  readonly opens: number;
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
  'opens',
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
  opens: 0,
};

export interface FileRecordEvents {
  /** First of all. `detail`: what this kernel lacks; empty for nothing. */
  hello(method: 'complete' | 'basic', detail: string): void;
  fileSystem(fileSystem: FileSystem): void;
  event(event: HostEvent): void;
  statistics(counts: FileCounts): void;
}

/** Takes in the stream piece by piece. */
export class FileRecordDecoder {
  readonly #events: FileRecordEvents;
  readonly #frames = new RecordFrames((type, piece, from, end) => this.#take(type, piece, from, end));
  readonly #reader: FileEventReader;
  #isGreeted = false;

  /** @param processOf is asked for the process of an event; where it knows none, what the helper saw in /proc is told */
  constructor(events: FileRecordEvents, processOf: ProcessLookup) {
    this.#events = events;
    this.#reader = new FileEventReader(processOf, (event) => events.event(event));
  }

  /** Why the stream is damaged, if it is. */
  get problem(): string | undefined {
    return this.#frames.problem;
  }

  /** Hands on the records that `piece` makes complete. False when the stream is damaged. Never throws by itself. */
  accept(piece: Uint8Array): boolean {
    this.#reader.begin();
    return this.#frames.accept(piece);
  }

  #take(type: number, piece: RecordPiece, from: number, end: number): string | undefined {
    if (type === FILE_RECORD_TYPE.hello) return this.#hello(piece.bytes.subarray(from, end));
    if (!this.#isGreeted) return 'no greeting';
    switch (type) {
      case FILE_RECORD_TYPE.statistics:
        return this.#statistics(piece.view, from, end);
      case FILE_RECORD_TYPE.fileSystem:
        return this.#fileSystem(piece.bytes.subarray(from, end));
      case FILE_RECORD_TYPE.program:
        return this.#reader.program(piece, from, end);
      default:
        return this.#reader.file(type, piece, from, end);
    }
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

  #statistics(view: DataView, from: number, end: number): string | undefined {
    if (end - from !== FILE_FIXED_BYTES.statistics) return 'statistics of another form';
    const counts = COUNT_NAMES.map((name, index) => [name, wide(view, from + 8 + 8 * index)] as const);
    this.#events.statistics({ ...NO_FILE_COUNTS, ...Object.fromEntries(counts) });
    return undefined;
  }
}
