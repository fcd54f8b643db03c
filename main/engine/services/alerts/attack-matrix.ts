import type { AttackMatrix } from '../../../../contract/api-alerts.ts';
import type { AttackCatalogue } from '../../../../contract/attack.ts';
import { SEVERITIES, type Severity } from '../../../../contract/domain.ts';
import type { TechniquesSeen } from '../../store/index.ts';

interface Seen {
  alerts: number;
  worst: Severity | null;
  lastSeenMs: number | null;
}

/** What can name techniques. */
export interface AttackCoverage {
  /** Of the network, and behaviours of the host. */
  readonly detectors: readonly { readonly id: string; readonly techniques: readonly string[] }[];
  /** Rules that are at work. */
  readonly rules: readonly { readonly techniques: readonly string[] }[];
}

/** The techniques of the catalogue under their tactics: what can name them, and what was seen. */
export function attackMatrix(
  catalogue: AttackCatalogue,
  { detectors, rules }: AttackCoverage,
  seen: readonly TechniquesSeen[],
  sinceMs: number,
): AttackMatrix {
  const byTechnique = new Map<string, Seen>();
  for (const { techniques, severity, count, lastSeenMs } of seen) {
    for (const id of new Set(techniques)) {
      const sum = byTechnique.get(id) ?? { alerts: 0, worst: null, lastSeenMs: null };
      sum.alerts += count;
      if (sum.worst === null || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(sum.worst)) sum.worst = severity;
      sum.lastSeenMs = Math.max(sum.lastSeenMs ?? lastSeenMs, lastSeenMs);
      byTechnique.set(id, sum);
    }
  }
  const rulesOf = new Map<string, number>();
  for (const rule of rules) {
    for (const id of new Set(rule.techniques)) rulesOf.set(id, (rulesOf.get(id) ?? 0) + 1);
  }
  const techniques = [...catalogue.techniques.values()];
  return {
    attackVersion: catalogue.attackVersion,
    sinceMs,
    tactics: catalogue.tactics.map(({ id: tactic, name, meaning }) => ({
      id: tactic,
      name,
      meaning,
      techniques: techniques
        .filter((technique) => technique.tactics.includes(tactic))
        .map((technique) => ({
          id: technique.id,
          name: technique.name,
          meaning: technique.meaning,
          detectors: detectors.filter((each) => each.techniques.includes(technique.id)).map(({ id }) => id),
          rules: rulesOf.get(technique.id) ?? 0,
          ...(byTechnique.get(technique.id) ?? { alerts: 0, worst: null, lastSeenMs: null }),
        })),
    })),
  };
}
