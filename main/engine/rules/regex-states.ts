/** Thompson's automaton of a regular expression: what its states are, in few bytes each. */
import { type AssertionKind, type CharacterSet, RegexError, type RegexNode } from './regex-syntax.ts';

/** Most states of an automaton; the largest repetition in rules that were seen needs 200. */
const MAX_STATES = 2_048;

type State =
  | { readonly kind: 'set'; readonly set: CharacterSet; next: number }
  | { readonly kind: 'split'; first: number; second: number }
  | { readonly kind: 'assertion'; readonly assertion: AssertionKind; next: number }
  | { readonly kind: 'match' };

export interface RegexStates {
  readonly states: readonly State[];
  readonly start: number;
}

/** @throws RegexError where it would need too many */
export function compileStates(root: RegexNode): RegexStates {
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
