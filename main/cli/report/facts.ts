import type { AnalysisDocument, AnalysisNote } from '../../../contract/analysis.ts';
import type { Share } from './context.ts';
import { formatBytes, formatCount, formatDuration, formatNumber, formatSpan } from './format.ts';
import { html, type Markup } from './html.ts';

/** Notes shown; a badly damaged capture has many kinds, never this many. */
const MAX_NOTES = 100;

/** What was looked at, and what of it could not be read. */
export function captureFacts({ capture, flows, hosts, elapsedSeconds }: AnalysisDocument): Markup {
  const facts: readonly (readonly [string, string | Markup])[] = [
    ['File', html`<span class="mono">${capture.path}</span>`],
    ['Format', capture.format],
    ['Packets', `${formatNumber(capture.packets)} (${formatBytes(capture.bytes)})`],
    ['Time', timeOf(capture)],
    ['Conversations', formatNumber(flows)],
    ['Addresses', formatNumber(hosts)],
    ['Unreadable packets', formatNumber(capture.malformed)],
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

/** Who or what the traffic was, with a bar for each part of the whole. */
export function shareTable(title: string, column: string, shares: readonly Share[] | undefined): Markup | undefined {
  if (shares === undefined || shares.length === 0) return undefined;
  const most = Math.max(...shares.slice(0, MAX_SHARES).map(({ bytes }) => bytes), 1);
  return html`<section><h2>${title}</h2>
<div class="wide"><table><thead><tr><th>${column}</th><th><span class="hidden">Share</span></th><th class="number">Bytes</th><th class="number">Packets</th></tr></thead>
<tbody>${shares.slice(0, MAX_SHARES).map(
    (share) => html`<tr><td class="mono">${share.name}</td><td class="share">${bar(share.bytes / most)}</td>
<td class="number">${formatBytes(share.bytes)}</td><td class="number">${formatNumber(share.packets)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function bar(part: number): Markup {
  const width = Math.round(part * 1000) / 10;
  return html`<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="area" width="${width}" height="8"/></svg>`;
}
