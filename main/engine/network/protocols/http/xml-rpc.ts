/** XML-RPC, as programs for WordPress and its like log in: each call brings name and password along. */
import { looksLikeCode, REDACTED } from './secrets.ts';

/** Methods of WordPress and of the older interfaces to blogs begin so, and take a name and a password. */
const METHODS = ['wp.', 'metaWeblog.', 'blogger.', 'mt.'];
const OPENING = '<methodName>';
/** Values that are looked at for the user. */
const MAX_VALUES = 256;
const MAX_VALUES_BEFORE_PASSWORD = 5;
/** Elements whose texts are no secrets. */
const PLAIN_ELEMENTS: ReadonlySet<string> = new Set(['<name>', '<int>', '<i4>', '<i8>', '<boolean>', '<double>']);
const VERBATIM = '<![CDATA[';

interface Value {
  readonly start: number;
  readonly end: number;
}

/** The user of a call that logs in, empty where it cannot be told from the password; undefined for other texts. */
export function xmlRpcUser(body: string): string | undefined {
  if (!isLogin(body)) return undefined;
  // A list of calls has the name of the first one before.
  const values = stringsOf(body, MAX_VALUES_BEFORE_PASSWORD);
  const texts = values.map(({ start, end }) => body.slice(start, end)).filter((text) => !isMethod(text));
  const [first, second] = texts;
  if (second === undefined) return undefined;
  if (!isNumber(first) || texts.length === 2) return first;
  // Some methods begin with the number of a blog. Users may be numbers, too, and then the next text is the password.
  return isFirstValue(body, values[0]) ? second : '';
}

/** The text without the values of calls that log in: which of them is the password differs from method to method. */
export function redactedXmlRpc(body: string): string {
  if (!isLogin(body)) return body;
  let safe = '';
  let at = 0;
  let isFirst = true;
  for (const { start, end } of textsOf(body)) {
    const value = body.slice(start, end);
    const isKept = isFirst || isMethod(value) || looksLikeCode(value);
    isFirst = false;
    safe += body.slice(at, start) + (isKept ? value : REDACTED);
    at = end;
  }
  return safe + body.slice(at);
}

/** Whether this is what the call is given first, and not one of a list of calls. */
function isFirstValue(body: string, { start }: Value): boolean {
  return body.indexOf('<value>') + '<value><string>'.length >= start;
}

/** All texts behind the name of the method, whatever elements they are in, but those of PLAIN_ELEMENTS. */
function* textsOf(body: string): Generator<Value> {
  let at = body.indexOf('</methodName>');
  let element = '';
  while (at >= 0 && at < body.length) {
    const opening = body.indexOf('<', at);
    const end = opening < 0 ? body.length : opening;
    if (!PLAIN_ELEMENTS.has(element) && body.slice(at, end).trim() !== '') yield { start: at, end };
    if (opening < 0) return;
    if (body.startsWith(VERBATIM, opening)) {
      const start = opening + VERBATIM.length;
      const closing = body.indexOf(']]>', start);
      yield { start, end: closing < 0 ? body.length : closing };
      at = closing < 0 ? body.length : closing + 3;
    } else {
      const closing = body.indexOf('>', opening);
      if (closing < 0) return;
      element = body.slice(opening, closing + 1);
      at = closing + 1;
    }
  }
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
