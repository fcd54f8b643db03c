/** Conditions of rules: how searches are joined (Sigma rules specification, "Condition"). */
import { quoted, RuleError } from './problem.ts';
import type { Statement } from './types.ts';

/** Longest condition; the longest of the rules that were seen has 200 characters. */
const MAX_CONDITION = 16_384;
/** Deepest brackets. */
const MAX_DEPTH = 64;

/** Names, brackets, and the pipe of old aggregations; anything else is one wrong character. */
const TOKEN = /[\w.*-]+|[()|]|\S/g;
const NAME = /^[\w.*-]+$/;
const RESERVED = new Set(['and', 'or', 'not', 'of', 'them', 'all', 'any']);

/**
 * Reads a condition. The searches keep their names in the statement.
 *
 * @param searches by name, in the order of the rule
 * @throws RuleError
 */
export function readCondition(text: string, searches: ReadonlyMap<string, Statement>, line: number): Statement {
  if (text.length > MAX_CONDITION)
    throw new RuleError(line, `The condition is longer than ${MAX_CONDITION} characters.`);
  return new ConditionParser(text.match(TOKEN) ?? [], searches, line).parse();
}

class ConditionParser {
  readonly #tokens: readonly string[];
  readonly #searches: ReadonlyMap<string, Statement>;
  readonly #line: number;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[], searches: ReadonlyMap<string, Statement>, line: number) {
    this.#tokens = tokens;
    this.#searches = searches;
    this.#line = line;
  }

  parse(): Statement {
    if (this.#tokens.length === 0) throw this.#error('The condition is empty.');
    const statement = this.#or();
    const token = this.#tokens[this.#at];
    if (token === '|') {
      throw this.#error('Counts behind a "|" in conditions were taken out of Sigma; write a correlation rule instead.');
    }
    if (token !== undefined) throw this.#error(`The condition makes no sense from ${quoted(token)} on.`);
    return statement;
  }

  #error(reason: string): RuleError {
    return new RuleError(this.#line, reason);
  }

  #word(): string {
    return (this.#tokens[this.#at] ?? '').toLowerCase();
  }

  #take(word: string): boolean {
    if (this.#word() !== word) return false;
    this.#at++;
    return true;
  }

  #or(): Statement {
    const parts = [this.#and()];
    while (this.#take('or')) parts.push(this.#and());
    return parts.length === 1 ? parts[0] : { kind: 'any', of: parts };
  }

  #and(): Statement {
    const parts = [this.#not()];
    while (this.#take('and')) parts.push(this.#not());
    return parts.length === 1 ? parts[0] : { kind: 'all', of: parts };
  }

  #not(): Statement {
    let isNegated = false;
    while (this.#take('not')) isNegated = !isNegated;
    const operand = this.#operand();
    return isNegated ? { kind: 'not', of: operand } : operand;
  }

  #operand(): Statement {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#error('The condition ends where a search is expected.');
    if (this.#take('(')) {
      if (++this.#depth > MAX_DEPTH) throw this.#error(`Brackets nest deeper than ${MAX_DEPTH}.`);
      const inner = this.#or();
      if (!this.#take(')')) throw this.#error('A "(" of the condition is not closed.');
      this.#depth--;
      return inner;
    }
    if ((this.#tokens[this.#at + 1] ?? '').toLowerCase() === 'of') return this.#quantified();
    if (!NAME.test(token)) throw this.#error(`The condition has ${quoted(token)} where a search is expected.`);
    this.#at++;
    const statement = this.#searches.get(token);
    if (statement !== undefined) return { kind: 'search', name: token, of: statement };
    if (RESERVED.has(token.toLowerCase()))
      throw this.#error(`The condition has ${quoted(token)} where a search is expected.`);
    throw this.#error(`The condition names ${quoted(token)}, which the rule does not have.`);
  }

  /** `1 of them`, `all of selection_*` */
  #quantified(): Statement {
    const count = this.#word();
    this.#at += 2;
    const target = this.#tokens[this.#at];
    if (target === undefined || !NAME.test(target))
      throw this.#error('"of" is followed by "them" or by a name with "*".');
    this.#at++;
    const found = this.#matching(target);
    if (found.length === 0)
      throw this.#error(`The condition names ${quoted(target)}, which no search of the rule fits.`);
    if (count === 'all') return { kind: 'all', of: found };
    if (count === 'any' || count === '1') return { kind: 'any', of: found };
    if (!/^[1-9]\d{0,3}$/.test(count)) throw this.#error(`"${count} of" is neither "1 of" nor "all of".`);
    return { kind: 'some', least: Number(count), of: found };
  }

  /** Searches whose name begins with an underscore are meant by their own name only. */
  #matching(target: string): readonly Statement[] {
    const pattern = target.toLowerCase() === 'them' ? '*' : target;
    const found: Statement[] = [];
    for (const [name, of] of this.#searches) {
      if (name.startsWith('_') && !pattern.startsWith('_')) continue;
      if (fitsName(name, pattern)) found.push({ kind: 'search', name, of });
    }
    return found;
  }
}

function fitsName(name: string, pattern: string): boolean {
  const [first, ...pieces] = pattern.split('*');
  const last = pieces.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
