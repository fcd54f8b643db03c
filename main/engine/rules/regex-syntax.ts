/**
 * Regular expressions of Sigma rules: the part of PCRE's syntax that a finite automaton can match. Everything else
 * (look-around, back-references, atomic groups) is refused with a sentence that names it.
 */

/** Sorted, disjoint pairs of first and last code point. */
export type CharacterSet = readonly (readonly [number, number])[];

/** `text-end` also stands before a line end that is the last character, as PCRE's `$` does. */
export type AssertionKind =
  | 'text-start'
  | 'text-end'
  | 'very-end'
  | 'line-start'
  | 'line-end'
  | 'word-edge'
  | 'no-word-edge';

export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly of: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly of: readonly RegexNode[] }
  /** `most` of Infinity is unbounded. */
  | { readonly kind: 'repeat'; readonly of: RegexNode; readonly least: number; readonly most: number }
  | { readonly kind: 'assertion'; readonly assertion: AssertionKind };

export interface RegexFlags {
  /** i: case does not matter. */
  readonly ignoreCase: boolean;
  /** m: `^` and `$` are those of lines. */
  readonly multiLine: boolean;
  /** s: a dot is also a line end. */
  readonly dotAll: boolean;
}

/** What is wrong with an expression. */
export class RegexError extends Error {}

const MAX_CODE_POINT = 0x10ffff;
/** Deeper groups than any that people write. */
const MAX_GROUPS = 64;
/** The bound of PCRE. */
const MAX_REPEAT = 65_535;

const NEW_LINE = 0x0a;
const DIGITS: CharacterSet = [[0x30, 0x39]];
const WORDS: CharacterSet = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
];
const SPACES: CharacterSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
];

const CLASS_ESCAPES: Readonly<Record<string, CharacterSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
  h: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  v: [[0x0a, 0x0d]],
  N: complement([[NEW_LINE, NEW_LINE]]),
};

const CHARACTER_ESCAPES: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

const ASSERTION_ESCAPES: Readonly<Record<string, AssertionKind>> = {
  A: 'text-start',
  Z: 'text-end',
  z: 'very-end',
  b: 'word-edge',
  B: 'no-word-edge',
};

const POSIX_CLASSES: Readonly<Record<string, CharacterSet>> = {
  digit: DIGITS,
  word: WORDS,
  space: SPACES,
  lower: [[0x61, 0x7a]],
  upper: [[0x41, 0x5a]],
  alpha: [
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  alnum: [
    [0x30, 0x39],
    [0x41, 0x5a],
    [0x61, 0x7a],
  ],
  xdigit: [
    [0x30, 0x39],
    [0x41, 0x46],
    [0x61, 0x66],
  ],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  print: [[0x20, 0x7e]],
  graph: [[0x21, 0x7e]],
};

/** What a group may begin with after `(?` that no automaton can do. */
const REFUSED_GROUPS: readonly (readonly [string, string])[] = [
  ['?=', 'look-ahead (?=…)'],
  ['?!', 'look-ahead (?!…)'],
  ['?<=', 'look-behind (?<=…)'],
  ['?<!', 'look-behind (?<!…)'],
  ['?>', 'an atomic group (?>…)'],
  ['?|', 'a branch reset (?|…)'],
  ['?(', 'a conditional group (?(…)…)'],
  ['?#', 'a comment (?#…)'],
  ['?R', 'recursion (?R)'],
  ['?&', 'recursion (?&…)'],
  ['*', 'a verb (*…)'],
];

/** @throws RegexError naming what cannot be read */
export function parseRegex(source: string, flags: RegexFlags): RegexNode {
  return new RegexParser(source, flags).parse();
}

class RegexParser {
  readonly #source: string;
  #flags: RegexFlags;
  #at = 0;
  #depth = 0;

  constructor(source: string, flags: RegexFlags) {
    this.#source = source;
    this.#flags = flags;
  }

  parse(): RegexNode {
    const node = this.#choice();
    if (this.#at < this.#source.length) throw new RegexError('a ")" closes no group');
    return node;
  }

  #peek(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): RegexNode {
    // Options set inside of a group end with it.
    const flags = this.#flags;
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    this.#flags = flags;
    return branches.length === 1 ? branches[0] : { kind: 'choice', of: branches };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    while (this.#at < this.#source.length && !this.#peek('|') && !this.#peek(')')) parts.push(this.#repeated());
    return parts.length === 0 ? { kind: 'empty' } : parts.length === 1 ? parts[0] : { kind: 'sequence', of: parts };
  }

  #repeated(): RegexNode {
    let node = this.#atom();
    for (;;) {
      const bounds = this.#bounds();
      if (bounds === undefined) return node;
      const [least, most] = bounds;
      // Lazy repetition finds other ends of a match, not other texts.
      if (this.#take('+')) throw new RegexError('a possessive repetition is not supported');
      this.#take('?');
      node = { kind: 'repeat', of: node, least, most };
    }
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#take('?')) return [0, 1];
    if (!this.#peek('{')) return undefined;
    const counted = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const least = Number(counted[1]);
    const most = counted[2] === undefined ? least : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
    if (most < least || least > MAX_REPEAT) throw new RegexError(`the repetition ${counted[0]} cannot be`);
    return [least, most];
  }

  #atom(): RegexNode {
    const character = String.fromCodePoint(this.#source.codePointAt(this.#at)!);
    this.#at += character.length;
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'set', set: this.#bracket() };
      case '.':
        return { kind: 'set', set: this.#flags.dotAll ? [[0, MAX_CODE_POINT]] : CLASS_ESCAPES.N };
      case '^':
        return { kind: 'assertion', assertion: this.#flags.multiLine ? 'line-start' : 'text-start' };
      case '$':
        return { kind: 'assertion', assertion: this.#flags.multiLine ? 'line-end' : 'text-end' };
      case '*':
      case '+':
      case '?':
        throw new RegexError(`"${character}" repeats nothing`);
      case '\\':
        return this.#escape();
      default:
        return this.#literal(character.codePointAt(0)!);
    }
  }

  #literal(codePoint: number): RegexNode {
    return { kind: 'set', set: this.#cased([[codePoint, codePoint]]) };
  }

  #cased(set: CharacterSet): CharacterSet {
    return this.#flags.ignoreCase ? withBothCases(set) : set;
  }

  #group(): RegexNode {
    if (++this.#depth > MAX_GROUPS) throw new RegexError(`groups nest deeper than ${MAX_GROUPS}`);
    for (const [start, name] of REFUSED_GROUPS) {
      if (this.#peek(start)) throw new RegexError(`${name} is not supported: it cannot be matched in linear time`);
    }
    const outer = this.#flags;
    if (this.#take('?')) {
      const named = /^(?:P?<\w+>|'\w+')/.exec(this.#source.slice(this.#at, this.#at + 64));
      const options = /^([a-z]*)(?:-([a-z]*))?([:)])/.exec(this.#source.slice(this.#at, this.#at + 16));
      if (named !== null) this.#at += named[0].length;
      else if (options !== null) {
        this.#at += options[0].length;
        this.#flags = changedFlags(outer, options[1], options[2] ?? '');
        if (options[3] === ')') {
          // They hold up to the end of the group around.
          this.#depth--;
          return { kind: 'empty' };
        }
      } else throw new RegexError(`the group "(?${this.#source.slice(this.#at, this.#at + 3)}" is not supported`);
    }
    const node = this.#choice();
    if (!this.#take(')')) throw new RegexError('a "(" is not closed');
    this.#flags = outer;
    this.#depth--;
    return node;
  }

  #escape(): RegexNode {
    const letter = this.#source[this.#at];
    if (letter === undefined) throw new RegexError('it ends in a backslash');
    const assertion = own(ASSERTION_ESCAPES, letter);
    if (assertion !== undefined) {
      this.#at++;
      return { kind: 'assertion', assertion };
    }
    if (/[1-9kg]/.test(letter)) {
      throw new RegexError(`the back-reference "\\${letter}" is not supported: it cannot be matched in linear time`);
    }
    if (letter === 'R') {
      this.#at++;
      return { kind: 'set', set: CLASS_ESCAPES.v };
    }
    if (letter === 'Q') return this.#quotation();
    return { kind: 'set', set: this.#escapedSet() };
  }

  #quotation(): RegexNode {
    const end = this.#source.indexOf('\\E', this.#at);
    const text = this.#source.slice(this.#at + 1, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#source.length : end + 2;
    return { kind: 'sequence', of: [...text].map((character) => this.#literal(character.codePointAt(0)!)) };
  }

  /** What follows a backslash where it stands for characters, inside and outside of brackets. */
  #escapedSet(): CharacterSet {
    const letter = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
    if (this.#at >= this.#source.length) throw new RegexError('it ends in a backslash');
    this.#at += letter.length;
    const set = own(CLASS_ESCAPES, letter);
    if (set !== undefined) return set;
    const control = own(CHARACTER_ESCAPES, letter);
    if (control !== undefined) return [[control, control]];
    if (letter === '0') return this.#number(/^[0-7]{0,2}/, 8, '0');
    if (letter === 'x') {
      return this.#peek('{') ? this.#number(/^\{[0-9A-Fa-f]{1,6}\}/, 16) : this.#number(/^[0-9A-Fa-f]{1,2}/, 16);
    }
    if (letter === 'u') return this.#number(/^[0-9A-Fa-f]{4}/, 16);
    if (/^[A-Za-z0-9]$/.test(letter)) throw new RegexError(`the escape "\\${letter}" is not supported`);
    const codePoint = letter.codePointAt(0)!;
    return this.#cased([[codePoint, codePoint]]);
  }

  #number(digits: RegExp, base: number, before = ''): CharacterSet {
    const found = digits.exec(this.#source.slice(this.#at, this.#at + 10));
    if (found === null) throw new RegexError('the number of a character cannot be read');
    this.#at += found[0].length;
    const codePoint = Number.parseInt(before + found[0].replaceAll(/[{}]/g, ''), base);
    if (codePoint > MAX_CODE_POINT) throw new RegexError(`there is no character ${found[0]}`);
    return this.#cased([[codePoint, codePoint]]);
  }

  #bracket(): CharacterSet {
    const isNegated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let isFirst = true; ; isFirst = false) {
      if (this.#at >= this.#source.length) throw new RegexError('a "[" is not closed');
      if (!isFirst && this.#take(']')) break;
      const from = this.#member();
      const isRange = this.#peek('-') && this.#source[this.#at + 1] !== ']' && this.#at + 1 < this.#source.length;
      const first = single(from);
      if (!isRange || first === undefined) {
        ranges.push(...from);
        continue;
      }
      this.#at++;
      const to = this.#member();
      const last = single(to);
      // A class ends no range: the dash is a dash.
      if (last === undefined) ranges.push([first, first], [0x2d, 0x2d], ...to);
      else if (last < first) throw new RegexError('a range of characters runs backwards');
      else ranges.push([first, last]);
    }
    const set = this.#cased(normalized(ranges));
    return isNegated ? complement(set) : set;
  }

  #member(): CharacterSet {
    if (this.#take('\\')) {
      if (this.#take('b')) return [[8, 8]];
      const { ignoreCase } = this.#flags;
      this.#flags = { ...this.#flags, ignoreCase: false };
      const set = this.#escapedSet();
      this.#flags = { ...this.#flags, ignoreCase };
      return set;
    }
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
    if (posix !== null) {
      const set = own(POSIX_CLASSES, posix[2]);
      if (set === undefined) throw new RegexError(`there is no class [:${posix[2]}:]`);
      this.#at += posix[0].length;
      return posix[1] === '^' ? complement(set) : set;
    }
    const codePoint = this.#source.codePointAt(this.#at)!;
    this.#at += codePoint > 0xffff ? 2 : 1;
    return [[codePoint, codePoint]];
  }
}

const FLAG_NAMES: Readonly<Record<string, keyof RegexFlags>> = { i: 'ignoreCase', m: 'multiLine', s: 'dotAll' };

function changedFlags(flags: RegexFlags, on: string, off: string): RegexFlags {
  const changed = { ...flags };
  for (const [letters, value] of [
    [on, true],
    [off, false],
  ] as const) {
    for (const letter of letters) {
      const name = own(FLAG_NAMES, letter);
      if (name === undefined) throw new RegexError(`the option "${letter}" is not supported`);
      changed[name] = value;
    }
  }
  return changed;
}

function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

function single(set: CharacterSet): number | undefined {
  return set.length === 1 && set[0][0] === set[0][1] ? set[0][0] : undefined;
}

/** Sorted and joined. */
function normalized(ranges: readonly (readonly [number, number])[]): CharacterSet {
  const joined: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

function complement(set: CharacterSet): CharacterSet {
  const outside: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) outside.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= MAX_CODE_POINT) outside.push([next, MAX_CODE_POINT]);
  return outside;
}

/** Letters of scripts with case are below; larger ranges of a set hold both cases anyway. */
const MAX_CASED_RANGE = 1_024;

function withBothCases(set: CharacterSet): CharacterSet {
  const ranges: (readonly [number, number])[] = [...set];
  for (const [first, last] of set) {
    for (let codePoint = first; codePoint <= Math.min(last, first + MAX_CASED_RANGE); codePoint++) {
      const character = String.fromCodePoint(codePoint);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        const otherPoint = other.codePointAt(0)!;
        if (otherPoint !== codePoint && String.fromCodePoint(otherPoint) === other)
          ranges.push([otherPoint, otherPoint]);
      }
    }
  }
  return normalized(ranges);
}
