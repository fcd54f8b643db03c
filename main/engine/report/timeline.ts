import type { AnalysisAlert, AnalysisDocument } from '../../../contract/analysis.ts';
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatSpan,
  formatTick,
  formatTime,
} from '../../../contract/format.ts';
import type { ReportContext, TrafficBucket } from './context.ts';
import { html, Markup } from './html.ts';
import { severityMark } from './marks.ts';

/** Alerts drawn as rows of the timeline: one screen. The others follow as stories all the same. */
const MAX_ROWS = 30;
/** Columns of the traffic plot: each is still a few pixels wide. */
const MAX_COLUMNS = 240;
/** Rows of the table of the same data. */
const MAX_TABLE_ROWS = 50;
/** Drawings are this wide in their own units and stretched to the page. */
const WIDTH = 1000;
const PLOT_HEIGHT = 100;
const ROW_HEIGHT = 10;
const BAR_TOP = 3;
/** Narrowest bar of an alert: a moment must still be seen. */
const MIN_BAR = 6;
/** Where the time axis is labelled, as parts of its length. */
const TICKS = [0, 0.25, 0.5, 0.75, 1];

interface Axis {
  readonly startMs: number;
  readonly spanMs: number;
}

interface Column {
  readonly startMs: number;
  readonly lengthMs: number;
  readonly bytes: number;
  readonly packets: number;
}

/** What happened when: alerts over traffic on one axis of time. Nothing without packets. */
export function timeline({ capture, alerts }: AnalysisDocument, { buckets = [] }: ReportContext): Markup | undefined {
  if (capture.firstSeen === null || capture.lastSeen === null) return undefined;
  const startMs = Date.parse(capture.firstSeen);
  const axis = { startMs, spanMs: Math.max(Date.parse(capture.lastSeen) - startMs, 1) };
  const columns = resample(buckets, axis, MAX_COLUMNS);
  if (alerts.length === 0 && columns.length === 0) return undefined;
  const unlisted = alerts.length - MAX_ROWS;
  return html`<section><h2>What happened when</h2>
<div class="timeline">
${columns.length === 0 ? undefined : trafficRow(columns, axis)}
${alerts.slice(0, MAX_ROWS).map((alert) => alertRow(alert, axis))}
<div class="axis">${TICKS.map((part) => html`<span>${formatTick(axis.startMs + part * axis.spanMs, axis.spanMs)}</span>`)}</div>
</div>
${unlisted > 0 ? html`<p class="quiet">And ${formatCount(unlisted, 'more alert')}, told below.</p>` : undefined}
<p class="quiet">${formatSpan(axis.startMs, axis.startMs + axis.spanMs)} UTC</p>
${columns.length === 0 ? undefined : trafficTable(resample(buckets, axis, MAX_TABLE_ROWS))}
</section>`;
}

/**
 * Traffic in at most `maxColumns` columns from the start of the axis. A column holds a whole number of
 * buckets: columns of unequal content would show a pattern that the traffic does not have.
 */
function resample(buckets: readonly TrafficBucket[], axis: Axis, maxColumns: number): Column[] {
  if (buckets.length === 0) return [];
  const bucketMs = lengthOf(buckets) ?? axis.spanMs;
  const lengthMs = Math.ceil(axis.spanMs / bucketMs / maxColumns) * bucketMs;
  const count = Math.ceil(axis.spanMs / lengthMs);
  const bytes = new Float64Array(count);
  const packets = new Float64Array(count);
  for (const bucket of buckets) {
    // A bucket counts where its middle is; what lies outside (clocks that jump) counts at the edge.
    const position = Math.floor((bucket.startMs + bucketMs / 2 - axis.startMs) / lengthMs);
    const column = Math.min(Math.max(position, 0), count - 1);
    bytes[column]! += bucket.bytes;
    packets[column]! += bucket.packets;
  }
  return Array.from(bytes, (sum, index) => ({
    startMs: axis.startMs + index * lengthMs,
    lengthMs,
    bytes: sum,
    packets: packets[index]!,
  }));
}

/** The distance of the two buckets that are nearest to each other; undefined when there is only one. */
function lengthOf(buckets: readonly TrafficBucket[]): number | undefined {
  let shortest = Number.POSITIVE_INFINITY;
  for (let index = 1; index < buckets.length; index += 1) {
    const distance = buckets[index]!.startMs - buckets[index - 1]!.startMs;
    if (distance > 0) shortest = Math.min(shortest, distance);
  }
  return Number.isFinite(shortest) ? shortest : undefined;
}

function bytesPerSecond({ bytes, lengthMs }: Column): number {
  return (bytes / lengthMs) * 1000;
}

function trafficRow(columns: readonly Column[], axis: Axis): Markup {
  const rates = columns.map(bytesPerSecond);
  const peak = Math.max(...rates, 1e-9);
  const tops = rates.map((rate, index) => {
    const y = round(PLOT_HEIGHT - (rate / peak) * (PLOT_HEIGHT - 2));
    const end = columns[index]!.startMs + columns[index]!.lengthMs;
    return `V${y}H${round(place(end, axis))}`;
  });
  const label = `Traffic over time; the peak is ${formatBytes(peak)} per second`;
  return html`<div class="label">Traffic <span class="quiet">peak ${formatBytes(peak)}/s</span></div>
<svg class="plot" viewBox="0 0 ${WIDTH} ${PLOT_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
${grid(PLOT_HEIGHT)}<path class="area" d="M0 ${PLOT_HEIGHT}${tops.join('')}V${PLOT_HEIGHT}Z"/></svg>`;
}

function alertRow(alert: AnalysisAlert, axis: Axis): Markup {
  const first = place(Date.parse(alert.firstSeen), axis);
  const width = Math.max(place(Date.parse(alert.lastSeen), axis) - first, MIN_BAR);
  const x = round(Math.min(first, WIDTH - width));
  const when = formatSpan(Date.parse(alert.firstSeen), Date.parse(alert.lastSeen));
  return html`<a class="label" href="#${alert.id}">${severityMark(alert.severity)} <span>${alert.title}</span></a>
<svg class="lane" viewBox="0 0 ${WIDTH} ${ROW_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${when} UTC">
${grid(ROW_HEIGHT)}<rect class="bar ${alert.severity}" x="${x}" y="${BAR_TOP}" width="${round(width)}" height="${ROW_HEIGHT - 2 * BAR_TOP}"/></svg>`;
}

/** Where a moment is on the axis, held inside it. */
function place(milliseconds: number, axis: Axis): number {
  const part = (milliseconds - axis.startMs) / axis.spanMs;
  return Math.min(Math.max(part, 0), 1) * WIDTH;
}

function grid(height: number): Markup {
  const lines = TICKS.map((part) => `M${part * WIDTH} 0V${height}`).join('');
  return new Markup(`<path class="grid" d="${lines}"/>`);
}

function trafficTable(columns: readonly Column[]): Markup {
  return html`<details><summary>The same traffic as a table</summary>
<div class="wide"><table><thead><tr><th>From (UTC)</th><th class="number">Packets</th><th class="number">Bytes</th><th class="number">Per second</th></tr></thead>
<tbody>${columns.map(
    (column) => html`<tr><td class="mono">${formatTime(column.startMs, column.lengthMs < 1000)}</td>
<td class="number">${formatNumber(column.packets)}</td><td class="number">${formatBytes(column.bytes)}</td>
<td class="number">${formatBytes(bytesPerSecond(column))}</td></tr>`,
  )}</tbody></table></div></details>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
