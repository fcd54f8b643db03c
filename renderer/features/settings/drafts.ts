/** What was changed on the page and is not yet in force. Pure. */
import type { SettingRow } from '../../../contract/api-control.ts';

export type SettingValue = SettingRow['value'];

/** As it stands in its field: text for numbers and lists, so that it can be wrong while it is typed. */
export type Draft = string | boolean;

/** By the setting's path; null: back to the default. */
export type Drafts = Readonly<Record<string, Draft | null>>;

export function draftOf(value: SettingValue): Draft {
  if (typeof value === 'boolean') return value;
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** The value that a draft stands for; undefined where it cannot be one. What else is wrong, the engine says. */
export function settingOf(row: SettingRow, draft: Draft): SettingValue | undefined {
  if (row.type === 'boolean') return draft === true;
  const text = String(draft);
  if (row.type === 'list') {
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  }
  if (row.type !== 'number') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return undefined;
  const isWithin = value >= (row.minimum ?? -Infinity) && value <= (row.maximum ?? Infinity);
  return isWithin && (row.isInteger !== true || Number.isInteger(value)) ? value : undefined;
}

export function isSame(a: SettingValue, b: SettingValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Takes a draft in, or out where it says what is in force already. */
export function withDraft(drafts: Drafts, row: SettingRow, draft: Draft | null): Drafts {
  const { [row.path]: _, ...others } = drafts;
  const value = draft === null ? row.default : settingOf(row, draft);
  return value !== undefined && isSame(value, row.value) ? others : { ...others, [row.path]: draft };
}

/** Rows that the words of a search are in: all words, anywhere. @param name what the row is called */
export function matches(row: SettingRow, search: string, name: string = nameOf(row.path)): boolean {
  const text = `${name} ${row.path} ${row.reason}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What a key says of its unit, which stands beside the value. */
const UNIT_IN_KEY = /(?<=[a-z])(Seconds|Minutes|Hours|Days|Ms|Bytes|Mebibytes|Megabytes)$/;

/** "windowSeconds" as people read it, where it has no name of its own: "Window". */
export function nameOf(path: string): string {
  const key = path.slice(path.lastIndexOf('.') + 1).replace(UNIT_IN_KEY, '');
  const spaced = key
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('-', ' ')
    .toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export interface SectionGroup<S> {
  readonly title: string;
  readonly sections: readonly S[];
}

/** Sections under their headings, in their order; those of no heading come last. Headings without sections are left out. */
export function grouped<S extends { readonly path: string }>(
  sections: readonly S[],
  headings: readonly { readonly title: string; readonly paths: readonly string[] }[],
  others: string,
): readonly SectionGroup<S>[] {
  const headingOf = ({ path }: S): string =>
    headings.find(({ paths }) =>
      paths.some((start) => path === start || (start.endsWith('.') && path.startsWith(start))),
    )?.title ?? others;
  return [...headings.map(({ title }) => title), others]
    .map((title) => ({ title, sections: sections.filter((section) => headingOf(section) === title) }))
    .filter((group) => group.sections.length > 0);
}
