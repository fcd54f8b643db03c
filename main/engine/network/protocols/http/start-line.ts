import { indexOfByte, latin1, mayStartWith, startsWith, startsWithAnyCase } from '../bytes.ts';
import { VERDICT, type Verdict } from '../protocol.ts';

/** First line of a request (RFC 9112 3). */
export interface RequestLine {
  readonly method: string;
  readonly uri: string;
  /** "1.1". */
  readonly version: string;
}

/** First line of a response (RFC 9112 4). */
export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

/** Longer than any method that is registered (IANA: UPDATEREDIRECTREF). */
const MAX_METHOD_TEXT = 24;
const MIN_METHOD_TEXT = 3;
/** Behind so many bytes of a request line whose end is not there yet, a usual method and a path are enough. */
const LONG_REQUEST_BYTES = 2_048;
const USUAL_METHODS = ['GET ', 'POST ', 'HEAD ', 'PUT ', 'OPTIONS '] as const;
const SPACE = 0x20;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
/** Methods of requests that are not well formed: others would make commands of other protocols requests. */
const LOOSE_METHODS = new Set([
  ...['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH'],
  ...['PROPFIND', 'PROPPATCH', 'MKCOL', 'COPY', 'MOVE', 'LOCK', 'UNLOCK', 'SEARCH', 'DEBUG', 'CCM_POST'],
]);
/** "HTTP/1.10". */
const MAX_VERSION_TEXT = 9;

/** Undefined for what is no request line of HTTP/1. */
export function requestLine(line: string): RequestLine | undefined {
  const space = line.indexOf(' ');
  if (space < MIN_METHOD_TEXT || space > MAX_METHOD_TEXT || !isMethod(line, space)) return undefined;
  const text = line.endsWith(' ') ? line.trimEnd() : line;
  const last = text.lastIndexOf(' ');
  if (last <= space) return undefined;
  const version = httpVersion(text, last + 1, text.length);
  if (version === undefined) return undefined;
  return { method: line.slice(0, space), uri: text.slice(space + 1, last).trim(), version };
}

/**
 * Also takes what servers let pass or answer all the same where a request is expected: no version (HTTP/0.9), half a
 * version, no target. Undefined for what is not even that.
 */
export function looseRequestLine(line: string): RequestLine | undefined {
  const strict = requestLine(line);
  if (strict !== undefined) return strict;
  const space = line.indexOf(' ');
  if (space < 0 || !LOOSE_METHODS.has(line.slice(0, space))) return undefined;
  const rest = line.slice(space + 1).trim();
  const last = rest.lastIndexOf(' ') + 1;
  const hasVersion = rest.startsWith('HTTP/', last) && rest.length - last <= MAX_VERSION_TEXT;
  const uri = hasVersion ? rest.slice(0, last).trim() : rest;
  if (uri !== '' && uri[0] !== '/' && uri[0] !== '*' && !uri.startsWith('http')) return undefined;
  return { method: line.slice(0, space), uri, version: hasVersion ? rest.slice(last + 5) : '0.9' };
}

/** Undefined for what is no status line of HTTP/1. */
export function statusLine(line: string): StatusLine | undefined {
  const space = line.indexOf(' ');
  const version = httpVersion(line, 0, space < 0 ? line.length : space);
  if (version === undefined || space < 0) return undefined;
  let status = 0;
  for (let i = space + 1; i < space + 4; i++) {
    const digit = line.charCodeAt(i) - 0x30;
    // Also for NaN, past the end.
    if (!(digit >= 0 && digit <= 9)) return undefined;
    status = status * 10 + digit;
  }
  const next = line[space + 4];
  if (status < 100 || (next !== undefined && next !== ' ')) return undefined;
  return { version, status, reason: line.slice(space + 5).trim() };
}

function isMethod(line: string, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const code = line.charCodeAt(i);
    const isUpper = code >= 0x41 && code <= 0x5a;
    if (!isUpper && !(i > 0 && (code === 0x2d || code === 0x5f))) return false;
  }
  return true;
}

/** "1.1" of "HTTP/1.1"; undefined for anything else, such as RTSP/1.0 and SIP/2.0. */
function httpVersion(text: string, start: number, end: number): string | undefined {
  if (end - start !== 8 || !text.startsWith('HTTP/', start) || text[start + 6] !== '.') return undefined;
  const minor = text[start + 7];
  return text[start + 5] === '1' && minor >= '0' && minor <= '9' ? `1.${minor}` : undefined;
}

/** Whether bytes begin with a request of HTTP/1. */
export function requestVerdict(bytes: Uint8Array): Verdict {
  // Empty lines before a request are to be overlooked (RFC 9112 2.2).
  let at = 0;
  while (at < bytes.length && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++;
  if (at > 4) return VERDICT.no;
  // Nearly all that is none is told by its first byte.
  if (at < bytes.length && !(bytes[at] >= UPPER_A && bytes[at] <= UPPER_Z)) return VERDICT.no;
  const rest = bytes.subarray(at);
  const space = indexOfByte(rest, SPACE, 0, MAX_METHOD_TEXT + 1);
  const method = latin1(rest, 0, space < 0 ? Math.min(rest.length, MAX_METHOD_TEXT + 1) : space);
  if (method.length > MAX_METHOD_TEXT || !isMethod(method, method.length)) return VERDICT.no;
  if (space < 0) return VERDICT.maybe;
  const feed = rest.indexOf(0x0a);
  if (feed >= 0) {
    const end = feed > 0 && rest[feed - 1] === 0x0d ? feed - 1 : feed;
    const line = latin1(rest, 0, end, end);
    if (requestLine(line) !== undefined) return VERDICT.yes;
    if (looseRequestLine(line) === undefined) return VERDICT.no;
    // One that is not well formed is told by the field that follows.
    return startsWithAnyCase(rest, 'host:', feed + 1) ? VERDICT.yes : VERDICT.maybe;
  }
  if (rest.length < LONG_REQUEST_BYTES) return VERDICT.maybe;
  return USUAL_METHODS.some((usual) => startsWith(rest, `${usual}/`) || startsWith(rest, `${usual}http://`))
    ? VERDICT.yes
    : VERDICT.maybe;
}

/** Whether bytes begin with a response of HTTP/1. */
export function statusVerdict(bytes: Uint8Array): Verdict {
  if (!mayStartWith(bytes, 'HTTP/1.')) return VERDICT.no;
  if (bytes.length < 12) return VERDICT.maybe;
  return statusLine(latin1(bytes, 0, 12)) === undefined ? VERDICT.no : VERDICT.yes;
}
