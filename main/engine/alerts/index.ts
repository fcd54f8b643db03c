/** Findings in, alerts out: one per cause. */
export { AlertBook, type AlertChange } from './book.ts';
export { type AttackCatalogue, attackCatalogue } from './catalogue.ts';
export { type AlertSettings, alertSettings } from './settings.ts';
