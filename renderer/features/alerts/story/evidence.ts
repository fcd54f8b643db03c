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
  readonly evidence: Evidence;
  /** The earliest first; empty where it did not change, or is no number. */
  readonly values: readonly number[];
  readonly usual: readonly [low: number, high: number] | undefined;
}

/** Each fact with how it came to be. */
export function evidenceLines(evidence: readonly Evidence[], series: AlertStory['series']): readonly EvidenceLine[] {
  return evidence.map((fact) => {
    const found = series.find(({ name }) => name === fact.name);
    const range = found?.usual ?? fact.usualRange;
    const values = found?.points.map(({ value }) => value) ?? [];
    return {
      evidence: fact,
      values: values.length > 1 ? values : [],
      usual: range === undefined || range === null ? undefined : [range.low, range.high],
    };
  });
}
