/**
 * `npm run evaluate:host [-- --data DIR] [--rules PATH]... [--json]`: replays recorded attacks and recorded ordinary
 * work through behaviours and rules, and says what was found and how. Exit 0 when all gates are met, 1 when one is
 * missed, 2 when the data is missing or cannot be read.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { loadHostReview, loadKnowledge } from '../engine/index.ts';
import {
  hostEventsOf,
  type RecordedAttack,
  type RecordedEvent,
  recordedAttacksSchema,
  recordedWorkSchema,
} from './evaluate-host-events.ts';
import { type HostAttackScore, hostGates, scoreBenignWork, scoreHostAttack } from './evaluate-host-score.ts';
import { hostEvaluationText } from './evaluate-host-table.ts';

const DEFAULT_DATA = resolve(import.meta.dirname, '../../../shared/data');
const EXIT = { met: 0, missed: 1, badInput: 2 } as const;
/** Largest recording after unpacking. */
const MAX_RECORDING_BYTES = 1 << 30;

/** Something about the data or the command that the person must put right. */
class InputError extends Error {}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readRecording<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
    if (path.endsWith('.gz')) bytes = gunzipSync(bytes, { maxOutputLength: MAX_RECORDING_BYTES });
  } catch (error) {
    throw new InputError(`${path} cannot be read (${messageOf(error)}). Give the data folder with --data DIR.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new InputError(`${path} is not valid JSON: ${messageOf(error)}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new InputError(`${path} is not as expected:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function readArguments(): { data: string; rules: readonly string[]; json: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string', default: DEFAULT_DATA },
        rules: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
      },
    });
    return { data: resolve(values.data), rules: values.rules.map((path) => resolve(path)), json: values.json };
  } catch (error) {
    throw new InputError(
      `${messageOf(error)}\nUsage: npm run evaluate:host [-- --data DIR] [--rules PATH]... [--json]`,
    );
  }
}

async function evaluate(): Promise<number> {
  const { data, rules: folders, json } = readArguments();
  const attacks = await readRecording(join(data, 'host-events/atomic-linux.json'), recordedAttacksSchema);
  const work = await readRecording(join(data, 'host-events/benign-linux.json.gz'), recordedWorkSchema);
  const [{ loadReviewRules, reviewHostEvents }, { catalogue }] = await Promise.all([loadHostReview(), loadKnowledge()]);
  const loaded = loadReviewRules(folders);
  const problems = loaded.problems.map(({ file, line, reason }) => `${file}:${line}: ${reason}`);
  // Correlations remember: where there are some, every recording is judged by rules of its own.
  const rules = () => (loaded.rules.correlations.length === 0 ? loaded.rules : loadReviewRules(folders).rules);
  const replay = (events: readonly RecordedEvent[]) => {
    const review = reviewHostEvents(hostEventsOf(events), rules());
    if (review.counters.failures > 0)
      problems.push(`${review.counters.failures} events failed: a mistake of Holdfast.`);
    return review;
  };
  const score = ({ technique, test_number: test, name, events }: RecordedAttack): HostAttackScore =>
    scoreHostAttack(
      { technique, test, name, events: events.length },
      replay(events),
      replay(events.filter(({ wrapper }) => wrapper !== true)),
      catalogue,
    );
  const attackScores = attacks.map(score);
  const benign = [scoreBenignWork(work.what, work.events.length, replay(work.events))];
  const gates = hostGates(attackScores, benign);
  process.stdout.write(
    json
      ? `${JSON.stringify({ data, rules: loaded.rules.detections.length, gates, attacks: attackScores, benign, problems }, null, 2)}\n`
      : hostEvaluationText(attackScores, benign, gates, problems),
  );
  if (problems.length > 0) return EXIT.badInput;
  return gates.every(({ isMet }) => isMet) ? EXIT.met : EXIT.missed;
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
