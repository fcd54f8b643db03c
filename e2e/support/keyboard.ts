/** What a person meets who has only a keyboard: every stop of the Tab key, and whether it can be seen. */
import type { Page } from 'playwright-core';

export interface TabStop {
  /** "button Pause…": its element and what it is called. */
  readonly what: string;
  readonly isSeen: boolean;
}

/** Far above what any page has; more is a trap. */
const MOST_STOPS = 250;

/** Walks once around the page with Tab. @throws where the walk does not come to its end */
export async function walkByTab(page: Page): Promise<readonly TabStop[]> {
  // Tab goes on from where a page was last pressed or scrolled to: begin at its very top.
  await page.evaluate(`{
    window.tabStops = new Set();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  }`);
  const stops: TabStop[] = [];
  while (stops.length < MOST_STOPS) {
    await page.keyboard.press('Tab');
    const stop = (await page.evaluate(STOP)) as TabStop | null;
    if (stop === null) return stops;
    stops.push(stop);
  }
  throw new Error(`Tab does not come to an end: ${stops.slice(-5).map(({ what }) => what)}`);
}

/** Null where the walk is over: outside of the page, or at a place that was met before. */
const STOP = `(() => {
  const at = document.activeElement;
  if (at === null || at === document.body || window.tabStops.has(at)) return null;
  window.tabStops.add(at);
  const hasOutline = (element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  };
  // A list shows the focus around all of it.
  const around = [at, at.parentElement, at.parentElement?.parentElement].filter(Boolean);
  const name = at.getAttribute('aria-label') ?? (at.labels?.[0]?.textContent || at.textContent || '').trim();
  const { width, height } = at.getBoundingClientRect();
  return { what: (at.tagName.toLowerCase() + ' ' + name).slice(0, 80), isSeen: around.some(hasOutline) && width > 0 && height > 0 };
})()`;
