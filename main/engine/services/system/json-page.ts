/** Pages of lists whose texts are anybody's: each stays below what one answer may weigh. Pure. */

/** Half of what a message may have (MAX_MESSAGE_BYTES), so that escapes of the transport fit as well. */
const MAX_PAGE_BYTES = 512 * 1024;

export interface JsonPage<T> {
  readonly items: readonly T[];
  /** For the next call; null when there is no more. */
  readonly next: string | null;
}

/** @param cursor of the page before; anything that is none begins anew */
export function jsonPage<T>(items: readonly T[], limit: number, cursor: string | undefined): JsonPage<T> {
  const start = cursor !== undefined && /^\d{1,9}$/.test(cursor) ? Number(cursor) : 0;
  let end = start;
  for (let bytes = 0; end < items.length && end - start < limit; end++) {
    bytes += Buffer.byteLength(JSON.stringify(items[end]));
    if (bytes > MAX_PAGE_BYTES && end > start) break;
  }
  return { items: items.slice(start, end), next: end < items.length ? `${end}` : null };
}
