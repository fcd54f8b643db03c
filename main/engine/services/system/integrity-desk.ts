/** The integrity baseline: one run at a time, what the last one found, and the one place where changes are accepted. */
import type { CallOutput, ParsedInput } from '../../../../contract/api.ts';
import type { IntegrityChangeRecord, IntegrityState } from '../../../../contract/api-system.ts';
import type { Failure } from '../../../../contract/domain.ts';
import {
  acceptChanges,
  type BaselineSummary,
  baselineSummary,
  checkBaseline,
  type IntegrityChange,
  type IntegrityProgress,
  type IntegrityReport,
  type IntegrityRun,
  type IntegrityScope,
  initBaseline,
} from '../../integrity/index.ts';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import type { JournalInput } from '../../store/index.ts';
import { jsonPage } from './json-page.ts';

export interface IntegrityDeskOptions {
  /** Where the baseline is kept; the engine's own. */
  readonly directory: string;
  settings(): IntegrityScope & { readonly threads: number };
  /** Path of `sense`, for extended attributes. */
  readonly helper?: string;
  nowMs(): number;
  journal(entry: JournalInput): void;
}

type Work = 'init' | 'check';

interface Running {
  readonly id: number;
  readonly work: Work;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  progress: IntegrityProgress;
}

const NO_PROGRESS: IntegrityProgress = { step: 'looking', files: 0, totalFiles: 0, bytes: 0, totalBytes: 0 };
const SUBJECT = 'integrity';
/** Problems that are told; one is told of each folder. */
const MAX_PROBLEMS = 20;
/** Paths that an entry of the journal names; it counts the rest. */
const JOURNAL_PATHS = 100;
const TRY_AGAIN = 'Try again; the log says more.';

export class IntegrityDesk {
  readonly #options: IntegrityDeskOptions;
  readonly #listeners = new Set<(state: IntegrityState) => void>();
  #baseline: BaselineSummary | undefined;
  #isBaselineRead = false;
  #failure: Failure | undefined;
  #running: Running | undefined;
  #ended: IntegrityState['ended'] = null;
  #report: IntegrityReport | undefined;
  #isFull = false;
  #isAccepting = false;
  #runs = 0;

  constructor(options: IntegrityDeskOptions) {
    this.#options = options;
  }

  /** What is known now; reads the baseline's first lines where that was not done yet. */
  async state(): Promise<IntegrityState> {
    if (!this.#isBaselineRead) {
      this.#isBaselineRead = true;
      try {
        this.#baseline = await baselineSummary(this.#options.directory);
      } catch (error) {
        // That there is none yet is no fault.
        const failure = failureOf(error, 'no-baseline', TRY_AGAIN);
        this.#failure = failure.code === 'no-baseline' ? undefined : failure;
      }
    }
    return this.#state();
  }

  /** Calls at once and at every change; gives the function that ends it. */
  watch(listener: (state: IntegrityState) => void): () => void {
    this.#listeners.add(listener);
    void this.state().then((state) => {
      if (this.#listeners.has(listener)) listener(state);
    });
    return () => this.#listeners.delete(listener);
  }

  /** @throws FailureError `integrity-busy` */
  init(actor: string): IntegrityState {
    return this.#begin('init', async (run) => {
      const { paths, exclude } = this.#options.settings();
      this.#baseline = await initBaseline({ paths, exclude }, run);
      this.#isBaselineRead = true;
      this.#report = undefined;
      const detail = { entries: this.#baseline.entries, paths };
      this.#options.journal({ actor, action: 'integrity-baseline-made', subject: SUBJECT, detail });
    });
  }

  /** @throws FailureError `integrity-busy` */
  check(isFull: boolean): IntegrityState {
    return this.#begin('check', async (run) => {
      this.#report = await checkBaseline(isFull, run);
      this.#baseline = this.#report;
      this.#isBaselineRead = true;
      this.#isFull = isFull;
    });
  }

  /** Ends the run that is under way, if there is one, and waits for its end. */
  async cancel(): Promise<void> {
    const running = this.#running;
    running?.stop.abort(new FailureError(CANCELLED));
    await running?.done;
  }

  changes({ search, isUnexplained, limit, cursor }: ParsedInput<'integrity.changes'>): CallOutput<'integrity.changes'> {
    const wanted = search?.toLowerCase() ?? '';
    const found = (this.#report?.changes ?? []).filter(
      (change) =>
        !(isUnexplained && change.package !== undefined) &&
        (wanted === '' || change.path.toLowerCase().includes(wanted)),
    );
    const { items, next } = jsonPage(found.map(changeRecord), limit, cursor);
    return { changes: items, total: found.length, next };
  }

  /**
   * Takes changes in, as the last check saw them.
   *
   * @throws FailureError `integrity-busy`, `not-checked`, `no-such-change`, `no-baseline`, `baseline-tampered`
   */
  async accept(paths: readonly string[], isAll: boolean, actor: string): Promise<CallOutput<'integrity.accept'>> {
    if (this.#running !== undefined || this.#isAccepting) throw new FailureError(BUSY);
    const report = this.#report;
    if (report === undefined) throw new FailureError(NOT_CHECKED);
    const chosen = chosenChanges(report.changes, paths, isAll);
    // Two at once would each write what they read, and one of them would be lost.
    this.#isAccepting = true;
    try {
      this.#baseline = await acceptChanges(chosen, {
        directory: this.#options.directory,
        nowMs: this.#options.nowMs(),
      });
    } finally {
      this.#isAccepting = false;
    }
    const accepted = new Set(chosen.map(({ path }) => path));
    this.#report = { ...report, changes: report.changes.filter(({ path }) => !accepted.has(path)) };
    const detail = { accepted: accepted.size, paths: [...accepted].slice(0, JOURNAL_PATHS) };
    this.#options.journal({ actor, action: 'integrity-changes-accepted', subject: SUBJECT, detail });
    this.#tell();
    return { accepted: accepted.size, state: this.#state() };
  }

  #begin(work: Work, task: (run: IntegrityRun) => Promise<void>): IntegrityState {
    if (this.#running !== undefined || this.#isAccepting) throw new FailureError(BUSY);
    const { directory, settings, nowMs, helper } = this.#options;
    const stop = new AbortController();
    const id = ++this.#runs;
    const run: IntegrityRun = {
      directory,
      threads: settings().threads,
      helper,
      nowMs: nowMs(),
      signal: stop.signal,
      onProgress: (progress) => {
        if (this.#running?.id !== id) return;
        this.#running.progress = progress;
        this.#tell();
      },
    };
    const done = task(run).then(
      () => this.#finish(id, work, undefined),
      (error: unknown) => this.#finish(id, work, failureOf(error, 'integrity-failed', TRY_AGAIN)),
    );
    this.#running = { id, work, stop, done, progress: NO_PROGRESS };
    this.#tell();
    return this.#state();
  }

  #finish(id: number, work: Work, failure: Failure | undefined): void {
    this.#running = undefined;
    this.#failure = failure;
    this.#ended = { id, work, isDone: failure === undefined };
    this.#tell();
  }

  #tell(): void {
    const state = this.#state();
    for (const listener of this.#listeners) listener(state);
  }

  #state(): IntegrityState {
    const running = this.#running;
    const baseline = this.#baseline;
    return {
      baseline:
        baseline === undefined
          ? null
          : {
              createdMs: baseline.createdMs,
              acceptedMs: baseline.acceptedMs,
              entries: baseline.entries,
              paths: baseline.paths,
            },
      failure: this.#failure ?? null,
      running: running === undefined ? null : { id: running.id, work: running.work, ...running.progress },
      ended: this.#ended,
      check: this.#report === undefined ? null : checkSummary(this.#report, this.#isFull),
    };
  }
}

/** @throws FailureError `no-such-change` */
export function chosenChanges(
  changes: readonly IntegrityChange[],
  paths: readonly string[],
  isAll: boolean,
): readonly IntegrityChange[] {
  if (isAll) return changes;
  const byPath = new Map(changes.map((change) => [change.path, change]));
  return [...new Set(paths)].map((path) => {
    const change = byPath.get(path);
    if (change !== undefined) return change;
    const message = `The last check found no change of ${path}.`;
    throw new FailureError({ code: 'no-such-change', message, hint: 'Check again, and name a path as it is listed.' });
  });
}

/** Numbers of a report. */
export function checkSummary(
  { checkedMs, changes, problems }: IntegrityReport,
  isFull: boolean,
): NonNullable<IntegrityState['check']> {
  const count = (kind: IntegrityChange['change']): number => changes.filter(({ change }) => change === kind).length;
  return {
    checkedMs,
    isFull,
    added: count('added'),
    removed: count('removed'),
    changed: count('changed'),
    explained: changes.filter((change) => change.package !== undefined).length,
    problems: problems.slice(0, MAX_PROBLEMS),
  };
}

/** As it goes over the API. */
export function changeRecord({
  path,
  change,
  differences,
  isNewlySetUid,
  ...rest
}: IntegrityChange): IntegrityChangeRecord {
  return { path, change, differences, isNewlySetUid, package: rest.package ?? null };
}

const BUSY: Failure = {
  code: 'integrity-busy',
  message: 'A run over the integrity baseline is under way.',
  hint: 'Wait for its end, or cancel it first.',
};
const CANCELLED: Failure = { code: 'cancelled', message: 'The run was cancelled.', hint: 'Nothing was changed by it.' };
const NOT_CHECKED: Failure = {
  code: 'not-checked',
  message: 'Nothing was checked since Holdfast started.',
  hint: 'Check first ("holdfast integrity check"): only what was shown can be accepted.',
};
