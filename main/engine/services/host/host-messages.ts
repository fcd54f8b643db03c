/** What the engine and its host thread tell each other. */
import type { Finding, HealthEntry } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import type { RuleProblem } from '../../rules/index.ts';
import type { ResponseRules } from '../response/first-hold.ts';
import type { HostActivity, ProgramHour, SeenByHost } from './host-activity.ts';
import type { SeenProcess } from './process-snapshot.ts';

/** What the engine hands to its host thread when it starts it. */
export interface HostWorkerData {
  /** All settings by section, for they are a class on the other side. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The engine's own. */
  readonly dataDirectory: string;
  /** Ids of rules that are switched off. */
  readonly disabledRules: readonly string[];
  /** What Holdfast writes into these itself is no news. */
  readonly ownDirectories: readonly string[];
  /** Files that were laid out for nobody to use. */
  readonly canaries: readonly string[];
  /** By what whoever is found is stopped at once; left out where the thread only looks. */
  readonly response?: ResponseRules;
  /** What sensors asked to keep, by their names. */
  readonly kept: Readonly<Record<string, string>>;
  /** One word of an Int32Array: how many events the engine has taken, so that the thread knows how many still wait. */
  readonly taken: SharedArrayBuffer;
}

/** Size of `taken`. */
export const TAKEN_BYTES = 4;

/** How many matches a rule had since it was told last. */
export interface RuleHits {
  readonly ruleId: string;
  readonly count: number;
  /** Time of the last of them, milliseconds since the epoch. */
  readonly lastMs: number;
}

/** Which rules are in use. */
export interface LoadedRules {
  readonly detections: number;
  readonly correlations: number;
  readonly filters: number;
  /** At most MAX_TOLD_PROBLEMS. */
  readonly problems: readonly RuleProblem[];
  readonly problemCount: number;
}

/** Problems with rules that are handed on; whoever imports a folder of something else has thousands. */
export const MAX_TOLD_PROBLEMS = 200;

/** Totals since the thread began. */
export interface HostCounts {
  readonly events: number;
  readonly findings: number;
  readonly ruleHits: number;
  /** Events that were looked at and not handed to the store, because there were too many. */
  readonly notStored: number;
  /** Findings that were replaced by a later one of the same cause before they were told. */
  readonly joinedFindings: number;
  /** Findings that were not told: more causes at once than anybody reads. */
  readonly droppedFindings: number;
  /** Events that a behaviour, or the rules, failed at: a mistake of ours. */
  readonly failures: number;
  /** Events that were told out of the order of their times, because their sensor was late. */
  readonly late: number;
}

export const NO_HOST_COUNTS: HostCounts = {
  events: 0,
  findings: 0,
  ruleHits: 0,
  notStored: 0,
  joinedFindings: 0,
  droppedFindings: 0,
  failures: 0,
  late: 0,
};

/** The longest silence of a thread that works. */
export const HEARTBEAT_MS = 5_000;

/** To the host thread. */
export type HostOrder =
  | { readonly type: 'stop' }
  /** Read the rules again. */
  | { readonly type: 'reload-rules'; readonly disabled: readonly string[] }
  /** Files that were laid out for nobody to use, from now on. */
  | { readonly type: 'take-canaries'; readonly paths: readonly string[] }
  /** By what whoever is found is stopped, from now on. */
  | { readonly type: 'take-response'; readonly rules: ResponseRules }
  /** What becomes of a process that the thread stopped: it is dealt with, or goes on. */
  | { readonly type: 'settle-hold'; readonly pid: number; readonly isKept: boolean }
  /** Say who runs now. */
  | { readonly type: 'list-processes' };

/** From the host thread. */
export type HostMessage =
  /** Sensors have been started, and have said in Health how they do. */
  | { readonly type: 'started' }
  | { readonly type: 'findings'; readonly findings: readonly Finding[] }
  | { readonly type: 'events'; readonly events: readonly HostEvent[] }
  /** What the models count: within a second of it, and every HEARTBEAT_MS where nothing happens. */
  | { readonly type: 'activity'; readonly activity: HostActivity; readonly seen: SeenByHost }
  /** Every hour: what each program did. */
  | { readonly type: 'programs'; readonly programs: readonly ProgramHour[] }
  | { readonly type: 'processes'; readonly processes: readonly SeenProcess[] }
  | { readonly type: 'rules'; readonly rules: LoadedRules }
  | { readonly type: 'rule-hits'; readonly hits: readonly RuleHits[] }
  /** At least every HEARTBEAT_MS, so that it is seen to live. */
  | {
      readonly type: 'state';
      readonly health: readonly HealthEntry[];
      readonly counts: HostCounts;
      /** Processes that the sensors keep running. */
      readonly helpers: readonly number[];
    }
  /** To be kept across restarts, and given back as `kept`. */
  | { readonly type: 'keep'; readonly name: string; readonly text: string }
  | { readonly type: 'log'; readonly level: 'info' | 'warn'; readonly message: string }
  /** Everything there was to say has been said. */
  | { readonly type: 'stopped' };
