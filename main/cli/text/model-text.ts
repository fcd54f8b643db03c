/** What has been learnt of a computer, as the command line tells it. Pure. */
import type { CallOutput } from '../../../contract/api.ts';
import type {
  Drift,
  Learning,
  Profile,
  ProfileDetail,
  ProfileEvaluation,
  Training,
} from '../../../contract/api-models.ts';
import {
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatNumber,
  formatTime,
} from '../../../contract/format.ts';
import type { LearningState, ProfileState } from '../../../contract/models.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging, sparkline, table, wrap } from '../terminal/layout.ts';
import type { Paint, Style } from '../terminal/paint.ts';
import { localMs, measureText } from './alert-text.ts';

export interface TextOptions {
  readonly width: number;
  readonly paint: Paint;
}

type ModelList = CallOutput<'models.list'>;
type Comparison = CallOutput<'models.compare'>;
type Preview = CallOutput<'models.preview'>;

const LEARNING_STYLES: Readonly<Record<LearningState, { readonly mark: string; readonly style: Style }>> = {
  off: { mark: '○', style: 'quiet' },
  learning: { mark: '◐', style: 'accent' },
  training: { mark: '◐', style: 'accent' },
  ready: { mark: '●', style: 'protected' },
  drifted: { mark: '◆', style: 'medium' },
};

const PROFILE_STYLES: Readonly<Record<ProfileState, Style>> = {
  active: 'protected',
  candidate: 'accent',
  retired: 'quiet',
};

/** The state of each table, every version, and how many alerts there may be. */
export function modelListText({ learning, profiles, budget, training }: ModelList, options: TextOptions): string[] {
  const { width, paint } = options;
  const versions =
    profiles.length === 0
      ? [paint('quiet', 'No versions yet. "holdfast train" makes one; the engine makes its first by itself.')]
      : versionTable(profiles, options);
  return [
    ...learning.flatMap((each) => learningLines(each, options)),
    '',
    ...versions,
    ...(training === null ? [] : ['', ...trainingLines(training, options)]),
    '',
    ...wrap(budgetText(budget), width),
  ];
}

function learningLines(learning: Learning, { width, paint }: TextOptions): string[] {
  const { table: name, state, detail, progress, readyMs, drift } = learning;
  const { mark, style } = LEARNING_STYLES[state];
  const head = `${paint(style, mark)} ${name.padEnd('process'.length)}  `;
  const bar = progress === null ? '' : `${barText(progress, paint)} ${percent(progress)}  `;
  const ready = readyMs === null ? '' : ` Ready at ${momentText(readyMs)} at the earliest.`;
  const lines = hanging(head, `${bar}${plainText(detail)}${ready}`, width);
  return drift === null ? lines : [...lines, ...driftLines(drift, { width, paint })];
}

/** Population stability index above which values have moved (Siddiqi 2006): a little, and much. */
const MOVED_A_LITTLE = 0.1;
const MOVED_MUCH = 0.25;
const TOLD_FEATURES = 5;
const INDENT = '  ';

function driftLines({ isDrifted, moved, rows, scoreStability }: Drift, { width, paint }: TextOptions): string[] {
  const told = moved.filter(({ stability }) => stability > MOVED_A_LITTLE).slice(0, TOLD_FEATURES);
  if (!isDrifted && told.length === 0) return [];
  const head = `What moved since it was trained, by the last ${formatCount(rows, 'row')} (scores: ${formatNumber(scoreStability)}):`;
  return [
    ...hanging(INDENT, head, width),
    ...told.flatMap(({ label, unit, stability, before, now }) => {
      const much = stability > MOVED_MUCH ? 'much' : 'a little';
      const text = `${plainText(label)}: ${valueText(before, unit)} → ${valueText(now, unit)}, moved ${much} (${formatNumber(stability)})`;
      return hanging(`${INDENT}${paint('medium', '·')} `, text, width);
    }),
  ];
}

function versionTable(profiles: readonly Profile[], { width, paint }: TextOptions): string[] {
  const columns = [
    { title: 'version' },
    { title: 'state' },
    { title: 'trained' },
    { title: 'rows', align: 'right' as const },
    { title: '1 % is', align: 'right' as const },
    { title: 'size', align: 'right' as const },
    { title: 'from' },
  ];
  const rows = profiles.map((profile) => [
    profile.id,
    paint(PROFILE_STYLES[profile.state], profile.state),
    momentText(profile.trainedMs),
    formatNumber(profile.rows),
    percent(profile.metrics.onePercent, 2),
    formatBytes(profile.bytes),
    plainText(profile.source, 40),
  ]);
  return table(columns, rows, width, (text) => paint('quiet', text));
}

function budgetText({ perDay, shown, heldBack, threshold }: ModelList['budget']): string {
  const bound = threshold === null ? '' : ` At present a row is told of below p = ${probabilityText(threshold)}.`;
  const held = heldBack === 0 ? '' : `, ${formatNumber(heldBack)} held back as too many`;
  return `Anomalies of the last 24 hours: ${formatNumber(shown)} shown of at most ${formatNumber(perDay)} a day${held}.${bound}`;
}

export function trainingLines(
  { state, startedMs, endedMs, actor, made, failure }: Training,
  options: TextOptions,
): string[] {
  const { width, paint } = options;
  const took = endedMs === null ? '' : ` after ${formatDuration(Math.max(0, endedMs - startedMs))}`;
  const words = { running: 'goes on', done: 'ended', cancelled: 'was cancelled', failed: 'failed' }[state];
  return [
    ...wrap(`Training begun by ${plainText(actor)} at ${momentText(startedMs)} ${words}${took}.`, width),
    ...made.flatMap(({ id, state: became, reason }) =>
      hanging(`${INDENT}${id}  ${paint(PROFILE_STYLES[became], became)}  `, plainText(reason), width),
    ),
    ...(failure === null ? [] : hanging(INDENT, `${plainText(failure.message)} ${plainText(failure.hint)}`, width)),
  ];
}

/** One line about a version that came to be or changed. */
export function profileLine({ id, state, reason }: Profile, { width, paint }: TextOptions): string[] {
  return hanging(`${paint('bold', id)}  ${paint(PROFILE_STYLES[state], state)}  `, plainText(reason), width);
}

/** A version in full. @param limit columns whose usual values are listed for each group */
export function profileText({ profile, groups }: ProfileDetail, limit: number, options: TextOptions): string[] {
  const { width, paint } = options;
  const { metrics } = profile;
  const span =
    profile.fromMs === null || profile.untilMs === null
      ? ''
      : ` of ${momentText(profile.fromMs)} to ${momentText(profile.untilMs)}`;
  const facts: readonly (readonly [string, string])[] = [
    ['Trained', `${momentText(profile.trainedMs)} in ${formatDuration(metrics.seconds * MS_PER_SECOND)}`],
    ['On', `${formatCount(profile.rows, 'row')}${span}; ${plainText(profile.source)}`],
    ['Digest', plainText(profile.digest)],
    ['After', profile.parent ?? 'none: it is the first'],
    ['Size', formatBytes(profile.bytes)],
    [
      'Holds',
      `on ${formatCount(metrics.validationRows, 'other row')}: ${percent(metrics.onePercent, 2)} where 1 % is due, ` +
        `${percent(metrics.oneInThousand, 2)} where 0.1 % is due` +
        (metrics.loss === null ? '' : `; loss of the autoencoder ${formatNumber(metrics.loss)}`),
    ],
  ];
  return [
    ...profileLine(profile, options),
    ...facts.flatMap(([name, text]) => hanging(`${INDENT}${paint('quiet', name.padEnd(8))} `, text, width)),
    ...groups.flatMap((group) => ['', ...groupLines(group, limit, options)]),
  ];
}

const MS_PER_SECOND = 1_000;

function groupLines(group: ProfileDetail['groups'][number], limit: number, options: TextOptions): string[] {
  const { width, paint } = options;
  const models = group.models.map(({ kind, weight, bytes, parameters }) => [
    kind,
    formatNumber(weight),
    formatBytes(bytes),
    Object.entries(parameters)
      .map(
        ([name, value]) =>
          `${plainText(name, 40)} ${typeof value === 'number' ? formatNumber(value) : plainText(value, 40)}`,
      )
      .join(', '),
  ]);
  const modelColumns = [
    { title: 'model' },
    { title: 'weight', align: 'right' as const },
    { title: 'size', align: 'right' as const },
    { title: 'parameters' },
  ];
  const usual = group.columns
    .slice(0, limit)
    .map(({ label, unit, low, median, high }) => [
      plainText(label, 40),
      ...[low, median, high].map((value) => valueText(value, unit)),
    ]);
  const right = { align: 'right' as const };
  const usualColumns = [
    { title: 'usual' },
    { title: '1 % below', ...right },
    { title: 'half below', ...right },
    { title: '1 % above', ...right },
  ];
  const quiet = (text: string): string => paint('quiet', text);
  const more = group.columns.length - usual.length;
  return [
    `${paint('bold', group.group)}, ${formatCount(group.rows, 'row')}`,
    ...indented(table(modelColumns, models, width - INDENT.length, quiet)),
    ...indented(distributionLines(group.distribution, options)),
    ...(limit === 0 ? [] : indented(table(usualColumns, usual, width - INDENT.length, quiet))),
    ...(more > 0 && limit > 0 ? [quiet(`${INDENT}and ${formatCount(more, 'other column')}: --all lists them.`)] : []),
  ];
}

const MOST_BARS = 26;

/** Steps of -log10 of the p-value as bars: "▇▃▂▁▁  p 1 … 0.000001". */
export function distributionLines(
  { step, counts, threshold }: ProfileEvaluation['distribution'],
  { paint }: TextOptions,
): string[] {
  if (counts.length === 0) return [];
  const together = Math.ceil(counts.length / MOST_BARS);
  const bars = Array.from({ length: Math.ceil(counts.length / together) }, (_, bar) =>
    counts.slice(bar * together, (bar + 1) * together).reduce((sum, count) => sum + count, 0),
  );
  // Each bar holds a fraction of the one before, so that only logarithms show more than the first.
  const line = sparkline(bars.map((count) => Math.log1p(count)));
  const last = 10 ** -(step * counts.length);
  const bound = threshold === null ? '' : `, told of below ${probabilityText(threshold)}`;
  const facts = `p from 1 to ${probabilityText(last)}${bound}; heights are logarithms`;
  return [`usual │${paint('accent', line)}│ unusual`, paint('quiet', facts)];
}

const NO_SAMPLE = 'There is nothing in the sample yet to judge by: see "holdfast models list".';

export function evaluationText(evaluation: ProfileEvaluation, options: TextOptions): string[] {
  const { id, rows, onePercent, oneInThousand, medianPValue, distribution } = evaluation;
  if (rows === 0) return [NO_SAMPLE];
  const text =
    `on the ${formatCount(rows, 'row')} of the sample: ${percent(onePercent, 2)} are as unusual as 1 % should be, ` +
    `${percent(oneInThousand, 2)} as 0.1 % should be; the median p-value is ${formatNumber(medianPValue)} (0.5 when nothing has changed).`;
  return [
    ...hanging(`${options.paint('bold', id)}  `, text, options.width),
    ...indented(distributionLines(distribution, options)),
  ];
}

export function comparisonText(
  { first, second, rankCorrelation, disagreement }: Comparison,
  options: TextOptions,
): string[] {
  if (first.rows === 0) return [NO_SAMPLE];
  const text =
    `They rank the rows ${rankCorrelation > 0.9 ? 'nearly alike' : rankCorrelation > 0.6 ? 'much alike' : 'differently'} ` +
    `(rank correlation ${formatNumber(rankCorrelation)}), and disagree on what is unusual for ${percent(disagreement, 2)} of them.`;
  return [...evaluationText(first, options), ...evaluationText(second, options), ...wrap(text, options.width)];
}

export function previewText({ days, total, anomalies }: Preview, perDay: number, options: TextOptions): string[] {
  const { width, paint } = options;
  const span =
    days === 0
      ? 'There is nothing to look at yet'
      : `Of the last ${formatCount(days, 'day')} at ${formatNumber(perDay)} a day`;
  const head =
    days === 0 ? `${span}.` : `${span}, ${formatCount(total, 'anomaly', 'anomalies')} would have been shown.`;
  return [
    ...wrap(head, width),
    ...anomalies.flatMap(({ timeMs, title, pValue, reasons }) => [
      ...hanging(
        `${paint('quiet', momentText(timeMs))}  `,
        `${plainText(title)} (p ${probabilityText(pValue)})`,
        width,
      ),
      ...reasons
        .slice(0, 3)
        .flatMap((reason) => hanging(`${INDENT}${paint('accent', '·')} `, plainText(reason), width)),
    ]),
  ];
}

const BAR_COLUMNS = 16;

function barText(progress: number, paint: Paint): string {
  const filled = Math.round(Math.min(1, Math.max(0, progress)) * BAR_COLUMNS);
  return paint('accent', '━'.repeat(filled)) + paint('quiet', '─'.repeat(BAR_COLUMNS - filled));
}

function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** 0.00004 as it is read: "0.00004", and "4e-9" where that is shorter. */
export function probabilityText(value: number): string {
  if (value >= 1e-5 || value === 0) return `${Number(value.toPrecision(2))}`;
  return value.toExponential(0);
}

const MICROSECONDS_PER_MS = 1_000;

/** In the unit of the column; times of packets are in millionths of a second. */
function valueText(value: number, unit: string): string {
  if (unit === 'µs') return formatDuration(value / MICROSECONDS_PER_MS);
  return measureText(value, unit === '' ? undefined : unit);
}

function momentText(timeMs: number): string {
  const local = localMs(timeMs);
  return `${formatDate(local)} ${formatTime(local).slice(0, 'hh:mm'.length)}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `${INDENT}${line}`);
}
