/**
 * Tables of flows as `flows --csv` and CICFlowMeter write them, read back as rows of numbers. Labels are not looked at.
 * A file may be a stranger's: lines are bounded, and what cannot be read is counted.
 */
import { createReadStream } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { plainText } from '../../../../contract/text.ts';
import { SERVICES } from '../../../../contract/traffic.ts';
import { FLOW_FEATURE_NAMES, flowGroup, flowRow } from '../../models/index.ts';
import { codeOf, FailureError } from '../../runtime/failure.ts';
import { comparedName } from '../learning/detect-rows.ts';
import type { TrainingRows } from '../learning/training-rows.ts';

/** A line of all columns has some 1,200 characters. */
const MAX_LINE = 64 * 1024;
const MAX_COLUMNS = 1_000;
/** Of all features so many must be there for a table to be one of flows. */
const FEWEST_FEATURES = 10;
/** Rows between two looks at whether somebody still wants it. */
const ROWS_A_TURN = 2_000;

export interface FlowCsvOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes read so far. */
  readonly onProgress?: ((bytes: number, rows: number) => void) | undefined;
}

export interface FlowCsvResult {
  readonly rows: number;
  /** Lines that are no row: of another width, or without numbers. */
  readonly unreadable: number;
}

/** Where in a line things stand; −1 for what is not there. */
interface Layout {
  readonly width: number;
  /** In the order of FLOW_FEATURE_NAMES. */
  readonly features: readonly number[];
  readonly protocol: number;
  readonly flags: readonly number[];
  readonly port: number;
  readonly service: number;
  readonly timestamp: number;
}

const TCP = 6;
const SERVICE_NAMES: readonly string[] = SERVICES;

/**
 * Adds the rows of a table.
 *
 * @throws FailureError where the file cannot be read or is no table of flows; DOMException AbortError
 */
export async function readFlowCsv(
  path: string,
  target: TrainingRows,
  { signal, onProgress }: FlowCsvOptions = {},
): Promise<FlowCsvResult> {
  let layout: Layout | undefined;
  let rows = 0;
  let unreadable = 0;
  let bytes = 0;
  const take = (line: string): void => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text === '') return;
    if (layout === undefined) {
      layout = layoutOf(text, path);
      return;
    }
    if (addRow(text, layout, target)) rows += 1;
    else unreadable += 1;
    if ((rows + unreadable) % ROWS_A_TURN === 0) onProgress?.(bytes, rows);
  };
  try {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      bytes += chunk.length;
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_LINE) throw notFlows(path, `a line has more than ${MAX_LINE} characters`);
      for (const line of lines) take(line);
    }
    if (rest !== '') take(rest);
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof FailureError || code === undefined || (error as Error).name === 'AbortError') throw error;
    const hint = 'Check the path and who may read it.';
    throw new FailureError({ code: 'unreadable', message: `${plainText(path)} cannot be read (${code}).`, hint });
  }
  if (rows === 0) throw notFlows(path, 'it has no rows that can be read');
  onProgress?.(bytes, rows);
  return { rows, unreadable };
}

function notFlows(path: string, why: string): FailureError {
  return new FailureError({
    code: 'no-flow-table',
    message: `${plainText(path)} is no table of flows: ${why}.`,
    hint: 'Give a table that "holdfast flows CAPTURE --csv" wrote, or one of CICFlowMeter.',
  });
}

function cellsOf(line: string): string[] {
  const cells = line.split(',', MAX_COLUMNS + 1);
  return line.includes('"') ? cells.map((cell) => cell.replace(/^\s*"|"\s*$/g, '')) : cells;
}

function layoutOf(line: string, path: string): Layout {
  // A mark of the byte order may stand before the first name.
  const names = cellsOf(line.replace(/^\ufeff/, '')).map(comparedName);
  if (names.length > MAX_COLUMNS) throw notFlows(path, `it has more than ${MAX_COLUMNS} columns`);
  const placeOf = (...known: string[]): number => {
    const compared = known.map(comparedName);
    return names.findIndex((name) => compared.includes(name));
  };
  const features = FLOW_FEATURE_NAMES.map((name) => placeOf(name));
  const found = features.filter((place) => place >= 0).length;
  if (found < FEWEST_FEATURES) {
    throw notFlows(path, `its first line names ${found} of the ${FLOW_FEATURE_NAMES.length} features of a flow`);
  }
  const flags = ['SYN', 'ACK', 'RST', 'FIN', 'PSH'].map((name) => placeOf(`${name} Flag Count`));
  const protocol = placeOf('Protocol');
  if (protocol < 0 && flags.every((place) => place < 0)) {
    throw notFlows(path, 'it has neither a column "Protocol" nor counts of TCP flags');
  }
  return {
    width: names.length,
    features,
    protocol,
    flags,
    port: placeOf('Destination Port', 'Dst Port'),
    service: placeOf('Service'),
    timestamp: placeOf('Timestamp'),
  };
}

const scratch = new Float64Array(FLOW_FEATURE_NAMES.length);

/** False where the line is no row. */
function addRow(line: string, layout: Layout, target: TrainingRows): boolean {
  if (line.length > MAX_LINE) return false;
  const cells = cellsOf(line);
  if (cells.length !== layout.width) return false;
  const numberAt = (place: number): number => {
    const text = place < 0 ? '' : cells[place]!.trim();
    return text === '' ? Number.NaN : Number(text);
  };
  let known = 0;
  for (const [feature, place] of layout.features.entries()) {
    const value = numberAt(place);
    scratch[feature] = value;
    if (Number.isFinite(value)) known += 1;
  }
  const protocol = layout.protocol < 0 ? protocolByFlags(layout.flags.map(numberAt)) : numberAt(layout.protocol);
  if (known < FEWEST_FEATURES || !(protocol >= 0 && protocol <= 255)) return false;
  const service = layout.service < 0 ? -1 : SERVICE_NAMES.indexOf(cells[layout.service]!.trim());
  const port = numberAt(layout.port);
  const timeMs = layout.timestamp < 0 ? Number.NaN : timeOf(cells[layout.timestamp]!);
  const facts = { initiator: '', responder: '', firstMs: timeMs, lastMs: timeMs };
  target.add(flowGroup(protocol), facts, (values, offset) =>
    flowRow(scratch, service < 0 ? Number.NaN : service, port, values, offset),
  );
  return true;
}

/** Flags are TCP's alone; without any nothing is told. */
function protocolByFlags(flags: readonly number[]): number {
  return flags.some((count) => count > 0) ? TCP : Number.NaN;
}

/** "2021-09-21 08:24:10.471000" is UTC; what others write is read where it is without doubt. */
function timeOf(text: string): number {
  const own = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,3})?\d*$/.exec(text.trim());
  return own === null ? Number.NaN : Date.parse(`${own[1]}T${own[2]}${own[3] ?? ''}Z`);
}
