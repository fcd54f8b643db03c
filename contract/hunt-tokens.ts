/** The pieces of a query: words, texts in quotes, signs. Never throws; what is no piece is told as such. */

export interface Lexeme {
  readonly kind: 'word' | 'text' | 'operator' | 'punctuation' | 'end';
  /** A text without its quotes and with its escapes undone; anything else as it is written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Of a text: the closing quote is there. */
  readonly isClosed: boolean;
}

const OPERATORS = ['!=', '<=', '>=', '==', '<>', '=', '<', '>', '!'] as const;
const PUNCTUATION = '(),|';
const SPACE = /\s/;
/** A word ends where any of these begins. */
const WORD_END = /[\s(),|"'=<>!]/;

/** All pieces in their order, and one of the kind `end` after them. */
export function lex(query: string): readonly Lexeme[] {
  const lexemes: Lexeme[] = [];
  let at = 0;
  const push = (kind: Lexeme['kind'], end: number, text = query.slice(at, end), isClosed = true): void => {
    lexemes.push({ kind, text, start: at, end, isClosed });
    at = end;
  };
  while (at < query.length) {
    const character = query[at] ?? '';
    const operator = OPERATORS.find((sign) => query.startsWith(sign, at));
    if (SPACE.test(character)) {
      at++;
    } else if (character === '"' || character === "'") {
      const { text, end, isClosed } = quoted(query, at);
      push('text', end, text, isClosed);
    } else if (operator !== undefined) {
      push('operator', at + operator.length);
    } else if (PUNCTUATION.includes(character)) {
      push('punctuation', at + 1);
    } else {
      let end = at + 1;
      while (end < query.length && !WORD_END.test(query[end] ?? '')) end++;
      push('word', end);
    }
  }
  push('end', query.length);
  return lexemes;
}

/** A backslash makes the next character mean itself. */
function quoted(query: string, start: number): { text: string; end: number; isClosed: boolean } {
  const quote = query[start];
  let text = '';
  for (let at = start + 1; at < query.length; at++) {
    const character = query[at] ?? '';
    if (character === quote) return { text, end: at + 1, isClosed: true };
    if (character === '\\' && at + 1 < query.length) at++;
    text += query[at];
  }
  return { text, end: query.length, isClosed: false };
}
