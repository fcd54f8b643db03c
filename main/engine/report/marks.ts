import { SEVERITY_WORDS } from '../../../contract/alert-words.ts';
import type { Severity } from '../../../contract/domain.ts';
import { html, Markup } from './html.ts';

/** One shape for each severity, so that it can be told without its colour. Drawn in a box of 12 by 12. */
const SHAPES: Readonly<Record<Severity, string>> = {
  info: '<circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" stroke-width="1.5"/>',
  low: '<circle cx="6" cy="6" r="4.5" fill="currentColor"/>',
  medium: '<path d="M6 .5 11.5 6 6 11.5.5 6Z" fill="currentColor"/>',
  high: '<path d="M6 .8 11.8 11.2H.2Z" fill="currentColor"/>',
  critical:
    '<path d="M3.7.2h4.6l3.5 3.5v4.6l-3.5 3.5H3.7L.2 8.3V3.7ZM5.2 2.6v4.2h1.6V2.6ZM5.2 8v1.6h1.6V8Z" fill="currentColor" fill-rule="evenodd"/>',
};

const NOTHING_FOUND = '<path d="M1.5 6.5 4.5 9.5 10.5 2.5" fill="none" stroke="currentColor" stroke-width="1.8"/>';

function shape(drawing: string): Markup {
  return new Markup(`<svg class="mark" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">${drawing}</svg>`);
}

/** The shape alone, in the colour of the severity. */
export function severityMark(severity: Severity): Markup {
  return html`<span class="severity ${severity}">${shape(SHAPES[severity])}</span>`;
}

/** Shape and word. */
export function severityLabel(severity: Severity): Markup {
  return html`<span class="severity ${severity}">${shape(SHAPES[severity])} ${SEVERITY_WORDS[severity]}</span>`;
}

/** The mark of the verdict: the worst severity's shape, or a tick. */
export function verdictMark(worst: Severity | undefined): Markup {
  return worst === undefined ? html`<span class="severity quiet">${shape(NOTHING_FOUND)}</span>` : severityMark(worst);
}
