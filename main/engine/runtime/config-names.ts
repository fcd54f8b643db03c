import type { Setting, SettingTable } from './settings.ts';

/** One section of the configuration: a place, and the rows that live there. */
export interface Section {
  /** Dotted, from the outside in: "detect.port-scan". */
  readonly path: string;
  /** What a settings page calls it; made from the path where it is left out. */
  readonly title?: string;
  readonly table: SettingTable;
}

/** One row, with the names that it goes by. */
export interface KnownSetting {
  /** "detect.port-scan.windowSeconds" */
  readonly path: string;
  /** "HOLDFAST_DETECT__PORT_SCAN__WINDOW_SECONDS" */
  readonly environmentName: string;
  readonly section: string;
  readonly key: string;
  readonly row: Setting;
}

export const ENVIRONMENT_PREFIX = 'HOLDFAST_';

/**
 * The environment variable of a setting: the prefix, then the parts of the path joined by two underscores;
 * inside a part, dashes and changes of case become one underscore, and everything is upper case.
 */
export function environmentNameOf(path: string): string {
  const parts = path.split('.').map((part) =>
    part
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replaceAll('-', '_')
      .toUpperCase(),
  );
  return ENVIRONMENT_PREFIX + parts.join('__');
}

/**
 * All settings of all sections, by dotted path.
 * Throws when two rows share a place or a variable: that is a mistake in a table, not in a file.
 */
export function knownSettings(sections: readonly Section[]): ReadonlyMap<string, KnownSetting> {
  const known = new Map<string, KnownSetting>();
  const variables = new Map<string, string>();
  const places = new Set(sections.map((section) => section.path));
  for (const { path: section, table } of sections) {
    for (const [key, row] of Object.entries(table)) {
      const path = `${section}.${key}`;
      const environmentName = environmentNameOf(path);
      const other = variables.get(environmentName);
      if (known.has(path) || places.has(path) || other !== undefined) {
        throw new Error(`the setting ${path} is stated twice${other === undefined ? '' : ` (as ${other})`}`);
      }
      variables.set(environmentName, path);
      known.set(path, { path, environmentName, section, key, row });
    }
  }
  return known;
}

/** Words longer than this are not compared letter by letter: no key of ours comes near. */
const LONGEST_COMPARED = 120;

/** Letters to insert, delete or replace to come from one word to the other (Levenshtein 1966), case ignored. */
export function editDistance(from: string, to: string): number {
  const a = from.slice(0, LONGEST_COMPARED).toLowerCase();
  const b = to.slice(0, LONGEST_COMPARED).toLowerCase();
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = previous[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}

/** A word counts as meant when at most this share of its letters is wrong: below, guesses are noise. */
const LARGEST_WRONG_SHARE = 0.4;

/** The candidate that was most likely meant, or undefined when none is near. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best !== undefined && bestDistance <= Math.max(word.length, best.length) * LARGEST_WRONG_SHARE
    ? best
    : undefined;
}
