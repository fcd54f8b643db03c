/**
 * `npm run evaluate:models [-- --data DIR] [--json] [--train FILE --test FILE]`: fits the anomaly models on labelled
 * tables and says how well they rank beside scikit-learn and PyOD. Exit 0 when all gates are met, 1 when one is missed,
 * 2 when the data is missing or cannot be read. With two files only those are looked at, and there is no gate.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { loadAnomalyModels } from '../engine/index.ts';
import { ModelEvaluation, type ReferenceEntry, referenceSchema } from './evaluate-models-runs.ts';
import { readTable, TableError } from './evaluate-models-tables.ts';
import { modelsText } from './evaluate-models-text.ts';

const DEFAULT_DATA = resolve(import.meta.dirname, '../../../shared/data');
const EXIT = { met: 0, missed: 1, badInput: 2 } as const;
const USAGE = 'Usage: npm run evaluate:models [-- --data DIR] [--json] [--train FILE --test FILE]';
/** Below the data folder. */
const TABLES = 'anomaly';
/** Entry of the reference, and the file that it is about, whose columns are not all amounts. */
const CONNECTIONS = { entry: 'NSL-KDD Train20', file: 'NSL-KDD-Train20pct' } as const;

interface Arguments {
  readonly data: string;
  readonly json: boolean;
  readonly train: string | undefined;
  readonly test: string | undefined;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string', default: DEFAULT_DATA },
        json: { type: 'boolean', default: false },
        train: { type: 'string' },
        test: { type: 'string' },
      },
    });
    const { data, json, train, test } = values;
    if ((train === undefined) !== (test === undefined)) throw new Error('--train and --test go together');
    return { data: resolve(data), json, train, test };
  } catch (error) {
    throw new TableError(`${messageOf(error)}\n${USAGE}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readReference(data: string): Promise<Readonly<Record<string, ReferenceEntry>>> {
  const path = join(data, TABLES, 'reference.json');
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new TableError(`${path} cannot be read (${messageOf(error)}). Give the data folder with --data DIR.`);
  }
  const parsed = referenceSchema.safeParse(json);
  if (!parsed.success) throw new TableError(`${path} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function evaluateReference(evaluation: ModelEvaluation, data: string): Promise<void> {
  for (const [name, entry] of Object.entries(await readReference(data))) {
    const isOfConnections = name.startsWith(CONNECTIONS.entry);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}`);
    const table = await readTable(join(data, TABLES, `${isOfConnections ? CONNECTIONS.file : name}.csv.gz`));
    evaluation.everything(name, table, entry);
    await evaluation.normals(name, table, entry, isOfConnections ? 'guessed' : 'standard');
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

async function evaluate(): Promise<number> {
  const { data, json, train, test } = readArguments();
  const evaluation = new ModelEvaluation(await loadAnomalyModels());
  if (train !== undefined && test !== undefined) {
    const [learnt, judged] = [await readTable(train), await readTable(test)];
    if (learnt.heads.join() !== judged.heads.join()) throw new TableError(`${train} and ${test} differ in columns`);
    await evaluation.given(`${basename(train)} → ${basename(test)}`, learnt, judged);
  } else await evaluateReference(evaluation, data);
  const { scores } = evaluation;
  const gates = evaluation.gates();
  process.stdout.write(json ? `${JSON.stringify({ scores, gates }, null, 2)}\n` : modelsText(scores, gates));
  return gates.every((gate) => gate.isMet) ? EXIT.met : EXIT.missed;
}

// Whoever reads only the beginning (`| head`) has seen what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await evaluate();
} catch (error) {
  if (!(error instanceof TableError || error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.badInput;
}
