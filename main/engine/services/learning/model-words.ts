/** How far learning is, in sentences. Pure. */
import type { Drift } from '../../../../contract/api-models.ts';
import { formatCount, formatDuration, formatNumber } from '../../../../contract/format.ts';
import type { ModelTable } from '../../../../contract/models.ts';

/** What rows of a table are, one and several. */
export const ROW_NAMES: Readonly<Record<ModelTable, readonly [one: string, many: string]>> = {
  flow: ['conversation', 'conversations'],
  host: ['ten seconds', 'times ten seconds'],
  process: ['program', 'programs'],
};

export interface LearningWords {
  readonly table: ModelTable;
  readonly rows: number;
  readonly rowsWanted: number;
  readonly watchedMs: number;
  readonly watchedWantedMs: number;
  /** Whether a simple baseline judges meanwhile. */
  readonly hasFirstLook: boolean;
  /** Rows that alerts speak of, since the start. */
  readonly heldOut: number;
  /** Why the version that was in use cannot be asked; undefined where there is no such thing. */
  readonly problem: string | undefined;
  /** Why training waits although there is enough to learn from; empty where it does not. */
  readonly waitsFor: string;
}

export function learningText(words: LearningWords): string {
  const { table, rows, rowsWanted, watchedMs, watchedWantedMs, hasFirstLook, waitsFor, problem } = words;
  const [one, many] = ROW_NAMES[table];
  const watched = `${formatDuration(watchedMs)} of ${formatDuration(watchedWantedMs)} watched`;
  const far = `${formatCount(rows, one, many)} of ${formatNumber(rowsWanted)}, ${watched}`;
  const state = waitsFor === '' ? `Learning what is usual here: ${far}.` : `Enough has been seen; ${waitsFor}.`;
  const meanwhile = hasFirstLook ? ' Until then a simple baseline looks, and gives notices at most.' : '';
  const trouble = problem === undefined ? '' : ` ${problem}.`;
  return `${state}${meanwhile}${trouble}${leftOutText(words.heldOut, table)}`;
}

export function readyText(table: ModelTable, id: string, heldOut: number, waitsFor: string): string {
  const next = waitsFor === '' ? '' : ` It is time to train anew; ${waitsFor}.`;
  return `Judging by ${id}.${next}${leftOutText(heldOut, table)}`;
}

export function driftedText(id: string, { moved }: Drift, waitsFor: string): string {
  const names = moved.slice(0, 3).map(({ label }) => label);
  const what = names.length === 0 ? 'How unusual rows are' : `What is usual (${names.join(', ')})`;
  const next = waitsFor === '' ? 'It will be trained anew soon.' : `It asks to be trained anew; ${waitsFor}.`;
  return `${what} has moved since ${id} was trained. ${next}`;
}

function leftOutText(heldOut: number, table: ModelTable): string {
  if (heldOut === 0) return '';
  const [one, many] = ROW_NAMES[table];
  return ` ${formatCount(heldOut, one, many)} ${heldOut === 1 ? 'was' : 'were'} left out, as alerts speak of them.`;
}
