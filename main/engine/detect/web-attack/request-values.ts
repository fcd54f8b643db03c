/** The values that a request hands to the application: of its query, its form, its JSON, its parts. Bounded, lazy. */

/** More parameters than any page has; what is behind them is not looked into. */
const MAX_VALUES = 96;

export interface RequestValue {
  /** As it came; empty where it has none. */
  readonly name: string;
  readonly value: string;
}

/** `a=b&c=d`. A part without "=" is a value without a name. */
export function eachPair(text: string, from: number, take: (value: RequestValue) => void): void {
  let at = from;
  for (let count = 0; count < MAX_VALUES && at < text.length; count++) {
    const next = text.indexOf('&', at);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf('=', at);
    if (equals >= 0 && equals < end) take({ name: text.slice(at, equals), value: text.slice(equals + 1, end) });
    else if (end > at) take({ name: '', value: text.slice(at, end) });
    at = end + 1;
  }
}

/** `a=b; c=d`, as cookies are. */
export function eachCookie(text: string, take: (value: RequestValue) => void): void {
  let at = 0;
  for (let count = 0; count < MAX_VALUES && at < text.length; count++) {
    const next = text.indexOf('; ', at);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf('=', at);
    if (equals >= 0 && equals < end) take({ name: text.slice(at, equals).trim(), value: text.slice(equals + 1, end) });
    at = end + 2;
  }
}

/** Texts that are values of members in JSON, which may be cut off. Escaped quotes are given as plain ones. */
export function eachJsonText(text: string, take: (value: RequestValue) => void): void {
  let at = text.indexOf('"');
  let name = '';
  for (let count = 0; at >= 0 && count < MAX_VALUES * 2; count++) {
    const end = closingQuote(text, at + 1);
    const content = text.slice(at + 1, end);
    let next = end + 1;
    while (' \t\r\n'.includes(text[next] ?? '!')) next++;
    if (text[next] === ':') name = content;
    else take({ name, value: content.includes('\\"') ? content.replaceAll('\\"', '"') : content });
    at = text.indexOf('"', end + 1);
  }
}

function closingQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

export interface FormPart extends RequestValue {
  /** Undefined for what is no file. */
  readonly fileName: string | undefined;
}

/** The parts of a multipart form (RFC 7578), the last of which may be cut off. */
export function eachPart(text: string, take: (part: FormPart) => void): void {
  const boundaryEnd = text.indexOf('\r\n');
  if (boundaryEnd < 3 || !text.startsWith('--')) return;
  const boundary = text.slice(0, boundaryEnd);
  let at = boundaryEnd + 2;
  for (let count = 0; count < MAX_VALUES && at < text.length; count++) {
    const blank = text.indexOf('\r\n\r\n', at);
    if (blank < 0) return;
    const next = text.indexOf(boundary, blank);
    const head = text.slice(at, blank);
    const fileName = quotedIn(head, 'filename="');
    take({
      name: quotedIn(head, ' name="') ?? '',
      value: text.slice(blank + 4, next < 0 ? text.length : next - 2),
      fileName,
    });
    if (next < 0) return;
    at = next + boundary.length + 2;
  }
}

function quotedIn(head: string, start: string): string | undefined {
  const at = head.indexOf(start);
  if (at < 0) return undefined;
  const end = head.indexOf('"', at + start.length);
  return end < 0 ? undefined : head.slice(at + start.length, end);
}
