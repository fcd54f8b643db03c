/** Keeps `sense signal` running and asks it to stop processes, to let them go on, and to end them. */
import { accessSync, constants } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type { SignalOrder, SignalOutcome, Signals } from '../../actions/index.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import type { ProcessId } from '../../runtime/process-table.ts';
import type { ChildExit, SupervisorOptions } from '../../runtime/supervise.ts';
import { HelperStream } from '../../sensors/index.ts';
import { encodeSignalRequest, SignalRecordDecoder } from './signal-records.ts';

export interface SignalHelperOptions {
  readonly helperPath: string;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** It can act now, or not any more. */
  onChange(): void;
  onMessage(level: 'warn', message: string): void;
}

interface Waiting {
  readonly timer: Timer;
  resolve(outcome: SignalOutcome): void;
}

/** It takes microseconds; on a machine that swaps it may be longer. Then it counts as failed, and is looked at anew. */
const ANSWER_MS = 3_000;
const WRAP = 2 ** 32;
const MISSING = 'the helper is not there; build it with "make -C native-helpers/sense"';

export class SignalHelper implements Signals {
  readonly #options: SignalHelperOptions;
  readonly #clock: Clock;
  readonly #stream: HelperStream;
  readonly #waiting = new Map<number, Waiting>();
  #decoder: SignalRecordDecoder;
  #sequence = 0;
  #isReady = false;
  #problem = '';
  #ready = Promise.withResolvers<void>();

  constructor(options: SignalHelperOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#decoder = this.#newDecoder();
    this.#stream = new HelperStream({
      helperPath: options.helperPath,
      name: 'signal helper',
      clock: options.clock,
      timing: options.timing,
      hasInput: true,
      args: () => ['signal'],
      onBegin: () => {
        this.#decoder = this.#newDecoder();
      },
      onPiece: (piece) => this.#take(piece),
      onEnd: (exit) => this.#ended(exit),
      onMessage: (message) => options.onMessage('warn', message),
    });
  }

  /** May be called again after a stop. Where the helper is not there, `problem` says so. */
  start(): void {
    try {
      accessSync(this.#options.helperPath, constants.X_OK);
    } catch {
      this.#problem = MISSING;
      this.#options.onChange();
      return;
    }
    this.#stream.start();
  }

  /** What was stopped and not kept goes on then. */
  async stop(): Promise<void> {
    await this.#stream.stop();
  }

  /** Resolves when it can act, or `limitMs` have gone by. */
  async untilReady(limitMs: number): Promise<void> {
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.after(limitMs, resolve);
    // A timer that is left keeps a process from ending.
    await Promise.race([this.#ready.promise, expired]).finally(() => timer.cancel());
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Why it cannot act; empty while it can. */
  get problem(): string {
    return this.#problem;
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#stream.supervisor.status.pid;
  }

  /** Told to the helper at once, before this returns. */
  send(process: ProcessId, order: SignalOrder): Promise<SignalOutcome> {
    if (!this.#isReady) return Promise.resolve('failed');
    this.#sequence = (this.#sequence + 1) % WRAP;
    const sequence = this.#sequence;
    return new Promise((resolve) => {
      const timer = this.#clock.after(ANSWER_MS, () => this.#answer(sequence, 'failed'));
      this.#waiting.set(sequence, { timer, resolve });
      this.#stream.send(encodeSignalRequest(sequence, process, order));
    });
  }

  #newDecoder(): SignalRecordDecoder {
    return new SignalRecordDecoder({
      hello: () => {
        this.#isReady = true;
        this.#problem = '';
        this.#ready.resolve();
        this.#options.onChange();
      },
      result: (sequence, outcome, error) => {
        if (error !== 0) {
          const name = getSystemErrorName(-error);
          this.#options.onMessage('warn', `A process could not be told to stop, go on or end: ${name}`);
        }
        this.#answer(sequence, outcome);
      },
    });
  }

  #answer(sequence: number, outcome: SignalOutcome): void {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    waiting?.timer.cancel();
    waiting?.resolve(outcome);
  }

  #take(piece: Buffer): boolean {
    const isSound = this.#decoder.accept(piece);
    if (!isSound) this.#options.onMessage('warn', `The signal helper's words make no sense: ${this.#decoder.problem}`);
    return isSound;
  }

  #ended(exit: ChildExit): void {
    this.#isReady = false;
    this.#ready = Promise.withResolvers<void>();
    for (const sequence of [...this.#waiting.keys()]) this.#answer(sequence, 'failed');
    const isStopped = this.#stream.supervisor.status.state === 'stopped';
    this.#problem = isStopped ? 'stopped' : exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    if (!isStopped) this.#options.onMessage('warn', `The signal helper ended: ${this.#problem}`);
    this.#options.onChange();
  }
}
