/**
 * The answers of `detect`, `explain` and `predict`: rows that a caller gives, judged by a profile in turns. Pure; what does not
 * fit is refused with its place ("features[3].Flow Duratoin"), as the schema of the call does.
 */
import type { CallOutput, ParsedInput } from '../../../../contract/api.ts';
import { type AnomalyJudgement, MODEL_GROUPS, type ModelGroup } from '../../../../contract/models.ts';
import { plainText } from '../../../../contract/text.ts';
import { explanationOf, type Profile, signsOf } from '../../models/index.ts';
import { FailureError } from '../../runtime/failure.ts';
import { type DetectRow, type GivenRow, groupOfRow, rowsOf, valuesOf } from '../learning/detect-rows.ts';
import { Turns } from '../learning/turns.ts';

type Asked = ParsedInput<'detect'>;
type Detection = CallOutput<'detect'>['results'][number];
type Explanation = CallOutput<'explain'>['results'][number];

/** Who is asked. */
export interface AskedProfile {
  /** "flow-3". */
  readonly id: string;
  readonly profile: Profile;
}

/**
 * From this p-value on a row counts as unusual: one usual row in a hundred does too. A fixed bound, so that the same
 * row always gets the same answer; how many alerts there are is decided by the budget instead.
 */
export const UNUSUAL_P_VALUE = 0.01;

/** Sentences that an explanation has. */
const TOLD_REASONS = 3;

/** @throws FailureError `bad-input`, naming the place; `group-not-learnt` */
export async function detectRows(asked: AskedProfile, input: Asked): Promise<CallOutput<'detect'>> {
  const results = await judgedRows(asked, input, detectionOf);
  return { id: asked.id, results };
}

/** @throws as `detectRows` */
export async function explainRows(asked: AskedProfile, input: Asked): Promise<CallOutput<'explain'>> {
  const results = await judgedRows(asked, input, (judgement): Explanation => {
    const { reasons, neighbours } = judgement;
    return {
      ...detectionOf(judgement),
      reasons: [...reasons],
      explanation: wordsOf(judgement),
      neighbours: neighbours.map((values) => namedValues(asked.profile, values)),
    };
  });
  return { id: asked.id, results };
}

/** @throws as `detectRows` */
export async function predictRows(asked: AskedProfile, input: Asked): Promise<CallOutput<'predict'>> {
  const predictions = await judgedRows(asked, input, ({ pValue }) => (pValue <= UNUSUAL_P_VALUE ? 1 : 0));
  return { id: asked.id, predictions };
}

/** A thousand rows take a second and more, in which the engine has other things to do as well. */
async function judgedRows<T>(
  { profile }: AskedProfile,
  { features, group, table }: Asked,
  told: (judgement: AnomalyJudgement) => T,
): Promise<T[]> {
  const turns = new Turns();
  const values = new Float64Array(profile.columns.length);
  const results: T[] = [];
  for (const row of rowsOf(features)) {
    valuesOf(row, profile.columns, table, values);
    const of = groupFor(profile, row, group);
    const judgement = profile.judge(of, values);
    if (judgement === undefined) throw notLearnt(row, of, profile.groups);
    results.push(told(judgement));
    if (turns.isOver) await turns.next();
  }
  return results;
}

/** The group that the caller names; else the one that the features tell, or the only one there is. */
function groupFor({ columns, groups, table }: Profile, row: GivenRow, named: string | undefined): ModelGroup {
  if (named !== undefined) {
    const known: readonly string[] = MODEL_GROUPS[table];
    const found = groups.find((each) => each === named);
    if (found !== undefined) return found;
    if (known.includes(named)) throw notLearnt({ path: 'group' }, named, groups);
    const message = `group: the table "${table}" has no group "${plainText(named, 20)}".`;
    throw new FailureError({ code: 'bad-input', message, hint: `Its groups are ${known.join(', ')}.` });
  }
  const told = groups.includes('all') ? 'all' : groupOfRow(row, columns);
  if (told !== undefined) return told;
  if (groups.length === 1) return groups[0]!;
  throw new FailureError({
    code: 'bad-input',
    message: `${row.path}: nothing in it tells the protocol, and each has models of its own.`,
    hint: `Add "Protocol" (6 is TCP, 17 is UDP), or name the group: ${groups.join(', ')}.`,
  });
}

function notLearnt({ path }: Pick<DetectRow, 'path'>, group: string, groups: readonly string[]): FailureError {
  return new FailureError({
    code: 'group-not-learnt',
    message: `${path}: nothing has been learnt of "${plainText(group, 20)}".`,
    hint: `There are models of: ${groups.join(', ')}.`,
  });
}

function detectionOf(judgement: AnomalyJudgement): Detection {
  const { pValue, probability, models, missing } = judgement;
  const isAnomaly = pValue <= UNUSUAL_P_VALUE;
  return {
    isAnomaly,
    probability,
    pValue,
    models: [...models],
    techniques: isAnomaly ? signsOf(judgement).map(({ technique }) => technique) : [],
    missing: [...missing],
  };
}

function wordsOf(judgement: AnomalyJudgement): string {
  const { pValue, reasons } = judgement;
  if (pValue <= UNUSUAL_P_VALUE) return explanationOf(null, judgement);
  const told = reasons.slice(0, TOLD_REASONS).map(({ words }) => words);
  const rest = told.length === 0 ? '' : ` What stands out most: it ${told.join(', and ')}.`;
  return `This is usual by what has been learnt of this computer.${rest}`;
}

function namedValues({ columns }: Profile, values: readonly number[]): Record<string, number> {
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? 0]));
}
