/**
 * From what the helper says of files and programs to the events that everybody reads. Names of files are whatever a program
 * liked to write, and are treated as a stranger's. Every length is checked.
 *
 * Tens of thousands a second come through here: each is read once, and nothing is made but the event.
 */
import { isUtf8 } from 'node:buffer';
import type {
  FileAttributesEvent,
  FileFacts,
  HostEvent,
  HostEventOf,
  HostProcessWithParents,
} from '../../../../contract/events.ts';
import type { Draft } from '../../runtime/draft.ts';
import { fits, type RecordPiece, wide } from '../frames.ts';
import { FILE_AT, FILE_FIXED_BYTES, FILE_FLAG, FILE_RECORD_TYPE, KNOWN_PROGRAMS, PROGRAM_AT } from './format.ts';
import { magicOf } from './magic.ts';

/** The process that has a number now, with its parents; undefined where it is not known. */
export type ProcessLookup = (pid: number) => HostProcessWithParents | undefined;

type Changed = FileAttributesEvent['changed'];
type FileEventType = HostEvent['type'] & `file-${string}`;

const PERMISSIONS = 0o7777;
/** By the first four bits of st_mode: inode(7). */
const KIND_OF_FORMAT: readonly FileFacts['kind'][] = Array.from({ length: 16 }, (_, format) =>
  new Map<number, FileFacts['kind']>([
    [0o01, 'fifo'],
    [0o02, 'device'],
    [0o04, 'directory'],
    [0o06, 'device'],
    [0o10, 'file'],
    [0o12, 'symlink'],
    [0o14, 'socket'],
  ]).get(format),
);
const FORMAT_SHIFT = 12;
const NANOSECONDS_PER_MS = 1e6;
const NAME_BYTES = 16;
const HEAD_BYTES = 16;
const ENTROPY_UNITS = 1_000;
const DIRECTORY: FileFacts = { kind: 'directory' };
const REPLACEMENT = '\ufffd';

const CHANGES = [
  [1, 'mode'],
  [2, 'owner'],
  [4, 'times'],
  [8, 'extended'],
] as const;
/** All sixteen that there can be. */
const CHANGES_OF: readonly Changed[] = Array.from({ length: 16 }, (_, bits) =>
  CHANGES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name),
);

const TYPES: ReadonlyMap<number, FileEventType> = new Map([
  [FILE_RECORD_TYPE.created, 'file-created'],
  [FILE_RECORD_TYPE.attributes, 'file-attributes'],
  [FILE_RECORD_TYPE.written, 'file-written'],
  [FILE_RECORD_TYPE.renamed, 'file-renamed'],
  [FILE_RECORD_TYPE.executed, 'file-executed'],
  [FILE_RECORD_TYPE.deleted, 'file-deleted'],
  [FILE_RECORD_TYPE.opened, 'file-opened'],
]);

/** Makes events of records. One of them for each run of the helper. */
export class FileEventReader {
  readonly #processOf: ProcessLookup;
  readonly #tell: (event: HostEvent) => void;
  /** What /proc said of programs, by their numbers. */
  readonly #programs: (HostProcessWithParents | undefined)[] = new Array(KNOWN_PROGRAMS + 1).fill(undefined);
  /** Who was asked for last, and what was said, within one piece of the stream. */
  #lastPid = 0;
  #lastProcess: HostProcessWithParents | undefined;

  constructor(processOf: ProcessLookup, tell: (event: HostEvent) => void) {
    this.#processOf = processOf;
    this.#tell = tell;
  }

  /** Another piece of the stream begins: processes may be others by now. */
  begin(): void {
    this.#lastPid = 0;
  }

  /** @returns what is wrong with it */
  program({ bytes, view }: RecordPiece, from: number, end: number): string | undefined {
    const texts = from + FILE_FIXED_BYTES.program;
    if (end < texts) return `a program in ${end - from} bytes`;
    const number = view.getUint32(from + PROGRAM_AT.number, true);
    const pathBytes = view.getUint32(from + PROGRAM_AT.pathBytes, true);
    if (number < 1 || number > KNOWN_PROGRAMS || !fits(end - texts, pathBytes)) return 'a program of another form';
    const path = bytes.toString('utf8', texts, texts + pathBytes);
    const name = textUpToNul(bytes, from + PROGRAM_AT.name, NAME_BYTES);
    const isDeleted = (view.getUint32(from + PROGRAM_AT.flags, true) & FILE_FLAG.programDeleted) !== 0;
    this.#programs[number] = {
      pid: view.getUint32(from + PROGRAM_AT.process, true),
      // A program without a file is called "/memfd:name" by /proc.
      image: path.startsWith('/memfd:') ? path.slice(1) : path,
      commandLine: '',
      ...(name !== '' && { name }),
      ...(isDeleted && { isImageDeleted: true }),
    };
    this.#lastPid = 0;
    return undefined;
  }

  /** @returns what is wrong with it */
  file(recordType: number, piece: RecordPiece, from: number, end: number): string | undefined {
    const type = TYPES.get(recordType);
    if (type === undefined) return `a record of type ${recordType}`;
    const pathFrom = from + FILE_FIXED_BYTES.file;
    if (end < pathFrom) return `a file in ${end - from} bytes`;
    const { bytes, view } = piece;
    const pathEnd = pathFrom + view.getUint16(from + FILE_AT.pathBytes, true);
    const otherEnd = pathEnd + view.getUint16(from + FILE_AT.otherBytes, true);
    if (!fits(end - pathFrom, otherEnd - pathFrom)) return `texts of ${otherEnd - pathFrom} bytes`;
    const flags = view.getUint32(from + FILE_AT.flags, true);
    const isPlain = (flags & FILE_FLAG.plainText) !== 0;
    const path = bytes.toString(isPlain ? 'latin1' : 'utf8', pathFrom, pathEnd);
    const other = pathEnd === otherEnd ? '' : bytes.toString(isPlain ? 'latin1' : 'utf8', pathEnd, otherEnd);
    const timeMs = wide(view, from + FILE_AT.time) / NANOSECONDS_PER_MS;

    // From where cannot be told when its directory is gone: what is certain is that the name is new.
    const told = type === 'file-renamed' && other === '' ? 'file-created' : type;
    const event: Draft<HostEventOf<FileEventType>> = { type: told, timeMs, path } as HostEventOf<FileEventType>;
    const file = factsOf(piece, from, flags);
    if (file !== undefined) event.file = file;
    const process = this.#process(view, from);
    if (process !== undefined) event.process = process;
    if (!isPlain && path.includes(REPLACEMENT) && !isUtf8(bytes.subarray(pathFrom, pathEnd))) {
      event.pathBytes = bytes.toString('hex', pathFrom, pathEnd);
    }
    this.#complete(event, view, from, flags, other);
    this.#tell(event);
    if (type === 'file-created' && (flags & FILE_FLAG.alsoWritten) !== 0) {
      const { pathBytes } = event;
      const written: Draft<HostEventOf<'file-written'>> = { type: 'file-written', timeMs, path };
      if (file !== undefined) written.file = file;
      if (process !== undefined) written.process = process;
      if (pathBytes !== undefined) written.pathBytes = pathBytes;
      this.#tell(written);
    }
    return undefined;
  }

  /** What only one type of events has. */
  #complete(
    event: Draft<HostEventOf<FileEventType>>,
    view: DataView,
    from: number,
    flags: number,
    other: string,
  ): void {
    switch (event.type) {
      case 'file-created':
        if (other !== '') event.linkTarget = other;
        break;
      case 'file-renamed':
        event.previousPath = other;
        break;
      case 'file-written': {
        const times = view.getUint32(from + FILE_AT.times, true);
        if (times > 1) event.times = times;
        break;
      }
      case 'file-attributes':
        event.changed = CHANGES_OF[view.getUint16(from + FILE_AT.changed, true) % CHANGES_OF.length] ?? [];
        if ((flags & FILE_FLAG.before) !== 0) {
          event.before = {
            mode: view.getUint32(from + FILE_AT.beforeMode, true) & PERMISSIONS,
            uid: view.getUint32(from + FILE_AT.beforeUser, true),
            gid: view.getUint32(from + FILE_AT.beforeGroup, true),
          };
        }
        break;
    }
  }

  #process(view: DataView, from: number): HostProcessWithParents | undefined {
    const pid = view.getUint32(from + FILE_AT.process, true);
    if (pid === 0) return undefined;
    if (pid !== this.#lastPid) {
      this.#lastPid = pid;
      this.#lastProcess = this.#processOf(pid);
    }
    if (this.#lastProcess !== undefined) return this.#lastProcess;
    const number = view.getUint32(from + FILE_AT.program, true);
    const program = number > KNOWN_PROGRAMS ? undefined : this.#programs[number];
    return program?.pid === pid ? program : { pid, image: '', commandLine: '' };
  }
}

function factsOf({ bytes, view }: RecordPiece, from: number, flags: number): FileFacts | undefined {
  if ((flags & FILE_FLAG.facts) === 0) return (flags & FILE_FLAG.directory) === 0 ? undefined : DIRECTORY;
  const mode = view.getUint32(from + FILE_AT.mode, true);
  const file: Draft<FileFacts> = {
    inode: wide(view, from + FILE_AT.inode),
    device: wide(view, from + FILE_AT.device),
    sizeBytes: wide(view, from + FILE_AT.bytes),
    mode: mode & PERMISSIONS,
    uid: view.getUint32(from + FILE_AT.user, true),
    gid: view.getUint32(from + FILE_AT.group, true),
  };
  const kind = KIND_OF_FORMAT[(mode >>> FORMAT_SHIFT) & 0xf];
  if (kind !== undefined) file.kind = kind;
  if ((flags & FILE_FLAG.sample) !== 0) {
    file.entropy = view.getUint16(from + FILE_AT.entropy, true) / ENTROPY_UNITS;
    file.magic = magicOf(bytes.subarray(from + FILE_AT.head, from + FILE_AT.head + HEAD_BYTES)) ?? '';
  }
  return file;
}

function textUpToNul(bytes: Buffer, from: number, length: number): string {
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end < 0 || end > from + length ? from + length : end);
}
