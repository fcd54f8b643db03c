/** Regular expressions of rules. Attackers write the texts, so nothing here backtracks. */
import { RegexAutomaton } from './regex-automaton.ts';
import { compileStates } from './regex-states.ts';
import { parseRegex, type RegexFlags } from './regex-syntax.ts';

/** An expression that can be compiled. Its automaton is made for the first text: most expressions never meet one. */
export class LinearRegex {
  readonly source: string;
  /** The same for expressions that match the same. */
  readonly key: string;
  readonly #flags: RegexFlags;
  #automaton: RegexAutomaton | undefined;

  /** @throws RegexError naming what cannot be compiled */
  constructor(source: string, flags: RegexFlags) {
    this.source = source;
    this.key = `${Number(flags.ignoreCase)}${Number(flags.multiLine)}${Number(flags.dotAll)} ${source}`;
    this.#flags = flags;
    compileStates(parseRegex(source, flags));
  }

  /** Whether the text holds a match anywhere; texts are read up to 128 KiB. */
  test(text: string): boolean {
    this.#automaton ??= new RegexAutomaton(compileStates(parseRegex(this.source, this.#flags)));
    return this.#automaton.test(text);
  }
}
