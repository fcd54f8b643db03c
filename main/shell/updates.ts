/** What the app needs of its updates; how they are found, checked and installed is theirs. */
import type { Preferences, UpdateState } from '../../contract/shell-schemas.ts';
import { ShellError } from './failure.ts';
import { Changing, type Watched } from './watched.ts';

export interface Updates {
  readonly state: Watched<UpdateState>;
  /** Begins to look by itself, as the preferences say; nothing is looked for before. */
  start(preferences: Watched<Preferences>): void;
  /** @throws an error that carries a failure, as do the others */
  check(): Promise<void>;
  download(): Promise<void>;
  install(): Promise<void>;
  postpone(hours: number): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** Where updates cannot be had: says why, and does nothing. */
export function unsupportedUpdates(current: string, why: string): Updates {
  const refuse = (): Promise<never> => {
    return Promise.reject(new ShellError('updates-unsupported', why, 'Update it the way it was installed.'));
  };
  const failure = { code: 'updates-unsupported', message: why, hint: 'Update it the way it was installed.' };
  return {
    state: new Changing<UpdateState>({
      state: 'unsupported',
      current,
      version: null,
      notes: '',
      progress: null,
      checkedMs: null,
      postponedUntilMs: null,
      failure,
      lastUpdate: null,
    }),
    start: () => {},
    check: refuse,
    download: refuse,
    install: refuse,
    postpone: refuse,
    stop: () => {},
  };
}
