/** Queries that were run in this window's browser, the latest first; kept over a reload. */
import { MAX_QUERY_LENGTH } from '../../../contract/hunt-language.ts';

const KEY = 'holdfast.hunt.history';
export const MOST_REMEMBERED = 50;

/** Pure. @returns the latest first, each query once */
export function remember(history: readonly string[], query: string): readonly string[] {
  const text = query.trim();
  if (text === '' || text.length > MAX_QUERY_LENGTH) return history;
  return [text, ...history.filter((one) => one !== text)].slice(0, MOST_REMEMBERED);
}

/** What a storage holds may be anybody's: what is not a list of queries is left out. Pure. */
export function readHistory(stored: string | null): readonly string[] {
  if (stored === null) return [];
  try {
    const found: unknown = JSON.parse(stored);
    if (!Array.isArray(found)) return [];
    const texts = found.filter((one): one is string => typeof one === 'string');
    return texts.filter((text) => text !== '' && text.length <= MAX_QUERY_LENGTH).slice(0, MOST_REMEMBERED);
  } catch {
    return [];
  }
}

export function loadHistory(): readonly string[] {
  try {
    return readHistory(localStorage.getItem(KEY));
  } catch {
    // A browser may refuse storage: then nothing is remembered.
    return [];
  }
}

export function addToHistory(query: string): readonly string[] {
  const next = remember(loadHistory(), query);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // The same.
  }
  return next;
}

export function clearHistory(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // The same.
  }
}
