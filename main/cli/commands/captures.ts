import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ApiClient } from '../../../contract/api.ts';
import { CAPTURE_PIECE_BYTES, type Capture } from '../../../contract/api-captures.ts';
import { SEVERITIES } from '../../../contract/domain.ts';
import { formatBytes, formatCount, formatDate, formatNumber, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
import { table } from '../terminal/layout.ts';
import { localMs } from '../text/alert-text.ts';

interface JsonOption {
  readonly json?: boolean;
}

const POLL_MS = 200;
/** The whole name is in "captures show". */
const LISTED_NAME = 32;
const ERASE_LINE = '\r\x1b[K';
const UNFINISHED: readonly Capture['state'][] = ['receiving', 'waiting', 'analysing'];

/** `holdfast captures list`: the latest first. */
export async function listCaptures(options: JsonOption, context: CommandContext): Promise<ExitCode> {
  const { captures } = await withEngine(context, (client) => client.request('captures.list', {}));
  if (options.json) {
    writeJson(context.out, { captures });
  } else if (captures.length === 0) {
    writeLines(context.out, ['No captures were given to the engine so far: "holdfast captures add FILE".']);
  } else {
    const columns = [
      { title: 'id' },
      { title: 'name' },
      { title: 'state' },
      { title: 'alerts', align: 'right' as const },
      { title: 'size', align: 'right' as const },
      { title: 'added' },
    ];
    const rows = captures.map((capture) => [
      capture.id,
      plainText(capture.name, LISTED_NAME),
      stateText(capture),
      capture.result === null ? '' : formatNumber(alertCount(capture.result)),
      formatBytes(capture.sizeBytes),
      `${formatDate(localMs(capture.addedMs))} ${formatTime(localMs(capture.addedMs))}`,
    ]);
    writeLines(
      context.out,
      table(columns, rows, context.out.columns, (text) => context.paintOut('quiet', text)),
    );
  }
  return EXIT.fine;
}

/** `holdfast captures show ID` */
export async function showCapture(id: string, options: JsonOption, context: CommandContext): Promise<ExitCode> {
  tell(await withEngine(context, (client) => client.request('captures.get', { id })), options, context);
  return EXIT.fine;
}

/** `holdfast captures remove ID...` */
export async function removeCaptures(
  ids: readonly string[],
  options: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  await withEngine(context, async (client) => {
    for (const id of ids) await client.request('captures.remove', { id });
  });
  if (options.json) writeJson(context.out, { removed: ids });
  return EXIT.fine;
}

/** `holdfast captures add FILE`: gives it to the running engine, and waits until it is analysed. */
export async function addCapture(path: string, options: JsonOption, context: CommandContext): Promise<ExitCode> {
  const capture = await withEngine(context, async (client) => {
    const sent = await send(client, path, context);
    if (sent === undefined) return undefined;
    return await untilDone(client, sent, context);
  });
  if (capture === undefined) return EXIT.interrupted;
  tell(capture, options, context);
  return capture.state === 'done' ? EXIT.fine : EXIT.wrongInput;
}

/** Undefined where Ctrl-C came first: then the capture is cancelled. */
async function send(client: ApiClient, path: string, context: CommandContext): Promise<Capture | undefined> {
  const file = await opened(path);
  try {
    const { size } = await file.stat();
    const capture = await client.request('captures.begin', { name: basename(path), sizeBytes: size });
    const { id } = capture;
    const piece = Buffer.alloc(CAPTURE_PIECE_BYTES);
    try {
      for (let offset = 0; offset < size; ) {
        if (context.signal.aborted) return await given(client, id);
        const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, size - offset), offset);
        if (bytesRead === 0) throw wrongInput('became-shorter', `${path} became shorter while it was read.`, AGAIN);
        const data = piece.toString('base64', 0, bytesRead);
        offset = (await client.request('captures.append', { id, offset, data })).receivedBytes;
        progress(context, path, 'sending', offset / size);
      }
    } catch (error) {
      await given(client, id);
      throw error;
    }
    return capture;
  } finally {
    clear(context);
    await file.close();
  }
}

const AGAIN = 'Wait until it is written, then try again.';

/** Nobody waits for this capture any more. What cannot be cancelled is over already, or expires by itself. */
async function given(client: ApiClient, id: string): Promise<undefined> {
  await client.request('captures.cancel', { id }).catch(() => undefined);
}

async function opened(path: string): ReturnType<typeof open> {
  try {
    const file = await open(path);
    const stat = await file.stat();
    if (stat.isFile() && stat.size > 0) return file;
    await file.close();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : 'cannot be read';
    throw wrongInput('unreadable', `${plainText(path)} ${why}.`, 'Check the path and who may read it.');
  }
  throw wrongInput(
    'no-file',
    `${plainText(path)} is empty or no file.`,
    'Give a capture: pcap or pcapng, also gzip or zstd.',
  );
}

async function untilDone(client: ApiClient, begun: Capture, context: CommandContext): Promise<Capture | undefined> {
  try {
    for (;;) {
      const capture = await client.request('captures.get', { id: begun.id });
      if (!UNFINISHED.includes(capture.state)) return capture;
      if (context.signal.aborted) return await given(client, begun.id);
      progress(context, capture.name, capture.state, capture.progress);
      await wait(POLL_MS, undefined, { signal: context.signal }).catch(() => undefined);
    }
  } finally {
    clear(context);
  }
}

function progress({ err, paintErr }: CommandContext, name: string, what: string, share: number | null): void {
  if (!err.isTerminal) return;
  const percent = share === null ? '' : ` ${Math.floor(share * 100)} %`;
  err.write(`${ERASE_LINE}${plainText(basename(name), 60)}  ${paintErr('quiet', what)}${percent}`);
}

function clear({ err }: CommandContext): void {
  if (err.isTerminal) err.write(ERASE_LINE);
}

function tell(capture: Capture, { json }: JsonOption, context: CommandContext): void {
  if (json) {
    writeJson(context.out, capture);
    return;
  }
  const { id, name, sizeBytes, result, failure } = capture;
  const lines = [
    `${plainText(name)}  ${context.paintOut('quiet', `${id}, ${formatBytes(sizeBytes)}`)}`,
    stateText(capture),
  ];
  if (failure !== null) lines.push(plainText(failure.message), plainText(failure.hint));
  if (result !== null) {
    const bySeverity = [...SEVERITIES].reverse().filter((severity) => result.alerts[severity] > 0);
    lines.push(
      `${formatCount(result.packets, 'packet')}, ${formatCount(result.flows, 'flow')}, ${formatCount(result.hosts, 'host')}; ` +
        `${formatNumber(result.keptFlows)} of the flows are kept for "holdfast hunt … --source ${id}".`,
      bySeverity.length === 0
        ? 'No alerts.'
        : `Alerts: ${bySeverity.map((severity) => `${formatNumber(result.alerts[severity])} ${severity}`).join(', ')}.`,
      ...result.notes.map(({ message }) => plainText(message)),
    );
  }
  writeLines(context.out, lines);
}

function stateText({ state, progress: share }: Capture): string {
  return share === null || !UNFINISHED.includes(state) ? state : `${state} ${Math.floor(share * 100)} %`;
}

function alertCount({ alerts }: NonNullable<Capture['result']>): number {
  return SEVERITIES.reduce((sum, severity) => sum + alerts[severity], 0);
}
