/**
 * `npm run evaluate [-- --data DIR] [--json]`: runs the analysis over labelled captures and says how well it
 * did. Exit 0 when all gates are met, 1 when one is missed, 2 when the data is missing or cannot be read.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { analyzeCapture } from '../engine/index.ts';
import { type BeaconEvaluation, evaluateBeacons } from './evaluate-beacons.ts';
import { type AttackLabel, attackLabelsSchema, type BenignLabel, benignLabelsSchema } from './evaluate-labels.ts';
import {
  type AnalysedCapture,
  type AttackScore,
  type BenignScore,
  COVERED_CATEGORIES,
  scoreAttack,
  scoreBenign,
  summarise,
} from './evaluate-score.ts';
import { evaluationText } from './evaluate-table.ts';

const DEFAULT_DATA = resolve(import.meta.dirname, '../../../shared/data');
const EXIT = { met: 0, missed: 1, badInput: 2 } as const;

/** Something about the data or the command that the person must put right. */
class InputError extends Error {}

async function readLabels<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError(`${path} cannot be read (${messageOf(error)}). Give the data folder with --data DIR.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${path} is not valid JSON: ${messageOf(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new InputError(`${path} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readArguments(): { data: string; json: boolean } {
  try {
    const { values } = parseArgs({
      options: { data: { type: 'string', default: DEFAULT_DATA }, json: { type: 'boolean', default: false } },
    });
    return { data: resolve(values.data), json: values.json };
  } catch (error) {
    throw new InputError(`${messageOf(error)}\nUsage: npm run evaluate [-- --data DIR] [--json]`);
  }
}

/** Analyses captures one after another, so that memory holds one at a time; what fails is told, not fatal. */
class Evaluation {
  readonly attacks: AttackScore[] = [];
  readonly benign: BenignScore[] = [];
  readonly problems: string[] = [];
  private readonly data: string;
  private readonly total: number;
  private done = 0;

  constructor(data: string, total: number) {
    this.data = data;
    this.total = total;
  }

  async attack(label: AttackLabel): Promise<void> {
    const capture = await this.analyse(label.file);
    // A capture that cannot be read has found nothing: leaving it out would make the rest look better.
    this.attacks.push(scoreAttack(label, capture ?? { flows: 0, alerts: [] }));
  }

  async ordinary(label: BenignLabel): Promise<void> {
    const capture = await this.analyse(label.file);
    if (capture !== null) this.benign.push(scoreBenign(label, capture));
  }

  private async analyse(file: string): Promise<AnalysedCapture | null> {
    this.done++;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${this.done}/${this.total} ${file}`);
    try {
      const { document } = await analyzeCapture(join(this.data, file));
      return document;
    } catch (error) {
      this.problems.push(`${file}: ${messageOf(error)}`);
      return null;
    }
  }
}

/** Null where there are no logs to rank, or where they cannot be read, which is a problem that is told. */
async function rankBeacons(
  data: string,
  labels: readonly AttackLabel[],
  problems: string[],
): Promise<BeaconEvaluation | null> {
  try {
    return await evaluateBeacons(data, labels);
  } catch (error) {
    problems.push(`beacons: ${messageOf(error)}`);
    return null;
  }
}

async function evaluate(): Promise<number> {
  const { data, json } = readArguments();
  const attackLabels = await readLabels(join(data, 'attacks/labels.json'), attackLabelsSchema);
  const benignLabels = await readLabels(join(data, 'benign/benign.json'), benignLabelsSchema);
  const counted = attackLabels.filter((label) => label.counted_in_tpr || !(label.category in COVERED_CATEGORIES));
  const evaluation = new Evaluation(data, counted.length + benignLabels.captures.length);
  for (const label of counted) await evaluation.attack(label);
  for (const label of benignLabels.captures) await evaluation.ordinary(label);
  const beacons = await rankBeacons(data, attackLabels, evaluation.problems);
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

  const { attacks, benign, problems } = evaluation;
  const captures = summarise(attacks, benign);
  const summary = { ...captures, gates: [...captures.gates, ...(beacons?.gates ?? [])] };
  process.stdout.write(
    json
      ? `${JSON.stringify({ data, ...summary, attacks, benignCaptures: benign, beacons, problems }, null, 2)}\n`
      : evaluationText(attacks, benign, summary, problems, beacons),
  );
  if (problems.length > 0) return EXIT.badInput;
  return summary.gates.every((gate) => gate.isMet) ? EXIT.met : EXIT.missed;
}

// Whoever reads only the beginning (`| head`) has seen what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await evaluate();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.badInput;
}
