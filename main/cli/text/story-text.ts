import type { AlertStory } from '../../../contract/api-alerts.ts';
import { formatCount, formatDate, formatTime } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { hanging } from '../terminal/layout.ts';
import type { Paint } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

const MARGIN = '  ';
/** As wide as the facts above it. */
const HEADING_COLUMNS = 10;
/** Longest text of one line of the story. */
const MAX_TEXT = 1_000;

/** What is known of an alert beside what it says itself: its state, its timeline, what was done, what can be done. */
export function storyText(story: AlertStory, width: number, paint: Paint): string[] {
  const { alert, timeline, traffic, decisions, nextSteps, related } = story;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['State', [stateText(alert)]],
    ['Timeline', timeline.map(({ timeMs, text }) => `${moment(timeMs)}  ${plainText(text, MAX_TEXT)}`)],
    [
      'Traffic',
      [`${formatCount(traffic.flows, 'stored flow')} between them in that time${traffic.isPartial ? ', or more' : ''}`],
    ],
    ['Done', decisions.map(({ text, setting, value }) => plainText(`${text} (${setting}: ${value})`, MAX_TEXT))],
    ['Next', nextSteps.map((step, index) => `${index + 1}. ${plainText(step, MAX_TEXT)}`)],
    ['Related', related.map(({ id, title }) => `${plainText(id)}  ${plainText(title)}`)],
    ['Hunt', [plainText(story.huntQuery, MAX_TEXT)]],
  ];
  return sections.flatMap(([heading, lines]) =>
    lines.flatMap((line, index) => {
      const first = MARGIN + paint('quiet', (index === 0 ? heading : '').padEnd(HEADING_COLUMNS));
      return hanging(first, line, width);
    }),
  );
}

function stateText({ state, review, source }: AlertStory['alert']): string {
  const from = source === 'live' ? '' : `, from the capture ${plainText(source)}`;
  if (review === null) return `${state}${from}`;
  const why = review.reason === null ? '' : `, ${review.reason}`;
  const note = review.note === '' ? '' : `: ${plainText(review.note, MAX_TEXT)}`;
  return `${state}${from}, by ${plainText(review.actor)} on ${moment(review.timeMs)}${why}${note}`;
}

function moment(milliseconds: number): string {
  const local = localMs(milliseconds);
  return `${formatDate(local)} ${formatTime(local)}`;
}
