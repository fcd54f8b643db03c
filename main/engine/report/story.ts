import { KIND_WORDS } from '../../../contract/alert-words.ts';
import type { AnalysisAlert } from '../../../contract/analysis.ts';
import type { AttackCatalogue } from '../../../contract/attack.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatSpan,
  unitFor,
} from '../../../contract/format.ts';
import { html, type Markup } from './html.ts';
import { severityLabel } from './marks.ts';
import { numberLine } from './plots.ts';

/** Hosts shown before the rest folds away. */
const HOSTS_AT_ONCE = 8;

/** What is told of an alert beside what it says itself. */
interface Telling {
  readonly steps: readonly string[];
  /** What was done, after "Done so far:". */
  readonly done: string;
  /** After the evidence. */
  readonly more?: Markup;
  /** Titles of the alerts of the same page, by id. */
  readonly titles: ReadonlyMap<string, string>;
}

/** One alert of a capture: who did what to whom, what speaks for it, and what to do. */
export function story(alert: AnalysisAlert, catalogue: AttackCatalogue, titles: ReadonlyMap<string, string>): Markup {
  const { steps } = KIND_WORDS[alert.kind];
  const done = 'nothing. This is a recorded capture; Holdfast only looked at it.';
  return article(alert, catalogue, { steps, done, titles });
}

/** One alert, told with whatever else is known of it. */
export function article(alert: AnalysisAlert, catalogue: AttackCatalogue, telling: Telling): Markup {
  const words = KIND_WORDS[alert.kind];
  const first = Date.parse(alert.firstSeen);
  const last = Date.parse(alert.lastSeen);
  return html`<article class="alert ${alert.severity}" id="${alert.id}">
<p class="meta">${severityLabel(alert.severity)} <span>${words.name}</span>
<span class="when">${formatSpan(first, last)} UTC${last > first ? ` (${formatDuration(last - first)})` : undefined}</span></p>
<h3>${alert.title}</h3>
<p class="explanation">${alert.explanation}</p>
${stepList(alert)}
${parties(alert)}
${evidenceTable(alert)}
${telling.more}
${techniqueList(alert.techniques, catalogue)}
<h4>What you can do</h4>
<ol>${telling.steps.map((step) => html`<li>${step}</li>`)}</ol>
<p class="done"><b>Done so far:</b> ${telling.done}</p>
${relatedAlerts(alert, telling.titles)}
<p class="raw">Confidence ${Math.round(alert.confidence * 100)} % · ${formatCount(alert.findings, 'finding')}${detectorNames(alert)} · <span class="mono">${alert.id}</span></p>
</article>`;
}

/** The steps of an intrusion, in order. */
function stepList({ stages = [] }: AnalysisAlert): Markup | undefined {
  if (stages.length === 0) return undefined;
  return html`<h4>Step by step</h4>
<ol class="stages">${stages.map(({ kind, title, severity, firstSeen, lastSeen }) => {
    const [first, last] = [Date.parse(firstSeen), Date.parse(lastSeen)];
    return html`<li>${severityLabel(severity)} <b>${KIND_WORDS[kind].name}</b> <span class="when">${formatSpan(first, last)} UTC</span><p>${title}</p></li>`;
  })}</ol>`;
}

function parties(alert: AnalysisAlert): Markup {
  return html`<div class="parties">
<div><h4>From</h4>${hostList(alert.attackers, alert.attackerCount)}</div>
<div class="arrow" aria-hidden="true">→</div>
<div><h4>To</h4>${hostList(alert.victims, alert.victimCount)}</div>
</div>`;
}

function hostList(listed: readonly string[], count: number = listed.length): Markup {
  if (listed.length === 0) {
    return html`<p class="quiet">${count === 0 ? 'Not known' : `${formatCount(count, 'address', 'addresses')}, none of them named`}</p>`;
  }
  const items = (hosts: readonly string[]) =>
    html`<ul class="hosts">${hosts.map((host) => html`<li>${host}</li>`)}</ul>`;
  const rest = listed.slice(HOSTS_AT_ONCE);
  const unlisted = count - listed.length;
  return html`${items(listed.slice(0, HOSTS_AT_ONCE))}
${rest.length === 0 ? undefined : html`<details><summary>${formatCount(rest.length, 'more address', 'more addresses')}</summary>${items(rest)}</details>`}
${unlisted > 0 ? html`<p class="quiet">At least ${formatCount(count, 'address', 'addresses')} in all; the most active are listed.</p>` : undefined}`;
}

function evidenceTable({ evidence }: AnalysisAlert): Markup | undefined {
  if (evidence.length === 0) return undefined;
  return html`<h4>Evidence</h4>
<div class="wide"><table class="evidence"><thead><tr><th>Measured</th><th class="number">Here</th><th>Usual</th><th>Why it matters</th></tr></thead>
<tbody>${evidence.map(
    (row) => html`<tr><th scope="row">${row.name}</th>${value(row.value, row.unit)}
${usual(row)}<td>${row.meaning}</td></tr>`,
  )}</tbody></table></div>`;
}

function usual({ value: measured, usual: range, usualRange }: AnalysisAlert['evidence'][number]): Markup {
  const line = typeof measured === 'number' && usualRange !== undefined ? numberLine(measured, usualRange) : undefined;
  if (range === undefined && line === undefined) return html`<td class="usual none">–</td>`;
  return html`<td class="usual">${range}${line}</td>`;
}

function value(measured: number | string, unit: string | undefined): Markup {
  if (typeof measured === 'string') {
    return html`<td class="text">${measured}${unit === undefined ? undefined : html` <span class="unit">${unit}</span>`}</td>`;
  }
  if (unit === 'B') return html`<td class="number">${formatBytes(measured)}</td>`;
  return html`<td class="number">${formatNumber(measured)}${unit === undefined ? undefined : html` <span class="unit">${unitFor(measured, unit)}</span>`}</td>`;
}

function techniqueList(ids: readonly string[], catalogue: AttackCatalogue): Markup | undefined {
  if (ids.length === 0) return undefined;
  return html`<h4>Techniques</h4>
<ul class="techniques">${ids.map((id) => {
    const technique = catalogue.techniques.get(id);
    if (technique === undefined) return html`<li><span class="mono">${id}</span></li>`;
    const tactics = catalogue.tactics.filter((tactic) => technique.tactics.includes(tactic.id));
    const aims = tactics.map(({ name, meaning }) => `${name}: ${meaning}`).join(' ');
    return html`<li title="${aims}"><span class="mono">${id}</span> <b>${technique.name}</b> <span class="quiet">${technique.meaning}</span></li>`;
  })}</ul>`;
}

function relatedAlerts({ related = [] }: AnalysisAlert, titles: ReadonlyMap<string, string>): Markup | undefined {
  const known = related.filter((id) => titles.has(id));
  if (known.length === 0) return undefined;
  return html`<h4>Same hosts, about the same time</h4>
<ul>${known.map((id) => html`<li><a href="#${id}">${titles.get(id)}</a></li>`)}</ul>`;
}

function detectorNames({ detectors = [] }: AnalysisAlert): string {
  return detectors.length === 0 ? '' : ` of ${detectors.join(', ')}`;
}
