/**
 * Finds which of many texts occur in a text, in one pass whose length is that of the text, whoever wrote it: the
 * automaton of Aho and Corasick, "Efficient string matching: an aid to bibliographic search" (1975).
 */

/** Cells of the table of moves: two megabytes for thousands of texts. States beyond it are reached by few texts. */
const MAX_CELLS = 1 << 20;
/** So many states are numbered in half as many bytes: what is looked at all the time then fits closer to the processor. */
const FEW_STATES = 1 << 16;
const HASH_FACTOR = 0x9e3779b1;

/** Texts, and which of them occur in another one. Texts may still be added after it was asked. */
export class TextIndex {
  readonly #numbers = new Map<string, number>();
  #automaton: TextAutomaton | undefined;

  get size(): number {
    return this.#numbers.size;
  }

  /** The number of a text that is not empty, the same for the same text: 0, 1, 2, …. */
  add(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    this.#automaton = undefined;
    return number;
  }

  /** The numbers of all texts that occur, in no particular order. */
  search(text: string): readonly number[] {
    this.#automaton ??= new TextAutomaton(this.#numbers);
    return this.#automaton.search(text);
  }
}

/** A state is the longest beginning of a text that ends where the search is; states are numbered by their length. */
class TextAutomaton {
  /** By unit of a text: its class, 0 where no text has it. */
  readonly #classes: Uint16Array;
  readonly #width: number;
  /** Of the first states, by class: the next one. */
  readonly #moves: Uint16Array | Int32Array;
  readonly #denseStates: number;
  /** Of the others, where a text goes on; open addressing. */
  readonly #edges: EdgeTable;
  /** The state to go on from where no text does: that of the longest end of it that begins a text. */
  readonly #falls: Int32Array;
  /** The longest text that ends in a state, by its place among the sorted texts, from 1 on; 0 where none does. */
  readonly #ends: Int32Array;
  /** By that place: the number of the text, and the place of the next shorter one that ends where it does. */
  readonly #numbers: Int32Array;
  readonly #shorter: Int32Array;
  /** By that place: the search in which it was found last. */
  readonly #found: Int32Array;
  #turn = 0;

  constructor(numbers: ReadonlyMap<string, number>) {
    const texts = [...numbers.keys()].filter((text) => text !== '').sort();
    this.#classes = classesOf(texts);
    this.#width = this.#classes.reduce((most, each) => Math.max(most, each), 0) + 1;
    const most = texts.reduce((sum, text) => sum + text.length, 1);
    const tree = treeOf(texts, most);
    const count = tree.count;
    const isFew = count <= FEW_STATES;
    const cells = isFew ? MAX_CELLS : MAX_CELLS / 2;
    this.#denseStates = Math.min(count, Math.max(1, Math.floor(cells / this.#width)));
    this.#moves = new (isFew ? Uint16Array : Int32Array)(this.#denseStates * this.#width);
    this.#edges = new EdgeTable(Math.max(0, count - this.#denseStates), count * this.#width);
    this.#falls = new Int32Array(count);
    this.#ends = new Int32Array(count);
    this.#numbers = Int32Array.from([0, ...texts.map((text) => numbers.get(text) ?? 0)]);
    this.#shorter = new Int32Array(texts.length + 1);
    this.#found = new Int32Array(texts.length + 1);
    for (let state = 0; state < count; state++) this.#link(state, tree, texts);
  }

  search(text: string): readonly number[] {
    const found: number[] = [];
    const turn = ++this.#turn;
    const [classes, moves, ends, seen] = [this.#classes, this.#moves, this.#ends, this.#found];
    const [known, width, dense] = [classes.length, this.#width, this.#denseStates];
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      const symbol = unit < known ? classes[unit] : 0;
      state = state < dense ? moves[state * width + symbol] : this.#step(state, symbol);
      const end = ends[state];
      if (end !== 0 && seen[end] !== turn) this.#note(end, turn, found);
    }
    return found;
  }

  /** All texts that end there; those behind one that was found before were found with it. */
  #note(first: number, turn: number, found: number[]): void {
    for (let end = first; end !== 0 && this.#found[end] !== turn; end = this.#shorter[end]) {
      this.#found[end] = turn;
      found.push(this.#numbers[end]);
    }
  }

  #step(from: number, symbol: number): number {
    let state = from;
    while (state >= this.#denseStates) {
      const next = symbol === 0 ? 0 : this.#edges.get(state * this.#width + symbol);
      if (next !== 0) return next;
      state = this.#falls[state];
    }
    return this.#moves[state * this.#width + symbol];
  }

  /** Fills in what is behind a state; all shorter ones are done. */
  #link(state: number, tree: Tree, texts: readonly string[]): void {
    const { firstText, firstChild, childCount, depth } = tree;
    const [width, fall] = [this.#width, this.#falls[state]];
    const place = firstText[state] + 1;
    if (state !== 0 && texts[place - 1].length === depth[state]) {
      this.#ends[state] = place;
      this.#shorter[place] = this.#ends[fall];
    } else this.#ends[state] = this.#ends[fall];
    const isDense = state < this.#denseStates;
    // What no text goes on with is as behind the shorter state, which has a row if this one has.
    if (isDense && state !== 0) this.#moves.copyWithin(state * width, fall * width, (fall + 1) * width);
    for (let child = firstChild[state]; child < firstChild[state] + childCount[state]; child++) {
      const symbol = this.#classes[texts[firstText[child]].charCodeAt(depth[state])];
      if (state !== 0) this.#falls[child] = this.#step(fall, symbol);
      if (isDense) this.#moves[state * width + symbol] = child;
      else this.#edges.set(state * width + symbol, child);
    }
  }
}

/** The beginnings of texts by their length: state 0 is the empty one. */
interface Tree {
  readonly count: number;
  readonly depth: Int32Array;
  /** The first of the sorted texts that begins so. */
  readonly firstText: Int32Array;
  readonly firstChild: Int32Array;
  readonly childCount: Int32Array;
}

/** @param most states there can be */
function treeOf(texts: readonly string[], most: number): Tree {
  const [depth, firstText, lastText] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  const [firstChild, childCount] = [new Int32Array(most), new Int32Array(most)];
  lastText[0] = texts.length;
  let count = 1;
  for (let state = 0; state < count; state++) {
    firstChild[state] = count;
    let at = firstText[state];
    if (at < lastText[state] && texts[at].length === depth[state]) at++;
    while (at < lastText[state]) {
      const unit = texts[at].charCodeAt(depth[state]);
      firstText[count] = at;
      while (at < lastText[state] && texts[at].charCodeAt(depth[state]) === unit) at++;
      lastText[count] = at;
      depth[count] = depth[state] + 1;
      count++;
    }
    childCount[state] = count - firstChild[state];
  }
  return { count, depth, firstText, firstChild, childCount };
}

/** By unit up to the last that a text has: 1, 2, 3, … for those that texts have. */
function classesOf(texts: readonly string[]): Uint16Array {
  const units = new Set<number>();
  for (const text of texts) for (let at = 0; at < text.length; at++) units.add(text.charCodeAt(at));
  const sorted = [...units].sort((a, b) => a - b);
  const classes = new Uint16Array((sorted.at(-1) ?? 0) + 1);
  for (const [index, unit] of sorted.entries()) classes[unit] = index + 1;
  return classes;
}

/** Numbers by numbers above 0. */
class EdgeTable {
  readonly #keys: Int32Array | Float64Array;
  readonly #values: Int32Array;
  readonly #mask: number;

  /** @param count of the keys that will be set, all of them below `most` */
  constructor(count: number, most: number) {
    const size = 2 ** Math.ceil(Math.log2(2 * count + 1));
    this.#keys = most <= 2 ** 31 ? new Int32Array(size) : new Float64Array(size);
    this.#values = new Int32Array(size);
    this.#mask = size - 1;
  }

  get(key: number): number {
    for (let at = this.#placeOf(key); ; at = (at + 1) & this.#mask) {
      if (this.#keys[at] === key) return this.#values[at];
      if (this.#keys[at] === 0) return 0;
    }
  }

  set(key: number, value: number): void {
    let at = this.#placeOf(key);
    while (this.#keys[at] !== 0) at = (at + 1) & this.#mask;
    this.#keys[at] = key;
    this.#values[at] = value;
  }

  #placeOf(key: number): number {
    return (Math.imul(key, HASH_FACTOR) >>> 8) & this.#mask;
  }
}
