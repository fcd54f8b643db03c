import { toAnalysisAlert } from '../../../contract/analysis-document.ts';
import type { AlertStory } from '../../../contract/api-alerts.ts';
import type { AttackCatalogue } from '../../../contract/attack.ts';
import { formatCount, formatDate, formatTime } from '../../../contract/format.ts';
import { html, type Markup } from './html.ts';
import { renderPage } from './page.ts';
import { growth } from './plots.ts';
import { article } from './story.ts';

export interface StoriesContext {
  /** Version of Holdfast. */
  readonly version: string;
  /** When the report was written, milliseconds since the epoch. */
  readonly writtenMs: number;
  readonly catalogue: AttackCatalogue;
}

/** One self-contained HTML page about alerts with their stories, in the order given. Pure. */
export function renderStories(stories: readonly AlertStory[], context: StoriesContext): string {
  const titles = new Map(stories.map(({ alert }) => [alert.id, alert.title]));
  const [first] = stories;
  const subject = stories.length === 1 && first !== undefined ? first.alert.id : formatCount(stories.length, 'alert');
  const frame = { ...context, attackVersion: context.catalogue.attackVersion };
  return renderPage(
    { ...frame, title: `Holdfast report: ${subject}`, subject },
    html`<section class="verdict"><h1>${stories.length === 1 ? 'One alert' : formatCount(stories.length, 'alert')}</h1>
<p>Exported with everything that is known about ${stories.length === 1 ? 'it' : 'them'}.</p></section>
<section>${stories.map((each) => told(each, context.catalogue, titles))}</section>`,
  );
}

function told(story: AlertStory, catalogue: AttackCatalogue, titles: ReadonlyMap<string, string>): Markup {
  const decisions = story.decisions.map(({ text, setting, value }) => `${text} (${setting}: ${value})`);
  return article(toAnalysisAlert(story.alert), catalogue, {
    steps: story.nextSteps,
    done: decisions.join(' '),
    more: html`${growth(story.series)}${standing(story)}${moments(story)}${traffic(story)}`,
    titles,
  });
}

const STATE_WORDS: Readonly<Record<AlertStory['alert']['state'], string>> = {
  open: 'Open: nobody has decided about it.',
  acknowledged: 'In hand: somebody looks into it.',
  dismissed: 'Dismissed.',
  withdrawn: 'Withdrawn: it turned out to be part of another alert.',
};

function standing({ alert: { state, review, source } }: AlertStory): Markup {
  const by = review === null ? '' : ` By ${review.actor} on ${moment(review.timeMs)} UTC.`;
  const said = review === null || review.note === '' ? '' : ` “${review.note}”`;
  return html`<h4>State</h4>
<p>${STATE_WORDS[state]}${by}${said}${source === 'live' ? '' : ` From the capture ${source}.`}</p>`;
}

const WHO_WORDS: Readonly<Record<AlertStory['timeline'][number]['who'], string>> = {
  activity: 'Seen',
  engine: 'Holdfast',
  person: 'Person',
};

function moments({ timeline }: AlertStory): Markup {
  return html`<h4>Timeline</h4>
<div class="wide"><table><thead><tr><th>Time (UTC)</th><th>Who</th><th>What</th></tr></thead>
<tbody>${timeline.map(
    ({ timeMs, who, text }) => html`<tr><td class="mono">${moment(timeMs)}</td><td>${WHO_WORDS[who]}</td>
<td>${text}</td></tr>`,
  )}</tbody></table></div>`;
}

function traffic({ traffic: { flows, isPartial } }: AlertStory): Markup {
  const between = `${formatCount(flows, 'stored flow')} between them in that time`;
  return html`<p class="quiet">${between}${isPartial ? '; there may be more than could be looked at' : ''}.</p>`;
}

function moment(milliseconds: number): string {
  return `${formatDate(milliseconds)}, ${formatTime(milliseconds)}`;
}
