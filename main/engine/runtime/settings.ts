/**
 * Settings as tables. Every module states the settings that it needs as one table of rows; the
 * composition root joins the tables into the configuration. From a row come the default, the validation,
 * `holdfast config example`, the settings page and the user guide.
 */

interface SettingBase<T> {
  readonly default: T;
  /** One plain sentence: what it does, and why the default is what it is. */
  readonly reason: string;
}

export interface NumberSetting extends SettingBase<number> {
  readonly type: 'number';
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
  /** "s", "ms", "B", "packets/s"; shown beside the value. */
  readonly unit?: string;
}

export interface BooleanSetting extends SettingBase<boolean> {
  readonly type: 'boolean';
}

export interface StringSetting extends SettingBase<string> {
  readonly type: 'string';
  /** The value must match, when given. */
  readonly pattern?: RegExp;
  /** What the pattern asks for, in words. */
  readonly patternMeaning?: string;
}

export interface ChoiceSetting<C extends string = string> extends SettingBase<C> {
  readonly type: 'choice';
  readonly choices: readonly C[];
}

export interface ListSetting extends SettingBase<readonly string[]> {
  readonly type: 'list';
  /** Fewest items; 0 where it is left out. */
  readonly minimumItems?: number;
  /** Words that must be the only item where they stand. */
  readonly soleItems?: readonly string[];
  /** Every item must match, when given. */
  readonly pattern?: RegExp;
  readonly patternMeaning?: string;
}

export type Setting = NumberSetting | BooleanSetting | StringSetting | ChoiceSetting | ListSetting;

/** Rows of one section, by key in camelCase. */
export type SettingTable = Readonly<Record<string, Setting>>;

/** The values that a table describes. */
export type SettingValues<T extends SettingTable> = {
  readonly [K in keyof T]: T[K] extends ChoiceSetting<infer C>
    ? C
    : T[K] extends NumberSetting
      ? number
      : T[K] extends BooleanSetting
        ? boolean
        : T[K] extends ListSetting
          ? readonly string[]
          : string;
};

/** The defaults of a table, as values. */
export function defaultsOf<T extends SettingTable>(table: T): SettingValues<T> {
  return Object.fromEntries(Object.entries(table).map(([key, row]) => [key, row.default])) as SettingValues<T>;
}
