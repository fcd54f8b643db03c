import type { ActionRecord } from '../../../../contract/api-actions.ts';
import type { AllowEntry } from '../../../../contract/api-alerts.ts';
import type { Status } from '../../../../contract/api-schemas.ts';
import type { Alert, Finding, ProcessRecord } from '../../../../contract/domain.ts';
import { FreezeAction, namesOf } from '../../actions/index.ts';
import {
  chooseBelow,
  chooseTree,
  type Decision,
  decide,
  type ProcessChoice,
  type ProtectedReason,
  protectList,
  type ResponseSettings,
  runsOthers,
} from '../../policy/index.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { type LivingProcess, motionOf, type ProcessTable, processTable } from '../../runtime/process-table.ts';
import type { Page, Store } from '../../store/index.ts';
import { isAllowed, type ResponseRules } from './first-hold.ts';
import { bootOf, livingOf, momentNow, readBootId } from './identity.ts';
import { type Case, LeaseBook, type NewAction } from './lease-book.ts';
import { SignalHelper } from './signal-helper.ts';

/** A process as lists of processes name it. */
export interface FreezeRequest {
  readonly pid: number;
  readonly startedMs: number;
  readonly reason: string;
}

export interface ResponseDeskOptions {
  readonly helperPath: string;
  readonly clock?: Clock;
  readonly health: HealthRegistry;
  /** Undefined before the start and after the stop. */
  readonly store: () => Store | undefined;
  readonly settings: () => ResponseSettings;
  /** The whole engine only says what it would do. */
  readonly isSimulating: boolean;
  /** The allow-list: what fits is not acted on. */
  readonly allowed: () => readonly AllowEntry[];
  /** What becomes of a process that whoever found it may have stopped already: it is dealt with, or goes on. */
  readonly onSettled: (pid: number, isKept: boolean) => void;
  readonly onChange: (record: ActionRecord) => void;
  readonly onMessage: (level: 'warn' | 'error', message: string) => void;
}

/** A process that is meant, as it was told and as it runs. */
interface Meant {
  readonly told: Pick<ProcessRecord, 'pid' | 'startedMs'>;
  readonly process: LivingProcess;
}

type Choose = (table: ProcessTable, process: LivingProcess, isProtected: ProtectedReason) => ProcessChoice;

/** Who the records say decided by itself. */
const ENGINE = 'engine';
const ENGINE_PROCESS = process.pid;
const GONE = 'It had ended already.';
/** How often it is looked whether what is frozen still is, and whether its time has run out. */
const LOOK_MS = 5_000;
/** Where it could not be done it is not tried again for so long, however much more is found. */
const RETRY_MS = 10_000;
/** Processes that were dealt with: findings about one are told again and again. */
const MAX_REMEMBERED = 1_024;
const FOR_GOOD = Number.POSITIVE_INFINITY;
/** For the helper to begin. */
const HELPER_MS = 3_000;
const RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const HELPER_HINT = 'It is tried again; the log says more. "make -C native-helpers/sense" builds the helper anew.';

/**
 * Joins what is found with what is done about it: decides, freezes, keeps every step in the store and the journal, and
 * looks after what is frozen until it is let go on or ended.
 */
export class ResponseDesk {
  readonly #options: ResponseDeskOptions;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #helper: SignalHelper;
  readonly #freeze: FreezeAction;
  readonly #book: LeaseBook;
  readonly #bootId = readBootId();
  /** Processes that findings were acted on, and until when they are not again. */
  readonly #answered = new Map<string, number>();
  /** Processes that a person let go on. */
  readonly #released = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  #looks: Timer | undefined;
  #isStarted = false;

  constructor(options: ResponseDeskOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#book = new LeaseBook({ clock: this.#clock, store: options.store, onChange: options.onChange });
    this.#health = options.health.part('response', () => ({
      inForce: this.#book.inForce.length,
      ...this.#book.totals,
    }));
    this.#helper = new SignalHelper({
      helperPath: options.helperPath,
      clock: options.clock,
      onChange: () => this.showHealth(),
      onMessage: options.onMessage,
    });
    this.#freeze = new FreezeAction({
      signals: this.#helper,
      clock: this.#clock,
      processes: () => processTable(),
      motionOf: (process) => motionOf(process),
    });
  }

  /** Takes up what an earlier run left in force as soon as the helper runs, which nobody waits for. */
  start(): void {
    this.#isStarted = true;
    // What a person let go on goes on, also for another run of the engine.
    for (const { state, targets } of this.#book.latest()) if (state === 'reverted') this.#release(targets);
    this.#track(this.#begin());
    this.showHealth();
  }

  async #begin(): Promise<void> {
    await this.open();
    for (const entry of this.#book.inForce) await this.#takeUp(entry);
    if (this.#isStarted) this.#looks = this.#clock.every(LOOK_MS, () => this.#look());
  }

  /** Without looking after anything: for the command line while no engine runs. */
  async open(): Promise<void> {
    this.#helper.start();
    this.#book.load();
    await this.#helper.untilReady(HELPER_MS);
  }

  /** What is frozen and written down stays so: an update of Holdfast lets nothing go on. */
  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#looks?.cancel();
    await Promise.all(this.#work);
    await this.#helper.stop();
    this.#health.off('Stopped.');
  }

  get helperPids(): readonly number[] {
    return this.#helper.helperPid === undefined ? [] : [this.#helper.helperPid];
  }

  /**
   * What is found: where policy says so, whoever did it is told to stop before this returns.
   *
   * @returns to be told, at once, which alert the finding became a part of
   */
  hear(finding: Finding): ((alertId: string) => void) | undefined {
    const { processes: lineage = [] } = finding;
    const decision = this.#decide(finding);
    if (decision === undefined) return undefined;
    if (this.#isReleased(lineage)) this.#options.onSettled(decision.target.pid, false);
    if (this.#isReleased(lineage) || this.#isDealtWith(decision.target)) return undefined;
    const { target, mode, reason, setting, value } = decision;
    this.#answer(target, FOR_GOOD);
    const table = processTable();
    const doer = this.#whoActs(lineage, table);
    const entry = this.#opened({ mode, actor: ENGINE, reason, setting, value }, doer);
    if (doer === undefined) this.#track(this.#refuse(entry, target, GONE));
    else this.#track(this.#carryOut(entry, doer, chooseTree, table));
    return (alertId) => this.#book.answers(entry, alertId);
  }

  /** By hand. @throws FailureError `no-such-process`, `protected`, `not-frozen` */
  async freeze({ pid, startedMs, reason }: FreezeRequest, actor: string): Promise<ActionRecord> {
    const told = { pid, startedMs, image: '', commandLine: '' };
    const table = processTable();
    const process = livingOf(told, [], table, momentNow(this.#clock.nowMs()));
    if (process === undefined) {
      const message = `There is no process ${pid} that began then.`;
      throw new FailureError({
        code: 'no-such-process',
        message,
        hint: 'It may have ended: see "holdfast processes".',
      });
    }
    const why = protectList(table, ENGINE_PROCESS)(process);
    if (why !== undefined) {
      const message = `${namesOf([process])} is protected. ${why}`;
      throw new FailureError({ code: 'protected', message, hint: 'No action of Holdfast touches it.' });
    }
    const action = { mode: 'act', actor, reason: reason || 'Somebody asked for it.', setting: '', value: '' } as const;
    const entry = this.#opened(action, { told, process });
    await this.#track(this.#carryOut(entry, { told, process }, chooseBelow, table));
    const { record } = entry.lease;
    if (record.state !== 'failed') return record;
    throw new FailureError({ code: 'not-frozen', message: record.sentence, hint: RIGHTS_HINT });
  }

  /** @throws FailureError `no-such-action`, `not-in-force`, `action-busy`, `not-done` */
  async undo(id: string, actor: string): Promise<ActionRecord> {
    return this.#change(id, async (entry) => {
      const problem = await this.#freeze.revert(entry.lease.held.processes);
      if (problem !== '') return problem;
      this.#release(entry.lease.record.targets);
      this.#book.step(entry, 'reverted', actor);
      return '';
    });
  }

  /** @throws FailureError as `undo` */
  async end(id: string, actor: string): Promise<ActionRecord> {
    return this.#change(id, async (entry) => {
      const problem = await this.#freeze.end(entry.lease.held.processes);
      if (problem === '') this.#book.step(entry, 'ended', actor);
      return problem;
    });
  }

  list(limit: number, cursor?: string): Page<ActionRecord> {
    return this.#book.page(limit, cursor);
  }

  /** Those that hold something now, the latest first. */
  get inForce(): readonly ActionRecord[] {
    return this.#book.inForce
      .map(({ lease }) => lease.record)
      .sort((first, second) => second.createdMs - first.createdMs);
  }

  /** Those that answer an alert, or hold a process that it names; the latest first. */
  about(alert: Pick<Alert, 'id' | 'processes'>): readonly ActionRecord[] {
    return this.#book.about(alert);
  }

  /** By what it is decided now. */
  get rules(): ResponseRules {
    const { settings, isSimulating, allowed } = this.#options;
    return { settings: settings(), isSimulating, allowed: allowed() };
  }

  /** What is done about what is found, by the settings. */
  get mode(): Status['mode'] {
    const { ransomware } = this.#options.settings();
    if (ransomware === 'off') return 'observe';
    return ransomware === 'simulate' || this.#options.isSimulating ? 'simulate' : 'act';
  }

  /** Says how it is, by the settings and the helper. */
  showHealth(): void {
    if (!this.#isStarted) return;
    const { ransomware } = this.#options.settings();
    if (ransomware === 'off') {
      this.#health.off('Nothing is done by itself, only told.', 'The setting response.ransomware changes that.');
    } else if (ransomware === 'simulate' || this.#options.isSimulating) {
      this.#health.ok('Nothing is done: it is told what would be.');
    } else if (this.#helper.isReady && process.geteuid?.() !== 0) {
      this.#health.off('Only programs of this user can be frozen: Holdfast runs without root.', RIGHTS_HINT);
    } else if (this.#helper.isReady) this.#health.ok('What makes documents unreadable is frozen when it is found.');
    else if (this.#helper.problem === '') this.#health.off('Starting.');
    else this.#health.failed(`Nothing can be frozen: ${this.#helper.problem}.`, HELPER_HINT);
  }

  #opened(action: NewAction, meant: Meant | undefined): Case {
    const bootMs = meant === undefined ? 0 : bootOf(meant.told, meant.process);
    return this.#book.open(action, this.#options.settings().leaseHours, { bootId: this.#bootId, bootMs });
  }

  /** The one that did it, or the script that ran it where it has ended: what runs others is the same doing. */
  #whoActs(lineage: readonly ProcessRecord[], table: ProcessTable): Meant | undefined {
    const moment = momentNow(this.#clock.nowMs());
    for (const [index, told] of lineage.entries()) {
      const process = livingOf(told, lineage, table, moment);
      if (process !== undefined) return index === 0 || runsOthers(process) ? { told, process } : undefined;
    }
    return undefined;
  }

  /** The first signal is sent before this waits for anything. */
  async #carryOut(entry: Case, { told, process: first }: Meant, choose: Choose, table: ProcessTable): Promise<void> {
    const why = protectList(table, ENGINE_PROCESS)(first);
    if (why !== undefined) return this.#refuse(entry, recordOf(first, told), `It is protected. ${why}`);
    const spared = new Map<number, ProcessChoice['spared'][number]>();
    const plan = {
      first,
      choose: (now: ProcessTable) => {
        const living = now.find(first.pid);
        if (living?.startTicks !== first.startTicks) return [];
        const choice = choose(now, living, protectList(now, ENGINE_PROCESS));
        for (const each of choice.spared) spared.set(each.process.pid, each);
        return choice.targets;
      },
    };
    if (entry.lease.record.mode === 'simulate') {
      // Not before whoever told of it has said which alert it is.
      await Promise.resolve();
      this.#book.hold(entry, this.#freeze.plan(plan), [...spared.values()]);
      this.#book.tell(entry);
      return;
    }
    const held = await this.#freeze.apply(plan);
    this.#book.hold(entry, held, [...spared.values()]);
    if (held.length === 0) return this.#refuse(entry, recordOf(first, told), GONE);
    const isStored = this.#book.step(entry, 'applied', entry.lease.record.actor);
    if (isStored) await this.#freeze.keep(held);
    this.#options.onSettled(first.pid, true);
    await this.#settle(entry);
    entry.isBusy = false;
  }

  /** Says whether it works; undoes what does not at all. */
  async #settle(entry: Case): Promise<void> {
    const { processes } = entry.lease.held;
    const { isInForce, isOver, problem } = await this.#freeze.verify(processes);
    const { state } = entry.lease.record;
    if (isOver) this.#book.step(entry, 'ended', ENGINE, 'It has ended, and nothing of it is frozen any more.');
    else if (isInForce && state !== 'verified') this.#book.step(entry, 'verified', ENGINE);
    else if (problem !== '' && processes.every((process) => motionOf(process) === 'running')) {
      await this.#freeze.revert(processes);
      this.#book.step(entry, 'failed', ENGINE, problem);
      for (const { pid, startedMs } of entry.lease.record.targets) {
        this.#answer({ pid, startedMs }, this.#clock.monotonicMs() + RETRY_MS);
      }
    } else if (problem !== '' && state !== 'applied') this.#book.step(entry, 'applied', ENGINE, problem);
  }

  async #refuse(entry: Case, process: ProcessRecord, why: string): Promise<void> {
    await Promise.resolve();
    this.#options.onSettled(process.pid, false);
    this.#book.name(entry, process);
    this.#book.step(entry, 'failed', ENGINE, why);
  }

  async #change(id: string, work: (entry: Case) => Promise<string>): Promise<ActionRecord> {
    const entry = this.#book.take(id);
    try {
      if (this.#isOfAnotherBoot(entry)) return entry.lease.record;
      const problem = await work(entry);
      if (problem !== '') throw new FailureError({ code: 'not-done', message: problem, hint: RIGHTS_HINT });
      return entry.lease.record;
    } finally {
      entry.isBusy = false;
    }
  }

  /** What became of it while no engine ran. */
  async #takeUp(entry: Case): Promise<void> {
    if (this.#isOfAnotherBoot(entry)) return;
    const { processes } = entry.lease.held;
    const motions = processes.map((process) => motionOf(process));
    if (!motions.includes('running')) return this.#care(entry);
    // A person who could not wait for Holdfast; what they let go on goes on whole.
    await this.#freeze.revert(processes);
    this.#book.step(entry, 'reverted', 'somebody', 'Somebody let it go on while Holdfast did not run.');
  }

  /** The numbers of processes mean others now. */
  #isOfAnotherBoot(entry: Case): boolean {
    if (entry.lease.held.bootId === this.#bootId) return false;
    this.#book.step(entry, 'ended', ENGINE, 'It ended when the computer was started anew.');
    return true;
  }

  #look(): void {
    for (const entry of this.#book.inForce) {
      if (entry.isBusy) continue;
      entry.isBusy = true;
      const work = this.#care(entry).finally(() => {
        entry.isBusy = false;
      });
      this.#track(work);
    }
  }

  /** Its time may have run out, it may have ended, and somebody may have let it go on. */
  async #care(entry: Case): Promise<void> {
    const { record, held } = entry.lease;
    if (record.expiresMs !== null && record.expiresMs <= this.#clock.nowMs()) {
      const problem = await this.#freeze.revert(held.processes);
      // Found again it is frozen again.
      for (const { pid, startedMs } of record.targets) this.#answered.delete(keyOf({ pid, startedMs }));
      if (problem === '') this.#book.step(entry, 'expired', ENGINE);
      return;
    }
    await this.#freeze.renew(held.processes);
    await this.#settle(entry);
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work
      .catch((error: unknown) => this.#options.onMessage('error', `An action failed: ${messageOf(error)}`))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
    return tracked;
  }

  #decide(finding: Finding): Decision | undefined {
    const { settings, isSimulating, allowed } = this.rules;
    return decide(finding, {
      settings,
      isSimulating,
      isAllowed: isAllowed(finding, allowed, this.#clock.nowMs()),
    });
  }

  /** A person let it, or what runs it, go on. */
  #isReleased(lineage: readonly ProcessRecord[]): boolean {
    return lineage.some((each) => this.#released.has(keyOf(each)));
  }

  /** It is being acted on, or frozen as a part of something else. */
  #isDealtWith(doer: ProcessRecord): boolean {
    if ((this.#answered.get(keyOf(doer)) ?? 0) > this.#clock.monotonicMs()) return true;
    return this.#book.inForce.some(({ lease }) => lease.record.targets.some((target) => keyOf(target) === keyOf(doer)));
  }

  #answer(process: Pick<ProcessRecord, 'pid' | 'startedMs'>, untilMs: number): void {
    this.#answered.set(keyOf(process), untilMs);
    for (const [first] of this.#answered) {
      if (this.#answered.size <= MAX_REMEMBERED) break;
      this.#answered.delete(first);
    }
  }

  #release(processes: readonly Pick<ProcessRecord, 'pid' | 'startedMs'>[]): void {
    for (const process of processes) this.#released.add(keyOf(process));
    for (const first of this.#released) {
      if (this.#released.size <= MAX_REMEMBERED) break;
      this.#released.delete(first);
    }
  }
}

function keyOf({ pid, startedMs = 0 }: Pick<ProcessRecord, 'pid' | 'startedMs'>): string {
  return `${pid}@${Math.round(startedMs)}`;
}

function recordOf({ pid, image, words }: LivingProcess, { startedMs }: Meant['told']): ProcessRecord {
  return { pid, startedMs, image, commandLine: words.join(' ') };
}
