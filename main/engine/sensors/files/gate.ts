/**
 * Asked before programs start, and before guarded files are opened: keeps `sense verdicts` running and answers it. It
 * fails open: what nobody answers in time goes on, and is counted; when the engine ends, so do the questions.
 */
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { ChildExit, SupervisorOptions } from '../../runtime/supervise.ts';
import { HelperStream } from '../helper-stream.ts';
import {
  encodeCommand,
  type FileVerdictRequest,
  NO_VERDICT_COUNTS,
  type VerdictCounts,
  VerdictRecordDecoder,
} from './verdict-records.ts';

/** Files that start without a look: they are root's, nobody else may write to them, and they lie in one of the folders. */
export interface TrustedFiles {
  /** Absolute; what is anywhere below them is trusted. At most 64. */
  readonly folders: readonly string[];
  /** Below those, but not trusted. */
  readonly except: readonly string[];
}

/** "unknown" is allowed this time, and asked about again: nobody looked. */
export type FileVerdict = 'allow' | 'deny' | 'unknown';

export interface VerdictGateOptions {
  readonly helperPath: string;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  readonly onlyMountPoints: readonly string[];
  readonly ownProcesses: readonly number[];
  /** How long somebody may be kept waiting. */
  readonly deadlineMs: number;
  /** What is not trusted. */
  verdict(request: FileVerdictRequest): FileVerdict | Promise<FileVerdict>;
  /** The helper itself lets these start, however busy the engine is: they are not asked about. */
  readonly trusted?: TrustedFiles;
  /** The counts or the state are others. */
  onChange(): void;
  onMessage(level: 'info' | 'warn', message: string): void;
}

/** As long as the helper takes them (PATH_MAX); what is longer cannot be opened by that name either. */
const MAX_GUARDED_PATH_BYTES = 4_096;

/** Every program that starts waits for a helper that hangs; when it is ended, the kernel lets them go. */
const SILENCE_LIMIT_MS = 3_000;
/** How long it stays shown that programs started unasked. */
const DEAF_SHOWN_MS = 60_000;

export class VerdictGate {
  readonly #options: VerdictGateOptions;
  readonly #stream: HelperStream;
  readonly #guarded = new Set<string>();
  #decoder: VerdictRecordDecoder;
  #isAsking = false;
  #lastProblem = '';
  #base: VerdictCounts = NO_VERDICT_COUNTS;
  #counts: VerdictCounts = NO_VERDICT_COUNTS;
  readonly #clock: Clock;
  #lastDeafMs = Number.NEGATIVE_INFINITY;
  /** Answers that took longer than a turn belong to the run that asked. */
  #run = 0;

  constructor(options: VerdictGateOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#decoder = this.#newDecoder();
    const { folders, except } = options.trusted ?? { folders: [], except: [] };
    this.#stream = new HelperStream({
      helperPath: options.helperPath,
      name: 'verdict helper',
      clock: options.clock,
      timing: options.timing,
      hasInput: true,
      silenceLimitMs: SILENCE_LIMIT_MS,
      args: () => [
        'verdicts',
        ...['--own', String(process.pid), '--deadline-ms', String(options.deadlineMs)],
        ...options.ownProcesses.flatMap((pid) => ['--own', String(pid)]),
        ...options.onlyMountPoints.flatMap((path) => ['--only', path]),
        ...folders.flatMap((path) => ['--trusted', withoutSlash(path)]),
        ...except.flatMap((path) => ['--distrusted', withoutSlash(path)]),
      ],
      onBegin: () => this.#began(),
      onPiece: (piece) => this.#take(piece),
      onEnd: (exit) => this.#ended(exit),
      onMessage: (message) => options.onMessage('warn', message),
    });
  }

  start(): void {
    this.#stream.start();
  }

  async stop(): Promise<void> {
    await this.#stream.stop();
  }

  /** Whether programs wait for a verdict now. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  /** Whether answers lately came so late that nobody was asked for some seconds. */
  get wasDeaf(): boolean {
    return this.#clock.monotonicMs() - this.#lastDeafMs < DEAF_SHOWN_MS;
  }

  /** Why it does not ask; empty while it does. */
  get problem(): string {
    return this.#lastProblem;
  }

  /** Totals over all runs. */
  get counts(): VerdictCounts {
    const [base, run] = [this.#base, this.#counts];
    return {
      asked: base.asked + run.asked,
      allowed: base.allowed + run.allowed,
      denied: base.denied + run.denied,
      timeouts: base.timeouts + run.timeouts,
      crowded: base.crowded + run.crowded,
      exempt: base.exempt + run.exempt,
      overflows: base.overflows + run.overflows,
      guarded: run.guarded,
      medianUs: run.medianUs,
      deaf: base.deaf + run.deaf,
      known: base.known + run.known,
      knownMedianUs: run.knownMedianUs,
      overallMedianUs: run.overallMedianUs,
    };
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#stream.supervisor.status.pid;
  }

  /** From now on it is asked whenever this file is opened. It must be there; a symbolic link is not followed. */
  guard(path: string): void {
    if (Buffer.byteLength(path) > MAX_GUARDED_PATH_BYTES) throw new Error(`too long to guard: ${path.slice(0, 80)}…`);
    this.#guarded.add(path);
    this.#stream.send(encodeCommand('guard', 0, path));
  }

  unguard(path: string): void {
    if (this.#guarded.delete(path)) this.#stream.send(encodeCommand('unguard', 0, path));
  }

  /** What was allowed is asked about again: something is denied now that was not. */
  forget(): void {
    this.#stream.send(encodeCommand('forgetAll', 0));
    this.#guardAll();
  }

  #guardAll(): void {
    for (const path of this.#guarded) this.#stream.send(encodeCommand('guard', 0, path));
  }

  #newDecoder(): VerdictRecordDecoder {
    return new VerdictRecordDecoder({
      hello: () => {
        this.#isAsking = true;
        this.#lastProblem = '';
        this.#guardAll();
        this.#options.onChange();
      },
      request: (question, request, descriptor) =>
        this.#answer(question, { ...request, openAt: `/proc/${this.helperPid}/fd/${descriptor}` }),
      statistics: (counts) => {
        if (counts.deaf > this.#counts.deaf) this.#lastDeafMs = this.#clock.monotonicMs();
        this.#counts = counts;
        this.#options.onChange();
      },
    });
  }

  #began(): void {
    this.#run++;
    this.#base = this.counts;
    this.#counts = NO_VERDICT_COUNTS;
    this.#decoder = this.#newDecoder();
  }

  #take(piece: Buffer): boolean {
    const isSound = this.#decoder.accept(piece);
    if (!isSound) this.#options.onMessage('warn', `The verdict helper's words make no sense: ${this.#decoder.problem}`);
    return isSound;
  }

  #answer(question: number, request: FileVerdictRequest): void {
    const run = this.#run;
    const send = (verdict: FileVerdict): void => {
      if (run !== this.#run) return;
      const allow = request.kind === 'execute' && verdict === 'allow' ? 'allowRemember' : 'allow';
      this.#stream.send(encodeCommand(verdict === 'deny' ? 'deny' : allow, question));
    };
    // Asked for once more next time: a verdict that failed is not remembered.
    const fail = (error: unknown): void => {
      this.#options.onMessage('warn', `No verdict on ${JSON.stringify(request.path)}: ${messageOf(error)}`);
      if (run === this.#run) this.#stream.send(encodeCommand('allow', question));
    };
    try {
      const verdict = this.#options.verdict(request);
      if (typeof verdict === 'string') send(verdict);
      else verdict.then(send, fail);
    } catch (error) {
      fail(error);
    }
  }

  #ended(exit: ChildExit): void {
    this.#isAsking = false;
    if (this.#stream.supervisor.status.state === 'stopped') return;
    this.#lastProblem = exit.lastWords || `the helper ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage('warn', `Programs start unasked: ${this.#lastProblem}`);
    this.#options.onChange();
  }
}

/** As the helper takes paths. */
function withoutSlash(path: string): string {
  return path === '/' ? path : path.replace(/\/+$/, '');
}
