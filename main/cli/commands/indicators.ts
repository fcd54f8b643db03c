import { readFile, stat } from 'node:fs/promises';
import type { ApiClient } from '../../../contract/api.ts';
import { type IndicatorListEntry, LIST_PIECE_BYTES } from '../../../contract/api-indicators.ts';
import { formatCount, formatNumber } from '../../../contract/format.ts';
import type { Indicator } from '../../../contract/indicators.ts';
import { plainText } from '../../../contract/text.ts';
import type { LocalIndicators } from '../../engine/index.ts';
import { type CommandContext, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { explain, wrongInput } from '../failure.ts';
import { table } from '../terminal/layout.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** What both the running engine and the folder alone can do. */
interface Lists {
  list(): Promise<{ readonly size: number; readonly lists: readonly IndicatorListEntry[] }>;
  check(value: string): Promise<readonly Indicator[]>;
  take(name: string, text: Buffer): Promise<IndicatorListEntry>;
  remove(name: string): Promise<void>;
}

/** `holdfast indicators list` */
export async function listIndicators({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const { size, lists } = await withLists(context, (each) => each.list());
  if (json) {
    writeJson(context.out, { size, lists });
    return EXIT.fine;
  }
  const columns = [
    { title: 'list' },
    { title: 'form' },
    { title: 'indicators', align: 'right' as const },
    { title: 'unreadable', align: 'right' as const },
    { title: 'from' },
  ];
  const rows = lists.map((list) => [
    plainText(list.name),
    list.format,
    formatNumber(list.entries),
    formatNumber(list.invalid),
    list.path === '' ? 'Holdfast, to try it out' : list.isOwn ? 'imported' : plainText(list.path),
  ]);
  writeLines(
    context.out,
    table(columns, rows, context.out.columns, (text) => context.paintOut('quiet', text)),
  );
  writeLines(context.out, [`${formatCount(size, 'indicator')} in all.`, ...lists.flatMap(problemLines)]);
  return EXIT.fine;
}

function problemLines(list: IndicatorListEntry): string[] {
  const name = plainText(list.name);
  const { failure, invalid, firstInvalid, left } = list;
  if (failure !== null) return [`${name}: ${plainText(failure.message)} ${plainText(failure.hint)}`];
  return [
    ...(invalid > 0 ? [`${name}: ${formatCount(invalid, 'line')} could not be read, first ${firstInvalid}.`] : []),
    ...(left > 0
      ? [`${name}: ${formatCount(left, 'indicator')} left out; indicators.maximumEntries allows more.`]
      : []),
  ];
}

/** `holdfast indicators check VALUE...`: exit 1 when one of them is known. */
export async function checkIndicators(
  values: readonly string[],
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const results = await withLists(context, async (lists) => {
    const found: { value: string; found: readonly Indicator[] }[] = [];
    for (const value of values) found.push({ value, found: await lists.check(value) });
    return found;
  });
  if (json) writeJson(context.out, { results });
  else writeLines(context.out, results.flatMap(resultLines));
  return results.some(({ found }) => found.length > 0) ? EXIT.alertsFound : EXIT.fine;
}

function resultLines({ value, found }: { readonly value: string; readonly found: readonly Indicator[] }): string[] {
  if (found.length === 0) return [`${plainText(value)}: in no list.`];
  return found.map(({ type, value: known, label, source }) => {
    const about = label === '' ? '' : `, ${plainText(label)}`;
    return `${plainText(value)}: ${type} ${plainText(known)} of ${plainText(source)}${about}`;
  });
}

/** `holdfast indicators import FILE...` */
export async function importIndicators(
  files: readonly string[],
  { json }: JsonOption,
  context: CommandContext,
): Promise<ExitCode> {
  const { ownListName } = await context.engine();
  const taken = await withLists(context, async (lists) => {
    const imported: IndicatorListEntry[] = [];
    for (const path of files) imported.push(await lists.take(await ownListName(path), await contentOf(path)));
    return imported;
  });
  if (json) {
    writeJson(context.out, { imported: taken });
    return EXIT.fine;
  }
  for (const list of taken) {
    const name = plainText(list.name);
    writeLines(context.out, [
      `Imported ${name}: ${formatCount(list.entries, 'new indicator')}.`,
      ...problemLines(list),
    ]);
  }
  return EXIT.fine;
}

/** Larger ones the engine takes with no setting. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;

async function contentOf(path: string): Promise<Buffer> {
  let isTooLarge = false;
  try {
    const entry = await stat(path);
    isTooLarge = entry.size > MAX_LIST_BYTES;
    if (entry.isFile() && !isTooLarge) return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw wrongInput(
      'unreadable',
      `${plainText(path)} cannot be read (${code}).`,
      'Check the path and who may read it.',
    );
  }
  if (isTooLarge) throw wrongInput('list-too-large', `${plainText(path)} is too large for a list.`, 'Split it.');
  throw wrongInput(
    'no-file',
    `${plainText(path)} is no file.`,
    'Give a list: text, CSV, a hosts file, MISP or STIX 2.1.',
  );
}

/** `holdfast indicators remove NAME` */
export async function removeIndicators(name: string, { json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  await withLists(context, (lists) => lists.remove(name));
  if (json) writeJson(context.out, { removed: name });
  else writeLines(context.out, [`Removed: ${plainText(name)}.`]);
  return EXIT.fine;
}

/** `holdfast indicators reload`: of the running engine; without one every command reads the lists anew. */
export async function reloadIndicators({ json }: JsonOption, context: CommandContext): Promise<ExitCode> {
  const client = await context.connect();
  try {
    const { size } = await client.request('indicators.reload', {});
    if (json) writeJson(context.out, { size });
    else writeLines(context.out, [`${formatCount(size, 'indicator')} in force.`]);
  } finally {
    client.close();
  }
  return EXIT.fine;
}

const NOT_RUNNING = 'engine-not-running';

/** Through the engine where one runs, so that its changes are in force at once; else with the folder itself. */
async function withLists<T>(context: CommandContext, work: (lists: Lists) => Promise<T>): Promise<T> {
  let client: ApiClient;
  try {
    client = await context.connect();
  } catch (error) {
    if (explain(error).failure.code !== NOT_RUNNING) throw error;
    return await work(ofFolder(await localLists(context)));
  }
  try {
    return await work(ofEngine(client));
  } finally {
    client.close();
  }
}

/** The lists of this user, read without an engine. @param files more of them, each of which must be readable */
export async function localLists(context: CommandContext, files: readonly string[] = []): Promise<LocalIndicators> {
  const { openIndicators } = await context.engine();
  const { dataDirectory } = await context.paths();
  return openIndicators(dataDirectory, await context.config(), files);
}

function ofEngine(client: ApiClient): Lists {
  return {
    list: () => client.request('indicators.list', {}),
    check: async (value) => (await client.request('indicators.check', { value })).found,
    take: async (name, text) => {
      for (let offset = 0; ; ) {
        const piece = text.subarray(offset, offset + LIST_PIECE_BYTES);
        const isLast = offset + piece.length >= text.length;
        const data = piece.toString('base64');
        const { receivedBytes, list } = await client.request('indicators.import', { name, offset, data, isLast });
        if (list !== null) return list;
        offset = receivedBytes;
      }
    },
    remove: async (name) => {
      await client.request('indicators.remove', { name });
    },
  };
}

const NOBODY = 'command line';

function ofFolder(desk: LocalIndicators): Lists {
  return {
    list: async () => ({ size: desk.size, lists: desk.lists() }),
    check: async (value) => desk.check(value),
    take: (name, text) => desk.importText(name, text.toString('utf8'), NOBODY),
    remove: (name) => desk.remove(name, NOBODY),
  };
}
