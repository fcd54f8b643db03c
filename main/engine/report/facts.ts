import type { AnalysisDocument, AnalysisNote } from '../../../contract/analysis.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatSpan } from '../../../contract/format.ts';
import type { ProtocolShare, Talker } from './context.ts';
import { html, type Markup } from './html.ts';

/** Notes shown; a badly damaged capture has many kinds, never this many. */
const MAX_NOTES = 100;

/** What was looked at, and what of it could not be read. */
export function captureFacts({ capture, flows, hosts, elapsedSeconds, anomalies }: AnalysisDocument): Markup {
  const facts: readonly (readonly [string, string | Markup])[] = [
    ['File', html`<span class="mono">${capture.path}</span>`],
    ['Format', capture.format],
    ['Packets', `${formatNumber(capture.packets)} (${formatBytes(capture.bytes)})`],
    ['Time', timeOf(capture)],
    ['Conversations', formatNumber(flows)],
    ['Addresses', formatNumber(hosts)],
    ['Unreadable packets', formatNumber(capture.malformed)],
    ...(anomalies === undefined ? [] : ([['Anomalies', anomalies.detail]] as const)),
    ['Analysed in', formatDuration(elapsedSeconds * 1000)],
  ];
  return html`<section id="capture"><h2>What was looked at</h2>
<dl class="facts">${facts.map(([name, fact]) => html`<div><dt>${name}</dt><dd>${fact}</dd></div>`)}</dl>
${capture.notes.length === 0 ? html`<p class="quiet">The capture was read to its end; nothing was skipped.</p>` : noteTable(capture.notes)}
</section>`;
}

function timeOf({ firstSeen, lastSeen }: AnalysisDocument['capture']): string {
  if (firstSeen === null || lastSeen === null) return 'No packets';
  const first = Date.parse(firstSeen);
  const last = Date.parse(lastSeen);
  return `${formatSpan(first, last)} UTC (${formatDuration(last - first)})`;
}

function noteTable(notes: readonly AnalysisNote[]): Markup {
  const unlisted = notes.length - MAX_NOTES;
  return html`<h3>What to know about the capture</h3>
<div class="wide"><table><thead><tr><th>Note</th><th class="number">Times</th><th class="number">First at packet</th><th class="number">First at byte</th></tr></thead>
<tbody>${notes.slice(0, MAX_NOTES).map(
    (note) => html`<tr><td>${note.message}</td><td class="number">${formatNumber(note.count)}</td>
<td class="number">${place(note.packetNumber)}</td><td class="number">${place(note.byteOffset)}</td></tr>`,
  )}</tbody></table></div>
${unlisted > 0 ? html`<p class="quiet">And ${formatCount(unlisted, 'more note')}.</p>` : undefined}`;
}

function place(position: number | null): string {
  return position === null ? '–' : formatNumber(position);
}

/** Rows of a table of shares: what is beyond matters to nobody who reads a report. */
const MAX_SHARES = 12;

/** Who sent and received the most. */
export function talkerTable(talkers: readonly Talker[] = []): Markup | undefined {
  return shareTable('Busiest addresses', ['Address', 'Sent', 'Received', 'Packets'], talkers, (talker) => ({
    name: talker.address,
    size: talker.sentBytes + talker.receivedBytes,
    numbers: [formatBytes(talker.sentBytes), formatBytes(talker.receivedBytes), formatNumber(talker.packets)],
  }));
}

/** What the traffic is made of. */
export function protocolTable(protocols: readonly ProtocolShare[] = []): Markup | undefined {
  return shareTable('Kinds of traffic', ['Protocol', 'Conversations', 'Bytes'], protocols, (protocol) => ({
    name: protocol.name,
    size: protocol.bytes,
    numbers: [formatNumber(protocol.flows), formatBytes(protocol.bytes)],
  }));
}

interface ShareRow {
  readonly name: string;
  /** What the bar stands for. */
  readonly size: number;
  readonly numbers: readonly string[];
}

function shareTable<T>(
  title: string,
  [name, ...numbers]: readonly string[],
  items: readonly T[],
  rowOf: (item: T) => ShareRow,
): Markup | undefined {
  if (items.length === 0) return undefined;
  const rows = items.slice(0, MAX_SHARES).map(rowOf);
  const most = Math.max(...rows.map(({ size }) => size), 1);
  return html`<section><h2>${title}</h2>
<div class="wide"><table><thead><tr><th>${name}</th><th><span class="hidden">Share</span></th>${numbers.map(
    (column) => html`<th class="number">${column}</th>`,
  )}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr><td class="mono">${row.name}</td><td class="share">${bar(row.size / most)}</td>
${row.numbers.map((number) => html`<td class="number">${number}</td>`)}</tr>`,
  )}</tbody></table></div></section>`;
}

function bar(part: number): Markup {
  const width = Math.round(part * 1000) / 10;
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="area" width="${width}" height="8"/></svg>`;
}
