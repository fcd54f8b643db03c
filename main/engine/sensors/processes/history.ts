/**
 * From what the helper says of one moment to events of the host: who the process is, where it comes from, and what that
 * means by the names of this machine. Knows nothing of how the records came.
 */
import {
  type Credentials,
  type FileHashes,
  type HostEvent,
  type HostProcess,
  MAX_EVENT_LIST,
  type StreamKind,
} from '../../../../contract/events.ts';
import type { Draft } from '../../runtime/draft.ts';
import { remembering } from '../../runtime/memo.ts';
import { capabilityNames } from './capabilities.ts';
import type { PathOwner } from './mount-views.ts';
import { originOf, streamKind, terminalName } from './origin.ts';
import type { ProcessRecord, ProgramFacts } from './records.ts';
import { adopt, type KnownCredentials, ProcessTable, type TableEntry, withParents } from './table.ts';

/** What the machine knows of users, packages and files. Each may be left out. */
export interface Knowledge {
  userName?(uid: number): string | undefined;
  packageOf?(image: string): string | undefined;
  /** The hash, or, where it is not known yet, a call of `later`. */
  hashesOf?(
    image: string,
    inode: number,
    later: (hashes: FileHashes) => void,
    /** What leads to the program where its path names another file here. */
    link?: string,
  ): HostProcess['hashes'];
  /** Number of the mount namespace of a process; undefined where it is gone. */
  mountNamespaceOf?(pid: number): number | undefined;
  /** Whose file a path is to a process in a namespace. */
  pathOwnerOf?(path: string, pid: number, namespace: number | undefined): PathOwner;
}

const NANOSECONDS_PER_TICK = 10_000_000;
const MS_PER_TICK = 10;
/** The kernel names what was made with memfd_create(2) so, as if it lay in the root. */
const MEMFD_PREFIX = '/memfd:';
const SIGNAL_MASK = 0x7f;
/** What runs again and again is kept by thousands of processes, most of which have ended: in one copy. */
const oneCopyOf = remembering((text) => text, 2_048);

export class ProcessHistory {
  readonly table: ProcessTable;
  readonly #knowledge: Knowledge;
  /** When the machine started, in ms since the epoch: a start is told in whole ticks, as /proc has it. */
  #bootMs = 0;
  /** When /proc was read: what is told of the time before it has become of it what it says. */
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(knowledge: Knowledge, table: ProcessTable = new ProcessTable()) {
    this.#knowledge = knowledge;
    this.table = table;
  }

  /** A run of the helper begins. Only the first says when the machine started: identities stay the same. */
  begin(bootMs: number, running: readonly ProcessRecord[]): void {
    if (this.#bootMs === 0) this.#bootMs = Math.round(bootMs);
    this.table.clear();
    for (const record of running) this.#execute(record);
    this.#readMs = running[0]?.timeMs ?? Number.NEGATIVE_INFINITY;
  }

  /** What happened, in order; nothing for a mere fork. */
  take(record: ProcessRecord): HostEvent[] {
    switch (record.kind) {
      case 'fork':
        this.#fork(record);
        return [];
      case 'exec':
        return this.#started(record);
      case 'credentials':
        return this.#changed(record, this.#entryOf(record));
      case 'exit':
        return this.#ended(record);
    }
  }

  #fork(record: ProcessRecord): void {
    const parent = this.table.get(record.parentPid);
    const process: HostProcess = {
      ...(parent?.process ?? { image: '', name: record.name, commandLine: '' }),
      pid: record.pid,
      ...this.#startOf(record),
    };
    const known = credentialsOf(record);
    const credentials = known.uid === undefined ? (parent?.credentials ?? {}) : known;
    const { pid, startNs } = record;
    const mountNamespace = parent?.mountNamespace;
    this.table.add({ pid, startNs, process, credentials, mountNamespace, hasExecuted: false, parent });
  }

  /** The entry of the process, made where its fork was not seen. */
  #entryOf(record: ProcessRecord): TableEntry {
    const known = this.table.get(record.pid);
    // A number that was given anew while nobody looked.
    const isSame =
      known !== undefined && (known.startNs === 0 || record.startNs === 0 || sameTick(known.startNs, record.startNs));
    if (!isSame) {
      this.#fork(record);
      return this.table.get(record.pid) as TableEntry;
    }
    if (known.startNs === 0) known.startNs = record.startNs;
    if (known.parent === undefined && record.parentPid !== 0) adopt(known, this.table.get(record.parentPid));
    return known;
  }

  #execute(record: ProcessRecord): TableEntry {
    const entry = this.#entryOf(record);
    if (record.program !== undefined) entry.process = this.#describe(record, record.program, entry.process);
    entry.hasExecuted = true;
    const known = credentialsOf(record);
    if (known.uid !== undefined && entry.credentials.uid === undefined) entry.credentials = known;
    return entry;
  }

  #started(record: ProcessRecord): HostEvent[] {
    const entry = this.#execute(record);
    return [
      { type: 'process-start', timeMs: record.timeMs, process: withParents(entry) },
      ...this.#changed(record, entry),
    ];
  }

  #changed(record: ProcessRecord, entry: TableEntry): HostEvent[] {
    if (record.timeMs < this.#readMs && entry.credentials.uid !== undefined) return [];
    const before = entry.credentials;
    const news = credentialsOf(record);
    const after = { ...before, ...news };
    entry.credentials = after;
    if (!differ(before, after)) return [];
    const { user: _previous, ...rest } = entry.process;
    entry.process = { ...rest, ...this.#namesOf(after) };
    const told = {
      before: toldCredentials(before),
      after: toldCredentials({ ...after, capabilities: news.capabilities }),
    };
    if (told.before === undefined || told.after === undefined) return [];
    return [
      {
        type: 'process-credentials',
        timeMs: record.timeMs,
        process: withParents(entry),
        before: told.before,
        after: told.after,
      },
    ];
  }

  #ended(record: ProcessRecord): HostEvent[] {
    const entry = this.table.get(record.pid);
    // Two threads that end at once are both told as the last.
    if (entry === undefined) return [];
    this.table.remove(record.pid);
    if (!entry.hasExecuted) return [];
    const signal = record.exitStatus & SIGNAL_MASK;
    return [
      {
        type: 'process-exit',
        timeMs: record.timeMs,
        process: withParents(entry),
        ...(signal === 0 ? { exitCode: (record.exitStatus >>> 8) & 0xff } : { signal }),
      },
    ];
  }

  #describe(record: ProcessRecord, program: ProgramFacts, before: HostProcess): HostProcess {
    // Cleared are the facts of what the process executed before.
    const { pid, startedMs, standardStreams } = before;
    const isMemory = program.isImageDeleted && program.image.startsWith(MEMFD_PREFIX);
    const image = oneCopyOf(isMemory ? program.image.slice(1) : program.image || program.fileName);
    const list = argumentList(program.arguments);
    const origin = originOf(program.cgroup);
    // Where the process ended before /proc was read: it is its parent's, unless somebody moved it.
    const { unit, container } = program.cgroup === '' ? before : origin;
    const entry = this.table.get(pid);
    const whose = this.#whose(image, pid, entry);
    // A path of a container names a file of this computer's that a package owns, and that never ran.
    const ofPackage = whose === 'here' ? this.#knowledge.packageOf?.(image) : undefined;
    const owner = origin.flatpak === undefined ? ofPackage : `flatpak:${origin.flatpak}`;
    const link = whose === 'here' ? undefined : `/proc/${pid}/exe`;
    const hashes =
      program.isImageDeleted || whose === 'unreachable'
        ? undefined
        : this.#knowledge.hashesOf?.(image, program.inode, (known) => this.#hashed(entry, image, known), link);
    const terminal = terminalName(record.terminal);
    const streams = program.streams.length > 0 ? streamsOf(program) : standardStreams;
    const told: Draft<HostProcess> = { pid, image, name: oneCopyOf(record.name), commandLine: list.join(' ') };
    const started = record.startNs === 0 ? startedMs : this.#startOf(record).startedMs;
    if (started !== undefined) told.startedMs = started;
    if (list.length > 0) told.arguments = list;
    if (program.directory !== '') told.currentDirectory = program.directory;
    Object.assign(told, this.#namesOf(credentialsOf(record)));
    if (record.loginUid !== undefined) told.loginUid = record.loginUid;
    if (record.sessionId !== undefined) told.sessionId = record.sessionId;
    if (terminal !== undefined) told.terminal = terminal;
    if (unit !== undefined) told.unit = unit;
    if (container !== undefined) told.container = container;
    if (owner !== undefined) told.package = owner;
    if (hashes !== undefined) told.hashes = hashes;
    if (program.isImageDeleted) told.isImageDeleted = true;
    if (whose !== 'here') told.seesOtherFiles = true;
    if (streams !== undefined) told.standardStreams = streams;
    return told;
  }

  #whose(image: string, pid: number, entry: TableEntry | undefined): PathOwner {
    const namespace = this.#knowledge.mountNamespaceOf?.(pid) ?? entry?.mountNamespace;
    if (entry !== undefined) entry.mountNamespace = namespace;
    return image.startsWith('/') ? (this.#knowledge.pathOwnerOf?.(image, pid, namespace) ?? 'here') : 'here';
  }

  /** The hash of what a process executes came after its start was told. */
  #hashed(entry: TableEntry | undefined, image: string, hashes: FileHashes): void {
    if (entry !== undefined && entry.process.image === image) entry.process = { ...entry.process, hashes };
  }

  #startOf({ startNs, timeMs }: ProcessRecord): { startedMs: number } {
    if (startNs === 0) return { startedMs: timeMs };
    return { startedMs: this.#bootMs + Math.floor(startNs / NANOSECONDS_PER_TICK) * MS_PER_TICK };
  }

  #namesOf({ uid, euid, gid, egid }: KnownCredentials): Partial<HostProcess> {
    const user = euid === undefined ? undefined : this.#knowledge.userName?.(euid);
    return {
      ...(uid !== undefined && { uid, euid }),
      ...(gid !== undefined && { gid, egid }),
      ...(user !== undefined && { user }),
    };
  }
}

function sameTick(a: number, b: number): boolean {
  return Math.floor(a / NANOSECONDS_PER_TICK) === Math.floor(b / NANOSECONDS_PER_TICK);
}

function credentialsOf({ users, groups, capabilities }: ProcessRecord): KnownCredentials {
  return { ...users, ...groups, ...(capabilities !== undefined && { capabilities }) };
}

/** Whether it is somebody else now, or may do more than before. Capabilities that are lost are nobody's news. */
function differ(before: KnownCredentials, after: KnownCredentials): boolean {
  if (before.uid !== after.uid || before.euid !== after.euid) return true;
  if (before.gid !== after.gid || before.egid !== after.egid) return true;
  return ((after.capabilities ?? 0n) & ~(before.capabilities ?? after.capabilities ?? 0n)) !== 0n;
}

function toldCredentials({ uid, euid, gid, egid, capabilities }: KnownCredentials): Credentials | undefined {
  if (uid === undefined || euid === undefined) return undefined;
  return {
    uid,
    euid,
    ...(gid !== undefined && { gid, egid }),
    ...(capabilities !== undefined && { capabilities: capabilityNames(capabilities) }),
  };
}

/** NUL-terminated arguments; what the program left empty at the end counts, what was cut off does not. */
function argumentList(text: string): string[] {
  if (text === '') return [];
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0', MAX_EVENT_LIST);
}

function streamsOf({ streams, streamsRemote: remote }: ProgramFacts): HostProcess['standardStreams'] {
  const [input, output, error]: (StreamKind | undefined)[] = streams.map(streamKind);
  return {
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(error !== undefined && { error }),
    ...(remote !== undefined && { remote }),
  };
}
