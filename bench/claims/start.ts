import { atMost, type Benchmark, type Measured } from '../benchmark.ts';
import { Daemon } from '../daemon.ts';
import { HOLDFAST, measure, type Usage } from '../measure.ts';
import { spreadOf } from '../statistics.ts';

const RUNS = 20;
const MS = 1000;

export const start: Benchmark = {
  name: 'start',
  claim: 'The command line answers at once: --version in under 150 ms, status in under 300 ms.',
  async run({ say }) {
    // Nothing needs to be watched for it to answer.
    const daemon = new Daemon(['lo']);
    try {
      await daemon.ready();
      const version = await repeat('holdfast --version', [HOLDFAST, '--version']);
      say(`--version: ${(version.wallSeconds.median * MS).toFixed(0)} ms`);
      const status = await repeat('holdfast status', daemon.statusCommand());
      say(`status: ${(status.wallSeconds.median * MS).toFixed(0)} ms`);
      return {
        programs: [version, status],
        gates: [
          atMost('--version', version.wallSeconds.median * MS, 150, 'ms'),
          atMost('status of a running engine', status.wallSeconds.median * MS, 300, 'ms'),
        ],
        notes: [`Medians of ${RUNS}, from the start of the process to its end.`],
      };
    } finally {
      await daemon.stop();
    }
  },
};

async function repeat(name: string, command: readonly string[]): Promise<Measured> {
  const usages: Usage[] = [];
  for (let i = 0; i < RUNS; i++) usages.push((await measure(command)).usage);
  return {
    name,
    wallSeconds: spreadOf(usages.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: spreadOf(usages.map(({ cpuSeconds }) => cpuSeconds)),
    memoryBytes: Math.max(...usages.map(({ memoryBytes }) => memoryBytes)),
    ratio: null,
  };
}
