/** The numbers of the evidence as they are read. Pure. */
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import type { Evidence } from '../../../../contract/domain.ts';
import { type Measure, measureOf as numberOf } from '../../../lib/measure.ts';

export function measureOf({ value, unit = '' }: Pick<Evidence, 'value' | 'unit'>): Measure {
  return typeof value === 'string' ? { value, unit } : numberOf(value, unit);
}

export interface EvidenceLine {
  /** Unlike that of any other line. */
  readonly key: string;
  readonly evidence: Evidence;
  /** The earliest first; empty where it did not change, or is no number. */
  readonly values: readonly number[];
  readonly usual: readonly [low: number, high: number] | undefined;
  /** What is drawn beside it: how it came to be, or the number on a line with its usual range. */
  readonly plot: 'development' | 'usual' | null;
}

/**
 * Each fact with how it came to be.
 *
 * @param prefers what is drawn of a number of which both is known: of an anomaly how far it is from what is usual
 */
export function evidenceLines(
  evidence: readonly Evidence[],
  series: AlertStory['series'],
  prefers: 'development' | 'usual' = 'development',
): readonly EvidenceLine[] {
  const seen = new Map<string, number>();
  return evidence.map((fact) => {
    // Several facts may have one name, such as the commands of a shell.
    const nth = (seen.get(fact.name) ?? 0) + 1;
    seen.set(fact.name, nth);
    const found = series.find(({ name }) => name === fact.name);
    const range = found?.usual ?? fact.usualRange;
    const points = found?.points.map(({ value }) => value) ?? [];
    const values = points.length > 1 ? points : [];
    const hasRange = typeof fact.value === 'number' && range !== undefined && range !== null;
    const plots = [...(values.length > 0 ? ['development' as const] : []), ...(hasRange ? ['usual' as const] : [])];
    return {
      key: `${fact.name} ${nth}`,
      evidence: fact,
      values,
      usual: range === undefined || range === null ? undefined : [range.low, range.high],
      plot: plots.find((plot) => plot === prefers) ?? plots[0] ?? null,
    };
  });
}
