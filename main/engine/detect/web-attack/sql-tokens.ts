/**
 * A reader of SQL that takes any text for what a database would: the idea of libinjection (Galbreath, "libinjection:
 * from SQLi to XSS", Black Hat 2012) is that an injection shows in the order of kinds of tokens, not in words.
 */

/** Kinds of tokens, one character each, so that a text becomes a short word of them. */
export const TOKEN = {
  number: '1',
  text: 's',
  name: 'n',
  /** A name before an opening parenthesis. */
  call: 'f',
  variable: 'v',
  /** null, true, false. */
  constant: 'N',
  union: 'U',
  select: 'S',
  /** Statements other than select. */
  statement: 'K',
  /** and, or, xor, not, && and ||. */
  logic: 'L',
  comparison: 'C',
  operator: 'o',
  /** from, into, where and others that only stand within statements. */
  clause: 'F',
  /** order, group, having, limit. */
  tail: 'B',
  comment: 'c',
} as const;

const WORDS = new Map<string, string>();
for (const [kind, words] of [
  [TOKEN.union, 'union intersect except'],
  [TOKEN.select, 'select'],
  [
    TOKEN.statement,
    'insert update delete drop create alter exec execute truncate declare shutdown grant copy waitfor merge call attach',
  ],
  [TOKEN.logic, 'and or xor not'],
  [TOKEN.comparison, 'like rlike regexp between is in ilike glob sounds div mod'],
  [TOKEN.clause, 'from into where values set when then else end join'],
  [TOKEN.tail, 'order group having limit offset procedure'],
  [TOKEN.constant, 'null true false'],
] as const) {
  for (const word of words.split(' ')) WORDS.set(word, kind);
}

export interface SqlTokens {
  /** One character of TOKEN for each, and ( ) , ; as they are. */
  readonly shape: string;
  /** The text of each, without quotes. */
  readonly words: readonly string[];
}

/** More tokens say no more: what matters stands where the text breaks out, or is repeated. */
const MAX_TOKENS = 96;
/** Longest word that is told apart. */
const MAX_WORD = 64;

/**
 * @param text in lower case
 * @param openQuote where the text is put into a text of SQL that is already open: its quote; else empty
 */
export function sqlTokens(text: string, openQuote: string): SqlTokens {
  const words: string[] = [];
  let shape = '';
  let at = 0;
  const add = (kind: string, word: string): void => {
    shape += kind;
    words.push(word.length > MAX_WORD ? word.slice(0, MAX_WORD) : word);
  };
  if (openQuote !== '') {
    const end = textEnd(text, 0, openQuote);
    add(TOKEN.text, text.slice(0, Math.min(end, text.length)));
    at = end + 1;
  }
  while (at < text.length && shape.length < MAX_TOKENS) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      at++;
    } else if (isWordStart(code)) {
      const end = wordEnd(text, at);
      const word = text.slice(at, end);
      at = end;
      add(WORDS.get(word) ?? (isCallAt(text, at) ? TOKEN.call : TOKEN.name), word);
    } else if (isDigit(code) || (code === 0x2e && isDigit(text.charCodeAt(at + 1)))) {
      const end = wordEnd(text, at);
      const word = text.slice(at, end);
      at = end;
      add(isNumber(word) ? TOKEN.number : TOKEN.name, word);
    } else if (code === 0x27 || code === 0x22) {
      const quote = text[at]!;
      const end = textEnd(text, at + 1, quote);
      add(TOKEN.text, text.slice(at + 1, Math.min(end, text.length)));
      at = end + 1;
    } else if (code === 0x60) {
      const end = textEnd(text, at + 1, '`');
      add(TOKEN.name, text.slice(at + 1, end));
      at = end + 1;
    } else if (code === 0x40) {
      const end = wordEnd(text, text[at + 1] === '@' ? at + 2 : at + 1);
      add(TOKEN.variable, text.slice(at, end));
      at = Math.max(end, at + 1);
    } else if (text.startsWith('/*', at)) {
      at = afterComment(text, at);
    } else if (text.startsWith('*/', at)) {
      // The end of a comment whose content MySQL runs.
      at += 2;
    } else if (isLineComment(text, at)) {
      const end = text.indexOf('\n', at);
      add(TOKEN.comment, text.slice(at, end < 0 ? text.length : end));
      at = end < 0 ? text.length : end;
    } else if (text.startsWith('&&', at) || text.startsWith('||', at)) {
      add(TOKEN.logic, text.slice(at, at + 2));
      at += 2;
    } else if (code === 0x3d || code === 0x3c || code === 0x3e || (code === 0x21 && text[at + 1] === '=')) {
      let end = at + 1;
      while (end < at + 3 && '=<>'.includes(text[end] ?? ' ')) end++;
      add(TOKEN.comparison, text.slice(at, end));
      at = end;
    } else {
      const sign = text[at]!;
      if ('(),;'.includes(sign)) add(sign, sign);
      else if ('+-*/%^|&~!'.includes(sign)) add(TOKEN.operator, sign);
      else add(TOKEN.name, sign);
      at++;
    }
  }
  return { shape, words };
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || code === 0x5f || code > 0xa0;
}

function wordEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (!isWordStart(code) && !isDigit(code) && code !== 0x2e && code !== 0x24) break;
    end++;
  }
  return end;
}

/** Decimal, hexadecimal, with exponent or fraction. */
function isNumber(word: string): boolean {
  let at = 0;
  if (word.startsWith('0x')) {
    for (at = 2; at < word.length; at++) {
      const code = word.charCodeAt(at);
      if (!isDigit(code) && !(code >= 0x61 && code <= 0x66)) return false;
    }
    return at > 2;
  }
  while (isDigit(word.charCodeAt(at)) || word[at] === '.') at++;
  if (word[at] === 'e' && at > 0) at++;
  while (isDigit(word.charCodeAt(at))) at++;
  return at === word.length;
}

function isCallAt(text: string, from: number): boolean {
  let at = from;
  while (at < from + 8 && isSpace(text.charCodeAt(at))) at++;
  return text[at] === '(';
}

/** Where a text ends: a quote that is neither doubled nor behind a backslash; the length without one. */
function textEnd(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length) {
    if (text[at] === '\\') at += 2;
    else if (text[at] !== quote) at++;
    // Right at the beginning two quotes are an empty text and the next.
    else if (text[at + 1] === quote && at > from) at += 2;
    else return at;
  }
  return text.length;
}

/** Between words a comment is a space; one that MySQL runs ("/*!50000 …") is passed up to its content. */
function afterComment(text: string, at: number): number {
  if (text[at + 2] === '!') {
    let content = at + 3;
    while (isDigit(text.charCodeAt(content))) content++;
    return content;
  }
  const end = text.indexOf('*/', at + 2);
  return end < 0 ? text.length : end + 2;
}

/** "#", or "--" that is no subtraction of a negative number. */
function isLineComment(text: string, at: number): boolean {
  if (text[at] === '#') return true;
  return text.startsWith('--', at) && !isDigit(text.charCodeAt(at + 2));
}
