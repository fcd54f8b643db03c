/** XML-RPC, as programs for WordPress and its like log in: each call brings name and password along. */
import { looksLikeCode, REDACTED } from './secrets.ts';

/** Methods of WordPress and of the older interfaces to blogs begin so, and take a name and a password. */
const METHODS = ['wp.', 'metaWeblog.', 'blogger.', 'mt.'];
const OPENING = '<methodName>';
/** Values are looked for in so many elements: `multicall` repeats them hundreds of times. */
const MAX_VALUES = 256;
const MAX_VALUES_BEFORE_PASSWORD = 5;

interface Value {
  readonly start: number;
  readonly end: number;
}

/** The user of a call that logs in; undefined for other texts. */
export function xmlRpcUser(body: string): string | undefined {
  if (!isLogin(body)) return undefined;
  const texts = stringsOf(body, MAX_VALUES_BEFORE_PASSWORD).map(({ start, end }) => body.slice(start, end));
  // Some methods begin with the number of a blog; a list of calls has the name of the first one before.
  const [user, password] = texts.filter((text) => !isNumber(text) && !isMethod(text));
  return password === undefined ? undefined : user;
}

/** The text without the values of calls that log in: which of them is the password differs from method to method. */
export function redactedXmlRpc(body: string): string {
  if (!isLogin(body)) return body;
  let safe = '';
  let at = 0;
  for (const [index, { start, end }] of stringsOf(body, MAX_VALUES).entries()) {
    const value = body.slice(start, end);
    const isKept = index === 0 || isNumber(value) || isMethod(value) || looksLikeCode(value);
    safe += body.slice(at, start) + (isKept ? value : REDACTED);
    at = end;
  }
  return safe + body.slice(at);
}

function isMethod(text: string): boolean {
  return METHODS.some((method) => text.startsWith(method));
}

function isNumber(text: string): boolean {
  return text.length < 8 && /^\d+$/.test(text);
}

function isLogin(body: string): boolean {
  const opening = body.indexOf(OPENING);
  if (opening < 0) return false;
  const name = body.slice(opening + OPENING.length, opening + OPENING.length + 64).trimStart();
  return name.startsWith('system.multicall') || isMethod(name);
}

/** The texts of the first values: `<string>x</string>`, or `<value>x</value>`, which means the same. */
function stringsOf(body: string, count: number): readonly Value[] {
  const values: Value[] = [];
  let at = body.indexOf('</methodName>');
  for (let looked = 0; at >= 0 && values.length < count && looked < MAX_VALUES; looked++) {
    const opening = body.indexOf('<value>', at);
    if (opening < 0) break;
    let start = opening + 7;
    while (body[start] === ' ' || body[start] === '\n' || body[start] === '\r' || body[start] === '\t') start++;
    if (body.startsWith('<string>', start)) start += 8;
    const closing = body.indexOf('<', start);
    const end = closing < 0 ? body.length : closing;
    // Numbers, lists and structures begin with another element.
    if (end > start) values.push({ start, end });
    at = Math.max(end, opening + 7);
  }
  return values;
}
