/**
 * Sockets as the engine sees them: keeps `sense sockets` running, finds out who has the sockets that it met in a list,
 * makes events, and says in Health by which method, how much is attributed, and what is lost.
 */
import { accessSync, closeSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { type ChildExit, Supervisor, type SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH, HELPER_EXIT, openCapturePipe } from '../helper.ts';
import { UserNames } from '../processes/users.ts';
import { SocketHistory } from './history.ts';
import { SocketOwners } from './owners.ts';
import {
  type SocketCounts,
  type SocketGreeting,
  type SocketMethod,
  type SocketRecord,
  SocketRecordDecoder,
} from './records.ts';

export interface SocketSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** `best` is what else than a test wants. */
  readonly method?: 'best' | SocketMethod;
  /** The process that has this number now, with its parents: that of the process sensor. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  /** What happened. Called in the event loop, some hundred events at most at a time under load. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long lost records stay shown. */
const LOSS_SHOWN_MS = 60_000;
const WATCH_INTERVAL_MS = 5_000;
/** The helper reports every second; one that is silent for so long hangs and is replaced. */
const SILENCE_LIMIT_MS = 30_000;
const NO_COUNTS: SocketCounts = {
  connects: 0,
  accepts: 0,
  sends: 0,
  listens: 0,
  unlistens: 0,
  found: 0,
  lists: 0,
  dropped: 0,
};
const RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const BUILD_HINT =
  'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).';
const LISTS_HINT =
  'Complete are only kernels from 5.17 on with a helper that was built where clang, bpftool and libbpf-dev are installed, ' +
  'and that runs as root: install them and run "make -C native-helpers/sense".';

export class SocketSensor {
  readonly name = 'sockets';
  readonly #options: SocketSensorOptions;
  readonly #helperPath: string;
  readonly #clock: Clock;
  readonly #supervisor: Supervisor;
  readonly #health: HealthPart;
  readonly #users: UserNames;
  readonly #owners: SocketOwners;
  readonly #history: SocketHistory;
  #watchdog: Timer | undefined;
  #greeting: SocketGreeting | undefined;
  #base: SocketCounts = NO_COUNTS;
  #counts: SocketCounts = NO_COUNTS;
  #lastLossMs = Number.NEGATIVE_INFINITY;
  #lastNewsMs = 0;
  #runs = 0;
  #pendingFd: number | undefined;
  #isStopping = false;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];
  #isReading = false;

  constructor(options: SocketSensorOptions) {
    this.#options = options;
    this.#helperPath = options.helperPath ?? DEFAULT_HELPER_PATH;
    this.#clock = options.clock ?? systemClock;
    this.#users = new UserNames(this.#clock);
    this.#owners = new SocketOwners({ clock: this.#clock });
    this.#history = new SocketHistory({
      processOf: (pid) => options.processOf?.(pid),
      userName: (uid) => this.#users.nameOf(uid),
    });
    this.#health = options.health.part('sockets', () => ({
      ...this.counts,
      attributed: this.#history.attributed,
      unattributed: this.#history.unattributed,
      listeners: this.#history.listeners,
      ownersNotFound: this.#owners.unanswered,
      restarts: Math.max(0, this.#runs - 1),
    }));
    this.#supervisor = new Supervisor({
      plan: () => this.#plan(),
      onStart: () => this.#started(),
      onExit: (exit) => this.#ended(exit),
      isFinal: (exit) => exit.code === HELPER_EXIT.noRights || exit.code === HELPER_EXIT.usage,
      timing: options.timing,
      clock: options.clock,
    });
  }

  /**
   * Begins to watch; connections and listeners that are there already are told first. May be called again after a stop.
   * Where it is not possible it says so in Health and does nothing.
   */
  start(): void {
    try {
      accessSync(this.#helperPath, constants.X_OK);
    } catch {
      this.#health.failed(`Sockets cannot be watched: the helper is not there (${this.#helperPath}).`, BUILD_HINT);
      return;
    }
    this.#isStopping = false;
    this.#supervisor.start();
    this.#watchdog ??= this.#clock.every(WATCH_INTERVAL_MS, () => this.#watch());
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    await this.#supervisor.stop();
    this.#owners.close();
    this.#health.off('Not watching.');
  }

  /** Which method is in use; undefined before the helper has said so. */
  get method(): SocketMethod | undefined {
    return this.#greeting?.method;
  }

  /** Totals over all runs. */
  get counts(): SocketCounts {
    const [base, run] = [this.#base, this.#counts];
    return {
      connects: base.connects + run.connects,
      accepts: base.accepts + run.accepts,
      sends: base.sends + run.sends,
      listens: base.listens + run.listens,
      unlistens: base.unlistens + run.unlistens,
      found: base.found + run.found,
      lists: base.lists + run.lists,
      dropped: base.dropped + run.dropped,
    };
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#supervisor.status.pid;
  }

  #plan() {
    const pipe = openCapturePipe(this.#helperPath);
    this.#pendingFd = pipe.readFd;
    const args = ['sockets', '--method', this.#options.method ?? 'best'];
    return { file: this.#helperPath, args, stdout: pipe.writeFd, release: () => closeSync(pipe.writeFd) };
  }

  #started(): void {
    this.#runs++;
    this.#lastNewsMs = this.#clock.monotonicMs();
    this.#base = this.counts;
    this.#counts = NO_COUNTS;
    const fd = this.#pendingFd;
    this.#pendingFd = undefined;
    if (fd !== undefined) this.#read(fd);
  }

  #read(fd: number): void {
    const decoder = new SocketRecordDecoder({
      hello: (greeting) => {
        this.#greeting = greeting;
        this.#history.begin(greeting);
        this.#options.onMessage?.('info', `Sockets are watched by ${greeting.method}. ${greeting.detail}`.trim());
      },
      record: (record) => this.#take(record),
      listed: () => this.#events.push(...this.#history.listed(this.#clock.nowMs())),
      statistics: (counts) => this.#observe(counts),
    });
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('data', (piece: Buffer) => {
      this.#lastNewsMs = this.#clock.monotonicMs();
      this.#isReading = true;
      const isSound = decoder.accept(piece);
      this.#isReading = false;
      this.#tell([]);
      if (isSound) return;
      this.#options.onMessage?.('warn', `The socket helper's words make no sense: ${decoder.problem}`);
      socket.destroy();
      this.#supervisor.kick();
    });
    socket.on('error', (error) => this.#options.onMessage?.('warn', `Sockets cannot be read: ${messageOf(error)}`));
  }

  #take(record: SocketRecord): void {
    if (!this.#history.note(record)) return;
    // What closed needs no owner: it is told with that of its opening.
    if (record.owner !== undefined || record.inode === 0 || record.kind === 'unlisten') {
      this.#tell(this.#history.tell(record));
      return;
    }
    this.#owners.ask(record.inode, (owner) => {
      if (!this.#isStopping) this.#tell(this.#history.tell(record, owner));
    });
  }

  /** Events of one piece go together. */
  #tell(events: readonly HostEvent[]): void {
    this.#events.push(...events);
    if (this.#isReading || this.#events.length === 0) return;
    const told = this.#events;
    this.#events = [];
    this.#options.onEvents(told);
  }

  #observe(counts: SocketCounts): void {
    if (counts.dropped > this.#counts.dropped) this.#lastLossMs = this.#clock.monotonicMs();
    this.#counts = counts;
    if (this.#supervisor.status.state === 'running') this.#describe();
  }

  #describe(): void {
    if (this.#greeting === undefined) return;
    const { method, detail } = this.#greeting;
    if (this.#clock.monotonicMs() - this.#lastLossMs < LOSS_SHOWN_MS) {
      this.#health.degraded(
        `Sockets are watched (${method}), but news of some was lost in the last minute (${this.counts.dropped} in all).`,
        'The machine cannot keep up; the lost ones are counted, and their flows have no program.',
      );
    } else if (method === 'ebpf') {
      this.#health.ok('Every connection is seen with its program (eBPF); ports waited on over UDP within a second.');
    } else {
      this.#health.degraded(
        'Sockets are watched by lists four times a second: a connection shorter than that may have no program ' +
          `(${this.#history.unattributed} so far). No eBPF: ${detail === '' ? 'it was not wanted' : detail}.`,
        process.geteuid?.() === 0 ? LISTS_HINT : RIGHTS_HINT,
      );
    }
  }

  #ended(exit: ChildExit): void {
    // The helper could not be started: nobody has got the pipe.
    if (this.#pendingFd !== undefined) closeSync(this.#pendingFd);
    this.#pendingFd = undefined;
    this.#greeting = undefined;
    const { state, failuresInARow } = this.#supervisor.status;
    if (state === 'stopped') return;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage?.('warn', `The socket helper ended: ${reason}`);
    if (exit.code === HELPER_EXIT.noRights) {
      this.#health.failed('Sockets cannot be watched: permission denied.', RIGHTS_HINT);
    } else if (state === 'failed') {
      this.#health.failed(
        `Sockets cannot be watched; the helper failed ${failuresInARow} times in a row: ${reason}.`,
        'Build it anew with "make -C native-helpers/sense clean all". It is tried again every minute.',
      );
    } else {
      this.#health.degraded(`The socket helper ended and is started again: ${reason}.`, 'Nothing to do.');
    }
  }

  #watch(): void {
    if (this.#supervisor.status.state !== 'running') return;
    if (this.#clock.monotonicMs() - this.#lastNewsMs < SILENCE_LIMIT_MS) return;
    this.#options.onMessage?.('warn', `The socket helper said nothing for ${SILENCE_LIMIT_MS / 1000} s`);
    this.#supervisor.kick();
  }
}
