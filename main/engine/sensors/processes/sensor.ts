/**
 * Processes as the engine sees them: keeps `sense processes` running, makes events of what it says, and says in Health
 * by which method, what it costs in drops, and what it cannot see.
 */
import { accessSync, closeSync, constants } from 'node:fs';
import { Socket } from 'node:net';
import type { FileHashes, HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { type ChildExit, Supervisor, type SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH, HELPER_EXIT, openCapturePipe } from '../helper.ts';
import { HashCache } from './hashes.ts';
import { ProcessHistory } from './history.ts';
import { PackageIndex } from './packages.ts';
import { type ProcessCounts, type ProcessMethod, ProcessRecordDecoder } from './records.ts';
import { readRunning } from './running.ts';
import { withParents } from './table.ts';
import { UserNames } from './users.ts';

export interface ProcessSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** `best` is what else than a test wants. */
  readonly method?: 'best' | ProcessMethod;
  /** What happened, in order. Called in the event loop, some hundred events at most at a time under load. */
  onEvents(events: readonly HostEvent[]): void;
  /** The hash of an executable that was told without it. */
  onHashed?(image: string, hashes: FileHashes): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long lost records stay shown. */
const LOSS_SHOWN_MS = 60_000;
const WATCH_INTERVAL_MS = 5_000;
/** The helper reports every second; one that is silent for so long hangs and is replaced. */
const SILENCE_LIMIT_MS = 30_000;
const NO_COUNTS: ProcessCounts = { forks: 0, execs: 0, exits: 0, credentials: 0, dropped: 0, incomplete: 0 };
const RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const BUILD_HINT =
  'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).';
const CONNECTOR_HINT =
  'Complete are only kernels from 5.17 on with a helper that was built where clang, bpftool and libbpf-dev are installed: ' +
  'install them and run "make -C native-helpers/sense".';

/** What Health says while the helper runs. */
interface Greeting {
  readonly method: ProcessMethod;
  readonly detail: string;
}

export class ProcessSensor {
  readonly name = 'processes';
  readonly #options: ProcessSensorOptions;
  readonly #helperPath: string;
  readonly #clock: Clock;
  readonly #supervisor: Supervisor;
  readonly #health: HealthPart;
  readonly #users: UserNames;
  readonly #packages: PackageIndex;
  #hashes: HashCache;
  readonly #history: ProcessHistory;
  #watchdog: Timer | undefined;
  #greeting: Greeting | undefined;
  #base: ProcessCounts = NO_COUNTS;
  #counts: ProcessCounts = NO_COUNTS;
  #lastLossMs = Number.NEGATIVE_INFINITY;
  #lastNewsMs = 0;
  #runs = 0;
  #pendingFd: number | undefined;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];

  constructor(options: ProcessSensorOptions) {
    this.#options = options;
    this.#helperPath = options.helperPath ?? DEFAULT_HELPER_PATH;
    this.#clock = options.clock ?? systemClock;
    this.#users = new UserNames(this.#clock);
    this.#packages = new PackageIndex(this.#clock);
    this.#hashes = this.#newHashes();
    this.#history = new ProcessHistory({
      userName: (uid) => this.#users.nameOf(uid),
      packageOf: (image) => this.#packages.ownerOf(image),
      hashesOf: (image, inode) => this.#hashes.hashesOf(image, inode),
    });
    this.#health = options.health.part('processes', () => ({
      ...this.counts,
      known: this.#history.table.size,
      forgotten: this.#history.table.forgotten,
      notHashed: this.#hashes.dropped,
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
   * Begins to watch; what runs already is known before the first event is told. May be called again after a stop. Where
   * it is not possible it says so in Health and does nothing.
   */
  start(): void {
    try {
      accessSync(this.#helperPath, constants.X_OK);
    } catch {
      this.#health.failed(`Processes cannot be watched: the helper is not there (${this.#helperPath}).`, BUILD_HINT);
      return;
    }
    this.#hashes = this.#newHashes();
    this.#supervisor.start();
    this.#watchdog ??= this.#clock.every(WATCH_INTERVAL_MS, () => this.#watch());
  }

  async stop(): Promise<void> {
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    await this.#supervisor.stop();
    this.#hashes.close();
    this.#health.off('Not watching.');
  }

  /** Which method is in use; undefined before the helper has said so. */
  get method(): ProcessMethod | undefined {
    return this.#greeting?.method;
  }

  /** The process that has this number now, with where it comes from; also one that is a mere fork. */
  processOf(pid: number): HostProcessWithParents | undefined {
    const entry = this.#history.table.get(pid);
    return entry === undefined ? undefined : withParents(entry);
  }

  /** Totals over all runs. */
  get counts(): ProcessCounts {
    const [base, run] = [this.#base, this.#counts];
    return {
      forks: base.forks + run.forks,
      execs: base.execs + run.execs,
      exits: base.exits + run.exits,
      credentials: base.credentials + run.credentials,
      dropped: base.dropped + run.dropped,
      incomplete: base.incomplete + run.incomplete,
    };
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#supervisor.status.pid;
  }

  #newHashes(): HashCache {
    return new HashCache({ onHashed: (image, hashes) => this.#options.onHashed?.(image, hashes) });
  }

  #plan() {
    const pipe = openCapturePipe(this.#helperPath);
    this.#pendingFd = pipe.readFd;
    const args = ['processes', '--method', this.#options.method ?? 'best'];
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

  /** Some thousand events a second are no load for the event loop; the pipe and the kernel's ring hold what comes faster. */
  #read(fd: number): void {
    const decoder = new ProcessRecordDecoder({
      hello: (method, bootMs, detail) => {
        this.#greeting = { method, detail };
        this.#history.begin(bootMs, readRunning(this.#clock.nowMs()));
        this.#options.onMessage?.('info', `Processes are watched by ${method}. ${detail}`.trim());
      },
      record: (record) => this.#events.push(...this.#history.take(record)),
      statistics: (counts) => this.#observe(counts),
    });
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.on('data', (piece: Buffer) => {
      this.#lastNewsMs = this.#clock.monotonicMs();
      const isSound = decoder.accept(piece);
      const events = this.#events;
      this.#events = [];
      if (events.length > 0) this.#options.onEvents(events);
      if (isSound) return;
      this.#options.onMessage?.('warn', `The process helper's words make no sense: ${decoder.problem}`);
      socket.destroy();
      this.#supervisor.kick();
    });
    socket.on('error', (error) => this.#options.onMessage?.('warn', `Processes cannot be read: ${messageOf(error)}`));
  }

  #observe(counts: ProcessCounts): void {
    if (counts.dropped > this.#counts.dropped) this.#lastLossMs = this.#clock.monotonicMs();
    this.#counts = counts;
    if (this.#supervisor.status.state === 'running') this.#describe();
  }

  #describe(): void {
    if (this.#greeting === undefined) return;
    const { method, detail } = this.#greeting;
    if (this.#clock.monotonicMs() - this.#lastLossMs < LOSS_SHOWN_MS) {
      this.#health.degraded(
        `Processes are watched (${method}), but news of some was lost in the last minute (${this.counts.dropped} in all).`,
        'The machine cannot keep up; the lost ones are counted, not guessed.',
      );
    } else if (method === 'ebpf') {
      this.#health.ok(`Every process is seen with its arguments (eBPF)${detail === '' ? '' : `; ${detail}`}.`);
    } else {
      this.#health.degraded(
        'Processes are watched by the proc connector: of one that ends within milliseconds the arguments may be missing ' +
          `(${this.counts.incomplete} so far). No eBPF: ${detail === '' ? 'it was not wanted' : detail}.`,
        process.geteuid?.() === 0 ? CONNECTOR_HINT : RIGHTS_HINT,
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
    this.#options.onMessage?.('warn', `The process helper ended: ${reason}`);
    if (exit.code === HELPER_EXIT.noRights) {
      this.#health.failed('Processes cannot be watched: permission denied.', RIGHTS_HINT);
    } else if (state === 'failed') {
      this.#health.failed(
        `Processes cannot be watched; the helper failed ${failuresInARow} times in a row: ${reason}.`,
        'Build it anew with "make -C native-helpers/sense clean all". It is tried again every minute.',
      );
    } else {
      this.#health.degraded(`The process helper ended and is started again: ${reason}.`, 'Nothing to do.');
    }
  }

  #watch(): void {
    if (this.#supervisor.status.state !== 'running') return;
    if (this.#clock.monotonicMs() - this.#lastNewsMs < SILENCE_LIMIT_MS) return;
    this.#options.onMessage?.('warn', `The process helper said nothing for ${SILENCE_LIMIT_MS / 1000} s`);
    this.#supervisor.kick();
  }
}
