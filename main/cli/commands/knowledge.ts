import { readFileSync } from 'node:fs';
import type { AttackCatalogue, Tactic, Technique } from '../../../contract/attack.ts';
import type { AlertKind } from '../../../contract/domain.ts';

/** What is told beside the alerts: names of techniques, and what was looked for. */
export interface Knowledge {
  readonly catalogue: AttackCatalogue;
  readonly detectors: readonly { readonly kind: AlertKind; readonly summary: string }[];
}

export function loadKnowledge(): Knowledge {
  const file = new URL('../../../assets/attack/techniques.json', import.meta.url);
  const { attackVersion, tactics, techniques } = JSON.parse(readFileSync(file, 'utf8')) as {
    attackVersion: string;
    tactics: Tactic[];
    techniques: Technique[];
  };
  const byId = new Map(techniques.map((technique) => [technique.id, technique]));
  return { catalogue: { attackVersion, tactics, techniques: byId }, detectors: [] };
}
