/**
 * Live capture as the engine sees it: keeps the helper running, hands each run's pipe to whoever reads it, and
 * says in Health how every interface is doing.
 */
import { closeSync } from 'node:fs';
import type { Clock, Timer } from '../runtime/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../runtime/health.ts';
import { type ChildExit, Supervisor, type SupervisorOptions } from '../runtime/supervise.ts';
import { canCapture, DEFAULT_HELPER_PATH, HELPER_EXIT, openCapturePipe, RIGHTS_HINT } from './helper.ts';
import type { InterfaceState } from './reader.ts';
import { ALL_INTERFACES, AUTOMATIC_INTERFACES } from './settings.ts';

/** One run of the helper, for `pumpCapture`. Who gets it closes the descriptor. */
export interface CaptureStream {
  /** The reading end of the helper's pipe, good in every thread of the process. */
  readonly fd: number;
  /** Counts up with every run of the helper. */
  readonly run: number;
}

/** What is watched, and how. */
export interface CaptureSettings {
  /** Names, or one of the words 'auto' and 'all' alone. */
  readonly interfaces: readonly string[];
  readonly snapBytes: number;
  readonly ringMebibytes: number;
  readonly promiscuous: boolean;
}

export interface CaptureSensorOptions extends CaptureSettings {
  readonly helperPath?: string;
  /** The command that comes before the helper's, such as ['ip', 'netns', 'exec', 'name']. */
  readonly prefix?: readonly string[];
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /**
   * A run began: read its stream until it ends. Called again for every run. The worker that reads is to be made
   * with `trackUnmanagedFds: false`, because it closes a descriptor that another thread opened.
   */
  onStream(stream: CaptureStream): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long an interface that lost packets stays degraded in Health. */
const LOSS_SHOWN_MS = 60_000;
/** How often the sensor looks whether its helper still speaks. */
const WATCH_INTERVAL_MS = 5_000;
/** The helper is heard of every five seconds; one that is silent for so long hangs and is replaced. */
const SILENCE_LIMIT_MS = 30_000;
const MISSING_HINT = 'Check the name with "ip link"; it is watched as soon as it appears.';

/** One interface with its counts from this and earlier runs of the helper. */
interface Watched {
  state: InterfaceState;
  /** Counts of earlier runs. */
  base: { received: number; dropped: number; bytes: number };
  lastLossMs: number;
  readonly health: HealthPart;
}

export class CaptureSensor {
  readonly name = 'capture';
  #options: CaptureSensorOptions;
  readonly #helperPath: string;
  readonly #clock: Clock;
  readonly #supervisor: Supervisor;
  readonly #health: HealthPart;
  readonly #watched = new Map<string, Watched>();
  #watchdog: Timer | undefined;
  #run = 0;
  /** Runs that were asked for; the others replaced a helper that ended. */
  #starts = 0;
  #lastNewsMs = 0;
  #pendingFd: number | undefined;

  constructor(options: CaptureSensorOptions) {
    this.#options = options;
    this.#helperPath = options.helperPath ?? DEFAULT_HELPER_PATH;
    this.#clock = options.clock ?? systemClock;
    this.#health = options.health.part('capture', () => ({
      restarts: Math.max(0, this.#run - this.#starts),
      received: this.#total('received'),
      dropped: this.#total('dropped'),
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

  /** What the helper is told from its next start on. */
  configure(settings: CaptureSettings): void {
    this.#options = { ...this.#options, ...settings };
  }

  /** Begins to watch; may be called again after a stop. Where that is not possible it says so in Health and does nothing. */
  start(): void {
    const ability = canCapture(this.#helperPath);
    if (!ability.ok) {
      this.#health.failed(ability.detail, ability.hint);
      return;
    }
    this.#starts++;
    this.#supervisor.start();
    this.#watchdog ??= this.#clock.every(WATCH_INTERVAL_MS, () => this.#watch());
  }

  /** Ends the helper. The last stream ends after what it still holds. */
  async stop(): Promise<void> {
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    await this.#supervisor.stop();
    this.#health.off('Not watching.');
    for (const watched of this.#watched.values()) watched.health.off('Not watching.');
  }

  /** What `pumpCapture` says in `onInterfaces`, with the run that it read. News of an earlier run is ignored. */
  observe(run: number, interfaces: readonly InterfaceState[]): void {
    if (run !== this.#run) return;
    this.#lastNewsMs = this.#clock.monotonicMs();
    for (const state of interfaces) this.#observeOne(state);
    for (const [name, watched] of this.#watched) {
      // Renamed, or its place was taken by another one.
      if (interfaces.some((state) => state.name === name)) continue;
      watched.health.remove();
      this.#watched.delete(name);
    }
    // The last counts of a helper that was stopped.
    if (this.#supervisor.status.state !== 'running') return;
    for (const watched of this.#watched.values()) describe(watched, this.#lastNewsMs);
    const up = interfaces.filter((state) => state.state === 'up');
    if (up.length > 0) this.#health.ok(`Watching ${up.map((state) => state.name).join(', ')}.`);
    else this.#health.degraded('No interface that is to be watched is up.', 'Nothing is seen until one comes up.');
  }

  /** Every interface with its counts since the sensor was made. */
  interfaces(): InterfaceState[] {
    return [...this.#watched.values()].map(({ state, base }) => ({
      ...state,
      received: base.received + state.received,
      dropped: base.dropped + state.dropped,
      bytes: base.bytes + state.bytes,
    }));
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#supervisor.status.pid;
  }

  #plan() {
    const pipe = openCapturePipe(this.#helperPath);
    this.#pendingFd = pipe.readFd;
    const [file, ...args] = [...(this.#options.prefix ?? []), this.#helperPath, ...helperArguments(this.#options)];
    return { file, args, stdout: pipe.writeFd, release: () => closeSync(pipe.writeFd) };
  }

  #started(): void {
    this.#run++;
    this.#lastNewsMs = this.#clock.monotonicMs();
    for (const watched of this.#watched.values()) {
      const { received, dropped, bytes } = watched.state;
      const { base } = watched;
      watched.base = {
        received: base.received + received,
        dropped: base.dropped + dropped,
        bytes: base.bytes + bytes,
      };
      watched.state = { ...watched.state, received: 0, dropped: 0, bytes: 0 };
    }
    const fd = this.#pendingFd;
    this.#pendingFd = undefined;
    if (fd !== undefined) this.#options.onStream({ fd, run: this.#run });
  }

  #ended(exit: ChildExit): void {
    // The helper could not be started: nobody has got the pipe.
    if (this.#pendingFd !== undefined) closeSync(this.#pendingFd);
    this.#pendingFd = undefined;
    const { state, failuresInARow } = this.#supervisor.status;
    if (state === 'stopped') return;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage?.('warn', `The capture helper ended: ${reason}`);
    for (const watched of this.#watched.values()) {
      watched.health.failed(`Cannot watch ${watched.state.name}: the capture helper is not running.`, 'See "capture".');
    }
    if (exit.code === HELPER_EXIT.noRights) {
      this.#health.failed('The network cannot be watched: permission denied.', `${RIGHTS_HINT}${this.#helperPath}`);
    } else if (state === 'failed') {
      this.#health.failed(
        `The capture helper failed ${failuresInARow} times in a row: ${reason}.`,
        'It is tried again every minute. The log says more; please report this.',
      );
    } else {
      this.#health.degraded(`The capture helper ended and is started again: ${reason}.`, 'Nothing to do.');
    }
  }

  #watch(): void {
    if (this.#supervisor.status.state !== 'running') return;
    if (this.#clock.monotonicMs() - this.#lastNewsMs < SILENCE_LIMIT_MS) return;
    this.#options.onMessage?.('warn', `The capture helper said nothing for ${SILENCE_LIMIT_MS / 1000} s`);
    this.#supervisor.kick();
  }

  #observeOne(state: InterfaceState): void {
    const nowMs = this.#clock.monotonicMs();
    let watched = this.#watched.get(state.name);
    if (watched === undefined) {
      const part: Watched = {
        state,
        base: { received: 0, dropped: 0, bytes: 0 },
        lastLossMs: Number.NEGATIVE_INFINITY,
        health: this.#options.health.part(`capture/${state.name}`, () => ({
          received: part.base.received + part.state.received,
          dropped: part.base.dropped + part.state.dropped,
          bytes: part.base.bytes + part.state.bytes,
        })),
      };
      watched = part;
      this.#watched.set(state.name, watched);
      if (state.dropped > 0) watched.lastLossMs = nowMs;
    } else {
      if (state.dropped > watched.state.dropped) watched.lastLossMs = nowMs;
      watched.state = state;
    }
  }

  #total(count: 'received' | 'dropped'): number {
    let sum = 0;
    for (const { base, state } of this.#watched.values()) sum += base[count] + state[count];
    return sum;
  }
}

function describe({ state, base, health, lastLossMs }: Watched, nowMs: number): void {
  const { name, detail } = state;
  switch (state.state) {
    case 'up':
      if (nowMs - lastLossMs > LOSS_SHOWN_MS) {
        health.ok(`Watching ${name}.`);
        break;
      }
      health.degraded(
        `Watching ${name}, but packets were lost in the last minute (${base.dropped + state.dropped} in all).`,
        'The machine cannot keep up. A larger ringMebibytes rides out longer bursts.',
      );
      break;
    case 'down':
      health.degraded(`Cannot watch ${name}: ${detail}.`, 'It is watched again as soon as it is up.');
      break;
    case 'missing':
      health.degraded(`Cannot watch ${name}: ${detail}.`, MISSING_HINT);
      break;
    case 'failed':
      health.failed(`Cannot watch ${name}: ${detail}.`, 'The log says more.');
      break;
  }
}

/** The helper's command line. Throws on a list that mixes names with 'auto' or 'all', or is empty. */
export function helperArguments(
  options: Pick<CaptureSensorOptions, 'interfaces' | 'snapBytes' | 'ringMebibytes' | 'promiscuous'>,
): string[] {
  const { interfaces } = options;
  const words = interfaces.filter((name) => name === AUTOMATIC_INTERFACES || name === ALL_INTERFACES);
  if (interfaces.length === 0 || (words.length > 0 && interfaces.length > 1)) {
    throw new Error(`interfaces must be names, or "auto" or "all" alone, not [${interfaces.join(', ')}]`);
  }
  return [
    'capture',
    ...(words.length > 0 ? [`--${words[0]}`] : interfaces.flatMap((name) => ['--interface', name])),
    '--snap',
    String(options.snapBytes),
    '--ring-mib',
    String(options.ringMebibytes),
    ...(options.promiscuous ? ['--promiscuous'] : []),
  ];
}
