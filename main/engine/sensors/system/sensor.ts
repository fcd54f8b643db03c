/**
 * Facts of the computer that somebody may change to stay, to get rights or to hide: users, what starts by itself,
 * services, kernel modules, mounts, devices, set-uid files, the firewall. Taken at the start, then told as changes,
 * by looking often at what is cheap to look at, and at once where another sensor saw a write (noteWrite).
 */
import type { AutostartChangeEvent, HostEvent } from '../../../../contract/events.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import { mayChangeFirewall } from '../../runtime/firewall-programs.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { AnyCollector, Fact } from './collector.ts';
import { changesOf } from './collector.ts';
import { createCollectors } from './collectors/table.ts';
import { type FirewallState, readFirewall } from './firewall.ts';
import { firewallChanges } from './firewall-tables.ts';
import { HostFiles } from './host-files.ts';
import { mayMatter } from './places.ts';
import { SetUidWatch } from './set-uid-watch.ts';
import {
  EMPTY_PART,
  MemorySnapshotStore,
  type SnapshotPart,
  type SnapshotStore,
  type SystemSnapshot,
} from './snapshot.ts';
import { lookAround, type Surroundings } from './surroundings.ts';

export interface SystemSensorOptions {
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  /** What happened, in order. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
  /** For tests: a folder that stands for "/". The firewall of the computer itself is then not looked at. */
  readonly root?: string;
  /** Where the last snapshot is kept; only in memory where it is left out. */
  readonly snapshots?: SnapshotStore;
  /** For tests: fewer collectors. */
  readonly collectors?: readonly AnyCollector[];
  /** Whether another sensor sees writes now, and tells of them by noteWrite. */
  readonly areWritesSeen?: () => boolean;
  /** Whether all file systems are searched for set-uid files, now and then. */
  readonly walksFiles?: boolean;
}

/** How often it is asked who is due: the shortest interval of a collector is a multiple of it. */
const TICK_MS = 1_000;
/** Who was looked at in the middle of a tick is due in the middle of another one: not a whole tick later. */
const TICK_SLACK_MS = 50;
/** What one tick may take before the rest waits for the next: events of other sensors pass through the same thread. */
const TURN_MS = 20;
/** Whose homes there are hardly ever changes. */
const LOOK_INTERVAL_MS = 10_000;
/** Writes come in bursts (an installation); a place is looked at again after this at the soonest. */
const QUICK_GAP_MS = 250;
const SAVE_INTERVAL_MS = 30_000;
const FIREWALL_INTERVAL_MS = 30_000;
/** After a program was run that may have changed it: most are done in a moment, scripts of many rules are not. */
const FIREWALL_GAPS_MS = [400, 3_000];
/** Changes while nobody looked that are named in the log, one by one. */
const NAMED_CHANGES = 20;

const PASSWD = '/etc/passwd';

interface Row {
  readonly collector: AnyCollector;
  dueMs: number;
  ranMs: number;
  left: number;
}

export class SystemSensor {
  readonly name = 'system';
  readonly #options: SystemSensorOptions;
  readonly #clock: Clock;
  readonly #files: HostFiles;
  readonly #health: HealthPart;
  readonly #store: SnapshotStore;
  readonly #rows: readonly Row[];
  readonly #parts = new Map<string, SnapshotPart>();
  readonly #setUid: SetUidWatch;
  #around: Surroundings;
  #timers: Timer[] = [];
  #firewall: FirewallState | undefined;
  #isFirewallAsked = false;
  #isFirewallRead = false;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #isChanged = false;
  #isRunning = false;
  #events = 0;
  #looks = 0;
  #spentMs = 0;
  #saveProblem = '';

  constructor(options: SystemSensorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#files = new HostFiles(options.root);
    this.#store = options.snapshots ?? new MemorySnapshotStore();
    this.#rows = (options.collectors ?? createCollectors()).map((collector) => ({
      collector,
      dueMs: 0,
      ranMs: Number.NEGATIVE_INFINITY,
      left: 0,
    }));
    this.#around = { files: this.#files, users: [], homes: [], foreignHomes: [], mounts: [] };
    this.#setUid = new SetUidWatch({
      clock: this.#clock,
      files: this.#files,
      mounts: () => this.#around.mounts,
      onEvents: (events) => this.#tell(events),
      onChanged: () => {
        this.#isChanged = true;
        this.#describe();
      },
    });
    this.#health = options.health.part('system', () => ({
      facts: [...this.#parts.values()].reduce((sum, { facts }) => sum + facts.size, 0),
      setUidFiles: this.#setUid.part.facts.size,
      events: this.#events,
      looks: this.#looks,
      leftOut: this.#rows.reduce((sum, { left }) => sum + left, 0) + this.#setUid.left,
      notLookedAt: this.#files.notLookedAt,
      milliseconds: Math.round(this.#spentMs),
    }));
  }

  /**
   * Takes the first snapshot, which is compared with the kept one, and begins to look. Everything of it is done when
   * this returns but the search for set-uid files. May be called again after a stop.
   */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const kept = this.#load();
    this.#look();
    const bootId = this.#bootId();
    let missed: HostEvent[] = [];
    for (const row of this.#rows) {
      const part = kept?.parts.get(row.collector.name);
      const isComparable = part !== undefined && (row.collector.keeping === 'always' || kept?.bootId === bootId);
      this.#parts.set(row.collector.name, isComparable ? part : EMPTY_PART);
      const events = this.#run(row, this.#clock.nowMs());
      if (isComparable) missed = missed.concat(events);
      else this.#forgetFirstSeen(row.collector.name);
    }
    this.#reportMissed(missed);
    this.#setUid.start(kept?.parts.get(this.#setUid.name), this.#options.walksFiles ?? true);
    this.#isChanged = true;
    this.#save();
    this.#timers = [
      this.#clock.every(TICK_MS, () => this.#tick()),
      this.#clock.every(SAVE_INTERVAL_MS, () => this.#save()),
    ];
    if (this.#options.root === undefined) {
      this.#timers.push(this.#clock.every(FIREWALL_INTERVAL_MS, () => void this.#lookAtFirewall()));
      void this.#lookAtFirewall();
    }
    this.#describe();
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#setUid.stop();
    this.#save();
    this.#health.off('Not watching.');
  }

  /** Another sensor saw that this path was written, made, renamed or removed: whoever it concerns looks at once. */
  noteWrite(path: string): void {
    if (!this.#isRunning || !mayMatter(path, this.#around.homes)) return;
    const nowMs = this.#clock.monotonicMs();
    // Who got a home may get what starts by itself next.
    if (path === PASSWD) this.#lookedMs = Number.NEGATIVE_INFINITY;
    for (const row of this.#rows) {
      const soonestMs = Math.max(nowMs, row.ranMs + QUICK_GAP_MS);
      if (row.dueMs > soonestMs && row.collector.concerns(path, this.#around)) {
        row.dueMs = soonestMs;
        this.#clock.after(soonestMs - nowMs, () => this.#tick());
      }
    }
  }

  /** Another sensor saw that this program was run: where it changes the firewall, that is looked at soon. */
  noteRun(image: string, words?: readonly string[]): void {
    if (!this.#isRunning || this.#options.root !== undefined || this.#isFirewallAsked) return;
    if (!mayChangeFirewall(image, words)) return;
    this.#isFirewallAsked = true;
    for (const gapMs of FIREWALL_GAPS_MS) {
      this.#clock.after(gapMs, () => {
        this.#isFirewallAsked = false;
        void this.#lookAtFirewall();
      });
    }
  }

  /** What is known now. */
  snapshot(): SystemSnapshot {
    return {
      takenMs: this.#clock.nowMs(),
      bootId: this.#bootId(),
      userId: process.geteuid?.() ?? 0,
      parts: new Map([...this.#parts, [this.#setUid.name, this.#setUid.part]]),
    };
  }

  /** Undefined before it was read. */
  get firewall(): FirewallState | undefined {
    return this.#firewall;
  }

  #load(): SystemSnapshot | undefined {
    const kept = this.#store.load();
    return kept?.userId === (process.geteuid?.() ?? 0) ? kept : undefined;
  }

  #look(): void {
    this.#lookedMs = this.#clock.monotonicMs();
    this.#around = lookAround(this.#files);
  }

  #tick(): void {
    if (!this.#isRunning) return;
    const begunMs = this.#clock.monotonicMs();
    const due = this.#rows.filter((row) => row.dueMs <= begunMs + TICK_SLACK_MS).sort((a, b) => a.dueMs - b.dueMs);
    if (due.length === 0) return;
    if (begunMs - this.#lookedMs >= LOOK_INTERVAL_MS - TICK_SLACK_MS) this.#look();
    for (const row of due) {
      this.#tell(this.#run(row, this.#clock.nowMs()));
      if (this.#clock.monotonicMs() - begunMs >= TURN_MS) break;
    }
  }

  /** One collector's round; what it throws is said and does not keep others from theirs. */
  #run(row: Row, timeMs: number): readonly HostEvent[] {
    const { collector } = row;
    const begunMs = this.#clock.monotonicMs();
    row.ranMs = begunMs;
    row.dueMs = begunMs + this.#intervalOf(collector);
    this.#looks++;
    try {
      const part = this.#parts.get(collector.name) ?? EMPTY_PART;
      const { facts, left } = collector.collect(this.#around, part.facts);
      row.left = left;
      const changes = changesOf(part.facts, facts);
      const isNewHome = (id: string): boolean => id !== '' && !part.homes.has(id);
      const events = changes.flatMap((change) => [...collector.tell(change, { timeMs, isNewHome })]);
      if (changes.length > 0 || this.#around.homes.some(({ id }) => isNewHome(id))) {
        this.#parts.set(collector.name, nextPart(part, facts, changes, this.#around, timeMs));
        this.#isChanged = true;
      } else if (facts !== part.facts) {
        // The very same list need not be compared again.
        this.#parts.set(collector.name, { ...part, facts });
      }
      return events;
    } catch (error) {
      this.#options.onMessage?.('warn', `The ${collector.title} could not be looked at: ${messageOf(error)}`);
      return [];
    } finally {
      this.#spentMs += this.#clock.monotonicMs() - begunMs;
    }
  }

  #intervalOf({ intervalMs, seenIntervalMs = intervalMs }: AnyCollector): number {
    return this.#options.areWritesSeen?.() === true ? seenIntervalMs : intervalMs;
  }

  #forgetFirstSeen(name: string): void {
    const part = this.#parts.get(name);
    if (part !== undefined) this.#parts.set(name, { ...part, firstSeenMs: new Map() });
  }

  #tell(events: readonly HostEvent[]): void {
    if (events.length === 0) return;
    this.#events += events.length;
    this.#options.onEvents(events);
  }

  #reportMissed(events: readonly HostEvent[]): void {
    this.#tell(events);
    const told = events.filter((event) => event.type === 'autostart-change' || event.type === 'account-change');
    for (const event of told.slice(0, NAMED_CHANGES)) {
      const what = event.type === 'autostart-change' ? event.path : `${event.subject} ${event.name}`;
      this.#options.onMessage?.('warn', `While Holdfast was not running: ${what} was ${wordOf(event.action)}.`);
    }
    const rest = told.length - NAMED_CHANGES;
    if (rest > 0) this.#options.onMessage?.('warn', `While Holdfast was not running: ${rest} more changes.`);
  }

  async #lookAtFirewall(): Promise<void> {
    if (!this.#isRunning || this.#isFirewallRead) return;
    this.#isFirewallRead = true;
    const now = await readFirewall();
    this.#isFirewallRead = false;
    if (!this.#isRunning) return;
    const before = this.#firewall;
    // What could not be read this time is compared when it can be read again.
    if (now.rules === undefined && before?.rules !== undefined) return;
    this.#firewall = now;
    if (before?.rules === undefined || now.rules === undefined) return;
    const changes = firewallChanges(before.tables, now.tables);
    const timeMs = this.#clock.nowMs();
    this.#tell(changes.map((change) => ({ type: 'firewall-change', timeMs, tool: now.tool ?? '', ...change })));
    if (changes.length > 0) {
      const level = now.rules === 0 ? 'warn' : 'info';
      this.#options.onMessage?.(level, `The firewall's rules changed: ${before.rules} before, ${now.rules} now.`);
    }
  }

  #save(): void {
    if (!this.#isChanged) return;
    try {
      this.#store.save(this.snapshot());
      this.#isChanged = false;
      this.#saveProblem = '';
    } catch (error) {
      this.#saveProblem = messageOf(error);
      this.#options.onMessage?.('warn', `What is known of the system could not be kept: ${this.#saveProblem}`);
    }
    this.#describe();
  }

  #describe(): void {
    const isRoot = this.#options.root !== undefined || (process.geteuid?.() ?? 0) === 0;
    const { homes, foreignHomes } = this.#around;
    const method = `Looked at every 2 to 60 s, and at once where a file sensor sees a write; ${homes.length} homes.`;
    const unseen =
      foreignHomes.length === 0 ? '' : ` Not looked into: ${foreignHomes.length} homes on other computers.`;
    if (this.#saveProblem !== '') {
      const hint = 'Make room in the data directory: changes while Holdfast is off are not noticed otherwise.';
      this.#health.degraded(`${method}${unseen} What is known cannot be kept: ${this.#saveProblem}.`, hint);
    } else if (!isRoot) {
      this.#health.degraded(
        `${method}${unseen} Without root, passwords, sudoers, crontabs and homes of other users are not seen.`,
        'Start Holdfast as root, or install its service.',
      );
    } else {
      this.#health.ok(`${method}${unseen}${this.#setUid.detail}`);
    }
  }

  #bootId(): string {
    return this.#files.word('/proc/sys/kernel/random/boot_id');
  }
}

function nextPart(
  part: SnapshotPart,
  facts: ReadonlyMap<string, Fact>,
  changes: readonly { readonly key: string; readonly before: Fact | undefined; readonly after: Fact | undefined }[],
  { homes }: Surroundings,
  timeMs: number,
): SnapshotPart {
  const firstSeenMs = new Map(part.firstSeenMs);
  for (const { key, before, after } of changes) {
    if (after === undefined) firstSeenMs.delete(key);
    else if (before === undefined) firstSeenMs.set(key, timeMs);
  }
  return { facts, firstSeenMs, homes: new Set([...part.homes, ...homes.map(({ id }) => id)].slice(-MAX_HOMES)) };
}

/** Also of sticks that come and go with homes on them. */
const MAX_HOMES = 2_048;

function wordOf(action: AutostartChangeEvent['action'] | string): string {
  return action.replaceAll('-', ' ');
}
