/** What is wrong with a rule file, for the person who wrote or imported it. */
export interface RuleProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Title or id of the rule, as far as it was read; empty where it was not. */
  readonly rule: string;
  /** One sentence that names the offending value. */
  readonly reason: string;
}

/** Thrown inside of the reader only; the loader turns it into a RuleProblem. */
export class RuleError extends Error {
  readonly line: number;

  constructor(line: number, reason: string) {
    super(reason);
    this.name = 'RuleError';
    this.line = line;
  }
}

/** Longest value of a rule that is repeated to its author. */
const MAX_QUOTED = 80;

/** A value of a rule inside of a sentence. */
export function quoted(text: string): string {
  return `"${text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text}"`;
}
