/** When training begins by itself. Pure. */
import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import type { Conditions } from './model-conditions.ts';
import type { ModelSettings } from './model-settings.ts';

export interface ScheduleState {
  readonly settings: ModelSettings;
  readonly nowMs: number;
  /** Rows that may be learnt from. */
  readonly rows: number;
  /** How long this computer was watched in all. */
  readonly watchedMs: number;
  readonly active: ProfileInfo | undefined;
  readonly isDrifted: boolean;
  /** When training was last tried; null for never. */
  readonly triedMs: number | null;
  /** When a flood was last seen; null for never. */
  readonly floodMs: number | null;
  readonly conditions: () => Conditions;
}

/** Whether training is due, and what it waits for then; `waitsFor` is empty where it may begin. */
export interface ScheduleVerdict {
  readonly isDue: boolean;
  readonly waitsFor: string;
}

const HOUR_MS = 3_600_000;
/** Clocks are set by so much without ever having been wrong. */
const AHEAD_MS = 60_000;
const DAY_MS = 24 * HOUR_MS;
/** After a flood everything is unusual for a while, and the engine may still have much to do. */
const FLOOD_QUIET_MS = 10 * 60_000;
/** What did not become better a day ago will not have in an hour. */
const AGAIN_AFTER_MS = DAY_MS;

export function isLearnt({
  rows,
  watchedMs,
  settings,
}: Pick<ScheduleState, 'rows' | 'watchedMs' | 'settings'>): boolean {
  return rows >= settings.learningRows && watchedMs >= settings.learningHours * HOUR_MS;
}

export function scheduleOf(state: ScheduleState): ScheduleVerdict {
  const isDue = state.active === undefined ? isLearnt(state) : isOld(state, state.active) || state.isDrifted;
  if (!isDue || !mayTryAgain(state)) return { isDue: false, waitsFor: '' };
  return { isDue: true, waitsFor: obstacle(state) };
}

function isOld({ nowMs, settings, rows }: ScheduleState, { trainedMs }: ProfileInfo): boolean {
  return rows >= settings.learningRows && sinceMs(trainedMs, nowMs) >= settings.retrainDays * DAY_MS;
}

/** A time that is still to come is of a clock that was wrong, or of a stranger's file: it is taken for long ago. */
function sinceMs(thenMs: number, nowMs: number): number {
  return thenMs - nowMs > AHEAD_MS ? Number.POSITIVE_INFINITY : nowMs - thenMs;
}

function mayTryAgain({ nowMs, settings, triedMs }: ScheduleState): boolean {
  return triedMs === null || sinceMs(triedMs, nowMs) >= Math.min(settings.retrainDays * DAY_MS, AGAIN_AFTER_MS);
}

function obstacle({ settings, nowMs, floodMs, conditions }: ScheduleState): string {
  if (floodMs !== null && sinceMs(floodMs, nowMs) < FLOOD_QUIET_MS)
    return 'training waits until a flood of traffic is over';
  const { isOnMains, loadPerCore } = conditions();
  if (settings.onlyOnMains && !isOnMains) return 'training waits for the charger';
  if (loadPerCore > settings.idleLoad) return 'training waits until the computer has less to do';
  return '';
}
