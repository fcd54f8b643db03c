/** What 3,000 Sigma rules cost for each event of the host. */
import { readRuleFiles, SigmaRuleSet } from '../../main/engine/rules/index.ts';
import { hostEventOf, readRuns, testData } from '../../main/engine/rules/testing.ts';
import { atMost, type Benchmark, type BenchmarkResult } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { spreadOf } from '../statistics.ts';

const RULES = 3_000;
const LIMIT_MICROSECONDS = 20;
/** Rounds before measuring, in which the engine of JavaScript learns what is hot. */
const WARM_UP = 3;
/** A letter for each copy, so that texts differ as those of other rules do. */
const FIRST_LETTER = 'a'.charCodeAt(0);

export const sigma: Benchmark = {
  name: 'sigma',
  claim: `${RULES} Sigma rules cost under ${LIMIT_MICROSECONDS} µs an event.`,
  run: async ({ rounds, say }): Promise<BenchmarkResult> => {
    const [folder, recorded] = [testData('sigma'), testData('host-events/benign-linux.json.gz')];
    if (folder === undefined || recorded === undefined) {
      throw new BenchmarkError('The rules and events of ../shared/data are not there.');
    }
    const { files } = readRuleFiles([folder], process.getuid?.() ?? 0);
    const rules = SigmaRuleSet.load(varied(files));
    const events = readRuns(recorded).flatMap((run) => run.events.map(hostEventOf));
    say(`${rules.detections.length} rules, ${events.length} events`);
    const measured: number[] = [];
    for (let round = -WARM_UP; round < rounds; round++) {
      const fresh = events.map((event, index) => withOwnCommandLine(event, `${round} ${index}`));
      const before = process.cpuUsage();
      for (const event of fresh) rules.match(event);
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) measured.push((user + system) / events.length);
    }
    const { median } = spreadOf(measured);
    return {
      programs: [],
      gates: [atMost('median cost of an event, in µs of processor time', median, LIMIT_MICROSECONDS, '')],
      notes: [
        `${rules.detections.length} rules: the ${files.length} shared ones, and copies with other texts.`,
        'Every command line is new; programs, parents and files come again as they were recorded.',
      ],
    };
  },
};

type RuleFiles = Parameters<typeof SigmaRuleSet.load>[0];

function varied(files: RuleFiles): RuleFiles {
  const copies = [...files];
  for (let copy = 1; copies.length < RULES; copy++) {
    const letter = String.fromCharCode(FIRST_LETTER + copy);
    for (const { path, text } of files.slice(0, RULES - copies.length)) {
      const other = text
        .replace(/^id: .*$/m, `$&-${copy}`)
        .replace(/^name: .*$/m, `$&-${copy}`)
        .replaceAll(/^(\s+- '[^'\n]{4,})(?<!\/\d+)'/gm, `$1${letter}'`);
      copies.push({ path: `${path} (${copy})`, text: other });
    }
  }
  return copies;
}

type Event = ReturnType<typeof hostEventOf>;

function withOwnCommandLine(event: Event, own: string): Event {
  if (event.type !== 'process-start') return event;
  return { ...event, process: { ...event.process, commandLine: `${event.process.commandLine} ${own}` } };
}
