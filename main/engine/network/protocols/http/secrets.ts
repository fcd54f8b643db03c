/** Stands where a secret was. */
export const REDACTED = '*';
/** Parts of a query, form or cookie that are looked at. */
const MAX_PARTS = 64;

/** Names of fields that hold a password, without their signs and in lower case. */
const PASSWORD_NAMES = new Set(['pw', 'psw', 'mdp', 'senha', 'passphrase', 'contrasena', 'kennwort']);
const PASSWORD_ENDINGS = ['password', 'passwd', 'passwort', 'pass', 'pwd', 'pword'];
const USER_NAMES = new Set(['log', 'uid', 'usr', 'uname', 'name', 'account', 'mail']);
const USER_ENDINGS = ['username', 'user', 'userid', 'login', 'loginname', 'email', 'loginid'];

/** Headers whose values are secrets as a whole. */
const SECRET_HEADERS = new Set([
  'x-api-key',
  'x-auth-token',
  'x-access-token',
  'x-csrf-token',
  'api-key',
  'x-xsrf-token',
]);

export function isPasswordName(name: string): boolean {
  const plain = lettersOf(name);
  return PASSWORD_NAMES.has(plain) || PASSWORD_ENDINGS.some((ending) => plain.endsWith(ending));
}

export function isUserName(name: string): boolean {
  const plain = lettersOf(name);
  return USER_NAMES.has(plain) || USER_ENDINGS.some((ending) => plain.endsWith(ending));
}

function lettersOf(name: string): string {
  let plain = '';
  for (let i = 0; i < name.length && i < 64; i++) {
    const code = name.charCodeAt(i) | 0x20;
    if (code >= 0x61 && code <= 0x7a) plain += String.fromCharCode(code);
  }
  return plain;
}

/**
 * Whether a value looks like an attack rather than a secret: code in a field for a password or a cookie is what
 * detectors must see. Nobody's password is kept for it: it takes signs that go together in code only.
 */
export function looksLikeCode(value: string): boolean {
  const text = value.includes('%') ? roughlyDecoded(value) : value;
  if (text.includes('${') || text.includes('$(') || text.includes('../') || text.includes('() {')) return true;
  if (isPackedObject(text)) return true;
  const opening = text.indexOf('<');
  if (opening >= 0 && text.indexOf('>', opening) > opening) return true;
  const hasQuote = text.includes("'") || text.includes('"');
  return hasQuote && (text.includes(' ') || text.includes('--') || text.includes('(') || text.includes('/*'));
}

/** An object of Java in base64, or one of PHP: what unpacks it may run what it says. */
function isPackedObject(text: string): boolean {
  if (text.startsWith('rO0AB')) return true;
  const digit = text.charCodeAt(2) - 0x30;
  return text.startsWith('O:') && digit >= 0 && digit <= 9 && text.includes(':"');
}

/** The signs that matter to `looksLikeCode`, decoded; other percent-encoding stays. */
function roughlyDecoded(text: string): string {
  let decoded = '';
  for (let i = 0; i < text.length; i++) {
    const code = text[i] === '%' ? Number.parseInt(text.slice(i + 1, i + 3), 16) : Number.NaN;
    if (code >= 0x20 && code < 0x7f) {
      decoded += String.fromCharCode(code);
      i += 2;
    } else decoded += text[i] === '+' ? ' ' : text[i];
  }
  return decoded;
}

function redacted(value: string): string {
  return value === '' || looksLikeCode(value) ? value : REDACTED;
}

/** A query or form (`a=b&c=d`) with its passwords taken out. */
export function redactedForm(text: string): string {
  if (!text.includes('=')) return text;
  const parts = text.split('&', MAX_PARTS + 1);
  if (parts.length > MAX_PARTS) return redactedForm(parts.slice(0, MAX_PARTS).join('&'));
  return parts
    .map((part) => {
      const equals = part.indexOf('=');
      if (equals < 0 || !isPasswordName(part.slice(0, equals))) return part;
      return `${part.slice(0, equals + 1)}${redacted(part.slice(equals + 1))}`;
    })
    .join('&');
}

/** A request's target with the passwords of its query, and of its authority, taken out. */
export function redactedUri(uri: string): string {
  const query = uri.indexOf('?');
  const safe = query < 0 ? uri : `${uri.slice(0, query + 1)}${redactedForm(uri.slice(query + 1))}`;
  const authority = safe.indexOf('://');
  const at = safe.indexOf('@', authority);
  const slash = safe.indexOf('/', authority + 3);
  if (authority < 0 || authority > 8 || at < 0 || (slash >= 0 && slash < at)) return safe;
  return `${safe.slice(0, authority + 3)}${REDACTED}${safe.slice(at)}`;
}

/** Members of a JSON text whose names are those of passwords lose their text. */
export function redactedJson(text: string): string {
  let safe = '';
  let at = 0;
  // Behind the quote that ends the last value.
  let from = 0;
  for (let count = 0; count < MAX_PARTS; count++) {
    const member = nextMember(text, from);
    if (member === undefined) break;
    const isSecret = isPasswordName(text.slice(member.nameStart, member.nameEnd));
    const value = text.slice(member.valueStart, member.valueEnd);
    safe += text.slice(at, member.valueStart) + (isSecret ? redacted(value) : value);
    at = member.valueEnd;
    from = at + 1;
  }
  return safe + text.slice(at);
}

/** Text members of a JSON text, without parsing what may be cut off: offsets without the quotes. */
interface JsonMember {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The next `"name": "value"` from `from` on. */
export function nextMember(text: string, from: number): JsonMember | undefined {
  let at = from;
  for (;;) {
    const nameStart = text.indexOf('"', at) + 1;
    if (nameStart === 0) return undefined;
    const nameEnd = closingQuote(text, nameStart);
    let next = nameEnd + 1;
    while (text[next] === ' ' || text[next] === '\t' || text[next] === '\r' || text[next] === '\n') next++;
    if (text[next] === ':') {
      next++;
      while (text[next] === ' ') next++;
      if (text[next] === '"') {
        const valueEnd = closingQuote(text, next + 1);
        return { nameStart, nameEnd, valueStart: next + 1, valueEnd };
      }
    }
    if (next >= text.length) return undefined;
    at = nameEnd + 1;
  }
}

function closingQuote(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

/** Passwords of a multipart form (RFC 7578) taken out, as far as it is at hand. */
export function redactedMultipart(text: string): string {
  let safe = '';
  let at = 0;
  for (let count = 0; count < MAX_PARTS; count++) {
    const name = text.indexOf(' name="', at);
    if (name < 0) break;
    const quote = text.indexOf('"', name + 7);
    const blank = text.indexOf('\r\n\r\n', name);
    if (quote < 0 || blank < 0) break;
    const end = text.indexOf('\r\n', blank + 4);
    const valueEnd = end < 0 ? text.length : end;
    const value = text.slice(blank + 4, valueEnd);
    safe += text.slice(at, blank + 4) + (isPasswordName(text.slice(name + 7, quote)) ? redacted(value) : value);
    at = valueEnd;
  }
  return safe + text.slice(at);
}

/** The body of a request without the passwords in it. */
export function redactedBody(body: string, contentType: string): string {
  if (contentType.startsWith('multipart/form-data')) return redactedMultipart(body);
  const first = body.trimStart()[0];
  if (contentType.includes('json') || first === '{' || first === '[') return redactedJson(body);
  return contentType.startsWith('application/x-www-form-urlencoded') || contentType === '' ? redactedForm(body) : body;
}

/** A header's value without the secret in it: schemes of authorization and names of cookies stay. */
export function redactedHeader(name: string, value: string): string {
  switch (name) {
    case 'authorization':
    case 'proxy-authorization': {
      const space = value.indexOf(' ');
      return looksLikeCode(value) ? value : space < 0 ? REDACTED : `${value.slice(0, space)} ${REDACTED}`;
    }
    case 'cookie':
      return redactedCookies(value, Number.POSITIVE_INFINITY);
    case 'set-cookie':
      return redactedCookies(value, 1);
    default:
      return SECRET_HEADERS.has(name) ? redacted(value) : value;
  }
}

/** The values of the first `count` pairs are cookies; what follows in Set-Cookie are their attributes. */
function redactedCookies(value: string, count: number): string {
  return value
    .split(';', MAX_PARTS)
    .map((part, index) => {
      const equals = part.indexOf('=');
      if (equals < 0 || index >= count) return part;
      return `${part.slice(0, equals + 1)}${redacted(part.slice(equals + 1))}`;
    })
    .join(';');
}
