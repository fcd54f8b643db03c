/**
 * Matches regular expressions in linear time: Thompson's automaton, of whose states sets are made into those of a
 * deterministic one as texts need them (Thompson 1968; Cox, "Regular Expression Matching Can Be Simple And Fast").
 * Attackers write the texts, so nothing here backtracks.
 */
import {
  type AssertionKind,
  type CharacterSet,
  parseRegex,
  RegexError,
  type RegexFlags,
  type RegexNode,
} from './regex-syntax.ts';

/** Most states of an automaton; the largest repetition in rules that were seen needs 200. */
const MAX_STATES = 2_048;
/** Sets of states that are kept before all are forgotten. */
const MAX_SETS = 512;
/** Longest text that is read: the kernel's bound of one argument. */
export const MAX_REGEX_TEXT = 131_072;
/**
 * States that are gone through for one text, beyond what is known from earlier ones: some tenths of a second. Ordinary
 * expressions need some thousands; one that needs more, on a text made for it, is taken not to match.
 */
const MAX_WORK = 4_000_000;

/** What a position has at its two sides, for assertions. */
const SIDE = { none: 0, newLine: 1, lastNewLine: 2, word: 3, other: 4 } as const;
type Side = (typeof SIDE)[keyof typeof SIDE];

type State =
  | { readonly kind: 'set'; readonly set: CharacterSet; next: number }
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'assertion'; readonly assertion: AssertionKind; next: number }
  | { readonly kind: 'match' };

/** A set of states before a position, with what stands before it. */
interface StateSet {
  readonly states: readonly number[];
  readonly before: Side;
  readonly next: (StateSet | boolean | undefined)[];
}

/** An expression that was compiled. */
export class LinearRegex {
  readonly source: string;
  /** The same for expressions that match the same. */
  readonly key: string;
  readonly #states: readonly State[];
  readonly #start: number;
  readonly #hasAssertions: boolean;
  /** Code points at which a class of characters begins, sorted. */
  readonly #starts: readonly number[];
  readonly #classOfAscii = new Uint16Array(128);
  /** Of each state with a set: which classes belong to it. */
  readonly #classes: readonly (Uint8Array | undefined)[];
  readonly #sideOfClass: readonly Side[];
  #sets = new Map<string, StateSet>();
  #first: StateSet;
  readonly #marks: Uint32Array;
  #mark = 0;
  #work = 0;

  /** @throws RegexError naming what cannot be compiled */
  constructor(source: string, flags: RegexFlags) {
    this.source = source;
    this.key = `${Number(flags.ignoreCase)}${Number(flags.multiLine)}${Number(flags.dotAll)} ${source}`;
    const { states, start } = compile(parseRegex(source, flags));
    this.#states = states;
    this.#start = start;
    this.#hasAssertions = states.some(({ kind }) => kind === 'assertion');
    this.#starts = classStarts(states, this.#hasAssertions);
    for (let code = 0; code < 128; code++) this.#classOfAscii[code] = this.#findClass(code);
    this.#classes = states.map((state) =>
      state.kind === 'set' ? Uint8Array.from(this.#starts, (first) => (holds(state.set, first) ? 1 : 0)) : undefined,
    );
    this.#sideOfClass = this.#starts.map((first) => (this.#hasAssertions ? sideOf(first) : SIDE.other));
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
      for (const index of reached) {
        const state = this.#states[index];
        if (state.kind === 'set' && this.#classes[index]![characterClass] === 1) targets.add(state.next);
      }
      const before = isLastNewLine && this.#hasAssertions ? SIDE.newLine : this.#hasAssertions ? after : SIDE.other;
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
      const state = this.#states[index];
      if (state.kind === 'match') return undefined;
      if (state.kind === 'set') reached.push(index);
      else if (state.kind === 'split') open.push(state.second, state.first);
      else if (ASSERTIONS[state.assertion](set.before, after)) open.push(state.next);
    }
    return reached;
  }

  #intern(states: readonly number[], before: Side): StateSet {
    const key = `${before}:${states.join(',')}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    if (this.#sets.size >= MAX_SETS) {
      this.#sets = new Map();
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

function classStarts(states: readonly State[], hasAssertions: boolean): readonly number[] {
  const starts = new Set([0, ...(hasAssertions ? ASSERTION_EDGES : [])]);
  for (const state of states) {
    if (state.kind !== 'set') continue;
    for (const [first, last] of state.set) {
      starts.add(first);
      starts.add(last + 1);
    }
  }
  return [...starts].sort((a, b) => a - b);
}

function compile(root: RegexNode): { readonly states: readonly State[]; readonly start: number } {
  const states: State[] = [{ kind: 'match' }];
  const add = (state: State): number => {
    if (states.length >= MAX_STATES) throw new RegexError(`it needs more than ${MAX_STATES} states: repeat less`);
    return states.push(state) - 1;
  };
  /** The state at which `node` begins, when `next` is what follows it. */
  const build = (node: RegexNode, next: number): number => {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'set':
        return add({ kind: 'set', set: node.set, next });
      case 'assertion':
        return add({ kind: 'assertion', assertion: node.assertion, next });
      case 'sequence':
        return node.of.reduceRight((behind, part) => build(part, behind), next);
      case 'choice':
        return node.of
          .map((branch) => build(branch, next))
          .reduceRight((second, first) => add({ kind: 'split', first, second }));
      case 'repeat': {
        let behind = next;
        if (node.most === Number.POSITIVE_INFINITY) {
          const loop: State = { kind: 'split', first: 0, second: next };
          behind = add(loop);
          loop.first = build(node.of, behind);
        } else {
          for (let index = node.least; index < node.most; index++) {
            behind = add({ kind: 'split', first: build(node.of, behind), second: next });
          }
        }
        for (let index = 0; index < node.least; index++) {
          const before = behind;
          behind = build(node.of, behind);
          // Of nothing, any number is as much as one.
          if (behind === before) break;
        }
        return behind;
      }
    }
  };
  const start = build(root, 0);
  return { states, start };
}
