import { attentionSentence, protectionOf } from '../../../contract/api-protection.ts';
import type { InterfaceStatus, Status } from '../../../contract/api-schemas.ts';
import type { Alert } from '../../../contract/domain.ts';
import { formatBytes, formatNumber, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import type { LiveState } from '../live-state.ts';
import { columnsOf, cut, pad, sparkline, wrap } from '../terminal/layout.ts';
import { type Paint, SEVERITY_SHAPES, type Style } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';
import { byteRate, costText, PROTECTION_MARKS, packetRate, uptimeText } from './status-text.ts';

export interface LiveTextOptions {
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** The last line: how to leave. */
  readonly ending: string;
}

/** A piece of a line in one style; the text has no colours of its own. */
type Span = readonly [style: Style | undefined, text: string];
type Line = readonly Span[];

/** Below this the list of hosts and that of protocols stand under each other no more: the second is left out. */
const TWO_LISTS_COLUMNS = 76;
const MOST_GAPS = 3;
/** Narrower text has more line breaks than words. */
const LEAST_TEXT_COLUMNS = 20;
const MOST_INTERFACES = 4;
const MOST_TALKERS = 8;
/** Lines that the alerts always have, with their title. */
const LEAST_ALERT_ROWS = 4;
const LABEL_COLUMNS = 10;

/**
 * The live view as lines, exactly as many as there are rows, none wider than the terminal. In this order: am I
 * safe, what is not seen, the traffic, the alerts. Pure.
 */
export function liveText(state: LiveState, options: LiveTextOptions): string[] {
  const { rows, columns } = options;
  const top: Line[] = [
    ...verdict(state.status, columns),
    ...gaps(state.status, columns),
    [],
    ...traffic(state, columns),
  ];
  const room = rows - top.length - LEAST_ALERT_ROWS - 2;
  const lists = listing(state, columns, room);
  const above = [...top, ...(lists.length === 0 ? [] : [[], ...lists]), []].slice(0, Math.max(0, rows - 2));
  const alerts = alertLines(state.alerts, columns, rows - above.length - 1);
  const lines: Line[] = [...above, ...alerts];
  while (lines.length < rows - 1) lines.push([]);
  lines.push([['quiet', options.ending]]);
  return lines.slice(0, rows).map((line) => painted(line, columns, options.paint));
}

function painted(line: Line, columns: number, paint: Paint): string {
  let room = columns;
  let text = '';
  for (const [style, part] of line) {
    const fitting = cut(part, room);
    room -= columnsOf(fitting);
    text += style === undefined ? fitting : paint(style, fitting);
    if (room <= 0) break;
  }
  return text;
}

function verdict(status: Status, columns: number): Line[] {
  const { state, sentence } = protectionOf(status);
  const { mark, style } = PROTECTION_MARKS[state];
  const uptime = uptimeText(status.uptimeSeconds);
  const simulated = status.mode === 'simulate' ? '  simulation' : '';
  const words = `${mark} ${plainText(sentence)}`;
  const gap = ' '.repeat(Math.max(2, columns - columnsOf(words) - columnsOf(simulated) - uptime.length));
  const serious = status.alerts.medium + status.alerts.high + status.alerts.critical > 0;
  return [
    [
      [style, mark],
      ['bold', ` ${plainText(sentence)}`],
      ['accent', simulated],
      ['quiet', gap + uptime],
    ],
    [[serious ? 'bold' : undefined, `  ${attentionSentence(status.alerts, state)}`]],
  ];
}

/** A hint may be a command to copy, so it is wrapped and never cut. */
function gaps(status: Status, columns: number): Line[] {
  const { gaps } = protectionOf(status);
  const width = Math.max(LEAST_TEXT_COLUMNS, columns - 2);
  const shown = gaps.slice(0, MOST_GAPS).flatMap(({ state, detail, hint }): Line[] => [
    ...wrap(plainText(detail), width).map((line, index): Line => {
      const mark: Span = [state === 'failed' ? 'critical' : 'medium', index === 0 ? '! ' : '  '];
      return [mark, [undefined, line]];
    }),
    ...wrap(plainText(hint ?? ''), width).map((line): Line => [['quiet', `  ${line}`]]),
  ]);
  const others = gaps.length - MOST_GAPS;
  return others > 0 ? [...shown, [['quiet', `  and ${others} more: see "holdfast status"`]]] : shown;
}

function traffic({ status, traffic }: LiveState, columns: number): Line[] {
  const shown = status.interfaces.slice(0, MOST_INTERFACES);
  const nameColumns = Math.max(5, ...shown.map(({ name }) => columnsOf(plainText(name, 16))));
  const others = status.interfaces.length - shown.length;
  const peak = Math.max(0, ...traffic.history.map(({ bytes }) => bytes));
  const wave = sparkline(traffic.history.map(({ bytes }) => bytes)).padStart(60);
  const peakText = `  peak ${byteRate(peak)}`;
  const waveColumns = Math.max(10, columns - nameColumns - 2 - columnsOf(peakText));
  return [
    ...shown.map((each) => interfaceLine(each, nameColumns)),
    ...(others > 0 ? [[['quiet', `and ${others} more`] as const]] : []),
    [
      ['quiet', pad('1 min', nameColumns + 2)],
      ['accent', wave.slice(-waveColumns)],
      ['quiet', peakText],
    ],
    [
      ['quiet', pad('flows', nameColumns + 2)],
      [undefined, `${formatNumber(traffic.openFlows)} open`],
      ['quiet', `   Holdfast ${costText(status.cost)}`],
    ],
  ];
}

function interfaceLine(each: InterfaceStatus, nameColumns: number): Line {
  const name: Span = ['bold', pad(plainText(each.name, 16), nameColumns + 2)];
  if (each.state !== 'up') return [name, ['medium', `${each.state}: ${plainText(each.detail)}`]];
  const rates = `${pad(packetRate(each.packetsPerSecond), 20, 'right')}  ${pad(byteRate(each.bytesPerSecond), 10, 'right')}`;
  const lost = `  ${formatNumber(each.dropped)} lost`;
  return [name, [undefined, rates], [each.dropped > 0 ? 'medium' : 'quiet', lost]];
}

/** Room for the longest IPv6 address, or for most of it in a usual terminal. */
const WIDE_HOST_COLUMNS = 40;
const HOST_COLUMNS = 26;
const WIDE_COLUMNS = 100;
const NUMBER_COLUMNS = 9;

/** The busiest hosts, and beside them the protocols where there is room. */
function listing({ traffic }: LiveState, columns: number, room: number): Line[] {
  const count = Math.min(MOST_TALKERS, room - 1, Math.max(traffic.talkers.length, traffic.protocols.length));
  if (count < 1) return [];
  const isWide = columns >= TWO_LISTS_COLUMNS && traffic.protocols.length > 0;
  const hostColumns = columns >= WIDE_COLUMNS ? WIDE_HOST_COLUMNS : HOST_COLUMNS;
  const head: Line = [
    [
      'quiet',
      `${pad('busiest hosts', hostColumns)}${pad('sent', NUMBER_COLUMNS, 'right')}${pad('received', NUMBER_COLUMNS + 1, 'right')}` +
        (isWide ? `    ${pad('protocol', 14)}${pad('bytes', NUMBER_COLUMNS, 'right')}` : ''),
    ],
  ];
  const lines: Line[] = [head];
  for (let index = 0; index < count; index += 1) {
    const talker = traffic.talkers[index];
    const protocol = isWide ? traffic.protocols[index] : undefined;
    const left =
      talker === undefined
        ? pad('', hostColumns + 2 * NUMBER_COLUMNS + 1)
        : pad(cut(plainText(talker.address), hostColumns - 1), hostColumns) +
          pad(formatBytes(talker.sentBytes), NUMBER_COLUMNS, 'right') +
          pad(formatBytes(talker.receivedBytes), NUMBER_COLUMNS + 1, 'right');
    const right =
      protocol === undefined
        ? ''
        : `    ${pad(cut(plainText(protocol.name), 13), 14)}${pad(formatBytes(protocol.bytes), NUMBER_COLUMNS, 'right')}`;
    lines.push([[undefined, left + right]]);
  }
  return lines;
}

/** Where an alert's title begins, after its time and severity. */
const TITLE_MARGIN = ' '.repeat('00:00:00'.length + 2 + LABEL_COLUMNS + 2);
/** Longest explanation that is shown: four sentences are far shorter. */
const MAX_EXPLANATION = 2_000;

/** The titles of the alerts, the newest first; below each what it means, for as many as there is room. */
function alertLines(alerts: readonly Alert[], columns: number, room: number): Line[] {
  if (room < 1) return [];
  if (alerts.length === 0) {
    const none: Line[] = [[['quiet', 'Alerts']], [[undefined, 'None so far. They appear here within seconds.']]];
    return none.slice(0, room);
  }
  const head: Line = [['quiet', 'Alerts, the newest first']];
  const budget = room - 1;
  const newest = explanationLines(alerts[0], columns).length;
  // What the newest one means is worth more than an old title, but not more than half of them.
  const shown = alerts.slice(0, Math.max(budget - newest, Math.ceil(budget / 2)));
  let spare = budget - shown.length;
  const lines = shown.flatMap((alert): Line[] => {
    const explanation = explanationLines(alert, columns);
    const fits = explanation.length <= spare;
    spare = fits ? spare - explanation.length : 0;
    return [titleLine(alert), ...(fits ? explanation : [])];
  });
  return [head, ...lines];
}

function titleLine({ severity, title, lastSeenMs }: Alert): Line {
  return [
    ['quiet', `${formatTime(localMs(lastSeenMs))}  `],
    [severity, pad(`${SEVERITY_SHAPES[severity]} ${severity.toUpperCase()}`, LABEL_COLUMNS)],
    ['bold', `  ${plainText(title)}`],
  ];
}

function explanationLines({ id, explanation }: Alert, columns: number): Line[] {
  const text = wrap(
    plainText(explanation, MAX_EXPLANATION),
    Math.max(LEAST_TEXT_COLUMNS, columns - TITLE_MARGIN.length),
  );
  return [
    ...text.map((line): Line => [[undefined, TITLE_MARGIN + line]]),
    [['quiet', `${TITLE_MARGIN}holdfast alerts show ${plainText(id)}`]],
  ];
}
