import type { ListSetting, NumberSetting, Setting, StringSetting } from './settings.ts';

/** What a setting can hold. */
export type SettingValue = number | boolean | string | readonly string[];

/** A checked value, or what would be right instead: "a whole number from 1 to 60 (s)". */
export type Checked = { readonly value: SettingValue } | { readonly wanted: string };

/** Longest text, and most items of a list: far above any real use, low enough to keep a file harmless. */
const MAX_TEXT_LENGTH = 4096;
const MAX_LIST_ITEMS = 4096;

type Checker = (row: never, value: unknown) => SettingValue | undefined;

const CHECKERS: Readonly<Record<Setting['type'], Checker>> = {
  number: (row: NumberSetting, value) => (isAllowedNumber(row, value) ? value : undefined),
  boolean: (_row, value) => (typeof value === 'boolean' ? value : undefined),
  string: (row: StringSetting, value) => (isAllowedText(row, value) ? value : undefined),
  choice: (row: { readonly choices: readonly string[] }, value) =>
    typeof value === 'string' && row.choices.includes(value) ? value : undefined,
  list: (row: ListSetting, value) =>
    Array.isArray(value) && isAllowedLength(row, value) && value.every((item) => isAllowedText(row, item))
      ? Object.freeze([...value])
      : undefined,
};

/** Checks a value that has a type already (from YAML, JSON or code) against its row. */
export function checkValue(row: Setting, value: unknown): Checked {
  const checked = CHECKERS[row.type](row as never, value);
  return checked === undefined ? { wanted: wantedBy(row) } : { value: checked };
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

/** Decimal as people and scripts write it; `Number` alone would also take "", "0x10" and " 1 ". */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Checks a value that came as text (an environment variable, a flag); lists are separated by commas. */
export function checkText(row: Setting, text: string): Checked {
  switch (row.type) {
    case 'number':
      return checkValue(row, DECIMAL.test(text) ? Number(text) : text);
    case 'boolean':
      return checkValue(row, WORDS.get(text.toLowerCase()) ?? text);
    case 'list':
      return checkValue(row, text === '' ? [] : text.split(',').map((item) => item.trim()));
    default:
      return checkValue(row, text);
  }
}

/** What a row takes, in words. */
export function wantedBy(row: Setting): string {
  switch (row.type) {
    case 'number': {
      const unit = row.unit === undefined ? '' : ` (${row.unit})`;
      return `a ${row.integer ? 'whole ' : ''}number from ${row.min} to ${row.max}${unit}`;
    }
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${row.choices.join(', ')}`;
    case 'string':
      return row.patternMeaning ?? (row.pattern === undefined ? 'a text' : `a text that matches ${row.pattern}`);
    case 'list': {
      const each = row.patternMeaning ?? (row.pattern === undefined ? 'a text' : `a text that matches ${row.pattern}`);
      return `a list${row.minimumItems ? ` of at least ${row.minimumItems}` : ''}, each item ${each}`;
    }
  }
}

function isAllowedNumber(row: NumberSetting, value: unknown): value is number {
  return (
    typeof value === 'number' &&
    value >= row.min &&
    value <= row.max &&
    (row.integer !== true || Number.isSafeInteger(value))
  );
}

function isAllowedLength({ minimumItems = 0, soleItems = [] }: ListSetting, items: readonly unknown[]): boolean {
  if (items.length < minimumItems || items.length > MAX_LIST_ITEMS) return false;
  return items.length === 1 || !items.some((item) => typeof item === 'string' && soleItems.includes(item));
}

function isAllowedText(row: { readonly pattern?: RegExp }, value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= MAX_TEXT_LENGTH &&
    // A global or sticky pattern would remember where it stopped; search() never does.
    (row.pattern === undefined || value.search(row.pattern) !== -1)
  );
}
