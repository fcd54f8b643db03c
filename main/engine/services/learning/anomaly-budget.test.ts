/** Weeks of made-up days of real conversations, through a real profile and the budget of alerts. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../../../../contract/traffic.ts';
import {
  AlertBudget,
  FLOW_COLUMNS,
  fitProfile,
  flowGroup,
  flowRow,
  type JudgedRow,
  type Matrix,
  pickRows,
  previewBudget,
  Random,
  readProfile,
  TABLE_COLUMNS,
} from '../../models/index.ts';
import { FlowRecorder, flowSettings, readTraffic, TrafficEngine } from '../../network/index.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data');
const LIST = join(DATA, 'benign/benign.json');
if (!existsSync(LIST)) console.warn(`No captures in ${DATA}: the budget of alerts is not tried on real conversations.`);

const WEEKS = 3;
const DAYS = WEEKS * 7;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const ROWS_A_DAY = 2_500;
const START_MS = Date.UTC(2026, 0, 5);
/** A small part of the captures: together enough conversations, read in a second. */
const CAPTURES = 60;
const JOIN_GAP_MS = 600_000;

/** The TCP conversations of benign captures. */
async function realRows(): Promise<Matrix> {
  const list: { captures: { file: string; class: string; packets: number }[] } = JSON.parse(readFileSync(LIST, 'utf8'));
  const files = list.captures.filter((capture) => capture.class === 'benign' && capture.packets < 600);
  const every = Math.max(1, Math.floor(files.length / CAPTURES));
  const rows: Float64Array[] = [];
  for (const { file } of files.filter((_, index) => index % every === 0)) {
    let engine: TrafficEngine | undefined;
    const recorder = new FlowRecorder(() => engine!.features, 10_000);
    engine = new TrafficEngine({
      settings: DEFAULT_SETTINGS.section('network', flowSettings),
      observers: [recorder],
    });
    await readTraffic(join(DATA, file), engine, {});
    engine.finish();
    for (const flow of recorder.take()) {
      if (flowGroup(flow.protocol) !== 'tcp') continue;
      const row = new Float64Array(FLOW_COLUMNS.length);
      flowRow(flow.features.values, SERVICES.indexOf(flow.service), flow.responderPort, row);
      rows.push(row);
    }
  }
  const data = new Float64Array(rows.length * FLOW_COLUMNS.length);
  rows.forEach((row, index) => {
    data.set(row, index * FLOW_COLUMNS.length);
  });
  return { rows: rows.length, columns: FLOW_COLUMNS.length, data };
}

/** A real row again, with its amounts a little larger or smaller: no conversation comes twice exactly. */
function likeRow(rows: Matrix, random: Random): Float64Array {
  const start = random.below(rows.rows) * rows.columns;
  return rows.data
    .slice(start, start + rows.columns)
    .map((value, column) =>
      TABLE_COLUMNS.flow[column]!.meaning === 'name' ? value : value * (0.9 + 0.2 * random.next()),
    );
}

/** Busy from eight to eight, hardly anything at night, a burst in one hour of twenty. */
function rowsOfHour(hour: number, random: Random): number {
  const usual = hour % 24 >= 8 && hour % 24 < 20 ? 1.8 : 0.2;
  return Math.round(((ROWS_A_DAY / 24) * usual * (random.below(20) === 0 ? 4 : 1)) / 1.15);
}

describe.skipIf(!existsSync(LIST))('weeks of real conversations', () => {
  let judged: JudgedRow[] = [];

  beforeAll(async () => {
    const random = new Random(5);
    const real = await realRows();
    const all = random.choose(real.rows, real.rows);
    const half = real.rows >> 1;
    const learnt = pickRows(real, all.slice(0, half));
    const later = pickRows(real, all.slice(half));
    const jittered = new Float64Array(3_000 * real.columns);
    for (let row = 0; row < 3_000; row++) jittered.set(likeRow(learnt, random), row * real.columns);
    const { document } = await fitProfile(
      {
        table: 'flow',
        kinds: ['baseline', 'isolation-forest'],
        groups: [{ group: 'tcp', rows: { rows: 3_000, columns: real.columns, data: jittered } }],
        seed: 1,
      },
      { onProgress: () => {}, signal: new AbortController().signal },
    );
    const profile = readProfile(document);
    judged = [];
    for (let hour = 0; hour < DAYS * 24; hour++) {
      const count = rowsOfHour(hour, random);
      for (let row = 0; row < count; row++) {
        judged.push({
          timeMs: START_MS + (hour + row / count) * HOUR_MS,
          pValue: profile.pValue('tcp', likeRow(later, random)),
          cause: `anomaly/flow/10.0.0.5/198.51.100.${random.below(250)}/tls`,
        });
      }
    }
  }, 60_000);

  it.each([
    [1, 0.5, 1],
    [5, 3, 5],
    [20, 12, 20],
  ])('show about %i anomalies a day where so many are asked for', (perDay, least, most) => {
    const budget = new AlertBudget({ perDay, joinGapMs: JOIN_GAP_MS });
    const shown = judged.filter((row) => budget.judge(row) === 'shown');
    const weeks = Array.from({ length: WEEKS }, (_, week) => {
      const from = START_MS + week * 7 * DAY_MS;
      return shown.filter(({ timeMs }) => timeMs >= from && timeMs < from + 7 * DAY_MS).length / 7;
    });
    // The first week is the threshold's, to find its place.
    for (const perDayOfWeek of weeks.slice(1)) {
      expect(perDayOfWeek).toBeGreaterThanOrEqual(least);
      expect(perDayOfWeek).toBeLessThanOrEqual(most);
    }
    for (const { timeMs } of shown) {
      const inDay = shown.filter((other) => other.timeMs > timeMs - DAY_MS && other.timeMs <= timeMs).length;
      expect(inDay).toBeLessThanOrEqual(perDay);
    }
    const previewed = previewBudget(judged, { perDay, joinGapMs: JOIN_GAP_MS });
    expect(previewed.length / DAYS).toBeGreaterThanOrEqual(least);
  });

  it('show the more unusual rather than the first', () => {
    const budget = new AlertBudget({ perDay: 5, joinGapMs: JOIN_GAP_MS });
    const shown = judged.filter((row) => budget.judge(row) === 'shown').map(({ pValue }) => pValue);
    const meanLog = (values: readonly number[]) => values.reduce((sum, p) => sum + Math.log10(p), 0) / values.length;
    expect(meanLog(shown)).toBeLessThan(meanLog(judged.map(({ pValue }) => pValue)) - 1);
  });
});
