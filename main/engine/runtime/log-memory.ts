import { plainText } from '../../../contract/text.ts';

/** A line of the log that somebody should know of. */
export interface RememberedLine {
  readonly timeMs: number;
  readonly level: 'warn' | 'error' | 'fatal';
  readonly message: string;
  /** The fields as JSON, in short; empty when there are none. */
  readonly detail: string;
}

/** As many as `log.recent` gives at the most; about half a megabyte of the longest. */
const CAPACITY = 500;
const MAX_MESSAGE = 300;
/** Room for an error with the first lines of its stack. */
const MAX_DETAIL = 1_000;
/** A line that is longer than any of ours is not worth reading twice. */
const MAX_LINE = 64 * 1024;
/** How a line looks that is kept; others, by far the most, cost one search. */
const KEPT = /"level":"(?:warn|error|fatal)"/;

/**
 * Remembers the last warnings and errors as they went into the log: what is hidden there is hidden here. Made plain,
 * because names and paths in them may be an attacker's.
 */
export class LogMemory {
  readonly #lines: RememberedLine[] = [];
  #next = 0;

  /** @param line one line of JSON, as the logger writes it */
  take(line: string): void {
    if (line.length > MAX_LINE || !KEPT.test(line)) return;
    const { level, time, msg, ...fields } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (level !== 'warn' && level !== 'error' && level !== 'fatal') return;
    this.#lines[this.#next] = {
      timeMs: Date.parse(String(time)),
      level,
      message: plainText(String(msg ?? ''), MAX_MESSAGE),
      detail: Object.keys(fields).length === 0 ? '' : plainText(JSON.stringify(fields), MAX_DETAIL),
    };
    this.#next = (this.#next + 1) % CAPACITY;
  }

  /** The latest first. */
  recent(limit: number): RememberedLine[] {
    const inOrder = [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)];
    return inOrder.reverse().slice(0, limit);
  }
}
