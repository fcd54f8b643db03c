/** What changing settings comes to, before anything is changed. Pure. */
import { type Config, originText } from './config.ts';
import { fitsAppFile } from './config-app.ts';
import { type KnownSetting, knownSettings } from './config-names.ts';
import { checkValue, type SettingValue } from './config-values.ts';
import { unknownSetting, wrongValue } from './config-words.ts';

export interface SettingChange {
  readonly path: string;
  /** Null: back to what it was before it was changed in Holdfast. */
  readonly value: SettingValue | null;
}

export interface SettingProblem {
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

/** A setting whose value in force becomes another one. */
export interface SettingDifference {
  readonly path: string;
  readonly from: SettingValue;
  readonly to: SettingValue;
}

export interface ChangePlan {
  /** Where there is one, nothing may be changed. */
  readonly problems: readonly SettingProblem[];
  /** What the layer `app` is to hold. */
  readonly values: ReadonlyMap<string, SettingValue>;
  /** The configuration that follows. */
  readonly config: Config;
  readonly differences: readonly SettingDifference[];
  /** Changes that bring everything back to what it was. */
  readonly before: readonly SettingChange[];
}

/** @param source the file of the layer `app`, for origins */
export function planChanges(config: Config, changes: readonly SettingChange[], source: string): ChangePlan {
  const known = knownSettings(config.sections);
  const held = config.appValues();
  const values = new Map(held);
  const problems: SettingProblem[] = [];
  const seen = new Set<string>();
  for (const { path, value } of changes) {
    const setting = known.get(path);
    const problem = seen.has(path) ? TWICE : problemOf(config, known, setting, path, value);
    seen.add(path);
    if (problem !== undefined) problems.push({ path, ...problem });
    else if (value === null) values.delete(path);
    else values.set(path, tidy(setting, value));
  }
  if (problems.length === 0 && !fitsAppFile(values)) problems.push({ path: changes[0]?.path ?? '', ...TOO_LARGE });
  const next = problems.length === 0 ? config.withApp(values, source) : config;
  return {
    problems,
    values: problems.length === 0 ? values : held,
    config: next,
    differences: [...known.keys()].flatMap((path) => differenceOf(config, next, path)),
    before: problems.length === 0 ? [...seen].map((path) => ({ path, value: held.get(path) ?? null })) : [],
  };
}

const TWICE = { message: 'is named twice', hint: 'Name each setting once.' };
const TOO_LARGE = {
  message: 'makes the settings too large to be kept',
  hint: 'Shorten the lists, or write them into the configuration file.',
};

function problemOf(
  config: Config,
  known: ReadonlyMap<string, KnownSetting>,
  setting: KnownSetting | undefined,
  path: string,
  value: SettingValue | null,
): Omit<SettingProblem, 'path'> | undefined {
  if (setting === undefined) {
    const { message, hint } = unknownSetting(known, path.split('.'));
    return { message, hint };
  }
  const lock = config.lockOf(path);
  if (lock !== undefined) {
    const message = `is set by ${originText(lock)} and cannot be changed here`;
    return { message, hint: 'Change it there, or take it out there and restart Holdfast to change it here.' };
  }
  if (value === null) return undefined;
  const checked = checkValue(setting.row, value);
  return 'value' in checked ? undefined : wrongValue(setting.row, checked.wanted, value);
}

/** As the row's check gives it, and without the -0 that no file can hold. */
function tidy(setting: KnownSetting | undefined, value: SettingValue): SettingValue {
  if (value === 0) return 0;
  const checked = setting && checkValue(setting.row, value);
  return checked && 'value' in checked ? checked.value : value;
}

function differenceOf(before: Config, after: Config, path: string): SettingDifference[] {
  const [from, to] = [before.value(path), after.value(path)];
  return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, from, to }];
}
