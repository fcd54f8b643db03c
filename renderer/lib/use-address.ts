/** The address as React sees it, and the few ways to change it. Back and forward work because it is the hash. */
import { useSyncExternalStore } from 'react';
import { type Address, formatAddress, parseAddress } from './address.ts';

let current: Address = parseAddress(window.location.hash);
let currentHash = window.location.hash;
const listeners = new Set<() => void>();

window.addEventListener('hashchange', () => read());
window.addEventListener('popstate', () => read());

function read(): void {
  if (window.location.hash === currentHash) return;
  currentHash = window.location.hash;
  current = parseAddress(currentHash);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentAddress(): Address {
  return current;
}

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, currentAddress);
}

export interface NavigateOptions {
  /** Takes the place of this entry of the history: for filters while they are typed. */
  readonly replace?: boolean;
}

/** Goes to an address, or to a link such as `linkTo` gives. */
export function navigate(to: Address | string, { replace = false }: NavigateOptions = {}): void {
  const hash = formatAddress(typeof to === 'string' ? parseAddress(to) : to);
  if (hash === window.location.hash) return;
  // Setting location.hash would also scroll to an element of that name.
  if (replace) window.history.replaceState(null, '', hash);
  else window.history.pushState(null, '', hash);
  read();
}

/** Changes some of the query's values and keeps the rest; an empty or undefined value takes a key out. */
export function setQuery(patch: Readonly<Record<string, string | undefined>>, options: NavigateOptions = {}): void {
  const query: Record<string, string> = { ...current.query };
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || value === '') delete query[key];
    else query[key] = value;
  }
  navigate({ ...current, query }, { replace: true, ...options });
}

/** Opens one thing in the drawer of this page; the list and its filters stay. */
export function openItem(item: string): void {
  // The next thing takes the place of the one before, so that "back" leaves the drawer.
  navigate({ ...current, item }, { replace: current.item !== null });
}

export function closeItem(): void {
  if (current.item !== null) navigate({ ...current, item: null });
}
