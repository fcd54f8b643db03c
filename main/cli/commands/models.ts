import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ApiClient, CallInput } from '../../../contract/api.ts';
import type { Profile, Training } from '../../../contract/api-models.ts';
import { PROFILE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import { formatBytes } from '../../../contract/format.ts';
import type { ModelKind, ModelTable } from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { CommandError, wrongInput } from '../failure.ts';
import { createOutputFile, type OutputFile } from '../output-file.ts';
import { READABLE_COLUMNS } from '../terminal/output.ts';
import { TrainingLine } from '../terminal/training-progress.ts';
import {
  comparisonText,
  evaluationText,
  modelListText,
  previewText,
  profileLine,
  profileText,
  type TextOptions,
  trainingLines,
} from '../text/model-text.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** `holdfast models list` */
export async function listModels({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const list = await withEngine(context, (client) => client.request('models.list', {}));
  if (json) writeJson(context.out, list);
  else writeLines(context.out, modelListText(list, textOptions(context)));
  return EXIT.fine;
}

/** Columns whose usual values are listed without --all: the screen is full with them. */
const LISTED_COLUMNS = 12;

/** `holdfast models show ID` */
export async function showModel(
  id: string,
  { json, all }: JsonOption & { readonly all?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const detail = await withEngine(context, (client) => client.request('models.get', { id }));
  if (json) writeJson(context.out, detail);
  else
    writeLines(context.out, profileText(detail, all ? Number.POSITIVE_INFINITY : LISTED_COLUMNS, textOptions(context)));
  return EXIT.fine;
}

/** `holdfast models use ID` */
export function useModel(id: string, options: JsonOption, context: CommandContext): Promise<ExitCode> {
  return tellProfile((client) => client.request('models.use', { id }), options, context);
}

/** `holdfast models rollback TABLE` */
export function rollbackModel(table: ModelTable, options: JsonOption, context: CommandContext): Promise<ExitCode> {
  return tellProfile((client) => client.request('models.rollback', { table }), options, context);
}

async function tellProfile(
  work: (client: ApiClient) => Promise<Profile>,
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const profile = await withEngine(context, work);
  if (json) writeJson(context.out, profile);
  else writeLines(context.out, profileLine(profile, textOptions(context)));
  return EXIT.fine;
}

/** `holdfast models compare FIRST SECOND` */
export async function compareModels(
  first: string,
  second: string,
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const comparison = await withEngine(context, (client) => client.request('models.compare', { first, second }));
  if (json) writeJson(context.out, comparison);
  else writeLines(context.out, comparisonText(comparison, textOptions(context)));
  return EXIT.fine;
}

/** `holdfast models evaluate ID` */
export async function evaluateModel(id: string, { json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const evaluation = await withEngine(context, (client) => client.request('models.evaluate', { id }));
  if (json) writeJson(context.out, evaluation);
  else writeLines(context.out, evaluationText(evaluation, textOptions(context)));
  return EXIT.fine;
}

export interface PreviewOptions extends JsonOption {
  readonly perDay: number;
  readonly days: number;
}

/** `holdfast models preview --per-day N`: what would have been shown. */
export async function previewModels(
  { json, perDay, days }: PreviewOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const preview = await withEngine(context, (client) => client.request('models.preview', { perDay, days }));
  if (json) writeJson(context.out, preview);
  else writeLines(context.out, previewText(preview, perDay, textOptions(context)));
  return EXIT.fine;
}

/** `holdfast models remove ID...` */
export async function removeModels(
  ids: readonly string[],
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, async (client) => {
    for (const id of ids) await client.request('models.remove', { id });
  });
  if (json) writeJson(context.out, { removed: ids });
  else writeLines(context.out, [`Removed: ${ids.map((id) => plainText(id, 40)).join(', ')}.`]);
  return EXIT.fine;
}

/** `holdfast models cancel` */
export async function cancelTraining({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  await withEngine(context, (client) => client.request('models.cancel', {}));
  if (json) writeJson(context.out, { cancelled: true });
  else writeLines(context.out, ['The training was cancelled; nothing is kept of it.']);
  return EXIT.fine;
}

/** `holdfast models export ID FILE` */
export async function exportModel(
  id: string,
  path: string,
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const bytes = await withEngine(context, (client) => exportTo(client, id, path, context.signal));
  if (bytes === undefined) return EXIT.interrupted;
  if (json) writeJson(context.out, { id, path, bytes });
  else writeLines(context.out, [`${id}: ${formatBytes(bytes)} written to ${plainText(path)}.`]);
  return EXIT.fine;
}

/** Undefined where Ctrl-C came first: then there is no file. */
async function exportTo(client: ApiClient, id: string, path: string, signal: AbortSignal): Promise<number | undefined> {
  let file: OutputFile | undefined;
  try {
    for await (const { data, bytes, isLast } of exportedPieces(client, id)) {
      // Made when the first piece is there: a version that is not there leaves no file.
      file ??= createOutputFile(path);
      file.write(data);
      if (isLast) {
        file.finish();
        return bytes;
      }
      if (signal.aborted) break;
    }
    return undefined;
  } finally {
    file?.discard();
  }
}

/** A version as a file, in memory. */
export async function exportedBytes(client: ApiClient, id: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const { data } of exportedPieces(client, id)) pieces.push(data);
  return Buffer.concat(pieces);
}

interface ExportedPiece {
  readonly data: Buffer;
  /** Of the whole. */
  readonly bytes: number;
  readonly isLast: boolean;
}

async function* exportedPieces(client: ApiClient, id: string): AsyncGenerator<ExportedPiece> {
  let whole: number | undefined;
  for (let offset = 0; offset < (whole ?? 1); ) {
    const piece = await client.request('models.export', { id, offset });
    const data = Buffer.from(piece.data, 'base64');
    whole ??= piece.bytes;
    offset += data.length;
    if (data.length === 0 || piece.bytes !== whole) throw changedMeanwhile(id);
    yield { data, bytes: whole, isLast: offset >= whole };
  }
}

function changedMeanwhile(id: string): CommandError {
  const failure = {
    code: 'became-another',
    message: `${plainText(id, 40)} changed while it was read.`,
    hint: 'Try again.',
  };
  return new CommandError(failure, EXIT.failed);
}

/** `holdfast models import FILE` */
export async function importModel(path: string, { json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const bytes = await profileFile(path);
  const profile = await withEngine(context, (client) => sendProfile(client, basename(path), bytes, context.signal));
  if (profile === undefined) return EXIT.interrupted;
  if (json) writeJson(context.out, profile);
  else writeLines(context.out, profileLine(profile, textOptions(context)));
  if (profile.state !== 'active') remark(context, `"holdfast models use ${profile.id}" puts it in use.`);
  return EXIT.fine;
}

/** Several times what the largest has. */
const MAX_PROFILE_BYTES = 256 * 1024 * 1024;

/** The whole of a file that may hold what was learnt. @throws CommandError where it cannot be read */
export async function profileFile(path: string): Promise<Buffer> {
  let size: number;
  try {
    const file = await open(path);
    try {
      const entry = await file.stat();
      size = entry.isFile() ? entry.size : 0;
      if (size > 0 && size <= MAX_PROFILE_BYTES) return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why =
      code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be read (${code})`;
    throw wrongInput('unreadable', `${plainText(path)} ${why}.`, 'Check the path and who may read it.');
  }
  const what = size > 0 ? 'is too large for what was learnt' : 'is empty or no file';
  const hint = 'Give a file that "holdfast models export" or "holdfast train --out" wrote.';
  throw wrongInput('no-profile-file', `${plainText(path)} ${what}.`, hint);
}

/** Names that the engine takes are no longer. */
const MAX_NAME = 100;

/** Gives the engine a profile. Undefined where Ctrl-C came first: then the engine keeps nothing. */
export async function sendProfile(
  client: ApiClient,
  name: string,
  bytes: Buffer,
  signal: AbortSignal,
): Promise<Profile | undefined> {
  for (let offset = 0; !signal.aborted; ) {
    const piece = bytes.subarray(offset, offset + PROFILE_PIECE_BYTES);
    const isLast = offset + piece.length >= bytes.length;
    const input = { name: name.slice(0, MAX_NAME), offset, data: piece.toString('base64'), isLast };
    const { receivedBytes, profile } = await client.request('models.import', input);
    if (profile !== null) return profile;
    offset = receivedBytes;
  }
  return undefined;
}

export interface TrainOptions extends JsonOption {
  readonly models?: readonly ModelKind[];
  readonly table?: readonly ModelTable[];
}

/** `holdfast models train`: the engine trains from its sample; Ctrl-C cancels it. */
export async function trainEngine(options: TrainOptions, context: CommandContext): Promise<ExitCode> {
  const { json, models, table } = options;
  const input: CallInput<'models.train'> = {
    ...(table === undefined ? {} : { tables: [...table] }),
    ...(models === undefined ? {} : { kinds: [...models] }),
  };
  const training = await withEngine(context, (client) => followTraining(client, input, options, context));
  if (training === undefined) return EXIT.interrupted;
  if (json) writeEvent(context, 'ended', { training });
  else writeLines(context.out, trainingLines(training, textOptions(context)));
  if (training.state === 'cancelled') return context.signal.aborted ? EXIT.interrupted : EXIT.failed;
  return training.state === 'done' ? EXIT.fine : EXIT.failed;
}

/** One document a line, for --json of what takes its time. */
export function writeEvent(context: CommandContext, event: string, facts: object): void {
  context.out.write(`${JSON.stringify({ event, ...facts })}\n`);
}

/** The run when it is over; undefined where it was not heard of any more. */
async function followTraining(
  client: ApiClient,
  input: CallInput<'models.train'>,
  { json }: TrainOptions,
  context: CommandContext,
): Promise<Training | undefined> {
  const begun = await client.request('models.train', input);
  const line = new TrainingLine(context.err, context.paintErr);
  const stop = new AbortController();
  let isCancelled = false;
  const cancel = (): void => {
    isCancelled = true;
    // It may be over already.
    client.request('models.cancel', {}).catch(() => stop.abort());
  };
  context.signal.addEventListener('abort', cancel, { once: true });
  if (context.signal.aborted) cancel();
  try {
    for await (const { training } of client.watch('models.watch', {}, stop.signal)) {
      if (training === null || training.id !== begun.id) continue;
      if (training.state !== 'running') return training;
      if (training.now === null) continue;
      if (json) writeEvent(context, 'progress', training.now);
      else line.update(training.now as Parameters<TrainingLine['update']>[0]);
    }
  } finally {
    line.clear();
    context.signal.removeEventListener('abort', cancel);
  }
  if (isCancelled) return undefined;
  const { training } = await client.request('models.list', {});
  return training ?? begun;
}

function textOptions(context: CommandContext): TextOptions {
  return { width: Math.min(context.out.columns, READABLE_COLUMNS), paint: context.paintOut };
}
