import { Worker } from 'node:worker_threads';
import { HOST_STARTS } from '../../../../contract/api-protection.ts';
import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { formatCount } from '../../../../contract/format.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import type { Config } from '../../runtime/config.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { HOST_YOUNG_GENERATION_MB } from '../../runtime/heap.ts';
import type { Logger } from '../../runtime/log.ts';
import { DEFAULT_TIMING, pauseMs } from '../../runtime/supervise.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import type { ResponseRules } from '../response/first-hold.ts';
import type { HostActivity, ProgramHour, SeenByHost } from './host-activity.ts';
import { HealthMirror } from './host-health.ts';
import {
  HEARTBEAT_MS,
  type HostCounts,
  type HostMessage,
  type HostOrder,
  type HostWorkerData,
  type LoadedRules,
  NO_HOST_COUNTS,
  type RuleHits,
  TAKEN_BYTES,
} from './host-messages.ts';
import { HOST_SENSOR_NAMES } from './host-settings.ts';
import type { SeenProcess } from './process-snapshot.ts';

/** Where sensors keep what outlasts a restart, each one text. */
export interface HostMemory {
  load(name: string): string | undefined;
  save(name: string, text: string): void;
}

export interface LiveHostOptions {
  readonly config: Config;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  /** The engine's own: rules that were taken in are below it. */
  readonly dataDirectory: string;
  /** What Holdfast writes into these itself is no news. */
  readonly ownDirectories: readonly string[];
  /** Asked whenever the thread begins. */
  readonly memory: () => HostMemory;
  readonly disabledRules: () => readonly string[];
  /** Files that were laid out for nobody to use. */
  readonly canaries?: () => readonly string[];
  /** By what whoever is found is stopped at once. */
  readonly response?: () => ResponseRules;
  readonly onFinding: (finding: Finding) => void;
  /** What happened, in the order of time as far as it goes; at most host.storedEventsPerSecond. */
  readonly onEvents?: (events: readonly HostEvent[]) => void;
  readonly onRuleHits?: (hits: readonly RuleHits[]) => void;
  /** Within a second of what happens, and every HEARTBEAT_MS where nothing does. */
  readonly onActivity?: (activity: HostActivity, seen: SeenByHost) => void;
  /** Every hour. */
  readonly onPrograms?: (programs: readonly ProgramHour[]) => void;
  /** The rules have been read, at every start and whenever it was asked for. */
  readonly onRules?: (rules: LoadedRules) => void;
  readonly clock?: Clock;
  /** For tests: every thread that is begun, to end it. */
  readonly onThread?: (thread: Worker) => void;
}

/** How long a stopping engine waits for the host thread to end its helpers and say the last. */
const STOP_MS = 4_000;
/** A thread that has said nothing for so many looks hangs, and is replaced. */
const SILENT_LOOKS = 6;
const RULES_HINT = 'See "holdfast rules list": it names them by file and line.';
const FAILED_HINT = 'The log says more; please report this.';

/** A thread that is so busy shows nothing for now. */
const ANSWER_MS = 3_000;

/** The host's sensors, behaviours and rules in their thread, which is brought back when it dies. */
export class LiveHost {
  readonly name = 'host';
  readonly #options: LiveHostOptions;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #rulesHealth: HealthPart;
  readonly #mirror: HealthMirror;
  #config: Config;
  #worker: Worker | undefined;
  #taken = new Int32Array(new SharedArrayBuffer(TAKEN_BYTES));
  #isWanted = false;
  #startedMs = 0;
  #failuresInARow = 0;
  #restarts = 0;
  #silentLooks = 0;
  #again: Timer | undefined;
  #looks: Timer | undefined;
  #stopped: (() => void) | undefined;
  #counts: HostCounts = NO_HOST_COUNTS;
  #rules: LoadedRules | undefined;
  #helpers: readonly number[] = [];
  readonly #asking = new Set<(processes: readonly SeenProcess[] | undefined) => void>();

  constructor(options: LiveHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#config = options.config;
    this.#health = options.health.part('host', () => ({ ...this.#counts, restarts: this.#restarts }));
    this.#rulesHealth = options.health.part('rules', () => ({
      rules: (this.#rules?.detections ?? 0) + (this.#rules?.correlations ?? 0),
      problems: this.#rules?.problemCount ?? 0,
      hits: this.#counts.ruleHits,
    }));
    this.#mirror = new HealthMirror(options.health);
  }

  /** Totals of the thread that runs. */
  get counts(): HostCounts {
    return this.#counts;
  }

  /** Processes that the sensors keep running. */
  get helperPids(): readonly number[] {
    return this.#helpers;
  }

  /** Undefined before they were read for the first time. */
  get rules(): LoadedRules | undefined {
    return this.#rules;
  }

  /** May be called again after a stop. */
  start(): void {
    this.#isWanted = true;
    this.#failuresInARow = 0;
    this.#health.off(HOST_STARTS);
    this.#begin();
    this.#looks = this.#clock.every(HEARTBEAT_MS, () => this.#look());
  }

  /** Other settings, from the next start on. */
  configure(config: Config): void {
    this.#config = config;
  }

  /** Lets the sensors end in order, then ends the thread. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    this.#again?.cancel();
    this.#looks?.cancel();
    const worker = this.#worker;
    if (worker !== undefined) {
      await new Promise<void>((resolve) => {
        this.#stopped = resolve;
        setTimeout(resolve, STOP_MS).unref();
        worker.postMessage({ type: 'stop' } satisfies HostOrder);
      });
    }
    this.#worker = undefined;
    this.#helpers = [];
    await worker?.terminate();
    this.#health.off('Stopped.');
    this.#rulesHealth.off('Stopped.');
  }

  /** Reads the rules again, without those that are switched off. What behaviours know is kept. */
  reloadRules({ disabled }: { readonly disabled: readonly string[] }): void {
    this.#worker?.postMessage({ type: 'reload-rules', disabled } satisfies HostOrder);
  }

  /** Tells the thread which files were laid out for nobody to use. */
  takeCanaries(paths: readonly string[]): void {
    this.#worker?.postMessage({ type: 'take-canaries', paths } satisfies HostOrder);
  }

  /** Tells the thread by what whoever is found is stopped. */
  takeResponse(rules: ResponseRules): void {
    this.#worker?.postMessage({ type: 'take-response', rules } satisfies HostOrder);
  }

  /** Tells the thread what becomes of a process that it may have stopped. */
  settleHold(pid: number, isKept: boolean): void {
    this.#worker?.postMessage({ type: 'settle-hold', pid, isKept } satisfies HostOrder);
  }

  /** Who runs now; undefined where the thread does not say so soon. */
  async processes(): Promise<readonly SeenProcess[] | undefined> {
    const worker = this.#worker;
    if (worker === undefined) return undefined;
    return new Promise((resolve) => {
      const late = this.#clock.after(ANSWER_MS, () => take(undefined));
      const take = (processes: readonly SeenProcess[] | undefined): void => {
        late.cancel();
        this.#asking.delete(take);
        resolve(processes);
      };
      this.#asking.add(take);
      // All who ask meanwhile get the same answer.
      if (this.#asking.size === 1) worker.postMessage({ type: 'list-processes' } satisfies HostOrder);
    });
  }

  #begin(): void {
    const { dataDirectory, ownDirectories, memory, disabledRules, logger } = this.#options;
    const kept = memory();
    const config = this.#config;
    this.#taken = new Int32Array(new SharedArrayBuffer(TAKEN_BYTES));
    this.#counts = NO_HOST_COUNTS;
    this.#silentLooks = 0;
    this.#startedMs = this.#clock.monotonicMs();
    const data: HostWorkerData = {
      settings: Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, config.section(path, table)])),
      dataDirectory,
      ownDirectories,
      disabledRules: disabledRules(),
      canaries: this.#options.canaries?.() ?? [],
      response: this.#options.response?.(),
      kept: Object.fromEntries(
        HOST_SENSOR_NAMES.flatMap((name) => {
          const text = kept.load(name);
          return text === undefined ? [] : [[name, text]];
        }),
      ),
      taken: this.#taken.buffer as SharedArrayBuffer,
    };
    const worker = new Worker(new URL('./host-worker.ts', import.meta.url), {
      workerData: data,
      env: workerEnvironment(),
      resourceLimits: { maxYoungGenerationSizeMb: HOST_YOUNG_GENERATION_MB },
      // The streams of helpers are opened as files and closed as sockets. A thread that keeps count of its files does not
      // hear of that, and would close the number at its end, whoever of the engine has it by then.
      trackUnmanagedFds: false,
    });
    this.#worker = worker;
    worker.on('message', (message: HostMessage) => this.#receive(worker, message));
    worker.on('error', (error) => logger.error('The host thread failed', { error: String(error) }));
    worker.on('exit', () => this.#exited(worker));
    this.#options.onThread?.(worker);
  }

  #receive(worker: Worker, message: HostMessage): void {
    if (this.#worker !== worker) return;
    this.#silentLooks = 0;
    switch (message.type) {
      case 'started':
        this.#health.ok(
          this.#restarts === 0
            ? 'Looking at what happens on this computer.'
            : 'Looking at what happens on this computer; the thread had failed and was started again.',
        );
        break;
      case 'findings':
        for (const finding of message.findings) this.#options.onFinding(finding);
        break;
      case 'events':
        Atomics.add(this.#taken, 0, message.events.length);
        this.#options.onEvents?.(message.events);
        break;
      case 'state':
        this.#counts = message.counts;
        this.#helpers = message.helpers;
        this.#mirror.take(message.health);
        break;
      case 'activity':
        this.#options.onActivity?.(message.activity, message.seen);
        break;
      case 'programs':
        this.#options.onPrograms?.(message.programs);
        break;
      case 'processes':
        for (const take of [...this.#asking]) take(message.processes);
        break;
      case 'rules':
        this.#takeRules(message.rules);
        break;
      case 'rule-hits':
        this.#options.onRuleHits?.(message.hits);
        break;
      case 'keep':
        this.#options.memory().save(message.name, message.text);
        break;
      case 'log':
        this.#options.logger[message.level](message.message);
        break;
      case 'stopped':
        this.#stopped?.();
    }
  }

  #takeRules(rules: LoadedRules): void {
    this.#rules = rules;
    const inUse = formatCount(rules.detections + rules.correlations, 'rule');
    if (rules.problemCount === 0) this.#rulesHealth.ok(`${inUse} in use.`);
    else {
      const wrong = formatCount(rules.problemCount, 'problem');
      this.#rulesHealth.degraded(`${inUse} in use; ${wrong} with others.`, RULES_HINT);
    }
    this.#options.onRules?.(rules);
  }

  #look(): void {
    if (this.#worker === undefined || ++this.#silentLooks < SILENT_LOOKS) return;
    this.#options.logger.error('The host thread hangs and is ended', { silentMs: SILENT_LOOKS * HEARTBEAT_MS });
    void this.#worker.terminate();
  }

  #exited(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#stopped?.();
    if (!this.#isWanted) return;
    const ranMs = this.#clock.monotonicMs() - this.#startedMs;
    this.#failuresInARow = ranMs >= DEFAULT_TIMING.steadyAfterMs ? 1 : this.#failuresInARow + 1;
    this.#restarts++;
    this.#helpers = [];
    const detail = 'The thread that watches this computer failed and is started again.';
    if (this.#failuresInARow >= DEFAULT_TIMING.failuresUntilFailed) this.#health.failed(detail, FAILED_HINT);
    else this.#health.degraded(detail, FAILED_HINT);
    this.#mirror.fail('Not watching: the thread that does it failed and is started again.', FAILED_HINT);
    const pause = pauseMs(this.#failuresInARow, DEFAULT_TIMING, Math.random());
    this.#again = this.#clock.after(pause, () => this.#begin());
  }
}
