import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../../contract/api.ts';
import type { Profile } from '../../../contract/api-models.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatSpan } from '../../../contract/format.ts';
import {
  DEFAULT_MODEL_KINDS,
  type ModelKind,
  type ModelTable,
  type TrainingProgress,
} from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import type { TrainedProfile, WorkSource } from '../../engine/index.ts';
import { type CommandContext, releaseInput, remark, STANDARD_INPUT, withEngine, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { explain, failureText, wrongInput } from '../failure.ts';
import { writeFileWhole } from '../output-file.ts';
import { profilePlace } from '../profile-files.ts';
import { parseDuration } from '../since.ts';
import { wrap } from '../terminal/layout.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { ProgressLine } from '../terminal/progress.ts';
import { TrainingLine } from '../terminal/training-progress.ts';
import { profileLine } from '../text/model-text.ts';
import { localLists } from './indicators.ts';
import { sendProfile, trainEngine, writeEvent } from './models.ts';

export interface TrainOptions {
  readonly from?: readonly string[];
  readonly csv?: readonly string[];
  readonly live?: string;
  readonly models?: readonly ModelKind[];
  readonly table: ModelTable;
  readonly out?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `holdfast train`: learns from files, or lets the running engine learn from what it sees. */
export async function train(options: TrainOptions, context: CommandContext): Promise<ExitCode> {
  const sources = sourcesOf(options);
  if (options.live !== undefined) return trainLive(options.live, options, context);
  let trained: TrainedProfile;
  try {
    const { models = DEFAULT_MODEL_KINDS, resume = false, json } = options;
    const telling = json ? 'json' : 'lines';
    trained = await trainOn(sources, { kinds: models, telling, keepsWork: true, resume }, context);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    remark(context, 'Stopped. The same command with --resume goes on.');
    return EXIT.interrupted;
  } finally {
    releaseInput(sources.map(({ path }) => path));
  }
  await deliver(trained, sourceText(sources), options, context);
  return EXIT.fine;
}

/** @throws CommandError for what does not go together */
function sourcesOf({ from = [], csv = [], live, table, resume, out }: TrainOptions): WorkSource[] {
  const sources = [
    ...from.map((path): WorkSource => ({ kind: 'capture', path })),
    ...csv.map((path): WorkSource => ({ kind: 'csv', path })),
  ];
  const paths = sources.map(({ path }) => path);
  if (live !== undefined) {
    if (sources.length > 0 || resume || out !== undefined) {
      const hint = 'Leave out --from, --csv, --resume and --out, or --live. "holdfast models export" writes a file.';
      throw wrongInput('live-alone', '--live is done by the running engine, with what it sees itself.', hint);
    }
    return [];
  }
  if (sources.length === 0) {
    const hint = 'Give captures with --from, tables of flows with --csv, or --live 0s for what the engine has seen.';
    throw wrongInput('nothing-to-learn-from', 'There is nothing to learn from.', hint);
  }
  if (table !== 'flow') {
    const hint = `"holdfast train --live 0s --table ${table}" learns from what the running engine has seen.`;
    throw wrongInput('not-in-captures', `Captures hold conversations, and no rows of the table "${table}".`, hint);
  }
  if (csv.includes(STANDARD_INPUT)) {
    throw wrongInput('no-table-on-input', 'Tables are not read from standard input.', 'Name a file for --csv.');
  }
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) {
    throw wrongInput('input-twice', `${plainText(twice)} is named twice.`, 'Name every file once.');
  }
  if (resume && paths.includes(STANDARD_INPUT)) {
    throw wrongInput('not-repeatable', 'Standard input cannot be gone on with.', 'Leave --resume out.');
  }
  return sources;
}

/** How a run is told of while it goes on. */
type Telling = 'lines' | 'json' | 'terminal-only';

interface RunOptions {
  readonly kinds: readonly ModelKind[];
  readonly telling: Telling;
  /** Keeps what is done, to be gone on with. */
  readonly keepsWork: boolean;
  readonly resume: boolean;
}

/** Trains, and tells of it meanwhile. @throws what `trainFromFiles` throws */
export async function trainOn(
  sources: readonly WorkSource[],
  { kinds, telling, keepsWork, resume }: RunOptions,
  context: CommandContext,
): Promise<TrainedProfile> {
  const engine = await context.engine();
  const indicators = await localLists(context);
  const told = new RunTelling(sources, telling, context);
  try {
    return await engine.trainFromFiles({
      sources,
      kinds,
      config: await context.config(),
      indicators: indicators.compiled,
      signal: context.signal,
      ...(keepsWork ? { workDirectory: (await profilePlace(context)).folder } : {}),
      resume,
      onResume: ({ sourcesRead, groupsFitted }) => {
        const done = `${formatCount(sourcesRead, 'file')} read, ${formatCount(groupsFitted, 'group')} fitted`;
        remark(context, `Going on: ${done} before.`);
      },
      onReading: ({ path }, progress) => told.reading(path, progress),
      onProgress: (progress) => told.fitting(progress),
    });
  } finally {
    told.clear();
  }
}

/** Tells of a run as it was asked for. */
class RunTelling {
  readonly #sources: readonly WorkSource[];
  readonly #telling: Telling;
  readonly #context: CommandContext;
  readonly #reading: ProgressLine;
  readonly #fitting: TrainingLine;
  readonly #events: ReadingEvents;
  #named = '';

  constructor(sources: readonly WorkSource[], telling: Telling, context: CommandContext) {
    this.#sources = sources;
    this.#telling = telling;
    this.#context = context;
    this.#reading = new ProgressLine(context.err, context.paintErr);
    this.#fitting = new TrainingLine(context.err, context.paintErr);
    this.#events = new ReadingEvents(context);
  }

  reading(path: string, progress: Parameters<ProgressLine['update']>[1]): void {
    if (this.#telling === 'json') {
      this.#events.update(path, progress);
      return;
    }
    const { err } = this.#context;
    const number = this.#sources.findIndex((each) => each.path === path) + 1;
    const label = this.#sources.length === 1 ? path : `${number}/${this.#sources.length} ${path}`;
    if (!err.isTerminal && this.#telling === 'lines' && this.#named !== path)
      err.write(`reading ${plainText(label)}\n`);
    this.#named = path;
    this.#reading.update(label, progress);
  }

  fitting(progress: TrainingProgress): void {
    this.#reading.clear();
    if (this.#telling === 'json') writeEvent(this.#context, 'progress', progress);
    else if (this.#telling === 'lines' || this.#context.err.isTerminal) this.#fitting.update(progress);
  }

  clear(): void {
    this.#reading.clear();
    this.#fitting.clear();
  }
}

/** Documents between two of the same file. */
const EVENT_MS = 1_000;

/** Tells programs how far the reading of each file is. */
class ReadingEvents {
  readonly #context: CommandContext;
  #path = '';
  #toldMs = 0;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  update(
    path: string,
    { bytesRead, bytesTotal }: { readonly bytesRead: number; readonly bytesTotal: number | null },
  ): void {
    const nowMs = performance.now();
    if (path === this.#path && nowMs - this.#toldMs < EVENT_MS) return;
    this.#path = path;
    this.#toldMs = nowMs;
    writeEvent(this.#context, 'reading', { path, bytesRead, bytesTotal });
  }
}

/** "capture office.pcap", "3 files": for the list of versions. */
function sourceText(sources: readonly WorkSource[]): string {
  const [first] = sources;
  if (first === undefined || sources.length > 1) return formatCount(sources.length, 'file');
  return `${first.kind === 'csv' ? 'table' : 'capture'} ${plainText(basename(first.path), MAX_SOURCE)}`;
}

const MAX_SOURCE = 80;

/** Gives the result to the running engine, or writes the file; what was learnt is never lost for want of rights. */
async function deliver(
  trained: TrainedProfile,
  source: string,
  options: TrainOptions,
  context: CommandContext,
): Promise<void> {
  const engine = await context.engine();
  const place = await profilePlace(context);
  await engine.ensureDirectory(place.folder);
  const bytes = await engine.trainedProfileFile(trained, source, Date.now(), place.key);
  const profile = options.out === undefined ? await givenToEngine(bytes, source, context) : undefined;
  let path: string | undefined;
  if (profile === undefined) {
    path = options.out ?? place.file;
    writeFileWhole(path, bytes);
  }
  if (options.json) {
    const { document: _document, ...facts } = trained;
    writeEvent(context, 'trained', { ...facts, bytes: bytes.length, path: path ?? null, profile: profile ?? null });
    return;
  }
  const width = Math.min(context.out.columns, READABLE_COLUMNS);
  writeLines(
    context.out,
    resultText(trained, source).flatMap((line) => wrap(line, width)),
  );
  if (profile !== undefined) {
    writeLines(context.out, profileLine(profile, { width, paint: context.paintOut }));
    if (profile.state !== 'active') remark(context, `"holdfast models use ${profile.id}" puts it in use.`);
    return;
  }
  const option = options.out === undefined ? '--model' : `--model ${plainText(path ?? '')}`;
  writeLines(context.out, [`Written to ${plainText(path ?? '')}, ${formatBytes(bytes.length)}.`]);
  remark(context, `"holdfast analyze CAPTURE ${option}" judges by it.`);
}

/** Undefined where no engine runs, or it does not take it from this user. */
async function givenToEngine(bytes: Buffer, source: string, context: CommandContext): Promise<Profile | undefined> {
  let client: ApiClient;
  try {
    client = await context.connect();
  } catch (error) {
    const { failure } = explain(error);
    if (failure.code !== 'engine-not-running') context.err.write(failureText(failure));
    return undefined;
  }
  try {
    return await sendProfile(client, `${source.replaceAll(/[^\w.-]+/g, '-')}.hfmodel`, bytes, context.signal);
  } catch (error) {
    context.err.write(failureText(explain(error).failure));
    return undefined;
  } finally {
    client.close();
  }
}

function resultText(trained: TrainedProfile, source: string): string[] {
  const { groups, seen, rows, flagged, unreadable, metrics, fromMs, untilMs, seconds } = trained;
  const span = fromMs === null || untilMs === null ? '' : `, ${formatSpan(fromMs, untilMs)} UTC`;
  const of = groups.map(({ group, rows: count }) => `${formatNumber(count)} ${group}`).join(', ');
  const sample =
    seen > rows ? `${formatCount(rows, 'conversation')} of ${formatNumber(seen)}` : formatCount(rows, 'conversation');
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  const lines = [
    `Learnt from ${sample} (${of}) of ${source}${span}, in ${formatDuration(seconds * MS_PER_SECOND)}.`,
    `Of ${formatCount(metrics.validationRows, 'conversation')} that took no part in it ${percent(metrics.onePercent)} are as unusual as ` +
      `1 % should be, ${percent(metrics.oneInThousand)} as 0.1 % should be.`,
  ];
  if (flagged > 0) lines.push(`${formatCount(flagged, 'conversation')} left out: a detector speaks of them.`);
  if (unreadable > 0) lines.push(`${formatCount(unreadable, 'line')} could not be read.`);
  return lines;
}

const MS_PER_SECOND = 1_000;
/** So often the person sees how far the engine is. */
const LOOK_MS = 1_000;

/** Lets the engine watch for a while, then train from its sample. */
async function trainLive(duration: string, options: TrainOptions, context: CommandContext): Promise<ExitCode> {
  const spanMs = parseDuration(duration);
  const hasTime = await withEngine(context, (client) => watchFor(client, spanMs, options, context));
  if (!hasTime) return EXIT.interrupted;
  return trainEngine({ models: options.models, table: [options.table], json: options.json }, context);
}

/** False where Ctrl-C came first. */
async function watchFor(
  client: ApiClient,
  spanMs: number,
  { table, json }: TrainOptions,
  context: CommandContext,
): Promise<boolean> {
  const endMs = performance.now() + spanMs;
  const line = new TrainingLine(context.err, context.paintErr);
  try {
    for (;;) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || context.signal.aborted) return !context.signal.aborted;
      const { learning } = await client.request('models.list', {});
      const state = learning.find((each) => each.table === table);
      const progress = watchingProgress(table, spanMs, leftMs);
      if (json) writeEvent(context, 'watching', { table, rows: state?.rows ?? 0, secondsLeft: leftMs / MS_PER_SECOND });
      else line.update(progress);
      await wait(Math.min(LOOK_MS, leftMs), undefined, { signal: context.signal }).catch(() => undefined);
    }
  } finally {
    line.clear();
  }
}

function watchingProgress(table: ModelTable, spanMs: number, leftMs: number): TrainingProgress {
  return {
    table,
    step: 'reading',
    group: '',
    model: null,
    epoch: 0,
    epochs: 0,
    losses: [],
    progress: 1 - leftMs / spanMs,
    secondsLeft: leftMs / MS_PER_SECOND,
  };
}
