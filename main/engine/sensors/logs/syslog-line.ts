/**
 * Lines of system logs: RFC 3164 as daemons write it to files, with or without <priority>; the same with RFC 3339
 * times, as rsyslog does by now; RFC 5424 with structured data. What has no such head is a message of now.
 */
import { readDatedTime, readYearlessTime } from './time.ts';
import { bounded, fieldsOf, known, type LineContext, type LogEntry, wholeNumber } from './types.ts';

/** RFC 5424 6.2: host names are at most 255 characters, application names 48; 3164 has no bound that is kept. */
const MAX_HOST = 255;
const MAX_TAG = 128;
const MAX_PRIORITY = 191;
/** Parameters of structured data that are kept. */
const MAX_PARAMETERS = 256;

/** Reads one line; never fails: what is not understood is the message. */
export function readSyslogLine(line: string, { nowMs, file }: LineContext): LogEntry {
  const { priority, at } = readPriority(line);
  const base = known({
    file,
    facility: priority === undefined ? undefined : priority >> 3,
    severity: priority === undefined ? undefined : priority & 7,
  });
  const text = line.slice(at);
  const modern = priority !== undefined && text.startsWith('1 ') ? readModern(text.slice(2), nowMs) : undefined;
  return { ...base, ...(modern ?? readClassic(text, nowMs)) };
}

function readPriority(line: string): { readonly priority?: number; readonly at: number } {
  if (line[0] !== '<') return { at: 0 };
  const end = line.indexOf('>', 1);
  const priority = end > 1 && end <= 4 ? wholeNumber(line.slice(1, end)) : undefined;
  return priority === undefined || priority > MAX_PRIORITY ? { at: 0 } : { priority, at: end + 1 };
}

function readClassic(text: string, nowMs: number): LogEntry {
  const time = readYearlessTime(text, nowMs) ?? readDatedTime(text);
  if (time === undefined || text[time.end] !== ' ') return { timeMs: nowMs, message: bounded(text) };
  const hostEnd = text.indexOf(' ', time.end + 1);
  if (hostEnd < 0 || hostEnd - time.end > MAX_HOST) {
    return { timeMs: time.timeMs, message: bounded(text.slice(time.end + 1)) };
  }
  const host = text.slice(time.end + 1, hostEnd);
  const rest = text.slice(hostEnd + 1);
  const tag = readTag(rest);
  if (tag === undefined) return { timeMs: time.timeMs, host, message: bounded(rest) };
  return {
    timeMs: time.timeMs,
    host,
    message: bounded(rest.slice(tag.end)),
    ...known({ identifier: tag.identifier, pid: tag.pid }),
  };
}

/** "sshd[123]: " or "kernel: "; one that has spaces in it is a part of the message. */
function readTag(
  text: string,
): { readonly identifier: string; readonly pid: number | undefined; readonly end: number } | undefined {
  const head = text.slice(0, MAX_TAG);
  const space = head.indexOf(' ');
  const tag = space < 0 ? (head.length === text.length ? head : undefined) : head.slice(0, space);
  if (tag?.endsWith(':') !== true || tag.length < 2) return undefined;
  const end = Math.min(text.length, tag.length + 1);
  const bracket = tag.indexOf('[');
  const isNumbered = bracket > 0 && tag.endsWith(']:');
  const pid = isNumbered ? wholeNumber(tag.slice(bracket + 1, -2)) : undefined;
  const name = pid === undefined ? tag.slice(0, -1) : tag.slice(0, bracket);
  // The display manager's own name has a bracket that it never opened: "gdm-password]".
  return { identifier: name.endsWith(']') ? name.slice(0, -1) : name, pid, end };
}

/** After "<34>1 ": TIMESTAMP HOST APP PROCID MSGID STRUCTURED-DATA [MSG]. */
function readModern(text: string, nowMs: number): LogEntry | undefined {
  const words: string[] = [];
  let at = 0;
  for (let count = 0; count < 5; count += 1) {
    const end = text.indexOf(' ', at);
    if (end < 0 || end - at > MAX_HOST) return undefined;
    words.push(text.slice(at, end));
    at = end + 1;
  }
  const [stamp = '-', host, app, procedure] = words.map((word) => (word === '-' ? undefined : word));
  const time = stamp === '-' ? undefined : readDatedTime(stamp);
  if (stamp !== '-' && time === undefined) return undefined;
  const structured = readStructured(text, at);
  if (structured === undefined) return undefined;
  const message = text
    .slice(structured.end)
    .replace(/^ /, '')
    .replace(/^\ufeff/, '');
  return {
    timeMs: time?.timeMs ?? nowMs,
    message: bounded(message),
    ...known({ host, identifier: app, pid: wholeNumber(procedure) }),
    ...(structured.pairs.length === 0 ? {} : { extra: fieldsOf(structured.pairs) }),
  };
}

/** "-" or elements such as [id name="value"], with ", \ and ] escaped in values. Names are kept without their id. */
function readStructured(
  text: string,
  from: number,
): { readonly pairs: readonly (readonly [string, string])[]; readonly end: number } | undefined {
  const pairs: [string, string][] = [];
  if (text[from] === '-') return { pairs, end: from + 1 };
  let at = from;
  while (text[at] === '[') {
    const idEnd = wordEnd(text, at + 1);
    at = idEnd;
    while (text[at] === ' ') {
      const equals = text.indexOf('="', at);
      if (equals < 0 || equals - at > MAX_TAG) return undefined;
      const value = readQuoted(text, equals + 2);
      if (value === undefined) return undefined;
      if (pairs.length < MAX_PARAMETERS) pairs.push([text.slice(at + 1, equals), bounded(value.text)]);
      at = value.end;
    }
    if (text[at] !== ']') return undefined;
    at += 1;
  }
  return at === from ? undefined : { pairs, end: at };
}

function wordEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== ' ' && text[at] !== ']') at += 1;
  return at;
}

/** From behind an opening quote to behind the closing one. */
function readQuoted(text: string, from: number): { readonly text: string; readonly end: number } | undefined {
  let value = '';
  for (let at = from; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') return { text: value, end: at + 1 };
    const next = text[at + 1];
    if (character === '\\' && (next === '"' || next === '\\' || next === ']')) {
      value += next;
      at += 1;
    } else value += character;
  }
  return undefined;
}
