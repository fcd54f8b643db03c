import { ORDINARY_WORDS } from './ordinary-words.ts';

/**
 * How much a text looks like words rather than like random letters: the log-likelihood ratio of its letter pairs under
 * a first-order Markov chain learnt from ordinary words, against letters drawn by lot, in bits per letter pair.
 * (The method is the usual one against generated domain names, as in Antonakakis et al., "From Throw-Away Traffic to
 * Bots", USENIX Security 2012; the table comes from the words beside this file.)
 *
 * Words score about +1 to +2; letters drawn by lot about −1.5 to −3.
 */

const LETTERS = 26;
/** Beginning and end of a run of letters. */
const EDGE = LETTERS;
const SYMBOLS = LETTERS + 1;
/** Added to every count, so that a pair that no word has is rare and not impossible. */
const SMOOTHING = 0.25;
const CODE_A = 97;
/** Longer texts are scored by their beginning. */
const MAX_SCORED_LETTERS = 256;

/** Bits in favour of words for each pair, at `from * SYMBOLS + to`. */
const PAIR_BITS = learn(ORDINARY_WORDS);

function learn(words: string): Float64Array {
  const counts = new Float64Array(SYMBOLS * SYMBOLS).fill(SMOOTHING);
  let from = EDGE;
  for (let index = 0; index < words.length; index++) {
    const to = symbolOf(words.charCodeAt(index));
    if (from !== EDGE || to !== EDGE) counts[from * SYMBOLS + to]!++;
    from = to;
  }
  const bits = new Float64Array(SYMBOLS * SYMBOLS);
  for (let row = 0; row < SYMBOLS; row++) {
    let total = 0;
    for (let column = 0; column < SYMBOLS; column++) total += counts[row * SYMBOLS + column]!;
    for (let column = 0; column < SYMBOLS; column++) {
      // By lot each letter is as likely as any other; a run may end anywhere.
      bits[row * SYMBOLS + column] = Math.log2(counts[row * SYMBOLS + column]! / total) + Math.log2(SYMBOLS);
    }
  }
  return bits;
}

function symbolOf(code: number): number {
  const lower = code | 0x20;
  return lower >= CODE_A && lower < CODE_A + LETTERS ? lower - CODE_A : EDGE;
}

/**
 * Bits per letter pair in favour of words; 0 where there are fewer than two letters. Case does not count; whatever is
 * no letter ends a run.
 */
export function wordLikeness(text: string): number {
  const end = Math.min(text.length, MAX_SCORED_LETTERS);
  let bits = 0;
  let pairs = 0;
  let from = EDGE;
  for (let index = 0; index <= end; index++) {
    const to = index === end ? EDGE : symbolOf(text.charCodeAt(index));
    if (from !== EDGE && to !== EDGE) {
      bits += PAIR_BITS[from * SYMBOLS + to]!;
      pairs++;
    }
    from = to;
  }
  return pairs === 0 ? 0 : bits / pairs;
}
