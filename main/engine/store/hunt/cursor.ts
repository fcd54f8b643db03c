/** Where a page ended. Opaque to whoever carries it, and not trusted when it comes back. Pure. */
import { FailureError } from '../../runtime/failure.ts';
import type { Cell } from './fields.ts';

export interface Cursor {
  /** What "24h ago" counts from, as for the first page. */
  readonly nowMs: number;
  /** The newest row there was at the first page: later ones do not disturb the order. */
  readonly newest: number;
  /** Rows that were given already. */
  readonly given: number;
  /** Row number of the last row that was given, and what it was sorted by. */
  readonly row: number;
  readonly keys: readonly Cell[];
}

export function writeCursor({ nowMs, newest, given, row, keys }: Cursor): string {
  return Buffer.from(JSON.stringify([nowMs, newest, given, row, ...keys])).toString('base64url');
}

/** @throws FailureError `bad-cursor` */
export function readCursor(text: string, keys: number): Cursor {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === keys + 4) {
      const [nowMs, newest, given, row] = parts.slice(0, 4).map(Number);
      const cells = parts
        .slice(4)
        .filter((cell): cell is string | number => ['string', 'number'].includes(typeof cell));
      const numbers = [nowMs, newest, given, row].filter((number) => Number.isFinite(number));
      if (numbers.length === 4 && cells.length === keys) return { nowMs, newest, given, row, keys: cells };
    }
  } catch {
    // Said below, like everything else that is no cursor.
  }
  throw new FailureError({
    code: 'bad-cursor',
    message: 'This is not where a page of this query ended.',
    hint: 'Run the query again from its first page.',
  });
}
