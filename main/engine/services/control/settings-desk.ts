import type { CallOutput } from '../../../../contract/api.ts';
import { type Config, problemText, type SettingValue } from '../../runtime/config.ts';
import { putAppFileAside, writeAppFile } from '../../runtime/config-app.ts';
import { planChanges, type SettingChange, type SettingDifference } from '../../runtime/config-change.ts';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { JournalInput } from '../../store/index.ts';

/** Parts of the engine that take other settings while it runs. */
export const LIVE_PARTS = [
  'traffic',
  'host',
  'scan',
  'indicators',
  'alerts',
  'response',
  'captures',
  'models',
  'integrity',
  'store',
  'log',
] as const;
export type LivePart = (typeof LIVE_PARTS)[number];

interface LiveRow {
  readonly part: LivePart;
  /** A setting, or with a dot at its end everything below. */
  readonly path: string;
}

/** Who takes a setting in while the engine runs; the first row that fits. What is in no row waits for the next start. */
export const LIVE_SETTINGS: readonly LiveRow[] = [
  { part: 'traffic', path: 'sensors.' },
  { part: 'traffic', path: 'network.' },
  { part: 'traffic', path: 'detect.' },
  { part: 'host', path: 'host.' },
  { part: 'scan', path: 'scan.' },
  { part: 'indicators', path: 'indicators.' },
  { part: 'alerts', path: 'alerts.joinGapSeconds' },
  { part: 'alerts', path: 'alerts.maxEvidence' },
  { part: 'alerts', path: 'alerts.maxRelated' },
  { part: 'alerts', path: 'alerts.shadowSlackSeconds' },
  { part: 'response', path: 'response.' },
  { part: 'captures', path: 'captures.' },
  { part: 'models', path: 'models.' },
  { part: 'integrity', path: 'integrity.' },
  { part: 'store', path: 'store.commitMs' },
  { part: 'store', path: 'store.batchRows' },
  { part: 'store', path: 'store.flowDays' },
  { part: 'store', path: 'store.trafficDays' },
  { part: 'store', path: 'store.hostDays' },
  { part: 'store', path: 'store.maximumMegabytes' },
  { part: 'store', path: 'store.findingDays' },
  { part: 'store', path: 'store.alertDays' },
  { part: 'store', path: 'store.anomalyDays' },
  { part: 'store', path: 'store.journalDays' },
  { part: 'log', path: 'log.level' },
];

/** Who takes a setting in at once; undefined where it waits for the next start. */
export function livePartOf(path: string): LivePart | undefined {
  return LIVE_SETTINGS.find((row) => (row.path.endsWith('.') ? path.startsWith(row.path) : path === row.path))?.part;
}

export interface SettingsDeskOptions {
  readonly config: Config;
  /** Where what is changed here is kept: Paths.settingsFile. */
  readonly file: string;
  readonly health: HealthRegistry;
  readonly nowMs: () => number;
  readonly journal: (entry: JournalInput) => void;
  /** Puts a configuration in force in a part. */
  readonly apply: (part: LivePart, config: Config) => Promise<void> | void;
}

const SUBJECT_FILE = 'settings';

/** The configuration that is in force, and the one place where it changes while the engine runs. */
export class SettingsDesk {
  readonly #options: SettingsDeskOptions;
  readonly #health: HealthPart;
  #config: Config;
  #hasBrokenFile: boolean;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: SettingsDeskOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#hasBrokenFile = options.config.appProblems.length > 0;
    this.#health = options.health.part('settings');
    const [first] = options.config.appProblems;
    if (first === undefined) this.#health.ok('Every setting is as it was left.');
    else {
      this.#health.degraded(
        `Settings that were changed in Holdfast could not all be read: ${problemText(first)}`,
        `Correct ${options.file}, or change a setting here: the file is then kept aside and written anew.`,
      );
    }
  }

  /** What is in force, or will be after the next start where a setting says so. */
  get config(): Config {
    return this.#config;
  }

  /** Whether a setting is kept but waits for the next start. */
  isWaiting(path: string): boolean {
    if (livePartOf(path) !== undefined) return false;
    return JSON.stringify(this.#config.value(path)) !== JSON.stringify(this.#options.config.value(path));
  }

  /**
   * Changes all of them or none, one caller after the other.
   * @throws FailureError `settings-not-stored`: nothing was changed; `settings-not-applied`: they are kept
   */
  set(changes: readonly SettingChange[], isTrial: boolean, actor: string): Promise<CallOutput<'config.set'>> {
    const done = this.#work.then(() => this.#set(changes, isTrial, actor));
    this.#work = done.catch(() => {});
    return done;
  }

  async #set(changes: readonly SettingChange[], isTrial: boolean, actor: string): Promise<CallOutput<'config.set'>> {
    const plan = planChanges(this.#config, changes, this.#options.file);
    const { problems, before, differences } = plan;
    const isLive = ({ path }: SettingDifference): boolean => livePartOf(path) !== undefined;
    const answer = {
      problems,
      applied: differences.filter(isLive).map(({ path }) => path),
      atRestart: differences.filter((difference) => !isLive(difference)).map(({ path }) => path),
      before,
    };
    if (problems.length > 0 || isTrial) return answer;
    this.#store(plan.values, actor);
    this.#config = plan.config;
    for (const { path, from, to } of differences) {
      const detail = { before: from, after: to };
      this.#options.journal({ actor, action: 'setting-changed', subject: path, detail });
    }
    await this.#apply(new Set(differences.map(({ path }) => livePartOf(path))), plan.config);
    return answer;
  }

  /** One part that cannot take them keeps no other from it. */
  async #apply(parts: ReadonlySet<LivePart | undefined>, config: Config): Promise<void> {
    const problems: unknown[] = [];
    for (const part of LIVE_PARTS) {
      if (!parts.has(part)) continue;
      try {
        await this.#options.apply(part, config);
      } catch (error) {
        problems.push(error);
      }
    }
    if (problems.length === 0) return;
    const message = `The settings are kept, but not all of Holdfast could take them: ${messageOf(problems[0])}.`;
    const hint = 'Health says what does not work. The settings are in force after the next start at the latest.';
    throw new FailureError({ code: 'settings-not-applied', message, hint }, problems[0]);
  }

  #store(values: ReadonlyMap<string, SettingValue>, actor: string): void {
    const { file, nowMs, journal } = this.#options;
    let aside: string | undefined;
    writeAppFile(file, values, () => {
      if (this.#hasBrokenFile) aside = putAppFileAside(file, nowMs());
    });
    this.#hasBrokenFile = false;
    if (aside === undefined) return;
    journal({ actor, action: 'settings-file-kept-aside', subject: SUBJECT_FILE, detail: { aside } });
    this.#health.ok(`The settings are written anew; the file that could not be read is ${aside}.`);
  }
}
