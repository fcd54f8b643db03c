/** Why a row is unusual, in words. */
import type { AnomalyReason } from '../../../contract/models.ts';
import type { ColumnUsual } from './profile-types.ts';
import { readableRange, readableValue } from './readable.ts';
import type { Column } from './table-column.ts';

/** More than anybody reads. */
const MAX_REASONS = 8;
/** Columns that add less are no reason. */
const LEAST_SHARE = 0.01;
/** Usual names that are told. */
const MAX_NAMES = 3;

/** How the words begin of a value that is in the usual range. */
const USUAL_ALONE = 'usual by itself';

/** What is usual in a column, as far as reasons tell it. */
export interface UsualColumn extends Omit<ColumnUsual, 'column' | 'deciles'> {
  readonly column: Column;
  /** Of a column of names: the most common first. */
  readonly names: readonly number[];
}

/**
 * The strongest first.
 *
 * @param shares of all columns, together 1
 * @param values of all columns from `offset` on; what is missing is no reason
 */
export function reasonsOf(
  usual: readonly UsualColumn[],
  shares: Float64Array,
  values: Float64Array,
  offset: number,
): AnomalyReason[] {
  return usual
    .map((column, index) => ({ usual: column, share: shares[index]!, value: values[offset + index]! }))
    .filter(({ share, value }) => share >= LEAST_SHARE && Number.isFinite(value))
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_REASONS)
    .map(({ usual, share, value }) => {
      const { column, low, median, high } = usual;
      return {
        feature: column.name,
        label: column.label,
        unit: column.unit,
        value,
        usual: { low, median, high },
        share,
        words: reasonWords(usual, value),
      };
    });
}

/** Those that surprise by themselves; all, where none does. */
export function tellingReasons(reasons: readonly AnomalyReason[]): readonly AnomalyReason[] {
  const telling = reasons.filter(({ words }) => !words.includes(`; ${USUAL_ALONE}`));
  return telling.length > 0 ? telling : reasons;
}

/** "sent 214 MB; usual is under 2 MB". */
export function reasonWords(usual: UsualColumn, value: number): string {
  const did = usual.column.phrase.replace('%', readableValue(usual.column, value));
  return `${did}; ${usualWords(usual, value)}`;
}

function usualWords({ column, low, high, names }: UsualColumn, value: number): string {
  const text = (number: number) => readableValue(column, number);
  if (column.names !== undefined) {
    const common = names.slice(0, MAX_NAMES);
    if (common.length === 0) return 'nothing is usual here';
    if (common.includes(value)) return `${USUAL_ALONE}, but not together with the rest`;
    return `${common.length === 1 ? 'usual is' : 'usual are'} ${listed(common.map(text))}`;
  }
  if (low === high && value === low) return `${USUAL_ALONE}, but not together with the rest`;
  if (low === high) return high === 0 ? 'usual is none' : `usual is ${text(low)}`;
  if (value > high) return `usual is under ${text(high)}`;
  if (value < low) return `usual is over ${text(low)}`;
  return `${USUAL_ALONE} (${readableRange(column, low, high)}), but not together with the rest`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
