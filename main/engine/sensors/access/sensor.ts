/**
 * Who reaches into other programs and into the kernel: keeps `sense access` running, makes events of what it tells, and
 * says in Health what of it this kernel lets be seen, and what is lost.
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
import { ACCESS_COUNTS, type AccessCounts, type AccessGreeting, AccessRecordDecoder } from './records.ts';
import { accessEvents } from './tell.ts';

export interface AccessSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** Signals to this process and its children are told: the engine's. */
  readonly ownPid?: number;
  /** The process that has this number now, with its parents: that of the process sensor. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  /** What happened. Called in the event loop. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long lost records stay shown. */
const LOSS_SHOWN_MS = 60_000;
const WATCH_INTERVAL_MS = 5_000;
/** The helper reports every second; one that is silent for so long hangs and is replaced. */
const SILENCE_LIMIT_MS = 30_000;
const NO_COUNTS: AccessCounts = { traces: 0, reads: 0, writes: 0, signals: 0, loads: 0, unloads: 0, dropped: 0 };
const SUBJECT = 'Which program reaches into another one';
const RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const BUILD_HINT =
  'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).';
const EBPF_HINT =
  'It needs Linux 5.17 or later, and a helper that was built where clang, bpftool and libbpf-dev are installed: install ' +
  'them and run "make -C native-helpers/sense".';

export class AccessSensor {
  readonly name = 'access';
  readonly #options: AccessSensorOptions;
  readonly #helperPath: string;
  readonly #clock: Clock;
  readonly #supervisor: Supervisor;
  readonly #health: HealthPart;
  readonly #knowledge: Parameters<typeof accessEvents>[2];
  #watchdog: Timer | undefined;
  #greeting: AccessGreeting | undefined;
  #bootMs = 0;
  #base: AccessCounts = NO_COUNTS;
  #counts: AccessCounts = NO_COUNTS;
  #lastLossMs = Number.NEGATIVE_INFINITY;
  #lastNewsMs = 0;
  #runs = 0;
  #pendingFd: number | undefined;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];

  constructor(options: AccessSensorOptions) {
    this.#options = options;
    this.#helperPath = options.helperPath ?? DEFAULT_HELPER_PATH;
    this.#clock = options.clock ?? systemClock;
    const users = new UserNames(this.#clock);
    this.#knowledge = {
      processOf: (pid) => options.processOf?.(pid),
      userName: (uid) => users.nameOf(uid),
    };
    this.#health = options.health.part('access', () => ({ ...this.counts, restarts: Math.max(0, this.#runs - 1) }));
    this.#supervisor = new Supervisor({
      plan: () => this.#plan(),
      onStart: () => this.#started(),
      onExit: (exit) => this.#ended(exit),
      isFinal: (exit) => exit.code === HELPER_EXIT.noRights || exit.code === HELPER_EXIT.usage || this.#cannot(exit),
      timing: options.timing,
      clock: options.clock,
    });
  }

  /** Begins to watch. May be called again after a stop. Where it is not possible it says so in Health and does nothing. */
  start(): void {
    try {
      accessSync(this.#helperPath, constants.X_OK);
    } catch {
      this.#health.failed(`${SUBJECT} cannot be watched: the helper is not there (${this.#helperPath}).`, BUILD_HINT);
      return;
    }
    this.#supervisor.start();
    this.#watchdog ??= this.#clock.every(WATCH_INTERVAL_MS, () => this.#watch());
  }

  async stop(): Promise<void> {
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    await this.#supervisor.stop();
    this.#health.off('Not watching.');
  }

  /** What the helper said of itself when it last began; undefined before it ever did. */
  get greeting(): AccessGreeting | undefined {
    return this.#greeting;
  }

  /** Totals over all runs. */
  get counts(): AccessCounts {
    const sums = ACCESS_COUNTS.map((name) => [name, this.#base[name] + this.#counts[name]]);
    return Object.fromEntries(sums) as unknown as AccessCounts;
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#supervisor.status.pid;
  }

  #plan() {
    const pipe = openCapturePipe(this.#helperPath);
    this.#pendingFd = pipe.readFd;
    const args = ['access', '--own', String(this.#options.ownPid ?? process.pid)];
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
    const decoder = new AccessRecordDecoder({
      hello: (greeting) => {
        this.#greeting = greeting;
        // As the first run said it: a clock that was set since must not give processes another start.
        if (this.#bootMs === 0) this.#bootMs = Math.round(greeting.bootMs);
        this.#options.onMessage?.('info', `${SUBJECT} is watched. ${greeting.detail}`.trim());
      },
      record: (record) => this.#events.push(...accessEvents(record, this.#bootMs, this.#knowledge)),
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
      this.#options.onMessage?.('warn', `The access helper's words make no sense: ${decoder.problem}`);
      socket.destroy();
      this.#supervisor.kick();
    });
    socket.on('error', (error) => this.#options.onMessage?.('warn', `Accesses cannot be read: ${messageOf(error)}`));
  }

  #observe(counts: AccessCounts): void {
    if (counts.dropped > this.#counts.dropped) this.#lastLossMs = this.#clock.monotonicMs();
    this.#counts = counts;
    if (this.#supervisor.status.state === 'running') this.#describe();
  }

  #describe(): void {
    if (this.#greeting === undefined) return;
    if (this.#clock.monotonicMs() - this.#lastLossMs < LOSS_SHOWN_MS) {
      this.#health.degraded(
        `${SUBJECT} is watched, but news was lost in the last minute (${this.counts.dropped} in all).`,
        'The machine cannot keep up; the lost ones are counted.',
      );
      return;
    }
    this.#health.ok(describeParts(this.#greeting));
  }

  /** No eBPF here, and none will come by trying again. */
  #cannot(exit: ChildExit): boolean {
    return exit.code === HELPER_EXIT.system && this.#greeting === undefined;
  }

  #ended(exit: ChildExit): void {
    // The helper could not be started: nobody has got the pipe.
    if (this.#pendingFd !== undefined) closeSync(this.#pendingFd);
    this.#pendingFd = undefined;
    const { state, failuresInARow } = this.#supervisor.status;
    if (state === 'stopped') return;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage?.('warn', `The access helper ended: ${reason}`);
    if (exit.code === HELPER_EXIT.noRights) {
      this.#health.failed(`${SUBJECT} cannot be watched: permission denied.`, RIGHTS_HINT);
    } else if (this.#cannot(exit)) {
      this.#health.off(`${SUBJECT} cannot be watched here: ${reason}.`, EBPF_HINT);
    } else if (state === 'failed') {
      this.#health.failed(
        `${SUBJECT} cannot be watched; the helper failed ${failuresInARow} times in a row: ${reason}.`,
        'Build it anew with "make -C native-helpers/sense clean all". It is tried again every minute.',
      );
    } else {
      this.#health.degraded(`The access helper ended and is started again: ${reason}.`, 'Nothing to do.');
    }
  }

  #watch(): void {
    if (this.#supervisor.status.state !== 'running') return;
    if (this.#clock.monotonicMs() - this.#lastNewsMs < SILENCE_LIMIT_MS) return;
    this.#options.onMessage?.('warn', `The access helper said nothing for ${SILENCE_LIMIT_MS / 1000} s`);
    this.#supervisor.kick();
  }
}

function describeParts({ seesMemory, seesModules, detail }: AccessGreeting): string {
  const seen = ['tracing', ...(seesMemory ? ['memory'] : []), 'signals to Holdfast'];
  const modules = seesModules ? ', and what is loaded into the kernel' : '';
  const unseen = [
    ...(seesMemory ? [] : [`memory that is read or written (${detail})`]),
    ...(seesModules ? [] : ['kernel modules (this kernel tells of none)']),
  ];
  return (
    `${SUBJECT} is seen (eBPF: ${seen.join(', ')})${modules}.` +
    (unseen.length === 0 ? '' : ` Not seen: ${unseen.join('; ')}.`)
  );
}
