import { readFileSync } from 'node:fs';
import type { AttackCatalogue, Tactic, Technique } from '../../../contract/attack.ts';

const CATALOGUE_FILE = new URL('../../../assets/attack/techniques.json', import.meta.url);

let loaded: AttackCatalogue | undefined;

/** The catalogue that comes with Holdfast; read once, from any working directory. */
export function attackCatalogue(): AttackCatalogue {
  loaded ??= parseCatalogue(readFileSync(CATALOGUE_FILE, 'utf8'));
  return loaded;
}

/** Checked by hand: the file is on the way to the first alert, and loading zod would cost more than reading it. */
export function parseCatalogue(json: string): AttackCatalogue {
  const root = record(JSON.parse(json), 'the catalogue');
  const tactics = list(root.tactics, 'tactics').map((entry): Tactic => {
    const row = record(entry, 'a tactic');
    return { id: text(row.id, 'id'), name: text(row.name, 'name'), meaning: text(row.meaning, 'meaning') };
  });
  const tacticIds = new Set(tactics.map(({ id }) => id));
  const techniques = new Map<string, Technique>();
  for (const entry of list(root.techniques, 'techniques')) {
    const technique = techniqueOf(record(entry, 'a technique'), tacticIds);
    if (techniques.has(technique.id)) throw new Error(`ATT&CK catalogue: ${technique.id} stands there twice`);
    techniques.set(technique.id, technique);
  }
  return { attackVersion: text(root.attackVersion, 'attackVersion'), tactics, techniques };
}

const TECHNIQUE_ID = /^T\d{4}(\.\d{3})?$/;

function techniqueOf(row: Readonly<Record<string, unknown>>, tacticIds: ReadonlySet<string>): Technique {
  const id = text(row.id, 'id');
  if (!TECHNIQUE_ID.test(id)) throw new Error(`ATT&CK catalogue: "${id}" is not a technique id`);
  const tactics = list(row.tactics, `tactics of ${id}`).map((tactic) => text(tactic, `tactic of ${id}`));
  const unknown = tactics.find((tactic) => !tacticIds.has(tactic));
  if (unknown !== undefined) throw new Error(`ATT&CK catalogue: ${id} names the unknown tactic "${unknown}"`);
  return { id, name: text(row.name, `name of ${id}`), tactics, meaning: text(row.meaning, `meaning of ${id}`) };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`ATT&CK catalogue: ${what} is not an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`ATT&CK catalogue: ${what} is not a list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new Error(`ATT&CK catalogue: ${what} is not a text`);
  return value;
}
