import type { AnalysisAlert, AnalysisDocument } from '../../../contract/analysis.ts';
import { formatCount, formatSpan } from '../../../contract/format.ts';
import type { ReportContext } from './context.ts';
import { coverage } from './coverage.ts';
import { captureFacts, protocolTable, talkerTable } from './facts.ts';
import { html, type Markup } from './html.ts';
import { severityLabel } from './marks.ts';
import { renderPage } from './page.ts';
import { story } from './story.ts';
import { timeline } from './timeline.ts';
import { verdict } from './verdict.ts';

/** Alerts told in full: already more than anybody reads in one sitting. */
const MAX_STORIES = 100;
/** Alerts named after those, one line each. */
const MAX_LINES = 1_000;

/** One self-contained HTML page about one capture: am I safe, what happened, what can I do. Pure. */
export function renderReport(document: AnalysisDocument, context: ReportContext): string {
  const { path } = document.capture;
  return renderPage(
    { title: `Holdfast report: ${path}`, subject: path, ...context, attackVersion: context.catalogue.attackVersion },
    html`${verdict(document)}
${timeline(document, context)}
${stories(document.alerts, context)}
${captureFacts(document)}
<div class="pair">
${talkerTable(context.talkers)}
${protocolTable(context.protocols)}
</div>
${coverage(context)}`,
  );
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
