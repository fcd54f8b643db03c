import type { ApiClient } from '../../../contract/api.ts';
import type { HuntResult } from '../../../contract/api-hunt.ts';
import { csvLine } from '../../../contract/csv.ts';
import { formatBytes, formatDate, formatDuration, formatNumber, formatTime } from '../../../contract/format.ts';
import { HUNT_NUMBERS_THAT_NAME } from '../../../contract/hunt-event-tables.ts';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, withEngine, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
import { hanging, table } from '../terminal/layout.ts';
import { localMs } from '../text/alert-text.ts';

export interface HuntOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly source: string;
  /** Rows for people and --json; --csv has all. */
  readonly limit: number;
}

type Column = HuntResult['columns'][number];
type Cell = HuntResult['rows'][number][number];

/** Rows of one answer. */
const PAGE = 1_000;
/** A title is as long as it is; the rest of it is in --json. */
const MAX_CELL = 60;

/** `holdfast hunt QUERY`: a table for people; everything, page by page, with --csv. */
export async function hunt(query: string, options: HuntOptions, context: CommandContext): Promise<ExitCode> {
  checkInput(query, options);
  return withEngine(context, async (client) => {
    if (options.csv) return writeCsv(client, query, options, context);
    const found = await gather(client, query, options, context.signal);
    if (options.json) {
      writeJson(context.out, found);
    } else if (found.rows.length === 0) {
      writeLines(context.out, [found.isPartial ? 'Nothing was found in the time there is.' : 'Nothing fits.']);
    } else {
      const columns = found.columns.map(({ name, type }) => ({ title: name, align: alignOf(type) }));
      const rows = found.rows.map((row) => row.map((cell, i) => cellText(cell, found.columns[i])));
      writeLines(
        context.out,
        table(columns, rows, context.out.columns, (text) => context.paintOut('quiet', text)),
      );
      if (found.hasMore) remark(context, `There is more: --limit shows more rows, --csv gives all of them.`);
      if (found.isPartial) remark(context, 'The search was stopped at its time limit: narrow it down with "since".');
    }
    return context.signal.aborted ? EXIT.interrupted : EXIT.fine;
  });
}

/** Says where a query is wrong before any engine is asked, with a mark below the place. */
function checkInput(query: string, { json, csv, source }: HuntOptions): void {
  if (json && csv) throw wrongInput('two-formats', '--csv and --json cannot be given together.', 'Choose one of them.');
  if (!/^(live|c-[0-9a-z]{1,32})$/.test(source)) {
    const hint = 'It is live, or the id of a capture as "holdfast captures list" shows it.';
    throw wrongInput('bad-source', `"${plainText(source, 40)}" is no source.`, hint);
  }
  const [problem] = parseHunt(query).problems;
  if (problem === undefined) return;
  const place = problem.end > problem.start ? ` (character ${problem.start + 1})` : ' (at the end)';
  throw wrongInput('bad-query', plainText(problem.message) + place, plainText(problem.hint));
}

interface Found {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
  readonly hasMore: boolean;
  readonly isPartial: boolean;
}

async function gather(client: ApiClient, query: string, options: HuntOptions, signal: AbortSignal): Promise<Found> {
  const rows: (readonly Cell[])[] = [];
  let columns: readonly Column[] = [];
  let isPartial = false;
  let cursor: string | undefined;
  do {
    const limit = Math.min(PAGE, options.limit - rows.length);
    const answer = await client.request('hunt.run', { query, source: options.source, limit, cursor });
    columns = answer.columns;
    rows.push(...answer.rows);
    isPartial = answer.isPartial;
    cursor = answer.next ?? undefined;
  } while (cursor !== undefined && rows.length < options.limit && !signal.aborted);
  return { columns, rows, hasMore: cursor !== undefined, isPartial };
}

async function writeCsv(
  client: ApiClient,
  query: string,
  { source }: HuntOptions,
  { out, signal, err }: CommandContext,
): Promise<ExitCode> {
  let cursor: string | undefined;
  let isFirst = true;
  do {
    const answer = await client.request('hunt.run', { query, source, limit: PAGE, cursor });
    const lines = answer.rows.map((row) => csvLine(row.map((cell, i) => csvValue(cell, answer.columns[i]))));
    if (isFirst) lines.unshift(csvLine(answer.columns.map(({ name }) => name)));
    if (lines.length > 0) out.write(`${lines.join('\r\n')}\r\n`);
    isFirst = false;
    cursor = answer.next ?? undefined;
    if (answer.isPartial && cursor === undefined) {
      err.write('The search was stopped at its time limit: there may be more. Narrow it down with "since".\n');
    }
  } while (cursor !== undefined && !signal.aborted);
  return signal.aborted ? EXIT.interrupted : EXIT.fine;
}

/** Times as ISO 8601, which every program reads; numbers as they are. */
function csvValue(cell: Cell, column: Column | undefined): Cell {
  if (column?.type === 'time' && typeof cell === 'number') return isoOf(cell);
  return typeof cell === 'string' ? plainText(cell, Number.POSITIVE_INFINITY) : cell;
}

/** A damaged capture can claim any time. */
function isoOf(milliseconds: number): Cell {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? milliseconds : date.toISOString();
}

function alignOf(type: Column['type']): 'left' | 'right' {
  return ['number', 'bytes', 'duration', 'port'].includes(type) ? 'right' : 'left';
}

function cellText(cell: Cell, column: Column | undefined): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return plainText(cell, MAX_CELL);
  switch (column?.type) {
    case 'time':
      return `${formatDate(localMs(cell))} ${formatTime(localMs(cell))}`;
    case 'bytes':
      return formatBytes(cell);
    case 'duration':
      return formatDuration(cell);
    case 'port':
      return String(cell);
    default:
      if (column !== undefined && HUNT_NUMBERS_THAT_NAME.has(column.name)) return String(cell);
      return formatNumber(Number.isInteger(cell) ? cell : Number(cell.toFixed(2)));
  }
}

/** `holdfast hunt saved`: kept queries, and those that come with Holdfast. */
export async function huntSaved(options: { readonly json?: boolean }, context: CommandContext): Promise<ExitCode> {
  const { queries } = await withEngine(context, (client) => client.request('hunt.saved', {}));
  if (options.json) {
    writeJson(context.out, { queries });
    return EXIT.fine;
  }
  const lines = queries.flatMap(({ name, query, isBuiltIn }) => [
    `${plainText(name)}${isBuiltIn ? '' : context.paintOut('quiet', '  (kept by you)')}`,
    ...hanging('    ', plainText(query, Number.POSITIVE_INFINITY), context.out.columns),
  ]);
  writeLines(context.out, lines);
  return EXIT.fine;
}
