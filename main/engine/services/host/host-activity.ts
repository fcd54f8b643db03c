import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { HostEvent, HostProcess } from '../../../../contract/events.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { SensorMemory } from './host-sensors.ts';

/** What happened since it was told last, for the row "ten seconds of the computer" of the models. */
export interface HostActivity {
  readonly processExits: number;
  /** Programs that were run for the first time ever, as far as is remembered. */
  readonly newExecutables: number;
  /** Programs that got the rights of root, by sudo or a set-uid file. */
  readonly privilegedCommands: number;
  readonly fileWrites: number;
  readonly fileRenames: number;
  readonly fileDeletions: number;
  readonly logins: number;
  readonly failedLogins: number;
}

/** What one program did within an hour, all its processes together, by the names of the columns of the models. */
export interface ProgramHour {
  /** Path of the executable. */
  readonly program: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Which sensors work: what is not seen is not nothing. */
export interface SeenByHost {
  readonly processes: boolean;
  readonly files: boolean;
  readonly sockets: boolean;
  readonly logs: boolean;
}

const NONE = {
  processExits: 0,
  newExecutables: 0,
  privilegedCommands: 0,
  fileWrites: 0,
  fileRenames: 0,
  fileDeletions: 0,
  logins: 0,
  failedLogins: 0,
};

const HOUR_MS = 3_600_000;
/** Programs of one hour; a desktop runs some hundred. Those beyond are not told of. */
const MAX_PROGRAMS = 2_048;
/** Names and numbers that are told apart, of all programs together: some 20 MB. */
const MAX_DISTINCT = 200_000;
/** Programs that are remembered as known: several times what a machine has. */
const MAX_KNOWN = 20_000;
const SAVE_MS = 600_000;
/** Hexadecimal digits that stand for a path: two of twenty thousand are the same once in a hundred thousand machines. */
const DIGEST_DIGITS = 12;
/** Longest path whose digest is remembered. */
const MAX_DIGESTED_PATH = 256;
const SHELLS =
  /^(?:(?:ba|da|z|k|c|tc|fi|a)?sh|busybox|python[\d.]*|perl[\d.]*|ruby[\d.]*|node|php[\d.]*|lua[\d.]*|tclsh)$/;

interface Program {
  processes: number;
  children: number;
  shells: number;
  filesRead: number;
  filesWritten: number;
  filesRenamed: number;
  filesDeleted: number;
  connections: number;
  readonly users: Set<string | number>;
  readonly childPrograms: Set<string>;
  readonly folders: Set<string>;
  readonly ports: Set<number>;
  readonly remoteAddresses: Set<string>;
  readonly remotePorts: Set<number>;
}

/** Counts what happens on the host for the models. Bounded: see MAX_PROGRAMS, MAX_DISTINCT and MAX_KNOWN. */
export class HostActivityCount {
  readonly #clock: Clock;
  readonly #memory: SensorMemory;
  readonly #programs = new Map<string, Program>();
  /** In the order of their last start. */
  readonly #known: Set<string>;
  /** By path: programs are the same again and again. */
  readonly #digests = new Map<string, string>();
  #counts = { ...NONE };
  #distinct = 0;
  #hourBeganMs: number;
  #savedMs: number;
  #isChanged = false;

  constructor(clock: Clock, memory: SensorMemory) {
    this.#clock = clock;
    this.#memory = memory;
    this.#hourBeganMs = clock.monotonicMs();
    this.#savedMs = this.#hourBeganMs;
    this.#known = new Set(memory.load()?.split(' ').slice(0, MAX_KNOWN));
  }

  event(event: HostEvent): void {
    const counts = this.#counts;
    switch (event.type) {
      case 'process-start':
        this.#started(event.process, event.process.parent);
        break;
      case 'process-exit':
        counts.processExits++;
        break;
      case 'process-credentials':
        if (event.before.euid !== 0 && event.after.euid === 0) counts.privilegedCommands++;
        break;
      case 'file-written':
      case 'file-created':
        if (event.type === 'file-written') counts.fileWrites++;
        this.#file(event.process, event.path, event.type === 'file-written' ? 'filesWritten' : undefined);
        break;
      case 'file-renamed':
        counts.fileRenames++;
        this.#file(event.process, event.path, 'filesRenamed');
        break;
      case 'file-deleted':
        counts.fileDeletions++;
        this.#file(event.process, event.path, 'filesDeleted');
        break;
      case 'file-opened': {
        const program = this.#programOf(event.process);
        if (program !== undefined) program.filesRead++;
        break;
      }
      case 'network-connection': {
        const program = event.direction === 'outbound' ? this.#programOf(event.process) : undefined;
        if (program === undefined) break;
        program.connections++;
        this.#distinguish(program.remoteAddresses, event.remoteAddress);
        this.#distinguish(program.remotePorts, event.remotePort);
        break;
      }
      case 'listener-opened': {
        const program = this.#programOf(event.process);
        if (program !== undefined) this.#distinguish(program.ports, event.port);
        break;
      }
      case 'login':
        if (event.isSuccess) counts.logins++;
        else counts.failedLogins++;
    }
  }

  /** Whether nothing happened since the last call of `take`. */
  get isEmpty(): boolean {
    return Object.values(this.#counts).every((count) => count === 0);
  }

  /** What happened since the last call. */
  take(): HostActivity {
    const taken = this.#counts;
    this.#counts = { ...NONE };
    return taken;
  }

  /** The rows of an hour that has ended; empty while it lasts. */
  takeHour(seen: SeenByHost): readonly ProgramHour[] {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#savedMs >= SAVE_MS) this.save();
    if (nowMs - this.#hourBeganMs < HOUR_MS) return [];
    this.#hourBeganMs = nowMs;
    const rows = [...this.#programs].map(([program, counted]) => ({ program, values: valuesOf(counted, seen) }));
    this.#programs.clear();
    this.#distinct = 0;
    return rows;
  }

  /** Keeps which programs are known. */
  save(): void {
    this.#savedMs = this.#clock.monotonicMs();
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#memory.save([...this.#known].join(' '));
  }

  #started(process: HostProcess, parent: HostProcess | undefined): void {
    const name = this.#digestOf(process.image);
    if (!this.#known.has(name)) {
      this.#counts.newExecutables++;
      this.#isChanged = true;
    }
    this.#known.delete(name);
    this.#known.add(name);
    const oldest = this.#known.keys().next();
    if (this.#known.size > MAX_KNOWN && !oldest.done) this.#known.delete(oldest.value);

    const program = this.#programOf(process);
    if (program !== undefined) {
      program.processes++;
      this.#distinguish(program.users, process.user ?? process.euid ?? 0);
    }
    const above = this.#programOf(parent);
    if (above === undefined) return;
    above.children++;
    this.#distinguish(above.childPrograms, process.image);
    if (SHELLS.test(process.image.slice(process.image.lastIndexOf('/') + 1))) above.shells++;
  }

  #digestOf(path: string): string {
    const known = this.#digests.get(path);
    if (known !== undefined) return known;
    const digest = createHash('sha1').update(path).digest('hex').slice(0, DIGEST_DIGITS);
    if (path.length > MAX_DIGESTED_PATH) return digest;
    if (this.#digests.size >= MAX_PROGRAMS) this.#digests.clear();
    this.#digests.set(path, digest);
    return digest;
  }

  #file(
    process: HostProcess | undefined,
    path: string,
    counter: 'filesWritten' | 'filesRenamed' | 'filesDeleted' | undefined,
  ): void {
    const program = this.#programOf(process);
    if (program === undefined) return;
    if (counter !== undefined) program[counter]++;
    this.#distinguish(program.folders, dirname(path));
  }

  #distinguish<T>(values: Set<T>, value: T): void {
    if (this.#distinct >= MAX_DISTINCT || values.has(value)) return;
    this.#distinct++;
    values.add(value);
  }

  #programOf(process: HostProcess | undefined): Program | undefined {
    if (process === undefined || process.image === '') return undefined;
    const known = this.#programs.get(process.image);
    if (known !== undefined || this.#programs.size >= MAX_PROGRAMS) return known;
    const program: Program = {
      processes: 0,
      children: 0,
      shells: 0,
      filesRead: 0,
      filesWritten: 0,
      filesRenamed: 0,
      filesDeleted: 0,
      connections: 0,
      users: new Set(),
      childPrograms: new Set(),
      folders: new Set(),
      ports: new Set(),
      remoteAddresses: new Set(),
      remotePorts: new Set(),
    };
    this.#programs.set(process.image, program);
    return program;
  }
}

function valuesOf(program: Program, seen: SeenByHost): Readonly<Record<string, number>> {
  return {
    ...(seen.processes && {
      processes: program.processes,
      users: program.users.size,
      children: program.children,
      child_programs: program.childPrograms.size,
      shells: program.shells,
    }),
    ...(seen.files && {
      files_read: program.filesRead,
      files_written: program.filesWritten,
      files_renamed: program.filesRenamed,
      files_deleted: program.filesDeleted,
      folders: program.folders.size,
    }),
    ...(seen.sockets && {
      outgoing_connections: program.connections,
      listening_sockets: program.ports.size,
      remote_addresses: program.remoteAddresses.size,
      remote_ports: program.remotePorts.size,
    }),
  };
}
