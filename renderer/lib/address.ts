/**
 * The address of what is shown: `#/alerts/a-123?severity=high&q=ssh` is the page, the one thing looked at in it
 * (the drawer), and what the page's filters are set to. Pure; anybody may write an address, so nothing here throws
 * and everything is bounded.
 */

export interface Address {
  /** Id of the page; empty: the first page. */
  readonly page: string;
  /** The one thing looked at, as the page names it; null when there is none. */
  readonly item: string | null;
  readonly query: Readonly<Record<string, string>>;
}

/** Longer than any address that the pages write; the rest of a longer one is not read. */
const MAX_ADDRESS_LENGTH = 8192;
const MAX_QUERY_KEYS = 32;
const MAX_KEY_LENGTH = 64;
const MAX_VALUE_LENGTH = 2048;
const MAX_ITEM_LENGTH = 512;

const PAGE_NAME = /^[a-z][a-z0-9-]{0,39}$/;

export const HOME: Address = { page: '', item: null, query: {} };

/** @param hash with or without the leading "#"; what cannot be read of it is left out */
export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#/, '').slice(0, MAX_ADDRESS_LENGTH);
  const mark = text.indexOf('?');
  const path = mark === -1 ? text : text.slice(0, mark);
  const [page = '', item = ''] = path.replace(/^\//, '').split('/', 2);
  if (!PAGE_NAME.test(page)) return HOME;
  const decoded = decode(item).slice(0, MAX_ITEM_LENGTH);
  return {
    page,
    item: decoded === '' ? null : decoded,
    query: mark === -1 ? {} : parseQuery(text.slice(mark + 1)),
  };
}

/** The address as a link: `#/page/item?key=value`. Keys with an empty value are left out. */
export function formatAddress({ page, item, query }: Address): string {
  const path = item === null ? `#/${page}` : `#/${page}/${encodeURIComponent(wellFormed(item))}`;
  const parameters = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A link to a page, for `href`. */
export function linkTo(page: string, item: string | null = null, query: Address['query'] = {}): string {
  return formatAddress({ page, item, query });
}

function parseQuery(text: string): Record<string, string> {
  const entries: [string, string][] = [];
  const seen = new Set<string>();
  for (const [key, value] of new URLSearchParams(text)) {
    if (entries.length === MAX_QUERY_KEYS) break;
    if (key === '' || key.length > MAX_KEY_LENGTH || seen.has(key)) continue;
    seen.add(key);
    entries.push([key, value.slice(0, MAX_VALUE_LENGTH)]);
  }
  // Own properties whatever their name, "__proto__" too.
  return Object.fromEntries(entries);
}

/** Percent-decoded, or as it is where that is not possible. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** encodeURIComponent throws at half a surrogate pair. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}

/** Several words in one value of the query: "high,critical". */
export function listOf(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : value.split(',');
}
