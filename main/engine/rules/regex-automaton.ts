/**
 * Matches texts in linear time: Thompson's automaton, of whose states sets are made into those of a
 * deterministic one as texts need them (Thompson 1968; Cox, "Regular Expression Matching Can Be Simple And Fast").
 * Attackers write the texts, so nothing here backtracks.
 */
import type { RegexStates } from './regex-states.ts';
import type { AssertionKind, CharacterSet } from './regex-syntax.ts';

/** Sets of states that are kept before all are forgotten. */
const MAX_SETS = 512;
/** And the numbers in them: 200 kB at the most, of which most expressions need a hundredth. */
const MAX_CELLS = 25_000;
/** Longest text that is read: the kernel's bound of one argument. */
const MAX_REGEX_TEXT = 131_072;
/**
 * States that are gone through for one text, beyond what is known from earlier ones: some tenths of a second. Ordinary
 * expressions need some thousands; one that needs more, on a text made for it, is taken not to match.
 */
const MAX_WORK = 4_000_000;

/** What a position has at its two sides, for assertions. */
const SIDE = { none: 0, newLine: 1, lastNewLine: 2, word: 3, other: 4 } as const;
type Side = (typeof SIDE)[keyof typeof SIDE];

const KIND = { set: 0, split: 1, assertion: 2, match: 3 } as const;

/** A set of states before a position, with what stands before it. */
interface StateSet {
  readonly states: readonly number[];
  readonly before: Side;
  readonly next: (StateSet | boolean | undefined)[];
}

export class RegexAutomaton {
  readonly #start: number;
  /** Of each state: its kind, the state behind it, and its set, its assertion or the other state behind it. */
  readonly #kinds: Uint8Array;
  readonly #next: Uint16Array;
  readonly #other: Uint16Array;
  readonly #assertions: readonly AssertionKind[];
  /** Of each set: which classes of characters belong to it, one after the other. */
  readonly #members: Uint8Array;
  /** Code points at which a class of characters begins, sorted. */
  readonly #starts: readonly number[];
  readonly #classOfAscii = new Uint16Array(128);
  readonly #sideOfClass: readonly Side[];
  #sets = new Map<string, StateSet>();
  #cells = 0;
  #first: StateSet;
  readonly #marks: Uint32Array;
  #mark = 0;
  #work = 0;

  constructor({ states, start }: RegexStates) {
    this.#start = start;
    const sets = new Map<string, CharacterSet>();
    const rows = new Map<string, number>();
    const assertions: AssertionKind[] = [];
    this.#kinds = Uint8Array.from(states, ({ kind }) => KIND[kind]);
    this.#next = Uint16Array.from(states, (state) =>
      state.kind === 'split' ? state.first : state.kind === 'match' ? 0 : state.next,
    );
    this.#other = Uint16Array.from(states, (state) => {
      if (state.kind === 'split') return state.second;
      if (state.kind === 'assertion') return assertions.push(state.assertion) - 1;
      if (state.kind === 'match') return 0;
      // States of the same set share it.
      const key = state.set.join();
      sets.set(key, state.set);
      const row = rows.get(key) ?? rows.size;
      rows.set(key, row);
      return row;
    });
    this.#assertions = assertions;
    this.#starts = classStarts(sets.values(), assertions.length > 0);
    for (let code = 0; code < 128; code++) this.#classOfAscii[code] = this.#findClass(code);
    this.#members = Uint8Array.from(
      [...sets.values()].flatMap((set) => this.#starts.map((first) => (holds(set, first) ? 1 : 0))),
    );
    this.#sideOfClass = this.#starts.map((first) => (assertions.length > 0 ? sideOf(first) : SIDE.other));
    this.#marks = new Uint32Array(states.length);
    this.#first = this.#intern([], SIDE.none);
  }

  /** Whether the text holds a match anywhere; texts are read up to MAX_REGEX_TEXT. */
  test(text: string): boolean {
    const length = Math.min(text.length, MAX_REGEX_TEXT);
    const count = this.#starts.length;
    let set = this.#first;
    this.#work = 0;
    for (let at = 0; at < length; at++) {
      let code = text.charCodeAt(at);
      if (code >= 0xd800 && code < 0xdc00) {
        code = text.codePointAt(at)!;
        if (code > 0xffff) at++;
      }
      let symbol = code < 128 ? this.#classOfAscii[code] : this.#findClass(code);
      // A line end that is the last character has its own symbol, behind those of the classes.
      if (code === 10 && at === length - 1) symbol = count;
      const next = set.next[symbol] ?? this.#step(set, symbol);
      if (typeof next === 'boolean') return next;
      set = next;
    }
    return (set.next[count + 1] ?? this.#step(set, count + 1)) === true;
  }

  #findClass(code: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle] <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The set behind this symbol; true where a match ends before it, false at the end, or where it took too much work. */
  #step(set: StateSet, symbol: number): StateSet | boolean {
    const isEnd = symbol > this.#starts.length;
    const isLastNewLine = symbol === this.#starts.length;
    const characterClass = isLastNewLine ? this.#classOfAscii[10] : symbol;
    const after = isEnd ? SIDE.none : isLastNewLine ? SIDE.lastNewLine : this.#sideOfClass[symbol];
    const reached = this.#closure(set, after);
    this.#work += reached?.length ?? 0;
    if (this.#work > MAX_WORK) return false;
    let next: StateSet | boolean;
    if (reached === undefined) next = true;
    else if (isEnd) next = false;
    else {
      const targets = new Set<number>();
      const classes = this.#starts.length;
      for (const index of reached) {
        if (this.#members[this.#other[index] * classes + characterClass] === 1) targets.add(this.#next[index]);
      }
      const hasAssertions = this.#assertions.length > 0;
      const before = !hasAssertions ? SIDE.other : isLastNewLine ? SIDE.newLine : after;
      next = this.#intern(
        [...targets].sort((a, b) => a - b),
        before,
      );
    }
    set.next[symbol] = next;
    return next;
  }

  /** All states with a set that are reached without a character; undefined where a match is reached. */
  #closure(set: StateSet, after: Side): readonly number[] | undefined {
    const mark = ++this.#mark;
    const reached: number[] = [];
    // A match may begin anywhere.
    const open = [this.#start, ...set.states];
    while (open.length > 0) {
      const index = open.pop()!;
      if (this.#marks[index] === mark) continue;
      this.#marks[index] = mark;
      const kind = this.#kinds[index];
      if (kind === KIND.match) return undefined;
      if (kind === KIND.set) reached.push(index);
      else if (kind === KIND.split) open.push(this.#other[index], this.#next[index]);
      else if (ASSERTIONS[this.#assertions[this.#other[index]]](set.before, after)) open.push(this.#next[index]);
    }
    return reached;
  }

  #intern(states: readonly number[], before: Side): StateSet {
    const key = `${before}:${states.join(',')}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    // The symbols of a set are those of the classes, a last line end and the end.
    this.#cells += states.length + this.#starts.length + 2;
    if (this.#sets.size >= MAX_SETS || this.#cells > MAX_CELLS) {
      this.#sets = new Map();
      this.#cells = 0;
      // What the old ones point to goes with them once no text is being read.
      this.#first = { states: [], before: SIDE.none, next: [] };
      this.#sets.set(`${SIDE.none}:`, this.#first);
    }
    const made: StateSet = { states, before, next: [] };
    this.#sets.set(key, made);
    return made;
  }
}

const ASSERTIONS: Readonly<Record<AssertionKind, (before: Side, after: Side) => boolean>> = {
  'text-start': (before) => before === SIDE.none,
  'text-end': (_before, after) => after === SIDE.none || after === SIDE.lastNewLine,
  'very-end': (_before, after) => after === SIDE.none,
  'line-start': (before) => before === SIDE.none || before === SIDE.newLine,
  'line-end': (_before, after) => after === SIDE.none || after === SIDE.newLine || after === SIDE.lastNewLine,
  'word-edge': (before, after) => (before === SIDE.word) !== (after === SIDE.word),
  'no-word-edge': (before, after) => (before === SIDE.word) === (after === SIDE.word),
};

function sideOf(code: number): Side {
  if (code === 10) return SIDE.newLine;
  const isWord =
    (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a);
  return isWord ? SIDE.word : SIDE.other;
}

function holds(set: CharacterSet, code: number): boolean {
  return set.some(([first, last]) => code >= first && code <= last);
}

/** Where assertions matter, line ends and word characters must not share a class with others. */
const ASSERTION_EDGES = [10, 11, 0x30, 0x3a, 0x41, 0x5b, 0x5f, 0x60, 0x61, 0x7b];

function classStarts(sets: Iterable<CharacterSet>, hasAssertions: boolean): readonly number[] {
  const starts = new Set([0, ...(hasAssertions ? ASSERTION_EDGES : [])]);
  for (const set of sets) {
    for (const [first, last] of set) {
      starts.add(first);
      starts.add(last + 1);
    }
  }
  return [...starts].sort((a, b) => a - b);
}
