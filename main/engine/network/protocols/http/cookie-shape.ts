/** The longest value that is looked at; implants send some hundred bytes. */
const MAX_VALUE = 8_192;

/** With at least one of the signs that no ordinary session id has. */
const BASE64 = /^(?=[^+/=]*[+/=])[A-Za-z0-9+/]+={0,2}$/;
const HEXADECIMAL = /^([0-9a-f]+|[0-9A-F]+)$/;
const URL_SAFE = /^[\w-]+$/;

/** What the value of the only cookie of a request is made of; undefined for several or anything else. */
export function cookieShape(header: string): string | undefined {
  if (header === '' || header.length > MAX_VALUE || header.includes(';')) return undefined;
  const value = header.slice(header.indexOf('=') + 1);
  if (value.length < 8) return undefined;
  if (HEXADECIMAL.test(value)) return `hex:${value.length}`;
  if (BASE64.test(value) && value.length % 4 === 0) return `base64:${value.length}`;
  return URL_SAFE.test(value) ? `url-safe:${value.length}` : undefined;
}
