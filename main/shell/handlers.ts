/** What the app answers itself: one handler for each row of the shell's table. */
import type { ShellHandlers } from '../../contract/shell-api.ts';
import type { Preferences, ShellInfo } from '../../contract/shell-schemas.ts';
import type { EnableOutcome } from './elevate.ts';
import type { EngineLink } from './engine-link.ts';
import { ShellError } from './failure.ts';
import { linkAddress, type ProjectPages } from './links.ts';
import type { PreferenceStore } from './preferences.ts';
import type { UpdateManager } from './updates/index.ts';

export interface HandlerParts {
  readonly link: EngineLink;
  readonly preferences: PreferenceStore;
  readonly updates: Pick<UpdateManager, 'handlers'>;
  readonly pages: ProjectPages;
  info(): ShellInfo;
  enableProtection(): Promise<EnableOutcome>;
  /** Makes the system start the app at login, or not. @throws an error of the file system */
  applyLoginStart(preferences: Preferences): void;
  openExternal(address: string): Promise<void>;
  /** Tells addresses that the window should show. */
  watchAddresses(tell: (address: string) => void): () => void;
}

export function shellHandlers(parts: HandlerParts): ShellHandlers {
  const { link, preferences, updates } = parts;
  let enabling: Promise<EnableOutcome> | undefined;
  return {
    'shell.info': () => parts.info(),
    'shell.engine.watch': (_input, emit) => link.state.watch(emit),
    'shell.engine.start': () => {
      link.retry();
      return {};
    },
    'shell.protection.enable': async () => {
      const { canEnable, whyNotEnable } = link.state.value;
      if (!canEnable) return { outcome: 'failed', message: whyNotEnable || 'Full protection is on already.' };
      // Pressed twice, the system asks once.
      enabling ??= parts.enableProtection().finally(() => {
        enabling = undefined;
      });
      const outcome = await enabling;
      if (outcome.outcome === 'enabled') link.expectService();
      return outcome;
    },
    'shell.preferences': () => preferences.current.value,
    'shell.preferences.set': (wanted) => {
      const before = preferences.current.value;
      const isOther = wanted.startAtLogin !== before.startAtLogin || wanted.startHidden !== before.startHidden;
      try {
        if (isOther) parts.applyLoginStart(wanted);
      } catch (error) {
        const message = `Starting at login could not be changed: ${error instanceof Error ? error.message : String(error)}.`;
        throw new ShellError('cannot-write', message, 'Make room or rights there and try again.');
      }
      return preferences.set(wanted);
    },
    ...updates.handlers,
    'shell.links.open': async (named) => {
      const address = linkAddress(named, parts.pages);
      if (address === undefined) {
        const message = 'This build of Holdfast names no such page.';
        throw new ShellError('no-such-page', message, 'The guide is installed with it: see "man holdfast".');
      }
      await parts.openExternal(address);
      return {};
    },
    'shell.navigate.watch': (_input, emit) => parts.watchAddresses((address) => emit({ address })),
  };
}
