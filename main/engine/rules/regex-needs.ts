/** What a text must hold for a regular expression to match: lets most texts be passed over without running it. */
import { parseRegex, type RegexFlags, type RegexNode } from './regex-syntax.ts';

/** Alternatives that are still worth looking for. */
const MAX_ALTERNATIVES = 32;

/**
 * Lower-case texts of which every matching text, in lower case, holds at least one. Empty where nothing is known.
 *
 * @throws RegexError
 */
export function neededTexts(source: string, flags: RegexFlags): readonly string[] {
  return needs(parseRegex(source, flags)).filter((text) => text !== '');
}

function needs(node: RegexNode): readonly string[] {
  switch (node.kind) {
    case 'empty':
    case 'assertion':
      return [];
    case 'set': {
      const only = onlyCharacter(node);
      return only === undefined ? [] : [only];
    }
    case 'repeat':
      return node.least > 0 ? needs(node.of) : [];
    case 'choice': {
      const branches = node.of.map(needs);
      if (branches.some((branch) => branch.length === 0)) return [];
      const all = branches.flat();
      return all.length > MAX_ALTERNATIVES ? [] : all;
    }
    case 'sequence':
      return needsOfSequence(node.of);
  }
}

/** The best of its runs of single characters and of what its parts need. */
function needsOfSequence(parts: readonly RegexNode[]): readonly string[] {
  let best: readonly string[] = [];
  let run = '';
  const offer = (texts: readonly string[]): void => {
    if (shortest(texts) > shortest(best)) best = texts;
  };
  for (const part of parts) {
    const character = onlyCharacter(part);
    if (character !== undefined) {
      run += character;
      continue;
    }
    if (run !== '') offer([run]);
    // Nothing stands in the place of an assertion: the run goes on behind it.
    if (part.kind === 'assertion' || part.kind === 'empty') continue;
    run = '';
    offer(needs(part));
  }
  if (run !== '') offer([run]);
  return best;
}

function shortest(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : Math.min(...texts.map((text) => text.length));
}

/** The character of a set that is one, or one in both cases; lower case. */
function onlyCharacter(node: RegexNode): string | undefined {
  if (node.kind !== 'set' || node.set.length > 2) return undefined;
  const lower = new Set<string>();
  for (const [first, last] of node.set) {
    if (first !== last) return undefined;
    lower.add(String.fromCodePoint(first).toLowerCase());
  }
  return lower.size === 1 ? [...lower][0] : undefined;
}
