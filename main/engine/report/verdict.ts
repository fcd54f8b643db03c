import { SEVERITY_WORDS } from '../../../contract/alert-words.ts';
import type { AnalysisAlert, AnalysisDocument } from '../../../contract/analysis.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { formatCount, formatNumber } from '../../../contract/format.ts';
import { html, type Markup } from './html.ts';
import { verdictMark } from './marks.ts';

/** The first sentence of the report, by the most severe alert. */
const VERDICTS: Readonly<Record<Severity, string>> = {
  critical: 'This capture shows a serious attack.',
  high: 'This capture shows an attack.',
  medium: 'Something in this capture needs a look.',
  low: 'Nothing urgent: there are only low notices.',
  info: 'Nothing to worry about: there are only remarks.',
};

/** The most severe first. */
const WORST_FIRST: readonly Severity[] = [...SEVERITIES].reverse();

/** Am I safe: one sentence, and one more with the numbers behind it. */
export function verdict(document: AnalysisDocument): Markup {
  const { capture, alerts } = document;
  const worst = WORST_FIRST.find((severity) => alerts.some((alert) => alert.severity === severity));
  return html`<section class="verdict">
<h1>${verdictMark(worst)} ${sentence(document, worst)}</h1>
${alerts.length === 0 ? html`<p>${scope(document)} <a href="#coverage">See what was looked for, and what was not.</a></p>` : html`<p>${countsOf(alerts)} <a href="#${alerts[0]!.id}">${alerts[0]!.title}</a>.</p>`}
${capture.notes.length === 0 ? undefined : html`<p>${damage(capture.notes.length)} <a href="#capture">See what was skipped.</a></p>`}
</section>`;
}

function sentence({ capture }: AnalysisDocument, worst: Severity | undefined): string {
  if (worst !== undefined) return VERDICTS[worst];
  if (capture.packets === 0) return 'There is nothing to judge: the capture holds no packets.';
  return 'Nothing suspicious was found in this capture.';
}

function scope({ capture, flows }: AnalysisDocument): string {
  return `${formatCount(capture.packets, 'packet')} in ${formatCount(flows, 'conversation')} were looked at.`;
}

function countsOf(alerts: readonly AnalysisAlert[]): string {
  const counts = WORST_FIRST.map((severity) => ({
    word: SEVERITY_WORDS[severity].toLowerCase(),
    count: alerts.filter((alert) => alert.severity === severity).length,
  })).filter(({ count }) => count > 0);
  if (alerts.length === 1) return `1 alert, ${counts[0]!.word}:`;
  const parts = counts.map(({ word, count }) => `${formatNumber(count)} ${word}`).join(', ');
  return `${formatCount(alerts.length, 'alert')}: ${parts}. The worst:`;
}

function damage(notes: number): string {
  return `The capture was not read without losses (${formatCount(notes, 'note')}), so something may be missing here.`;
}
