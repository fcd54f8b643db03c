/** What people are told of a version and of what it makes of rows. Pure. */
import type { ProfileDetail, ProfileEvaluation } from '../../../../contract/api-models.ts';
import { medianOf, type Profile } from '../../models/index.ts';
import { shareUpTo } from './model-promotion.ts';
import type { KnownProfile } from './model-registry.ts';

/** Of −log10 of the p-value: a half is three times as unusual. */
const STEP = 0.25;
/** Up to one in ten millions. */
const STEPS = 28;
const ONE_PERCENT = 0.01;
const ONE_IN_THOUSAND = 0.001;

/**
 * @param given what it makes of rows; NaN for those that it cannot judge
 * @param threshold up to which p-value an anomaly is shown at present
 */
export function evaluationOf({ info }: KnownProfile, given: Float64Array, threshold: number | null): ProfileEvaluation {
  const pValues = given.filter(Number.isFinite);
  const counts = new Array<number>(STEPS).fill(0);
  for (const p of pValues) counts[Math.min(STEPS - 1, Math.floor(-Math.log10(Math.max(p, Number.MIN_VALUE)) / STEP))]++;
  return {
    id: info.id,
    rows: pValues.length,
    onePercent: shareUpTo(pValues, ONE_PERCENT),
    oneInThousand: shareUpTo(pValues, ONE_IN_THOUSAND),
    medianPValue: pValues.length === 0 ? 0 : medianOf(pValues),
    distribution: { step: STEP, counts, threshold },
  };
}

export function detailOf({ info, profile }: KnownProfile, threshold: number | null): ProfileDetail {
  return { profile: info, groups: profile.groups.map((group) => groupOf(profile, group, threshold)) };
}

function groupOf(
  profile: Profile,
  group: Profile['groups'][number],
  threshold: number | null,
): ProfileDetail['groups'][number] {
  const detail = profile.detail(group);
  return {
    group,
    rows: detail?.rows ?? 0,
    models: (detail?.models ?? []).map(({ kind, weight, bytes, parameters }) => ({
      kind,
      weight: Math.min(1, weight),
      bytes,
      parameters,
    })),
    columns: profile.usual(group).map(({ column: { name: feature, label, unit }, low, median, high }) => ({
      feature,
      label,
      unit,
      low,
      median,
      high,
    })),
    distribution: { ...(detail?.distribution ?? { step: STEP, counts: [] }), threshold },
  };
}
