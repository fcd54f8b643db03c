/** What was asked of the engine and what its stream said since, as one account. Pure. */
import type { AlertBudget, Learning, Profile, Training } from '../../../contract/api-models.ts';
import type { ModelTable } from '../../../contract/models.ts';

export interface Learnt {
  readonly learning: readonly Learning[];
  /** Newest first. */
  readonly profiles: readonly Profile[];
  readonly budget: AlertBudget;
  /** The run that goes on, or the last one. */
  readonly training: Training | null;
}

export interface Heard {
  readonly item: Omit<Learnt, 'profiles'> | undefined;
  readonly receivedMs: number | null;
}

/** An answer and the stream cross each other: an item that is older by more than this does not count. */
const CROSSING_MS = 1_500;

/** @param listedMs when `listed` was answered */
export function withHeard(listed: Learnt, listedMs: number, { item, receivedMs }: Heard): Learnt {
  if (item === undefined || receivedMs === null || receivedMs < listedMs - CROSSING_MS) return listed;
  return { ...listed, ...item };
}

/** Changes when the versions may have changed: then they are asked for again. */
export function versionsKey({ learning, training }: Omit<Learnt, 'profiles'>): string {
  const active = learning.map(({ table, activeId }) => `${table} ${activeId}`);
  return [...active, training?.id, training?.state, training?.made.length].join();
}

/** Whether there is anything to learn from; how little is too little, the engine says. */
export function canTrain({ state, rows }: Learning): boolean {
  return state !== 'off' && rows > 0;
}

/** Whether there is as much to learn from as is wanted before it is trained by itself. */
export function hasEnough(learning: Learning): boolean {
  return canTrain(learning) && learning.rows >= learning.rowsWanted;
}

/** Two versions of one table that were chosen, the newer one first; null where it is not two. */
export function pairOf(
  profiles: readonly Profile[],
  selection: ReadonlySet<string>,
): readonly [newer: Profile, older: Profile] | null {
  const [first, second, ...more] = profiles
    .filter(({ id }) => selection.has(id))
    .toSorted((a, b) => b.version - a.version);
  return second === undefined || more.length > 0 || first.table !== second.table ? null : [first, second];
}

export function profilesOf(profiles: readonly Profile[], table: ModelTable): readonly Profile[] {
  return profiles.filter((profile) => profile.table === table);
}

/** How much the values of a feature have moved, by the usual reading of the population stability index. */
export function degreeOf(stability: number): 'little' | 'some' | 'much' {
  return stability < 0.1 ? 'little' : stability <= 0.25 ? 'some' : 'much';
}

/** How alike two orders are, by their rank correlation. */
export function agreementOf(correlation: number): 'same' | 'close' | 'different' {
  return correlation >= 0.95 ? 'same' : correlation >= 0.7 ? 'close' : 'different';
}

/** How the last training ended is news for a day; one that failed stays, as something is to be done. */
const NEWS_MS = 86_400_000;

/** Whether a run that is over is still to be spoken of. */
export function isWorthTelling({ state, endedMs }: Pick<Training, 'state' | 'endedMs'>, nowMs: number): boolean {
  return state === 'failed' || (state !== 'running' && endedMs !== null && nowMs - endedMs < NEWS_MS);
}

/** Work of so many seconds is not thrown away by a slip of the hand. */
const WORTH_ASKING_MS = 10_000;

/** Whether ending a run is asked about first. */
export function isWorthAsking({ startedMs }: Pick<Training, 'startedMs'>, nowMs: number): boolean {
  return nowMs - startedMs >= WORTH_ASKING_MS;
}
