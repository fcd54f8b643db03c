import type { ApiClient, CallOutput } from '../../../contract/api.ts';
import {
  type IntegrityChangeRecord,
  type IntegrityState,
  MAX_ACCEPTED_PATHS,
  SYSTEM_CALLS,
} from '../../../contract/api-system.ts';
import { formatCount } from '../../../contract/format.ts';
import type { LocalIntegrity } from '../../engine/index.ts';
import { type CommandContext, writeJson, writeLines } from '../context.ts';
import { withEngineOrAlone } from '../either-engine.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError, wrongInput } from '../failure.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { WorkLine } from '../terminal/work-progress.ts';
import { changesText, statusText } from '../text/integrity-text.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** What both the running engine and this process alone can do. */
interface Integrity {
  state(): Promise<IntegrityState>;
  init(): Promise<IntegrityState>;
  check(isFull: boolean): Promise<IntegrityState>;
  cancel(): Promise<void>;
  watch(signal: AbortSignal): AsyncIterable<IntegrityState>;
  changes(isUnexplained: boolean, cursor: string | undefined): Promise<CallOutput<'integrity.changes'>>;
  accept(paths: readonly string[], isAll: boolean): Promise<CallOutput<'integrity.accept'>>;
}

/** `holdfast integrity init` */
export async function initIntegrity({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  return await withIntegrity(context, async (integrity) => {
    const state = await follow(integrity, () => integrity.init(), context, json === true);
    if (state === undefined) return EXIT.interrupted;
    if (json) writeJson(context.out, state);
    else
      writeLines(context.out, [`Made a baseline of ${formatCount(state.baseline?.entries ?? 0, 'entry', 'entries')}.`]);
    return EXIT.fine;
  });
}

export interface CheckOptions extends JsonOption {
  readonly full?: boolean;
  readonly unexplained?: boolean;
}

/** `holdfast integrity check` */
export async function checkIntegrity(
  { json, full, unexplained }: CheckOptions,
  context: CommandContext,
): Promise<ExitCode> {
  return await withIntegrity(context, async (integrity) => {
    const state = await follow(integrity, () => integrity.check(full === true), context, false);
    if (state === undefined) return EXIT.interrupted;
    const changes = await allChanges(integrity, unexplained === true);
    if (json) writeJson(context.out, { baseline: state.baseline, check: state.check, changes });
    else writeLines(context.out, changesText(state, changes, widthOf(context), context.paintOut));
    return changes.length > 0 ? EXIT.alertsFound : EXIT.fine;
  });
}

/** `holdfast integrity accept PATH...` */
export async function acceptIntegrity(
  paths: readonly string[],
  { json, all }: JsonOption & { readonly all?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const isAll = all === true;
  if (isAll === paths.length > 0) {
    const message = isAll ? 'Name paths, or --all, but not both.' : 'Nothing is named that is to be accepted.';
    throw wrongInput('nothing-named', message, 'Name paths as "holdfast integrity check" lists them, or say --all.');
  }
  if (paths.length > MAX_ACCEPTED_PATHS) {
    throw wrongInput('too-many-paths', `More than ${MAX_ACCEPTED_PATHS} paths.`, 'Accept them in parts, or use --all.');
  }
  return await withIntegrity(context, async (integrity) => {
    // What was shown by the engine's last check is what is accepted; alone, there was none.
    const known = await integrity.state();
    const checked =
      known.check !== null ? known : await follow(integrity, () => integrity.check(false), context, false);
    if (checked === undefined) return EXIT.interrupted;
    const { accepted, state } = await integrity.accept(paths, isAll);
    if (json) writeJson(context.out, { accepted, state });
    else writeLines(context.out, [`Accepted ${formatCount(accepted, 'change')}.`]);
    return EXIT.fine;
  });
}

/** `holdfast integrity status` */
export async function integrityStatus({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  return await withIntegrity(context, async (integrity) => {
    const state = await integrity.state();
    if (json) writeJson(context.out, state);
    else writeLines(context.out, statusText(state, widthOf(context), context.paintOut));
    return EXIT.fine;
  });
}

function widthOf(context: CommandContext): number {
  return Math.min(context.out.columns, READABLE_COLUMNS);
}

async function allChanges(integrity: Integrity, isUnexplained: boolean): Promise<readonly IntegrityChangeRecord[]> {
  const changes: IntegrityChangeRecord[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await integrity.changes(isUnexplained, cursor);
    changes.push(...page.changes);
    if (page.next === null) return changes;
    cursor = page.next;
  }
}

/** The state when the run is over; undefined where Ctrl-C ended it. @throws CommandError with what it failed with */
async function follow(
  integrity: Integrity,
  begin: () => Promise<IntegrityState>,
  context: CommandContext,
  isJson: boolean,
): Promise<IntegrityState | undefined> {
  const line = new WorkLine(context.err, context.paintErr);
  const stop = new AbortController();
  const cancel = (): void => void integrity.cancel().catch(() => stop.abort());
  const begun = await begin();
  const id = begun.running?.id ?? begun.ended?.id;
  context.signal.addEventListener('abort', cancel, { once: true });
  if (context.signal.aborted) cancel();
  try {
    for await (const state of integrity.watch(stop.signal)) {
      if (state.running?.id === id && state.running !== null) {
        if (isJson) context.out.write(`${JSON.stringify({ event: 'progress', ...state.running })}\n`);
        else line.update(STEP_WORDS[state.running.step], state.running);
      } else if (state.ended !== null && state.ended.id === id) {
        if (state.ended.isDone) return state;
        if (context.signal.aborted) return undefined;
        const failure = state.failure ?? NO_REASON;
        throw new CommandError(failure, FAILED_CODES.has(failure.code) ? EXIT.failed : EXIT.wrongInput);
      }
    }
  } finally {
    line.clear();
    context.signal.removeEventListener('abort', cancel);
    stop.abort();
  }
  return undefined;
}

const STEP_WORDS = { looking: 'looking', reading: 'reading files', comparing: 'comparing with packages' } as const;
const NO_REASON = { code: 'integrity-failed', message: 'The run failed.', hint: 'The log of the engine says more.' };
const FAILED_CODES: ReadonlySet<string> = new Set(['integrity-not-stored', 'integrity-hash', 'cancelled']);

function withIntegrity<T>(context: CommandContext, work: (integrity: Integrity) => Promise<T>): Promise<T> {
  return withEngineOrAlone(
    context,
    (client) => work(ofEngine(client)),
    async () => {
      const { openIntegrity, ensureDirectory } = await context.engine();
      const { dataDirectory } = await context.paths();
      await ensureDirectory(dataDirectory);
      return await work(ofDesk(await openIntegrity(dataDirectory, await context.config())));
    },
  );
}

function ofEngine(client: ApiClient): Integrity {
  return {
    state: () => client.request('integrity.status', {}),
    init: () => client.request('integrity.init', {}),
    check: (isFull) => client.request('integrity.check', { isFull }),
    cancel: async () => {
      await client.request('integrity.cancel', {});
    },
    watch: (signal) => client.watch('integrity.watch', {}, signal),
    changes: (isUnexplained, cursor) => client.request('integrity.changes', { isUnexplained, cursor }),
    accept: (paths, isAll) => client.request('integrity.accept', { paths: [...paths], isAll }),
  };
}

const NOBODY = 'command line';

function ofDesk(desk: LocalIntegrity): Integrity {
  return {
    state: () => desk.state(),
    init: async () => desk.init(NOBODY),
    check: async (isFull) => desk.check(isFull),
    cancel: () => desk.cancel(),
    watch: (signal) => statesOf(desk, signal),
    changes: async (isUnexplained, cursor) =>
      desk.changes(SYSTEM_CALLS['integrity.changes'].input.parse({ isUnexplained, cursor })),
    accept: (paths, isAll) => desk.accept(paths, isAll, NOBODY),
  };
}

/** The latest state, again and again; those that nobody took in between are left out. */
async function* statesOf(desk: LocalIntegrity, signal: AbortSignal): AsyncGenerator<IntegrityState> {
  let latest: IntegrityState | undefined;
  let wake: () => void = () => {};
  const stop = desk.watch((state) => {
    latest = state;
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  // The timers of a run do not keep this process alive.
  const alive = setInterval(() => {}, KEEP_ALIVE_MS);
  try {
    while (!signal.aborted) {
      if (latest === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const state = latest;
      latest = undefined;
      yield state;
    }
  } finally {
    clearInterval(alive);
    stop();
  }
}

const KEEP_ALIVE_MS = 1_000;
