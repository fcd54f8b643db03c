/** Findings in, alerts out: one per cause. */

export { nextSteps } from './advice.ts';
export { type AllowTarget, allowProblem, fitsAllow } from './allow.ts';
export { AlertBook, type AlertChange } from './book.ts';
export { attackCatalogue } from './catalogue.ts';
export { AlertHistory, MAX_POINTS } from './history.ts';
export { type AlertSettings, alertSettings } from './settings.ts';
export { startsEverything } from './trees.ts';
