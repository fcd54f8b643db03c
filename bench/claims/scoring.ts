/** How many flows a second the anomaly models judge on one core. */
import { join } from 'node:path';
import { z } from 'zod';
import { findProgram } from '../../scripts/lib/programs.mjs';
import { atLeast, type Benchmark } from '../benchmark.ts';
import { measure } from '../measure.ts';
import { spreadOf } from '../statistics.ts';

const FLOWS = 20_000;
/** Of one process: the first ones are those in which the compiler still works. */
const PASSES = 8;
const WARM_PASSES = 3;
const PROGRAM = join(import.meta.dirname, '../programs/score-flows.ts');

interface Choice {
  readonly name: string;
  readonly kinds: readonly string[];
  /** Flows a second. */
  readonly least: number;
}

const QUICK = ['baseline', 'isolation-forest', 'autoencoder'];
const CHOICES: readonly Choice[] = [
  { name: 'the default models', kinds: QUICK, least: 60_000 },
  { name: 'all models', kinds: [...QUICK, 'local-outlier-factor', 'dbscan', 'one-class-svm'], least: 5_000 },
];
const ratesSchema = z.array(z.number()).length(PASSES);

export const scoring: Benchmark = {
  name: 'scoring',
  claim: 'The default models judge at least 60,000 flows a second on one core, all models together at least 5,000.',
  async run({ rounds, say }) {
    const rates = CHOICES.map((): number[] => []);
    for (let round = 1; round <= rounds; round++) {
      for (const [index, { kinds }] of CHOICES.entries()) rates[index]!.push(...(await ratesOf(kinds)));
      say(`round ${round}/${rounds}`);
    }
    const spreads = rates.map((each) => spreadOf(each));
    const whole = (value: number) => Math.round(value).toLocaleString('en');
    return {
      programs: [],
      gates: CHOICES.map(({ name, least }, index) =>
        atLeast(`${name}: flows a second, in thousands`, spreads[index]!.median / 1_000, least / 1_000, ''),
      ),
      notes: [
        `${FLOWS.toLocaleString('en')} made-up flows, from raw features to the p-value, by CPU time.`,
        ...CHOICES.map(({ name, kinds }, index) => {
          const { median, min, max } = spreads[index]!;
          return `${name} (${kinds.join(', ')}): ${whole(median)} flows a second (${whole(min)} to ${whole(max)})`;
        }),
      ],
    };
  },
};

async function ratesOf(kinds: readonly string[]): Promise<number[]> {
  const taskset = findProgram('taskset');
  const bound = taskset === undefined ? [] : [taskset, '--cpu-list', '0'];
  const sizes = [FLOWS, PASSES].map(String);
  const { output } = await measure([...bound, process.execPath, PROGRAM, ...sizes, ...kinds], { keepOutput: true });
  return ratesSchema.parse(JSON.parse(output)).slice(WARM_PASSES);
}
