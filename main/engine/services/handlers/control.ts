import type { HandlersOf } from '../../../../contract/api.ts';
import type { CONTROL_CALLS } from '../../../../contract/api-control.ts';
import type { Status } from '../../../../contract/api-schemas.ts';
import { plainText } from '../../../../contract/text.ts';
import { describeSettings, type ShownSetting, shownSettings } from '../../runtime/config-text.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Store } from '../../store/index.ts';
import { JournalCheck } from '../control/journal-check.ts';
import type { PauseState, ProtectionPause } from '../control/protection-pause.ts';
import type { SettingsDesk } from '../control/settings-desk.ts';
import type { TokenBook } from '../control/tokens.ts';

/** What the calls that steer the engine need of it. */
export interface ControlAnswering {
  readonly settings: SettingsDesk;
  readonly pause: ProtectionPause;
  readonly logger: Pick<Logger, 'recent'>;
  /** Throws before the start and after the stop. */
  store(): Store;
  tokens(): TokenBook;
  /** Resolves when what was last said about watching, to stop or to go on, is done. */
  watchingSettled(): Promise<void>;
}

/** As in the contract, also where what must not be seen is written out. */
const MAX_TOKEN_NAME = 80;

/** What Holdfast can do beside watching, and why not where it cannot. */
export const ABILITIES: Status['abilities'] = [
  {
    id: 'isolate',
    isAvailable: false,
    why: 'This version of Holdfast watches and tells; it cannot cut this computer off from the network yet.',
  },
];

/** The handlers of the calls that steer the engine. */
export function controlHandlers(engine: ControlAnswering): HandlersOf<typeof CONTROL_CALLS> {
  const check = new JournalCheck(() => engine.store().control);
  const told = <T extends ShownSetting>(setting: T): T =>
    engine.settings.isWaiting(setting.path)
      ? { ...setting, origin: `${setting.origin}, in force after the next start` }
      : setting;
  return {
    'config.show': () => ({
      profile: engine.settings.config.profile,
      settings: shownSettings(engine.settings.config).map(told),
    }),
    'config.describe': () => ({
      profile: engine.settings.config.profile,
      sections: describeSettings(engine.settings.config).map((section) => ({
        ...section,
        settings: section.settings.map(told),
      })),
    }),
    'config.set': ({ changes, dryRun }, { actor }) => engine.settings.set(changes, dryRun, actor),
    'protection.pause': async ({ minutes, reason }, { actor }) => {
      const { untilMs }: PauseState = engine.pause.begin(minutes, plainText(reason), actor);
      await engine.watchingSettled();
      return { untilMs };
    },
    'protection.resume': async (_input, { actor }) => {
      engine.pause.end(actor, 'somebody asked for it');
      await engine.watchingSettled();
      return {};
    },
    'journal.list': ({ limit, cursor, search }) => {
      const { rows, cursor: next, failure } = engine.store().listJournal({ limit, cursor, search });
      if (failure !== undefined) throw new FailureError(failure);
      return { entries: rows, next: next ?? null };
    },
    'journal.verify': async () => {
      const { intact, entries, brokenAt, reason, failure } = await check.run();
      // Not to be read is not to be broken: the store says what is the matter.
      if (failure !== undefined) throw new FailureError(failure);
      return { isIntact: intact, entries, brokenAt: brokenAt ?? null, reason: reason ?? '' };
    },
    'log.recent': ({ limit }) => ({ entries: engine.logger.recent(limit) }),
    'tokens.list': () => ({ tokens: engine.tokens().list() }),
    'tokens.create': ({ name, role, days }, { actor }) =>
      engine.tokens().create({ name: plainText(name, MAX_TOKEN_NAME), role, days }, actor),
    'tokens.revoke': ({ id }, { actor }) => {
      engine.tokens().revoke(id, actor);
      return {};
    },
  };
}
