/** The numbers of the evidence as they are read. Pure. */
import type { AlertStory } from '../../../../contract/api-alerts.ts';
import type { Evidence } from '../../../../contract/domain.ts';
import { formatNumber as formatMeasured, unitFor } from '../../../../contract/format.ts';
import { bytesParts } from '../../../lib/format.ts';

export interface Measure {
  readonly value: string;
  /** Empty: none. */
  readonly unit: string;
}

export function measureOf({ value, unit = '' }: Pick<Evidence, 'value' | 'unit'>): Measure {
  if (typeof value === 'string') return { value, unit };
  if (unit === 'B') return bytesParts(value);
  return { value: formatMeasured(value), unit: unitFor(value, unit) };
}

export interface EvidenceLine {
  /** Unlike that of any other line. */
  readonly key: string;
  readonly evidence: Evidence;
  /** The earliest first; empty where it did not change, or is no number. */
  readonly values: readonly number[];
  readonly usual: readonly [low: number, high: number] | undefined;
}

/** Each fact with how it came to be. */
export function evidenceLines(evidence: readonly Evidence[], series: AlertStory['series']): readonly EvidenceLine[] {
  const seen = new Map<string, number>();
  return evidence.map((fact) => {
    // Several facts may have one name, such as the commands of a shell.
    const nth = (seen.get(fact.name) ?? 0) + 1;
    seen.set(fact.name, nth);
    const found = series.find(({ name }) => name === fact.name);
    const range = found?.usual ?? fact.usualRange;
    const values = found?.points.map(({ value }) => value) ?? [];
    return {
      key: `${fact.name} ${nth}`,
      evidence: fact,
      values: values.length > 1 ? values : [],
      usual: range === undefined || range === null ? undefined : [range.low, range.high],
    };
  });
}
