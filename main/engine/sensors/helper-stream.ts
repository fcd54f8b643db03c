/** One helper process that is kept running, what it writes, and what it is told. */
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '../runtime/clock.ts';
import { codeOf, messageOf } from '../runtime/failure.ts';
import { type ChildExit, Supervisor, type SupervisorOptions } from '../runtime/supervise.ts';
import { HELPER_EXIT, openCapturePipe } from './helper.ts';

export interface HelperStreamOptions {
  readonly helperPath: string;
  /** What messages call it: "file helper". */
  readonly name: string;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** The command line after its name, for the next run. */
  args(): readonly string[];
  /** After so long without a word it hangs and is replaced; 30 s unless told. Every helper gives a sign of life every 5 s at least. */
  readonly silenceLimitMs?: number;
  /** Whether it is told anything on its standard input. */
  readonly hasInput?: boolean;
  /** Whether another run would end the same way. The lack of rights always does. */
  isFinal?(exit: ChildExit): boolean;
  /** A run has begun; what came before is of another one. */
  onBegin(): void;
  /** Some of what it says, only until it returns. False when it makes no sense: the helper is then replaced. */
  onPiece(piece: Buffer): boolean;
  onEnd(exit: ChildExit): void;
  onMessage(message: string): void;
}

/** As much as a pipe holds, unless told otherwise. */
const READ_BYTES = 65_536;
const SILENCE_LIMIT_MS = 30_000;
/** Looks that find nothing new before the helper is replaced: we may have stood still ourselves, but not three times. */
const SILENT_LOOKS = 3;

export class HelperStream {
  readonly supervisor: Supervisor;
  readonly #options: HelperStreamOptions;
  readonly #clock: Clock;
  #watchdog: Timer | undefined;
  #lastNewsMs = 0;
  #silentLooks = 0;
  /** Our ends of the pipes of a run that is about to begin. */
  #pendingOutput: number | undefined;
  #input: number | undefined;

  constructor(options: HelperStreamOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.supervisor = new Supervisor({
      plan: () => this.#plan(),
      onStart: () => this.#started(),
      onExit: (exit) => this.#ended(exit),
      isFinal: (exit) =>
        exit.code === HELPER_EXIT.noRights || exit.code === HELPER_EXIT.usage || (options.isFinal?.(exit) ?? false),
      timing: options.timing,
      clock: options.clock,
    });
  }

  start(): void {
    this.supervisor.start();
    this.#watchdog ??= this.#clock.every(this.#silenceLimitMs / SILENT_LOOKS, () => this.#watch());
  }

  async stop(): Promise<void> {
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    await this.supervisor.stop();
  }

  /** Tells the helper something, at once. Nothing when it does not run; one that does not listen is replaced. */
  send(bytes: Uint8Array): void {
    if (this.#input === undefined) return;
    try {
      if (writeSync(this.#input, bytes) === bytes.length) return;
    } catch (error) {
      // It has just ended, which onEnd tells.
      if (codeOf(error) === 'EPIPE') return;
      if (codeOf(error) !== 'EAGAIN') throw error;
    }
    this.supervisor.kick();
  }

  get #silenceLimitMs(): number {
    return this.#options.silenceLimitMs ?? SILENCE_LIMIT_MS;
  }

  #plan() {
    const { helperPath, hasInput } = this.#options;
    const output = openCapturePipe(helperPath);
    this.#pendingOutput = output.readFd;
    const input = hasInput ? openCapturePipe(helperPath) : undefined;
    if (input !== undefined) {
      // Whoever tells something must not wait for a helper that hangs.
      this.#input = anotherEnd(input.writeFd);
      closeSync(input.writeFd);
    }
    return {
      file: helperPath,
      args: this.#options.args(),
      stdin: input?.readFd,
      stdout: output.writeFd,
      release: () => {
        closeSync(output.writeFd);
        if (input !== undefined) closeSync(input.readFd);
      },
    };
  }

  #started(): void {
    this.#heard();
    this.#options.onBegin();
    const fd = this.#pendingOutput;
    this.#pendingOutput = undefined;
    if (fd === undefined) return;
    // One piece of memory for all reads: a new one for each would come from the system and go back there.
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => {
      if (!this.#take(buffer.subarray(0, length))) socket.destroy();
      return true;
    };
    const socket = new Socket({ fd, readable: true, writable: false, onread: { buffer, callback } });
    socket.resume();
    socket.on('error', (error) =>
      this.#options.onMessage(`The ${this.#options.name} cannot be read: ${messageOf(error)}`),
    );
  }

  #ended(exit: ChildExit): void {
    // The helper could not be started: nobody has got the pipe.
    if (this.#pendingOutput !== undefined) closeSync(this.#pendingOutput);
    if (this.#input !== undefined) closeSync(this.#input);
    this.#pendingOutput = undefined;
    this.#input = undefined;
    this.#options.onEnd(exit);
  }

  #take(piece: Buffer): boolean {
    this.#heard();
    const isSound = this.#options.onPiece(piece);
    if (!isSound) this.supervisor.kick();
    return isSound;
  }

  #heard(): void {
    this.#lastNewsMs = this.#clock.monotonicMs();
    this.#silentLooks = 0;
  }

  #watch(): void {
    if (this.supervisor.status.state !== 'running' || ++this.#silentLooks < SILENT_LOOKS) return;
    const silentMs = this.#clock.monotonicMs() - this.#lastNewsMs;
    if (silentMs < this.#silenceLimitMs) return;
    this.#options.onMessage(`The ${this.#options.name} said nothing for ${Math.round(silentMs / 1000)} s`);
    this.supervisor.kick();
  }
}

/** Another descriptor of a pipe's writing end, which never waits. */
function anotherEnd(writeFd: number): number {
  return openSync(`/proc/self/fd/${writeFd}`, constants.O_WRONLY | constants.O_NONBLOCK);
}
