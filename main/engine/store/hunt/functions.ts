/** What SQLite cannot do by itself, for the connection that hunts. Pure; bounded for any text. */
import type { Database } from 'better-sqlite3';
import { type AddressWords, parseAddress } from '../../runtime/address.ts';

/** The word that comes before the IPv4 address in its mapped form. */
const MAPPED_BITS = 96;
const WORD_BITS = 32;
const ADDRESS_BITS = 128;

interface Network {
  readonly words: AddressWords;
  readonly bits: number;
}

/** "10.0.0.0/8"; null for what is no network. */
export function parseNetwork(text: string): Network | null {
  const slash = text.lastIndexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const words = parseAddress(address);
  if (words === null) return null;
  const offset = address.includes(':') ? 0 : MAPPED_BITS;
  const bits = slash < 0 ? ADDRESS_BITS : offset + Number(text.slice(slash + 1));
  return Number.isInteger(bits) && bits >= offset && bits <= ADDRESS_BITS ? { words, bits } : null;
}

export function isWithin(words: AddressWords, network: Network): boolean {
  return words.every((word, i) => {
    const bits = Math.max(0, Math.min(WORD_BITS, network.bits - i * WORD_BITS));
    // A shift by 32 is one by 0.
    return bits === 0 || (word ^ network.words[i]!) >>> (WORD_BITS - bits) === 0;
  });
}

/** `*` is any text, `?` any one character. At most text × pattern steps, whatever the pattern. */
export function fitsPattern(text: string, pattern: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const sign = pattern[inPattern];
    if (sign === '*') {
      star = inPattern++;
      starAt = at;
    } else if (sign === '?' || (sign !== undefined && sign === text[at])) {
      inPattern++;
      at++;
    } else if (star >= 0) {
      inPattern = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}

/** Attackers and victims of the text of an alert, each once, as the text of a JSON array. */
function bothSides(body: unknown): string {
  try {
    const { attackers, victims } = JSON.parse(String(body)) as Readonly<Record<string, unknown>>;
    return JSON.stringify([...new Set([attackers, victims].flat())]);
  } catch {
    return '[]';
  }
}

/** Networks and addresses that are kept from row to row: most come again. */
const MAX_KEPT = 10_000;

/** Remembers what was read from a text; forgets all of it when there is too much. */
function kept<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    if (known.size >= MAX_KEPT) known.clear();
    const value = read(text);
    known.set(text, value);
    return value;
  };
}

/** Makes the functions known to a connection; their names begin with `hunt_`. */
export function addFunctions(database: Database): void {
  const networkOf = kept(parseNetwork);
  const wordsOf = kept(parseAddress);
  const pure = { deterministic: true } as const;
  database.function('hunt_within', pure, (address: unknown, network: unknown) => {
    const found = networkOf(String(network));
    const words = wordsOf(String(address));
    return found !== null && words !== null && isWithin(words, found) ? 1 : 0;
  });
  database.function('hunt_fits', pure, (text: unknown, pattern: unknown) =>
    fitsPattern(String(text), String(pattern)) ? 1 : 0,
  );
  database.function('hunt_both', pure, bothSides);
}
