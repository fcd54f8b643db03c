/**
 * What is wrong with an input, in words: where it is ("features[3].Flow Duration") and what was expected there. Where
 * several forms are allowed, the form that fits best is the one that is told of.
 */
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** One thing that does not fit. */
interface Problem {
  readonly path: Path;
  readonly message: string;
  /** What would have been taken, where the value is of another type. */
  readonly expected: string | undefined;
  readonly received: string;
}

/** Names of types as people who write JSON know them. */
const TYPE_NAMES: Readonly<Record<string, string>> = { record: 'object', undefined: 'nothing', nan: 'NaN' };
/** So deep an input is nested nowhere; whoever sends one deeper gets the message of the place above. */
const MAX_DEPTH = 8;

/**
 * The first `limit` problems as "path: what". A path is empty for the input itself.
 *
 * @param limit how many are told; one is enough to see what is wrong
 */
export function inputProblems({ issues }: z.ZodError, limit: number): string[] {
  return issues.slice(0, limit).flatMap((issue) => problemsOf(issue, [], 0).slice(0, 1).map(problemText));
}

function problemsOf(issue: Issue, above: Path, depth: number): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0 && depth < MAX_DEPTH) {
    const forms = issue.errors.map((inner) => inner.flatMap((each) => problemsOf(each, path, depth + 1)));
    return bestForm(forms, path);
  }
  const message = issue.message.replace(/^Invalid input: /, '');
  if (issue.code !== 'invalid_type') return [{ path, message, expected: undefined, received: '' }];
  const received = /received (\w+)$/.exec(message)?.[1] ?? '';
  return [{ path, message, expected: typeName(issue.expected), received: typeName(received) }];
}

function typeName(name: string): string {
  return TYPE_NAMES[name] ?? name;
}

/** The form whose first problem lies deepest: all around it fitted. Of those, the one with the fewest problems. */
function bestForm(forms: readonly (readonly Problem[])[], path: Path): Problem[] {
  const depthOf = (problems: readonly Problem[]): number =>
    problems.reduce((most, problem) => Math.max(most, problem.path.length), 0);
  const deepest = forms.reduce((most, form) => Math.max(most, depthOf(form)), 0);
  const candidates = forms.filter((form) => depthOf(form) === deepest).sort((a, b) => a.length - b.length);
  const [best = []] = candidates;
  if (deepest > path.length) return [...best];
  const rightType = candidates.find((form) => form.every((problem) => problem.expected === undefined));
  const [first] = best;
  if (rightType !== undefined || first === undefined) return [...(rightType ?? best)];
  const expected = [...new Set(candidates.flat().flatMap((problem) => problem.expected ?? []))];
  return [{ ...first, expected: expected.join(' or ') }];
}

function problemText({ path, message, expected, received }: Problem): string {
  const what = expected === undefined ? message : `expected ${expected}, received ${received}`;
  return path.length === 0 ? what : `${pathText(path)}: ${what}`;
}

/** ["features", 3, "Flow Duration"] → "features[3].Flow Duration" */
function pathText(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? String(step) : `.${String(step)}`))
    .join('');
}
