import { latin1, lineEnd, nextLine } from './bytes.ts';
import { bounded, MAX_LINE_BYTES } from './text-lines.ts';

/** Fields of one message; what sends more does so to exhaust somebody. */
const MAX_FIELDS = 256;
/** Longest value of a field that is kept. */
const MAX_VALUE_TEXT = 4_096;

/** A message in the form of HTTP, as SIP and RTSP have it: a line, fields, an empty line, a body. */
export interface TextMessage {
  readonly start: string;
  /** The first value of each field, by its name in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  /** Offset behind the empty line. */
  readonly headEnd: number;
}

/**
 * The head of the message at `from`; undefined while its empty line is not there.
 * @param longNames names that stand for short ones, as SIP has them
 */
export function textMessage(
  bytes: Uint8Array,
  from: number,
  longNames: Readonly<Record<string, string | undefined>> = {},
): TextMessage | undefined {
  let at = from;
  let start: string | undefined;
  let last = '';
  const fields = new Map<string, string>();
  for (let count = 0; count < MAX_FIELDS; count++) {
    const end = lineEnd(bytes, at, MAX_LINE_BYTES);
    if (end < 0) return undefined;
    const line = latin1(bytes, at, end, MAX_VALUE_TEXT);
    at = nextLine(bytes, end);
    if (start === undefined) {
      if (line !== '') start = line;
      continue;
    }
    if (line === '') return { start, fields, headEnd: at };
    last = addField(fields, line, last, longNames);
  }
  // More than anybody reads: what is there counts, and the rest is taken for the body.
  return { start: start ?? '', fields, headEnd: at };
}

/** Gives the name that a following line goes on with. */
function addField(
  fields: Map<string, string>,
  line: string,
  last: string,
  longNames: Readonly<Record<string, string | undefined>>,
): string {
  if (line[0] === ' ' || line[0] === '\t') {
    const before = fields.get(last);
    if (before !== undefined) fields.set(last, bounded(`${before} ${line.trim()}`, MAX_VALUE_TEXT));
    return last;
  }
  const colon = line.indexOf(':');
  if (colon <= 0) return '';
  const short = line.slice(0, colon).trim().toLowerCase();
  const name = (Object.hasOwn(longNames, short) ? longNames[short] : undefined) ?? short;
  if (fields.has(name)) return '';
  fields.set(name, line.slice(colon + 1).trim());
  return name;
}

/** The number in Content-Length; 0 without one. */
export function bodyBytes(message: TextMessage): number {
  const bytes = Number(message.fields.get('content-length') || '0');
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}

/** A quoted or plain parameter of a Digest field (RFC 7616 3.4); empty without it. */
export function digestParameter(value: string, name: string): string {
  const at = value.indexOf(`${name}=`);
  if (at < 0) return '';
  const start = at + name.length + 1;
  if (value[start] !== '"') return bounded(value.slice(start).split(',', 1)[0].trim(), MAX_VALUE_TEXT);
  const end = value.indexOf('"', start + 1);
  return value.slice(start + 1, end < 0 ? value.length : end);
}
