/** What has been learnt in two or three words, for the first sentences of the page. Pure. */
import type { Learning } from '../../../contract/api-models.ts';
import { formatPercent } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';

const words = strings.models.overview.facts;

/** What most needs to be known of all tables; empty where there is none. */
export function learntText(learning: readonly Pick<Learning, 'state' | 'progress'>[]): string {
  const has = (wanted: Learning['state']): boolean => learning.some(({ state }) => state === wanted);
  if (has('drifted')) return words.drifted;
  if (has('training')) return words.training;
  if (has('learning')) return words.learning(formatPercent(Math.floor(leastProgress(learning) * 100)));
  if (has('ready')) return words.ready;
  return has('off') ? words.off : '';
}

/** Of those that still learn, the one that is least far. */
function leastProgress(learning: readonly Pick<Learning, 'state' | 'progress'>[]): number {
  return Math.min(1, ...learning.flatMap(({ state, progress }) => (state === 'learning' ? [progress ?? 0] : [])));
}
