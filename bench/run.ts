/**
 * `npm run bench [-- NAME...] [--rounds N] [--json]`: measures what the project claims about its speed and says
 * which claims hold on this machine. Exit 0 whatever the numbers are: a busy machine must not fail anything;
 * 1 when a benchmark could not be measured, 2 for a wrong command line.
 */
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark.ts';
import { BenchmarkError } from './benchmark-error.ts';
import { Captures, DEFAULT_CACHE } from './captures.ts';
import { analyze } from './claims/analyze.ts';
import { attacks } from './claims/attacks.ts';
import { files } from './claims/files.ts';
import { flood } from './claims/flood.ts';
import { flows } from './claims/flows.ts';
import { growth } from './claims/growth.ts';
import { hostCost } from './claims/host-cost.ts';
import { hostSoak } from './claims/host-soak.ts';
import { learning } from './claims/learning.ts';
import { live } from './claims/live.ts';
import { models } from './claims/models.ts';
import { scoring } from './claims/scoring.ts';
import { sigma } from './claims/sigma.ts';
import { sockets } from './claims/sockets.ts';
import { start } from './claims/start.ts';
import { training } from './claims/training.ts';
import { type Outcome, outcomeText, summaryText } from './report.ts';

/** One per claim, the quick ones first. */
const BENCHMARKS: readonly Benchmark[] = [
  start,
  sigma,
  sockets,
  files,
  attacks,
  flows,
  analyze,
  models,
  scoring,
  training,
  flood,
  growth,
  live,
  learning,
  hostCost,
  hostSoak,
];
const DEFAULT_ROUNDS = 5;
const MOST_PACKETS = 10_000_000;
/** Growth needs two sizes, the smaller of which is 200,000. */
const LEAST_PACKETS = 400_000;
const DEFAULT_MINUTES = 60;
const EXIT = { measured: 0, notMeasured: 1, wrongUsage: 2, interrupted: 130 } as const;

const USAGE = `Usage: npm run bench [-- NAME...] [options]

${BENCHMARKS.map(({ name, claim }) => `  ${name.padEnd(11)}${claim}`).join('\n')}

  --rounds N       measure everything so often and take medians (default ${DEFAULT_ROUNDS})
  --capture FILE   use this capture for flows and analyze instead of the usual one of 2.1 million packets
  --flood FILE     use this capture for flood
  --packets N      go no further than this in growth (default ${MOST_PACKETS}, which takes 6 to 12 GB of disk)
  --minutes N      let host-soak run so long (default ${DEFAULT_MINUTES})
  --cache DIR      keep the captures that are made here (default ${DEFAULT_CACHE})
  --json           print one JSON document
`;

class UsageError extends Error {}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
        capture: { type: 'string' },
        flood: { type: 'string' },
        packets: { type: 'string', default: String(MOST_PACKETS) },
        minutes: { type: 'string', default: String(DEFAULT_MINUTES) },
        cache: { type: 'string', default: DEFAULT_CACHE },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const chosen = BENCHMARKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    const unknown = positionals.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
    if (unknown !== undefined) throw new UsageError(`There is no benchmark "${unknown}".`);
    const rounds = wholeNumber('--rounds', values.rounds, 1);
    const mostPackets = wholeNumber('--packets', values.packets, LEAST_PACKETS);
    return { ...values, chosen, rounds, mostPackets, minutes: wholeNumber('--minutes', values.minutes, 1) };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${option} must be a whole number, at least ${least}, not "${text}".`);
}

/** What the numbers were measured on, and whether it had anything else to do. */
function describeMachine() {
  const [load] = loadavg();
  return { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), load };
}

function machineText({ processor, cores, memoryBytes, load }: ReturnType<typeof describeMachine>): string {
  // A load of its own has not yet come: what is there belongs to others.
  const busy = load > 0.5 ? ` It is busy (load ${load.toFixed(1)}): take the numbers as a hint only.` : '';
  return `${processor}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, Node ${process.versions.node}.${busy}\n\n`;
}

async function outcomeOf(benchmark: Benchmark, context: Parameters<Benchmark['run']>[0]): Promise<Outcome> {
  context.say(`${benchmark.name}: ${benchmark.claim}`);
  try {
    return { benchmark, result: await benchmark.run(context), problem: '' };
  } catch (error) {
    if (!(error instanceof BenchmarkError)) throw error;
    return { benchmark, result: null, problem: error.message };
  }
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args.help) {
    process.stdout.write(USAGE);
    return EXIT.measured;
  }
  const say = (line: string): void => void process.stderr.write(`[bench] ${line}\n`);
  const captures = new Captures({ cache: args.cache, mixed: args.capture, flood: args.flood, say });
  const machine = describeMachine();
  if (!args.json) process.stdout.write(machineText(machine));
  const outcomes: Outcome[] = [];
  for (const benchmark of args.chosen) {
    const { rounds, mostPackets, minutes } = args;
    const outcome = await outcomeOf(benchmark, { rounds, captures, mostPackets, minutes, say });
    outcomes.push(outcome);
    if (!args.json) process.stdout.write(`${outcomeText(outcome)}\n`);
  }
  if (args.json) {
    const benchmarks = outcomes.map(({ benchmark: { name, claim }, result, problem }) => ({
      name,
      claim,
      ...(result ?? { problem }),
    }));
    process.stdout.write(`${JSON.stringify({ machine, rounds: args.rounds, benchmarks }, null, 2)}\n`);
  } else {
    process.stdout.write(summaryText(outcomes));
  }
  return outcomes.every(({ result }) => result !== null) ? EXIT.measured : EXIT.notMeasured;
}

// The default would leave programs running that have a process group of their own.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT.interrupted));
try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof BenchmarkError)) throw error;
  process.stderr.write(`${error.message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`);
  process.exitCode = EXIT.wrongUsage;
}
