/**
 * A copy of a text that has memory of its own. Parts of texts (`slice`) share the memory of the whole, which then stays
 * as long as the part: what is remembered of a request of kilobytes is copied.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
