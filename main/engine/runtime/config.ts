import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FileProblem, type FileValue, parseConfigText, readConfigFile } from './config-file.ts';
import { closest, ENVIRONMENT_PREFIX, type KnownSetting, knownSettings, type Section } from './config-names.ts';
import { type Checked, checkText, checkValue, type SettingValue } from './config-values.ts';
import { isSection, unknownSetting, wrongValue } from './config-words.ts';
import { FailureError } from './failure.ts';
import type { SettingTable, SettingValues } from './settings.ts';

export { environmentNameOf, type Section } from './config-names.ts';
export type { SettingValue } from './config-values.ts';

export const PROFILES = ['default', 'development', 'production', 'testing'] as const;
export type Profile = (typeof PROFILES)[number];

/**
 * Where values come from; each layer overrides those before it. `app`: what was changed in Holdfast itself; below the
 * administrator's own file, so that what stands there cannot be changed by a click.
 */
export const CONFIG_LAYERS = ['default', 'profile', 'app', 'file', 'environment', 'flag'] as const;
export type ConfigLayer = (typeof CONFIG_LAYERS)[number];

/** Who set a value. */
export interface Origin {
  readonly layer: ConfigLayer;
  /** The file, the variable or the flag; empty for defaults. */
  readonly source: string;
  readonly line?: number;
}

/** Something wrong in a layer. Values with an error are ignored; the layer below counts. */
export interface ConfigProblem {
  readonly level: 'error' | 'warning';
  readonly layer: ConfigLayer;
  readonly source: string;
  readonly line?: number;
  readonly column?: number;
  /** The setting, or what was taken for one. */
  readonly path?: string;
  readonly message: string;
  readonly hint: string;
}

export interface ConfigRequest {
  readonly sections: readonly Section[];
  /** `--config`: must exist. */
  readonly file?: string;
  /** What was changed in Holdfast itself: see Paths.settingsFile. Whatever is wrong in it is only a warning. */
  readonly appFile?: string;
  /** Read when it exists and `file` is not given: see Paths.configFile. */
  readonly usualFile?: string;
  /** `--profile`; unknown names are a problem, not an exception. */
  readonly profile?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** By dotted path: `--set detect.port-scan.windowSeconds=30`. Text is read as in the environment. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Effective user id; 0 is stricter about who can write the file. */
  readonly userId?: number;
}

export interface ConfigReport {
  readonly config: Config;
  readonly problems: readonly ConfigProblem[];
  /** What was read, in order. */
  readonly sources: readonly string[];
}

interface Entry {
  readonly value: SettingValue;
  readonly origin: Origin;
}

/** The effective configuration: every value is allowed by its row, and knows who set it. Never changes. */
export class Config {
  readonly sections: readonly Section[];
  readonly profile: string;
  /** What is wrong with the file of the layer `app`; its good values count all the same. */
  readonly appProblems: readonly ConfigProblem[];
  /** What each layer says, the strongest last. */
  readonly #entries: ReadonlyMap<string, readonly Entry[]>;
  /** As they were asked for: some are asked for every second. */
  readonly #sections = new Map<string, { readonly table: SettingTable; readonly values: object }>();

  constructor(
    sections: readonly Section[],
    profile: string,
    entries: ReadonlyMap<string, readonly Entry[]>,
    appProblems: readonly ConfigProblem[] = [],
  ) {
    this.sections = sections;
    this.profile = profile;
    this.appProblems = appProblems;
    this.#entries = entries;
  }

  /** The values of a section, typed by its table. Throws for a section that was not part of the request. */
  section<T extends SettingTable>(path: string, table: T): SettingValues<T> {
    const known = this.#sections.get(path);
    if (known?.table === table) return known.values as SettingValues<T>;
    const rows = Object.keys(table).map((key) => [key, this.value(`${path}.${key}`)]);
    const values = Object.freeze(Object.fromEntries(rows)) as SettingValues<T>;
    this.#sections.set(path, { table, values });
    return values;
  }

  /** One value by its dotted path. Throws for an unknown one. */
  value(path: string): SettingValue {
    return strongest(this.#layers(path)).value;
  }

  /** Who set a value, in words: "default", "file /etc/holdfast/config.yaml:12". */
  origin(path: string): string {
    return originText(this.originOf(path));
  }

  originOf(path: string): Origin {
    return strongest(this.#layers(path)).origin;
  }

  /** Who sets a value above the layer `app`, so that it cannot be changed there; undefined where it can. */
  lockOf(path: string): Origin | undefined {
    const { origin } = strongest(this.#layers(path));
    return CONFIG_LAYERS.indexOf(origin.layer) > APP_LAYER ? origin : undefined;
  }

  /** What the layer `app` says, whether or not a stronger layer overrides it. */
  appValues(): ReadonlyMap<string, SettingValue> {
    const values = new Map<string, SettingValue>();
    for (const [path, layers] of this.#entries) {
      const entry = layers.find(({ origin }) => origin.layer === 'app');
      if (entry !== undefined) values.set(path, entry.value);
    }
    return values;
  }

  /** The same configuration with another layer `app`. The values must be allowed by their rows: see checkValue. */
  withApp(values: ReadonlyMap<string, SettingValue>, source: string): Config {
    const entries = new Map<string, readonly Entry[]>();
    for (const [path, layers] of this.#entries) {
      const value = values.get(path);
      const others = layers.filter(({ origin }) => origin.layer !== 'app');
      const app: Entry[] = value === undefined ? [] : [{ value, origin: { layer: 'app', source } }];
      entries.set(
        path,
        [...others, ...app].sort((a, b) => rankOf(a) - rankOf(b)),
      );
    }
    return new Config(this.sections, this.profile, entries);
  }

  #layers(path: string): readonly Entry[] {
    const layers = this.#entries.get(path);
    if (layers === undefined) {
      throw new Error(`there is no setting "${path}"`);
    }
    return layers;
  }
}

const APP_LAYER = CONFIG_LAYERS.indexOf('app');

function rankOf({ origin }: Entry): number {
  return CONFIG_LAYERS.indexOf(origin.layer);
}

/** Every setting has its default. */
function strongest(layers: readonly Entry[]): Entry {
  return layers[layers.length - 1];
}

export function originText(origin: Origin): string {
  if (origin.layer === 'default') return 'default';
  // Where the file is, and in which line, helps nobody: it is written by Holdfast.
  if (origin.layer === 'app') return 'changed in Holdfast';
  const place = origin.line === undefined ? '' : `:${origin.line}`;
  return `${origin.layer} ${origin.source}${place}`;
}

/** "/etc/holdfast/config.yaml:12:5: detect.port-scan.ports: must be …" */
export function problemText(problem: ConfigProblem): string {
  const place = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const path = problem.path === undefined ? '' : `${problem.path}: `;
  return `${problem.source}${place}: ${path}${problem.message}. ${problem.hint}`;
}

/** Composes the configuration and tells everything that is wrong. Throws only for mistakes in the tables. */
export async function readConfig(request: ConfigRequest): Promise<ConfigReport> {
  const composer = new Composer(request.sections);
  const userId = request.userId ?? process.geteuid?.() ?? 0;
  const profile = request.profile ?? 'default';
  await composer.profile(profile);
  if (request.appFile !== undefined) {
    await composer.app(request.appFile, userId);
  }
  const file = request.file ?? request.usualFile;
  if (file !== undefined) {
    await composer.file(file, request.file !== undefined, userId);
  }
  composer.environment(request.environment ?? {});
  composer.flags(request.flags ?? {});
  return {
    config: new Config(
      request.sections,
      profile,
      composer.entries,
      composer.problems.filter(({ layer }) => layer === 'app'),
    ),
    problems: composer.problems,
    sources: composer.sources,
  };
}

/** @throws FailureError `bad-config`, naming every error, one a line */
export async function loadConfig(request: ConfigRequest): Promise<Config> {
  const { config, problems } = await readConfig(request);
  const errors = problems.filter((problem) => problem.level === 'error');
  if (errors.length > 0) {
    const hint = 'Correct this; "holdfast config example" prints every setting with its reason.';
    throw new FailureError({ code: 'bad-config', message: errors.map(problemText).join('\n'), hint });
  }
  return config;
}

const PROFILE_DIRECTORY = fileURLToPath(new URL('../../../assets/profiles/', import.meta.url));

/** Applies the layers one after the other, gathering problems. */
class Composer {
  readonly entries = new Map<string, Entry[]>();
  readonly problems: ConfigProblem[] = [];
  readonly sources: string[] = [];
  readonly #known: ReadonlyMap<string, KnownSetting>;

  constructor(sections: readonly Section[]) {
    this.#known = knownSettings(sections);
    for (const { path, row } of this.#known.values()) {
      if (!('value' in checkValue(row, row.default))) {
        throw new Error(`the default of ${path} breaks its own rule`);
      }
      this.entries.set(path, [{ value: row.default, origin: { layer: 'default', source: '' } }]);
    }
  }

  async profile(name: string): Promise<void> {
    if (!PROFILES.some((profile) => profile === name)) {
      const near = closest(name, PROFILES);
      const hint = `${near === undefined ? '' : `Did you mean ${near}? `}Profiles: ${PROFILES.join(', ')}.`;
      const message = `there is no profile "${name}"`;
      this.problems.push({ level: 'error', layer: 'profile', source: '--profile', message, hint });
      return;
    }
    const file = `${PROFILE_DIRECTORY}${name}.yaml`;
    const { text, problems } = readConfigFile(file, true, process.geteuid?.() ?? 0);
    // Who owns the program's own files is not this file's question: they are trusted like its code.
    this.#fileProblems(
      'profile',
      file,
      problems.filter((problem) => problem.level === 'error'),
    );
    await this.#text('profile', file, text);
  }

  /** What Holdfast itself wrote: a mistake in it must not keep the engine from starting. */
  async app(path: string, userId: number): Promise<void> {
    const before = this.problems.length;
    const { text, problems } = readConfigFile(path, false, userId, true);
    this.#fileProblems('app', path, problems);
    await this.#text('app', path, text);
    const warnings = this.problems.splice(before).map((problem) => ({ ...problem, level: 'warning' as const }));
    this.problems.push(...warnings);
  }

  async file(path: string, named: boolean, userId: number): Promise<void> {
    const { text, problems } = readConfigFile(path, named, userId);
    this.#fileProblems('file', path, problems);
    await this.#text('file', path, text);
  }

  environment(environment: Readonly<Record<string, string | undefined>>): void {
    const byName = new Map([...this.#known.values()].map((known) => [known.environmentName, known]));
    const bare = (name: string): string => name.replaceAll('_', '');
    for (const [name, text] of Object.entries(environment)) {
      if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined) {
        continue;
      }
      const known = byName.get(name);
      if (known !== undefined) {
        this.#set(known, checkText(known.row, text), text, { layer: 'environment', source: name });
        continue;
      }
      // Other variables of this prefix (HOLDFAST_DATA) are no settings; settings have two underscores in a row.
      const likely = [...byName.keys()].find((candidate) => bare(candidate) === bare(name));
      if (likely !== undefined || name.slice(ENVIRONMENT_PREFIX.length).includes('__')) {
        const meant = likely ?? closest(name, byName.keys());
        const hint =
          meant === undefined ? 'Sections and keys are joined by two underscores.' : `Did you mean ${meant}?`;
        const message = 'no setting has this variable';
        this.problems.push({ level: 'error', layer: 'environment', source: name, message, hint });
      }
    }
    if (Object.keys(environment).some((name) => byName.has(name))) {
      this.sources.push('environment');
    }
  }

  flags(flags: Readonly<Record<string, unknown>>): void {
    for (const [path, value] of Object.entries(flags)) {
      const known = this.#known.get(path);
      const origin: Origin = { layer: 'flag', source: `--set ${path}` };
      if (known === undefined) {
        this.problems.push({ level: 'error', ...origin, ...unknownSetting(this.#known, path.split('.')) });
        continue;
      }
      const checked = typeof value === 'string' ? checkText(known.row, value) : checkValue(known.row, value);
      this.#set(known, checked, value, origin);
    }
    if (Object.keys(flags).length > 0) {
      this.sources.push('flags');
    }
  }

  async #text(layer: ConfigLayer, source: string, text: string | undefined): Promise<void> {
    if (text === undefined) {
      return;
    }
    this.sources.push(source);
    const { values, problems } = await parseConfigText(text);
    this.#fileProblems(layer, source, problems);
    for (const value of values) {
      this.#fileValue(layer, source, value);
    }
  }

  #fileValue(layer: ConfigLayer, source: string, found: FileValue): void {
    const known = this.#known.get(found.path.join('.'));
    if (known !== undefined) {
      const origin = { layer, source, line: found.line };
      this.#set(known, checkValue(known.row, found.value), found.value, origin, found.column);
    } else if (layer === 'profile' && !isSection(this.#known, found.path.slice(0, 1))) {
      // A profile speaks for the whole program; a command that asks for a few sections skips the rest.
    } else if (found.value !== null || !isSection(this.#known, found.path)) {
      this.problems.push({
        level: 'error',
        layer,
        source,
        ...found.keyPlace,
        ...unknownSetting(this.#known, found.path),
      });
    }
  }

  #set(known: KnownSetting, checked: Checked, given: unknown, origin: Origin, column?: number): void {
    if ('value' in checked) {
      this.entries.get(known.path)?.push({ value: checked.value, origin });
      return;
    }
    const place = origin.line === undefined ? {} : { line: origin.line, column };
    const { layer, source } = origin;
    this.problems.push({
      level: 'error',
      layer,
      source,
      ...place,
      path: known.path,
      ...wrongValue(known.row, checked.wanted, given),
    });
  }

  #fileProblems(layer: ConfigLayer, source: string, problems: readonly FileProblem[]): void {
    this.problems.push(...problems.map((problem) => ({ ...problem, layer, source })));
  }
}

/** The profiles that this installation carries; for completion and the settings page. */
export function installedProfiles(): readonly string[] {
  return readdirSync(PROFILE_DIRECTORY)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}
