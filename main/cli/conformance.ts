/**
 * `npm run conformance [-- --data DIR] [--protocol NAME] [--list] [--json]`: reads captures whose contents other tools
 * have told, and says how far we agree with them. Exit 0 when all gates are met, 1 when one is missed, 2 when the data
 * is missing or cannot be read.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inspectCapture } from '../engine/index.ts';
import { arkimeExpectations } from './conformance/arkime.ts';
import { OurCapture, type Outcome } from './conformance/compare.ts';
import { foxioExpectations } from './conformance/foxio.ts';
import { judgeGates, tally } from './conformance/gates.ts';
import { ndpiExpectations } from './conformance/ndpi.ts';
import { GoldenError } from './conformance/read-golden.ts';
import { suricataChecks } from './conformance/suricata.ts';
import { conformanceText, differencesText } from './conformance/text.ts';
import { zeekExpectations } from './conformance/zeek.ts';

const DEFAULT_DATA = resolve(import.meta.dirname, '../../../shared/data');
const EXIT = { met: 0, missed: 1, badInput: 2 } as const;

interface Arguments {
  readonly data: string;
  readonly json: boolean;
  readonly list: boolean;
  /** Only what is about this protocol; gates are then not judged. */
  readonly protocol: string | undefined;
}

function readArguments(): Arguments {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string', default: DEFAULT_DATA },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        protocol: { type: 'string' },
      },
    });
    return { data: resolve(values.data), json: values.json, list: values.list, protocol: values.protocol };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GoldenError(`${reason}\nUsage: npm run conformance [-- --data DIR] [--protocol NAME] [--list] [--json]`);
  }
}

interface Comparison {
  readonly outcomes: readonly Outcome[];
  /** Captures that could not be read, with why. */
  readonly problems: readonly string[];
}

async function compare({ data, protocol }: Arguments): Promise<Comparison> {
  const isWanted = (item: { readonly protocol: string }) => protocol === undefined || item.protocol === protocol;
  const expectations = Map.groupBy(
    [ndpiExpectations, arkimeExpectations, foxioExpectations, zeekExpectations].flatMap((read) =>
      read(data).filter(isWanted),
    ),
    ({ capture }) => capture,
  );
  const checks = Map.groupBy(suricataChecks(data).filter(isWanted), ({ capture }) => capture);
  const captures = [...new Set([...expectations.keys(), ...checks.keys()])].sort();
  const outcomes: Outcome[] = [];
  const problems: string[] = [];
  for (const [index, capture] of captures.entries()) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${index + 1}/${captures.length} ${capture}`);
    // What other tools made of a capture that is not here is no use.
    if (!existsSync(join(data, capture))) continue;
    try {
      const ours = new OurCapture(await inspectCapture(join(data, capture)));
      for (const expectation of expectations.get(capture) ?? []) outcomes.push(ours.judge(expectation));
      for (const check of checks.get(capture) ?? []) outcomes.push(ours.check(check));
    } catch (error) {
      problems.push(`${capture}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  return { outcomes, problems };
}

async function run(): Promise<number> {
  const options = readArguments();
  const { outcomes, problems } = await compare(options);
  const tallies = tally(outcomes);
  const gates = options.protocol === undefined ? judgeGates(outcomes) : [];
  if (options.json) {
    const differences = outcomes.filter((outcome) => !outcome.agrees);
    process.stdout.write(`${JSON.stringify({ data: options.data, gates, tallies, differences, problems }, null, 2)}\n`);
  } else {
    process.stdout.write(conformanceText(tallies, gates));
    if (options.list) process.stdout.write(differencesText(outcomes));
    for (const problem of problems) process.stdout.write(`Not read: ${problem}\n`);
  }
  if (problems.length > 0) return EXIT.badInput;
  return gates.every((gate) => gate.isMet) ? EXIT.met : EXIT.missed;
}

// Whoever reads only the beginning (`| head`) has seen what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof GoldenError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT.badInput;
}
