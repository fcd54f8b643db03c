/**
 * What every sensor does that hears of the kernel from a helper: keeps the helper running, hands its stream to a decoder,
 * adds up what it counts over all runs, and says in Health how it is, by which method, and what was lost.
 */
import { accessSync, constants } from 'node:fs';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../runtime/health.ts';
import type { ChildExit, SupervisorOptions } from '../runtime/supervise.ts';
import { HELPER_EXIT } from './helper.ts';
import { HelperStream } from './helper-stream.ts';

/** Takes a stream apart. One for each run, since a run may end in the middle of a record. */
export interface StreamDecoder {
  /** False when the stream is damaged. Never throws. */
  accept(piece: Uint8Array): boolean;
  readonly problem: string | undefined;
}

/** Totals by name. News that was lost is always one of them. */
export type HelperCounts<Name extends string> = Readonly<Record<Name | 'dropped', number>>;

/** What Health says. */
export interface SensorState {
  readonly state: 'ok' | 'degraded' | 'off' | 'failed';
  readonly detail: string;
  readonly hint?: string;
}

export interface HelperSensorOptions<Name extends string> {
  readonly helperPath: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** The part of Health. */
  readonly part: string;
  /** What messages call the helper: "socket helper". */
  readonly name: string;
  /** How a sentence begins that says why not: "Sockets cannot be watched". */
  readonly cannot: string;
  readonly counts: readonly (Name | 'dropped')[];
  /** The command line after the helper's name, for the next run. */
  args(): readonly string[];
  /** A run has begun: its decoder, which hands what was counted to `observe`. */
  decoder(): StreamDecoder;
  /** A piece of the stream was taken. */
  onPiece(): void;
  /** What Health says of a helper that runs; undefined before it has greeted. */
  describe(): SensorState | undefined;
  /** The same while news was lost within the last minute. @param dropped since the start */
  describeLoss(dropped: number): SensorState;
  /** A run has ended otherwise than by a stop. What Health says of it where the usual words do not fit. */
  onEnd?(exit: ChildExit, reason: string): SensorState | undefined;
  isFinal?(exit: ChildExit): boolean;
  /** Counters of the sensor's own for Health. */
  counters?(): Readonly<Record<string, number>>;
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long lost records stay shown. */
const LOSS_SHOWN_MS = 60_000;
export const SENSOR_RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const BUILD_HINT =
  'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).';
const REBUILD_HINT = 'Build it anew with "make -C native-helpers/sense clean all". It is tried again every minute.';

export class HelperSensor<Name extends string> {
  readonly #options: HelperSensorOptions<Name>;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #stream: HelperStream;
  readonly #none: HelperCounts<Name>;
  #decoder: StreamDecoder | undefined;
  #base: HelperCounts<Name>;
  #counts: HelperCounts<Name>;
  #lastLossMs = Number.NEGATIVE_INFINITY;
  #runs = 0;

  constructor(options: HelperSensorOptions<Name>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#none = Object.fromEntries(options.counts.map((name) => [name, 0])) as HelperCounts<Name>;
    this.#base = this.#none;
    this.#counts = this.#none;
    this.#health = options.health.part(options.part, () => ({
      ...this.counts,
      ...options.counters?.(),
      restarts: Math.max(0, this.#runs - 1),
    }));
    this.#stream = new HelperStream({
      helperPath: options.helperPath,
      name: options.name,
      clock: options.clock,
      timing: options.timing,
      args: () => options.args(),
      isFinal: (exit) => options.isFinal?.(exit) ?? false,
      onBegin: () => this.#began(),
      onPiece: (piece) => this.#take(piece),
      onEnd: (exit) => this.#ended(exit),
      onMessage: (message) => options.onMessage?.('warn', message),
    });
  }

  /** May be called again after a stop. False where the helper is not there, which Health says. */
  start(): boolean {
    const { helperPath, cannot } = this.#options;
    try {
      accessSync(helperPath, constants.X_OK);
    } catch {
      this.#health.failed(`${cannot}: the helper is not there (${helperPath}).`, BUILD_HINT);
      return false;
    }
    this.#stream.start();
    return true;
  }

  async stop(): Promise<void> {
    await this.#stream.stop();
    this.#health.off('Not watching.');
  }

  /** Totals over all runs. */
  get counts(): HelperCounts<Name> {
    const sums = this.#options.counts.map((name) => [name, this.#base[name] + this.#counts[name]]);
    return Object.fromEntries(sums) as HelperCounts<Name>;
  }

  /** The helper's process, while it runs. */
  get pid(): number | undefined {
    return this.#stream.supervisor.status.pid;
  }

  /** Totals of the run. */
  observe(counts: HelperCounts<Name>): void {
    if (counts.dropped > this.#counts.dropped) this.#lastLossMs = this.#clock.monotonicMs();
    this.#counts = counts;
    if (this.#stream.supervisor.status.state !== 'running') return;
    const state = this.#options.describe();
    if (state === undefined) return;
    const isLosing = this.#clock.monotonicMs() - this.#lastLossMs < LOSS_SHOWN_MS;
    this.#show(isLosing ? this.#options.describeLoss(this.counts.dropped) : state);
  }

  #began(): void {
    this.#runs++;
    this.#base = this.counts;
    this.#counts = this.#none;
    this.#decoder = this.#options.decoder();
  }

  #take(piece: Buffer): boolean {
    const isSound = this.#decoder?.accept(piece) ?? false;
    this.#options.onPiece();
    if (!isSound) {
      this.#options.onMessage?.('warn', `The ${this.#options.name}'s words make no sense: ${this.#decoder?.problem}`);
    }
    return isSound;
  }

  #ended(exit: ChildExit): void {
    const { state, failuresInARow } = this.#stream.supervisor.status;
    const { name, cannot, onMessage } = this.#options;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    const own = this.#options.onEnd?.(exit, reason);
    if (state === 'stopped') return;
    onMessage?.('warn', `The ${name} ended: ${reason}`);
    if (exit.code === HELPER_EXIT.noRights) this.#health.failed(`${cannot}: permission denied.`, SENSOR_RIGHTS_HINT);
    else if (own !== undefined) this.#show(own);
    else if (state === 'failed') {
      this.#health.failed(`${cannot}; the helper failed ${failuresInARow} times in a row: ${reason}.`, REBUILD_HINT);
    } else this.#health.degraded(`The ${name} ended and is started again: ${reason}.`, 'Nothing to do.');
  }

  #show({ state, detail, hint = '' }: SensorState): void {
    if (state === 'ok') this.#health.ok(detail);
    else if (state === 'off') this.#health.off(detail, hint);
    else if (state === 'failed') this.#health.failed(detail, hint);
    else this.#health.degraded(detail, hint);
  }
}
