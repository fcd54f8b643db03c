/** Findings in, alerts out: one per cause. */
export { AlertBook, type AlertChange } from './book.ts';
export { attackCatalogue } from './catalogue.ts';
export { type AlertSettings, alertSettings } from './settings.ts';
