/** How far learning is, as people and Health are told. Pure. */
import type { Drift, Learning, Training } from '../../../../contract/api-models.ts';
import { formatCount } from '../../../../contract/format.ts';
import type { ModelTable } from '../../../../contract/models.ts';
import type { HealthPart } from '../../runtime/health.ts';
import { isLearnt } from './model-schedule.ts';
import type { ModelSettings } from './model-settings.ts';
import { driftedText, learningText, readyText } from './model-words.ts';

/** What there is to tell of one table. */
export interface LearningFacts {
  readonly table: ModelTable;
  readonly settings: ModelSettings;
  readonly nowMs: number;
  /** Whether something fills the table. */
  readonly isFilled: boolean;
  /** All rows, those that wait too. */
  readonly size: number;
  /** Rows that may be learnt from. */
  readonly rows: number;
  /** Rows that alerts speak of, since the start. */
  readonly heldOut: number;
  readonly judged: Learning['judged'];
  /** The version in use; null for none. */
  readonly activeId: string | null;
  readonly drift: Drift | null;
  /** The run that goes on, or the last one. */
  readonly training: Training | null;
  /** How long this computer was watched in all. */
  readonly watchedMs: number;
  /** Whether a simple baseline judges meanwhile. */
  readonly hasFirstLook: boolean;
  /** Why the version that was in use cannot be asked; undefined where there is no such thing. */
  readonly problem: string | undefined;
  /** What training waits for although it is due; empty where it is not or does not. Only asked where it is told. */
  readonly waitsFor: () => string;
}

const HOUR_MS = 3_600_000;
const OFF = 'Learning is switched off by the setting models.enabled.';
const NO_PROGRAMS = 'Programs are not watched yet, or not for an hour, so nothing can be learnt of them.';

/** Without numbers that change all the time: those are in `models.list`. */
const HEALTH_TEXTS: Readonly<Record<Learning['state'], string>> = {
  off: OFF,
  learning: 'Learning what is usual.',
  training: 'Training.',
  ready: 'Judging by what was learnt.',
  drifted: 'Judging; what is usual has moved, and training anew is due.',
};

export function learningOf(facts: LearningFacts): Learning {
  const { table, settings, rows, activeId, drift, training, judged } = facts;
  const common = {
    table,
    rows: facts.size,
    rowsWanted: settings.learningRows,
    activeId,
    drift,
    ...(judged === undefined ? {} : { judged }),
  };
  const without = { ...common, progress: null, readyMs: null };
  if (!facts.isFilled) return { ...without, state: 'off', detail: NO_PROGRAMS };
  if (!settings.enabled) return { ...without, state: 'off', detail: OFF };
  if (training?.state === 'running' && training.tables.includes(table)) {
    const judges = activeId === null ? '' : ` ${activeId} judges until it is done.`;
    return { ...without, state: 'training', detail: `Training on ${formatCount(rows, 'row')}.${judges}` };
  }
  const waitsFor = facts.waitsFor();
  if (activeId === null) return { ...common, state: 'learning', ...beginningOf(facts, waitsFor) };
  if (drift?.isDrifted) return { ...without, state: 'drifted', detail: driftedText(activeId, drift, waitsFor) };
  return { ...without, state: 'ready', detail: readyText(table, activeId, facts.heldOut, waitsFor) };
}

/** Before the first version. */
function beginningOf(facts: LearningFacts, waitsFor: string): Pick<Learning, 'detail' | 'progress' | 'readyMs'> {
  const { settings, rows, watchedMs } = facts;
  const rowsWanted = settings.learningRows;
  const watchedWantedMs = settings.learningHours * HOUR_MS;
  const watched = watchedWantedMs === 0 ? 1 : watchedMs / watchedWantedMs;
  return {
    detail: learningText({
      ...facts,
      rowsWanted,
      watchedWantedMs,
      waitsFor: isLearnt({ rows, watchedMs, settings }) ? waitsFor || 'training begins soon' : '',
    }),
    progress: Math.min(1, watched, rows / rowsWanted),
    readyMs: facts.nowMs + Math.max(0, watchedWantedMs - watchedMs),
  };
}

export interface LearningHealth {
  readonly isEnabled: boolean;
  /** Of all tables: why a version that was in use cannot be asked. */
  readonly problems: readonly string[];
  readonly training: Training | null;
  /** Of the table that is always learnt first. Only asked where all is well. */
  readonly state: () => Learning['state'];
}

export function tellLearningHealth(part: HealthPart, { isEnabled, problems, training, state }: LearningHealth): void {
  const failure = training?.failure ?? null;
  if (!isEnabled) part.off(OFF);
  else if (problems.length > 0) part.degraded(`${problems.join(' ')}.`, 'Train anew: "holdfast models train".');
  else if (failure !== null) part.degraded(`The last training failed: ${failure.message}`, failure.hint);
  else part.ok(HEALTH_TEXTS[state()]);
}
