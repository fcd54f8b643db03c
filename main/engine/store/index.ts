export { openStore, type StoreRequest } from './store.ts';
export { type StoreSettings, storeSettings } from './store-settings.ts';
export * from './types.ts';
