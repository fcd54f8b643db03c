/** Values on their way between the page and the host, as page-scripts.ts writes them. */
export type Coded =
  | { readonly t: 'u' }
  | { readonly t: 'v'; readonly value: string | boolean | null }
  | { readonly t: 'n'; readonly value: string }
  | { readonly t: 'a'; readonly items: readonly Coded[] }
  | { readonly t: 'o'; readonly entries: readonly (readonly [string, Coded])[] };

export function decode(coded: Coded): unknown {
  switch (coded.t) {
    case 'u':
      return undefined;
    case 'v':
      return coded.value;
    case 'n':
      return Number(coded.value);
    case 'a':
      return coded.items.map(decode);
    case 'o':
      return Object.fromEntries(coded.entries.map(([key, item]) => [key, decode(item)]));
  }
}

/** @throws an Error for what Electron cannot clone */
export function encode(value: unknown): Coded {
  if (value === undefined) return { t: 'u' };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return { t: 'v', value };
  if (typeof value === 'number') return { t: 'n', value: String(value) };
  if (Array.isArray(value)) return { t: 'a', items: value.map(encode) };
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    return { t: 'o', entries: Object.entries(value).map(([key, item]) => [key, encode(item)] as const) };
  }
  throw new Error('An object could not be cloned.');
}
