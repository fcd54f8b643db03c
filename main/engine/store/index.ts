export { AlertStore, type Reviewed, type ReviewRequest, type StoredReview } from './alert-store.ts';
export type { AlertCount, TechniquesSeen } from './alert-table.ts';
export { MAX_ALLOW_ENTRIES } from './allow-table.ts';
export type { ReviewStep } from './review-table.ts';
export { openStore, type StoreRequest } from './store.ts';
export { type StoreSettings, storeSettings } from './store-settings.ts';
export type { StoredToken } from './token-table.ts';
export type { BetweenRequest, TrafficBetween } from './traffic-between.ts';
export * from './types.ts';
