/** What is said about a setting that is wrong: the same words for files, variables, flags and the settings page. */
import { closest, type KnownSetting } from './config-names.ts';
import type { Setting } from './settings.ts';

export interface SettingWords {
  readonly message: string;
  readonly hint: string;
}

/** @param wanted what the row takes, see wantedBy */
export function wrongValue(row: Setting, wanted: string, given: unknown): SettingWords {
  const meant = row.type === 'choice' ? closest(String(given), row.choices) : undefined;
  return {
    message: `must be ${wanted}, not ${shown(given)}`,
    hint: meant === undefined ? `The default is ${shown(row.default)}.` : `Did you mean ${meant}?`,
  };
}

export function unknownSetting(
  known: ReadonlyMap<string, KnownSetting>,
  path: readonly string[],
): SettingWords & { readonly path: string } {
  const whole = path.join('.');
  if (isSection(known, path)) {
    return { path: whole, message: 'is a section, not a setting', hint: 'Write its keys below it, indented.' };
  }
  // The nearest key of the same section first: a typing error in the last word is the usual case.
  const section = path.slice(0, -1).join('.');
  const siblings = [...known.values()].filter((each) => each.section === section);
  const sibling = closest(
    path.at(-1) ?? '',
    siblings.map(({ key }) => key),
  );
  const meant = sibling === undefined ? closest(whole, known.keys()) : `${section}.${sibling}`;
  const keys = siblings.map(({ key }) => key).join(', ');
  const hint = keys === '' ? '"holdfast config example" prints all settings.' : `The keys here: ${keys}.`;
  return { path: whole, message: 'there is no such setting', hint: meant ? `Did you mean ${meant}?` : hint };
}

/** A section whose keys are all commented out reads as null: not a mistake. */
export function isSection(known: ReadonlyMap<string, KnownSetting>, path: readonly string[]): boolean {
  const prefix = `${path.join('.')}.`;
  return [...known.keys()].some((candidate) => candidate.startsWith(prefix));
}

/** A value as a message shows it: quoted, short, and without what could confuse a terminal. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

const MAX_SHOWN = 60;
