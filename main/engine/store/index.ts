export { openStore, type StoreRequest } from './store.ts';
export { type StoreSettings, storeSettings } from './store-settings.ts';
export type { StoredToken } from './token-table.ts';
export * from './types.ts';
