/** The canaries of this computer: laid out where a setting lets it, listed, and taken away. */
import type { CallOutput } from '../../../../contract/api.ts';
import { Canaries, type CanaryOutcome } from '../../canaries/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { JournalInput } from '../../store/index.ts';

export interface CanaryDeskOptions {
  /** Where the list is kept; the engine's own. */
  readonly dataDirectory: string;
  settings(): { readonly enabled: boolean; readonly folders: readonly string[] };
  nowMs(): number;
  journal(entry: JournalInput): void;
  /** Told of the paths whenever they change. */
  onPaths(paths: readonly string[]): void;
  /** For tests. */
  readonly homes?: () => readonly string[];
}

const SUBJECT = 'canaries';
/** Paths that an entry of the journal names; it counts the rest. */
const JOURNAL_PATHS = 100;

export class CanaryDesk {
  readonly #options: CanaryDeskOptions;
  readonly #canaries: Canaries;

  constructor(options: CanaryDeskOptions) {
    this.#options = options;
    this.#canaries = new Canaries(options);
  }

  get paths(): readonly string[] {
    return this.#canaries.all.map(({ path }) => path);
  }

  list(): CallOutput<'canaries.list'> {
    const canaries = this.#canaries.all.map((canary) => ({
      path: canary.path,
      placedMs: canary.placedMs,
      state: this.#canaries.state(canary),
    }));
    return { isAllowed: this.#options.settings().enabled, canaries };
  }

  /** @throws FailureError `canaries-off` where the setting does not let it */
  place(actor: string): CallOutput<'canaries.place'> {
    const { enabled, folders } = this.#options.settings();
    if (!enabled) {
      const hint = 'They would be put among your documents: set canaries.enabled to true if you want that.';
      throw new FailureError({ code: 'canaries-off', message: 'Canaries are switched off.', hint });
    }
    return this.#told('canaries-placed', actor, this.#canaries.place(folders));
  }

  remove(actor: string): CallOutput<'canaries.remove'> {
    return this.#told('canaries-removed', actor, this.#canaries.remove());
  }

  #told(action: string, actor: string, outcome: CanaryOutcome): CallOutput<'canaries.place'> {
    this.#options.onPaths(this.paths);
    const { done, problems } = outcome;
    if (done.length > 0) {
      const detail = { count: done.length, paths: done.slice(0, JOURNAL_PATHS) };
      this.#options.journal({ actor, action, subject: SUBJECT, detail });
    }
    return { paths: done, problems };
  }
}
