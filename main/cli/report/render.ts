import { createHash } from 'node:crypto';
import type { AnalysisAlert, AnalysisDocument } from '../../../contract/analysis.ts';
import type { ReportContext } from './context.ts';
import { coverage } from './coverage.ts';
import { captureFacts, protocolTable, talkerTable } from './facts.ts';
import { formatCount, formatDate, formatSpan, formatTime } from './format.ts';
import { html, Markup } from './html.ts';
import { severityLabel } from './marks.ts';
import { story } from './story.ts';
import { STYLE } from './style.ts';
import { timeline } from './timeline.ts';
import { verdict } from './verdict.ts';

/** Alerts told in full: already more than anybody reads in one sitting. */
const MAX_STORIES = 100;
/** Alerts named after those, one line each. */
const MAX_LINES = 1_000;

/**
 * One self-contained HTML page about one capture: am I safe, what happened, what can I do. No script, nothing
 * from elsewhere; its content security policy lets through this one style sheet and nothing else, so text
 * from the capture stays text whatever it holds. Pure.
 */
export function renderReport(document: AnalysisDocument, context: ReportContext): string {
  const styleHash = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Holdfast report: ${document.capture.path}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header class="top"><span><b>Holdfast</b> report</span> <span class="mono">${document.capture.path}</span></header>
<main>
${verdict(document)}
${timeline(document, context)}
${stories(document.alerts, context)}
${captureFacts(document)}
<div class="pair">
${talkerTable(context.talkers)}
${protocolTable(context.protocols)}
</div>
${coverage(context)}
</main>
<footer>Written by Holdfast ${context.version} on ${formatDate(context.writtenMs)} at ${formatTime(context.writtenMs)} UTC.
Times are UTC. Technique names follow MITRE ATT&amp;CK ${context.catalogue.attackVersion}.</footer>
</body>
</html>
`;
  return page.text;
}

function stories(alerts: readonly AnalysisAlert[], { catalogue }: ReportContext): Markup | undefined {
  if (alerts.length === 0) return undefined;
  const told = alerts.slice(0, MAX_STORIES);
  const titles = new Map(told.map(({ id, title }) => [id, title]));
  return html`<section><h2>${alerts.length === 1 ? 'The alert' : 'The alerts, worst first'}</h2>
${told.map((alert) => story(alert, catalogue, titles))}
${lines(alerts.slice(MAX_STORIES))}
</section>`;
}

function lines(alerts: readonly AnalysisAlert[]): Markup | undefined {
  if (alerts.length === 0) return undefined;
  const unlisted = alerts.length - MAX_LINES;
  return html`<h3>${formatCount(alerts.length, 'more alert')}</h3>
<div class="wide"><table><thead><tr><th>Severity</th><th>Alert</th><th>Time (UTC)</th></tr></thead>
<tbody>${alerts.slice(0, MAX_LINES).map(
    (alert) => html`<tr id="${alert.id}"><td>${severityLabel(alert.severity)}</td><td>${alert.title}</td>
<td class="mono">${formatSpan(Date.parse(alert.firstSeen), Date.parse(alert.lastSeen))}</td></tr>`,
  )}</tbody></table></div>
${unlisted > 0 ? html`<p class="quiet">And ${formatCount(unlisted, 'more alert')}; the JSON output has them all.</p>` : undefined}`;
}
