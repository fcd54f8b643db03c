/** What the parsers of logs share: an entry of any log, and what reading it gives. */
import { type HostEvent, MAX_EVENT_TEXT } from '../../../../contract/events.ts';

/** What a parser may know beside the line itself. */
export interface LineContext {
  /** Milliseconds since the epoch: the year of lines that have none, the time of lines that have neither. */
  readonly nowMs: number;
  /** Path of the log. */
  readonly file?: string;
}

/** Reads lines of one log in their order. Keeps what it needs to join several; never throws. */
export interface LogParser {
  parse(line: string, context: LineContext): readonly HostEvent[];
  /** What still waits for lines that should have come by now; all of it with `Infinity`. */
  flush(nowMs: number): readonly HostEvent[];
}

/** One entry of a system log, whichever way it came: a line of a file or an entry of the journal. */
export interface LogEntry {
  readonly timeMs: number;
  readonly message: string;
  readonly host?: string;
  /** Name that the writer gave itself: "sshd". */
  readonly identifier?: string;
  readonly pid?: number;
  /** Syslog facility and severity (RFC 5424 6.2.1). */
  readonly facility?: number;
  readonly severity?: number;
  readonly unit?: string;
  readonly file?: string;
  /** Facts that the transport has beside the message: structured data, fields of the journal. */
  readonly extra?: Fields;
}

export type Fields = Readonly<Record<string, string>>;

/** An object of these pairs; names are an attacker's, so that "__proto__" must be a name like any other. */
export function fieldsOf(pairs: Iterable<readonly [string, string]>): Fields {
  return Object.fromEntries(pairs);
}

export function bounded(text: string): string {
  return text.length > MAX_EVENT_TEXT ? text.slice(0, MAX_EVENT_TEXT) : text;
}

const DIGITS_OF_A_NUMBER = 15;

/** A whole number of decimal digits, or undefined. No number of these logs has more than 15. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || text.length === 0 || text.length > DIGITS_OF_A_NUMBER) return undefined;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return undefined;
  }
  return Number(text);
}

/** The object without what is undefined: facts that are not known are left out. */
export function known<T extends object>(facts: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const pairs = Object.entries(facts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as { [K in keyof T]: Exclude<T[K], undefined> };
}
