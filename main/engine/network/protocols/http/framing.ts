import type { Headers } from './headers.ts';

/** Where a message's body ends (RFC 9112 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** With the connection. */
  | { readonly kind: 'close' }
  /** Nothing of HTTP follows unless the other side says so. */
  | { readonly kind: 'other' };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };
const OTHER: Framing = { kind: 'other' };

/** Content-Length as a number; -1 where there is none or it is no number. */
export function contentLength(headers: Headers): number {
  // Several equal values in one field are one (RFC 9110 8.6).
  const field = headers.get('content-length');
  if (field === '') return -1;
  const comma = field.indexOf(',');
  const text = comma < 0 ? field : field.slice(0, comma).trim();
  if (text === '') return -1;
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  // Any number of zeros may lead; more than can be counted never comes.
  return Math.min(length, Number.MAX_SAFE_INTEGER);
}

export function requestFraming(method: string, headers: Headers): Framing {
  if (method === 'CONNECT') return OTHER;
  const sized = sizedFraming(headers);
  if (sized === undefined) return headers.has('upgrade') && isUpgrade(headers) ? OTHER : NONE;
  return sized;
}

/** @param method of the request; empty where it was not seen */
export function responseFraming(method: string, status: number, headers: Headers): Framing {
  if (status === 101 || (method === 'CONNECT' && status >= 200 && status < 300)) return OTHER;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NONE;
  return sizedFraming(headers) ?? CLOSE;
}

function sizedFraming(headers: Headers): Framing | undefined {
  if (headers.has('transfer-encoding') && headers.get('transfer-encoding').toLowerCase().includes('chunked')) {
    return CHUNKED;
  }
  const bytes = contentLength(headers);
  if (bytes < 0) return undefined;
  return bytes === 0 ? NONE : { kind: 'length', bytes };
}

/** A request that lets the server go on in another protocol, which then is not HTTP/1. */
function isUpgrade(headers: Headers): boolean {
  return headers.get('connection').toLowerCase().includes('upgrade');
}
