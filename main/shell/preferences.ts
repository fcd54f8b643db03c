/** What the person chose for this app, kept in its own folder. */
import { type Preferences, preferencesSchema } from '../../contract/shell-schemas.ts';
import { ShellError } from './failure.ts';
import { readSettled, writeSettled } from './settled-file.ts';
import { Changing, type Watched } from './watched.ts';

export const DEFAULT_PREFERENCES: Preferences = {
  theme: 'system',
  startAtLogin: false,
  startHidden: false,
  notifications: { enabled: true, minimumSeverity: 'medium', quietFrom: '', quietUntil: '' },
  updates: { automatic: true, channel: 'stable' },
};

export class PreferenceStore {
  readonly #path: string;
  readonly #value: Changing<Preferences>;
  /** Where a file that could not be read is kept. */
  readonly keptAside: string | undefined;

  constructor(path: string) {
    this.#path = path;
    const { value, keptAside } = readSettled(path, preferencesSchema);
    this.#value = new Changing(value ?? DEFAULT_PREFERENCES);
    this.keptAside = keptAside;
  }

  get current(): Watched<Preferences> {
    return this.#value;
  }

  /** @throws ShellError `bad-input`, `cannot-write`: nothing was changed */
  set(preferences: Preferences): Preferences {
    const { quietFrom, quietUntil } = preferences.notifications;
    if ((quietFrom === '') !== (quietUntil === '')) {
      const message = 'Quiet hours need a beginning and an end.';
      throw new ShellError('bad-input', message, 'Set both times, or neither for no quiet hours.');
    }
    try {
      writeSettled(this.#path, preferences);
    } catch (error) {
      const message = `The choice could not be kept: ${error instanceof Error ? error.message : String(error)}.`;
      throw new ShellError('cannot-write', message, 'Make room or rights there and try again.');
    }
    this.#value.set(preferences);
    return preferences;
  }
}
