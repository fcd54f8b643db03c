/** Addresses of the renderer: what stands behind "#" in the window. Pure. */

/** Longest address that the window is told. */
const MAX_ADDRESS = 1_000;

/** A path of the app: never a scheme, a host or a line end. */
const ADDRESS = /^#?\/(?!\/)[\w\-./?=&%~,:+]*$/;

/** "/alerts/a-1" for a path of the app, with or without "#"; undefined for all else. */
export function parseAddress(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > MAX_ADDRESS || !ADDRESS.test(text)) return undefined;
  return text.replace(/^#/, '');
}

export const ALERTS_ADDRESS = '/alerts';

export function alertAddress(id: string): string {
  return `${ALERTS_ADDRESS}/${encodeURIComponent(id)}`;
}
