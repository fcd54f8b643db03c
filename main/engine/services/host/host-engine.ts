import { existsSync } from 'node:fs';
import type { HealthState } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { importedRules, OWN_RULES, readRuleFiles, SigmaRuleSet } from '../../rules/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { SettingTable, SettingValues } from '../../runtime/settings.ts';
import { DEFAULT_HELPER_PATH, UserNames } from '../../sensors/index.ts';
import { FirstHold, type ResponseRules } from '../response/first-hold.ts';
import { EarlyWatch } from './early-watch.ts';
import { EventTurns } from './event-turns.ts';
import { FileWriters } from './file-writers.ts';
import { ForkWatch } from './fork-watch.ts';
import { HostActivityCount, type SeenByHost } from './host-activity.ts';
import { EventBudget } from './host-event-budget.ts';
import { EventOrder } from './host-event-order.ts';
import { FindingRelay } from './host-finding-relay.ts';
import {
  HEARTBEAT_MS,
  type HostCounts,
  type HostMessage,
  type HostWorkerData,
  type LoadedRules,
  MAX_TOLD_PROBLEMS,
  type RuleHits,
} from './host-messages.ts';
import { HostProcesses } from './host-processes.ts';
import { HOST_SENSORS, type HostSensor, type HostSensorRow, type SensorMemory } from './host-sensors.ts';
import { type HostSensorName, hostSettings } from './host-settings.ts';
import { createHostWatch, type HostWatch } from './host-watch.ts';
import { ProcessSnapshots } from './process-snapshot.ts';

export interface HostEngineOptions {
  readonly data: HostWorkerData;
  readonly clock: Clock;
  /** Effective user; root is pickier about rule files. */
  readonly userId: number;
  post(message: HostMessage): void;
  /** For tests. */
  readonly sensors?: readonly HostSensorRow[];
  readonly ownRules?: string;
}

const TICK_MS = 1_000;
/** What is due a moment after a tick is done in it, not a whole tick later. */
const TICK_SLACK_MS = 50;
/** By then every sensor has said in Health how it does, or never will. */
const FIRST_WORDS_MS = 2_000;
/** Always there; who does not know it knows no process. */
const INIT = 1;
const NOT_STARTED = 'Not started.';
/** A sensor in these sees something. */
const WORKING: ReadonlySet<HealthState | undefined> = new Set(['ok', 'degraded'] as const);
/** Counters alone are told so often: reading those of all sensors and handing them on is a good part of what rest costs. */
const COUNTERS_MS = 2_000;
/** Events are handed on so soon, or when so many have gathered. */
const BATCH_MS = 200;
/**
 * The main thread takes what it is told in order, so that an urgent finding waits for the events that were handed on
 * before it: those are handed on in portions of some milliseconds of its time, the next one when it has taken the last.
 */
const MAX_BATCH = 250;
/** So soon it is looked whether a portion was taken. */
const TAKEN_MS = 20;
/** Events that wait or were handed on and not yet taken. A main thread that is busy for seconds costs no more than this. */
const MAX_UNTAKEN = 10_000;
/** The rules that come with Holdfast are as trusted as the program beside them, whoever unpacked both. */
const ANY_OWNER = -1;

/** What the host thread does: runs the sensors, and leads what they tell by rules and behaviours. Start and stop once. */
export class HostEngine {
  readonly #options: HostEngineOptions;
  readonly #health = new HealthRegistry();
  readonly #sensors = new Map<string, HostSensor>();
  readonly #processes: HostProcesses;
  readonly #snapshots: ProcessSnapshots;
  readonly #order: EventOrder;
  readonly #turns: EventTurns;
  readonly #relay: FindingRelay;
  readonly #budget: EventBudget;
  readonly #watch: HostWatch;
  readonly #hold: FirstHold | undefined;
  readonly #early: EarlyWatch | undefined;
  readonly #activity: HostActivityCount;
  readonly #forks: ForkWatch;
  readonly #writers = new FileWriters();
  readonly #hits = new Map<string, { count: number; lastMs: number }>();
  #batch: HostEvent[] = [];
  #batchTimer: Timer | undefined;
  readonly #taken: Int32Array;
  #handedOn = 0;
  #notTaken = 0;
  #ticks: Timer | undefined;
  #startedMs: number | undefined;
  #hasToldStart = false;
  #toldState = '';
  #toldMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #toldSeen: SeenByHost | undefined;
  #toldActivityMs = Number.NEGATIVE_INFINITY;

  constructor(options: HostEngineOptions) {
    this.#options = options;
    const { data, clock, post } = options;
    const settings = this.#section('host', hostSettings);
    this.#taken = new Int32Array(data.taken);
    this.#processes = new HostProcesses((pid) => this.#sensors.get('processes')?.processOf?.(pid));
    const users = new UserNames(clock);
    this.#snapshots = new ProcessSnapshots({
      clock,
      living: (pid) => this.#sensors.get('processes')?.processOf?.(pid),
      userName: (uid) => users.nameOf(uid),
    });
    this.#forks = new ForkWatch({
      counts: () => this.#processCounts(),
      processOf: (pid) => this.#sensors.get('processes')?.processOf?.(pid),
    });
    this.#order = new EventOrder({ clock, onEvents: (events) => this.#look(events) });
    this.#turns = new EventTurns({ clock, onEvents: (events) => this.#lookClosely(events) });
    this.#relay = new FindingRelay({ clock, onFindings: (findings) => post({ type: 'findings', findings }) });
    this.#budget = new EventBudget(settings.storedEventsPerSecond, clock.monotonicMs());
    this.#activity = new HostActivityCount(clock, this.#memoryOf('activity'));
    this.#hold =
      data.response &&
      new FirstHold({
        helperPath: DEFAULT_HELPER_PATH,
        clock,
        rules: data.response,
        onMessage: (level, message) => post({ type: 'log', level, message }),
      });
    this.#early =
      this.#hold &&
      new EarlyWatch({
        config: { section: (path) => this.#section(path) },
        canaries: data.canaries,
        onFinding: (finding) => this.#hold?.hear(finding),
      });
    this.#watch = createHostWatch({
      ownPid: process.pid,
      config: { section: (path) => this.#section(path) },
      rules: this.#loadRules(data.disabledRules),
      canaries: data.canaries,
      onFinding: (finding) => this.#relay.add(finding),
      onRuleHit: ({ rule, timeMs }) => this.#count(rule.id, timeMs),
    });
    for (const row of options.sensors ?? HOST_SENSORS) {
      if (settings[row.setting]) this.#sensors.set(row.name, this.#create(row));
      else this.#health.part(row.name).off('Switched off.', `The setting host.${row.setting} switches it on.`);
    }
    this.#health.onChange(() => this.#tellState());
  }

  start(): void {
    this.#hold?.start();
    for (const [name, sensor] of this.#sensors) {
      try {
        sensor.start();
      } catch (error) {
        // One that fails where it should not takes no other with it.
        this.#options.post({
          type: 'log',
          level: 'warn',
          message: `${name} could not be started: ${messageOf(error)}`,
        });
      }
    }
    this.#ticks = this.#options.clock.every(TICK_MS, () => this.#tick());
    this.#startedMs = this.#options.clock.monotonicMs();
    this.#tellState();
  }

  /** Stops the sensors, and says everything there is still to say. */
  async stop(): Promise<void> {
    this.#ticks?.cancel();
    await Promise.allSettled([...this.#sensors.values()].map(async (sensor) => sensor.stop()));
    await this.#hold?.stop();
    this.#order.flush();
    this.#turns.flush();
    this.#tick();
    this.#tellState();
    this.#activity.save();
    this.#relay.flush();
    this.#batchTimer?.cancel();
    while (this.#batch.length > 0) this.#handOnPortion();
    this.#options.post({ type: 'stopped' });
  }

  /** Answers with all that run. */
  listProcesses(): void {
    this.#options.post({ type: 'processes', processes: this.#snapshots.take() });
  }

  takeCanaries(paths: readonly string[]): void {
    this.#watch.takeCanaries(paths);
    this.#early?.takeCanaries(paths);
  }

  takeResponse(rules: ResponseRules): void {
    this.#hold?.takeRules(rules);
  }

  settleHold(pid: number, isKept: boolean): void {
    this.#hold?.settle(pid, isKept);
  }

  reloadRules(disabled: readonly string[]): void {
    this.#watch.takeRules(this.#loadRules(disabled));
  }

  #section<T extends SettingTable>(path: string, _table?: T): SettingValues<T> {
    return this.#options.data.settings[path] as SettingValues<T>;
  }

  #create(row: HostSensorRow): HostSensor {
    const { data, clock, post } = this.#options;
    return row.create({
      settings: this.#section('host', hostSettings),
      health: this.#health,
      clock,
      memory: this.#memoryOf(row.name),
      dataDirectory: data.dataDirectory,
      ownDirectories: data.ownDirectories,
      processOf: (pid) => this.#processes.processOf(pid, clock.nowMs()),
      onEvents: (events) => this.#take(row.name === 'processes' ? events : this.#withoutRepeats(events)),
      onMessage: (level, message) => post({ type: 'log', level, message }),
    });
  }

  #memoryOf(name: HostSensorName): SensorMemory {
    const { data, post } = this.#options;
    let kept = data.kept[name];
    return {
      load: () => kept,
      save: (text) => {
        kept = text;
        post({ type: 'keep', name, text });
      },
    };
  }

  /** What the audit log tells of programs that are started is told by the sensor of processes, where that works. */
  #withoutRepeats(events: readonly HostEvent[]): readonly HostEvent[] {
    if (this.#sensors.get('processes')?.processOf?.(INIT) === undefined) return events;
    return events.filter(({ type }) => type !== 'process-start');
  }

  #note(event: HostEvent): void {
    if (event.type === 'process-start') {
      // What the engine runs itself to look is no reason to look again.
      if (event.process.parent?.pid === process.pid) return;
      const { image, arguments: words } = event.process;
      for (const sensor of this.#sensors.values()) sensor.noteRun?.(image, words);
      return;
    }
    if (!('path' in event) || event.path === undefined || !event.type.startsWith('file-')) return;
    for (const sensor of this.#sensors.values()) {
      sensor.noteWrite?.(event.path);
      // What is moved away is gone from where it was.
      if (event.type === 'file-renamed') sensor.noteWrite?.(event.previousPath);
    }
  }

  #loadRules(disabled: readonly string[]): SigmaRuleSet {
    const { data, post, userId, ownRules = OWN_RULES } = this.#options;
    const own = readRuleFiles([ownRules], ANY_OWNER);
    const imported = importedRules(data.dataDirectory);
    const others = readRuleFiles(existsSync(imported) ? [imported] : [], userId);
    const rules = SigmaRuleSet.load([...own.files, ...others.files], { disabled: new Set(disabled) });
    const problems = [...own.problems, ...others.problems, ...rules.problems];
    const loaded: LoadedRules = {
      detections: rules.detections.length,
      correlations: rules.correlations.length,
      filters: rules.filters.length,
      problems: problems.slice(0, MAX_TOLD_PROBLEMS),
      problemCount: problems.length,
    };
    post({ type: 'rules', rules: loaded });
    return rules;
  }

  #take(events: readonly HostEvent[]): void {
    // At once: the sensor has forgotten who ended, while what they did before may still wait for its turn.
    for (const event of events) {
      this.#processes.event(event);
      if (this.#early?.wants(event)) this.#early.event(this.#processes.enrich(event));
    }
    this.#order.add(events);
  }

  #enrich(event: HostEvent): HostEvent {
    const enriched = this.#processes.enrich(event);
    this.#writers.event(enriched);
    return this.#writers.attach(enriched);
  }

  #look(events: readonly HostEvent[]): void {
    const enriched = events.map((event) => this.#enrich(event));
    for (const event of enriched) this.#watch.behave(event);
    this.#turns.add(enriched);
  }

  /** Everything that is not as urgent as what behaviours find: a flood of events shall not keep them from the next ones. */
  #lookClosely(events: readonly HostEvent[]): void {
    for (const event of events) {
      this.#note(event);
      this.#activity.event(event);
      this.#watch.match(event);
    }
    const kept = this.#budget.take(events, this.#options.clock.monotonicMs());
    if (kept.length === 0) return;
    const room = Math.max(0, MAX_UNTAKEN - this.#untaken - this.#batch.length);
    this.#notTaken += Math.max(0, kept.length - room);
    for (const event of kept.slice(0, room)) this.#batch.push(event);
    if (this.#batch.length >= MAX_BATCH) this.#handOn();
    else this.#batchTimer ??= this.#options.clock.after(BATCH_MS, () => this.#handOn());
  }

  /** Both counters wrap round at 32 bits; so does their difference. */
  get #untaken(): number {
    return (this.#handedOn - Atomics.load(this.#taken, 0)) | 0;
  }

  #handOn(): void {
    this.#batchTimer?.cancel();
    this.#batchTimer = undefined;
    if (this.#batch.length > 0 && this.#untaken === 0) this.#handOnPortion();
    if (this.#batch.length > 0) this.#batchTimer = this.#options.clock.after(TAKEN_MS, () => this.#handOn());
  }

  #handOnPortion(): void {
    const events = this.#batch.slice(0, MAX_BATCH);
    this.#batch = this.#batch.slice(MAX_BATCH);
    this.#handedOn = (this.#handedOn + events.length) | 0;
    this.#options.post({ type: 'events', events });
  }

  #count(ruleId: string, timeMs: number): void {
    const known = this.#hits.get(ruleId);
    if (known === undefined) this.#hits.set(ruleId, { count: 1, lastMs: timeMs });
    else {
      known.count++;
      known.lastMs = Math.max(known.lastMs, timeMs);
    }
  }

  #tick(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#watch.tick(nowMs, this.#turns.first?.timeMs ?? nowMs, {
      cpuSecondsOf: (process) => this.#snapshots.cpuSecondsOf(process),
      forkBursts: this.#forks.take(),
    });
    if (this.#hits.size > 0) {
      const hits: RuleHits[] = [...this.#hits].map(([ruleId, hit]) => ({ ruleId, ...hit }));
      this.#hits.clear();
      this.#options.post({ type: 'rule-hits', hits });
    }
    this.#tellActivity();
    this.#tellCounters();
  }

  #processCounts(): { readonly forks: number; readonly execs: number } | undefined {
    const counters = this.#health.countersOf('processes');
    return counters?.forks === undefined ? undefined : { forks: counters.forks, execs: counters.execs ?? 0 };
  }

  /** Nothing is told now and then, too: whoever counts must know that it was looked for. */
  #tellActivity(): void {
    const { post, clock } = this.#options;
    const seen = this.#seen();
    const nowMs = clock.monotonicMs();
    const isSame = this.#activity.isEmpty && isSameSeen(seen, this.#toldSeen);
    if (!isSame || nowMs - this.#toldActivityMs >= HEARTBEAT_MS - TICK_SLACK_MS) {
      this.#toldSeen = seen;
      this.#toldActivityMs = nowMs;
      post({ type: 'activity', activity: this.#activity.take(), seen });
    }
    const programs = this.#activity.takeHour(seen);
    if (programs.length > 0) post({ type: 'programs', programs });
  }

  #seen(): SeenByHost {
    const works = (part: HostSensorName): boolean => WORKING.has(this.#health.stateOf(part));
    return {
      processes: works('processes'),
      files: works('files'),
      sockets: works('sockets'),
      logs: works('logs') || works('journal'),
    };
  }

  #counts(): HostCounts {
    const { events, ruleHits, failures } = this.#watch.counters();
    const { told, joined, dropped } = this.#relay.counts;
    return {
      events,
      findings: told,
      ruleHits,
      notStored: this.#budget.dropped + this.#notTaken,
      joinedFindings: joined,
      droppedFindings: dropped,
      failures,
      late: this.#order.late,
    };
  }

  /** What changed but counters is told at once. */
  #tellCounters(): void {
    const nowMs = this.#options.clock.monotonicMs() + TICK_SLACK_MS;
    const isDue = nowMs - this.#lookedMs >= COUNTERS_MS || nowMs - this.#toldMs >= HEARTBEAT_MS;
    if (!this.#hasToldStart || isDue) this.#tellState();
  }

  #tellState(): void {
    const health = this.#health.report().entries;
    const counts = this.#counts();
    const helpers = [this.#hold, ...this.#sensors.values()].flatMap((each) => each?.helperPid ?? []);
    const text = JSON.stringify([health, counts, helpers]);
    const nowMs = this.#options.clock.monotonicMs();
    this.#lookedMs = nowMs;
    if (text !== this.#toldState || nowMs - this.#toldMs >= HEARTBEAT_MS - TICK_SLACK_MS) {
      this.#toldState = text;
      this.#toldMs = nowMs;
      this.#options.post({ type: 'state', health, counts, helpers });
    }
    if (this.#hasToldStart || this.#startedMs === undefined) return;
    const isSilent = health.some(({ state, detail }) => state === 'off' && detail === NOT_STARTED);
    if (isSilent && nowMs - this.#startedMs < FIRST_WORDS_MS) return;
    this.#hasToldStart = true;
    this.#options.post({ type: 'started' });
  }
}

function isSameSeen(first: SeenByHost, second: SeenByHost | undefined): boolean {
  return (
    first.processes === second?.processes &&
    first.files === second.files &&
    first.sockets === second.sockets &&
    first.logs === second.logs
  );
}
