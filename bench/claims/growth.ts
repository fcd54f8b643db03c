import { atMost, type Benchmark, type Measured, memoryBelow } from '../benchmark.ts';
import { HOLDFAST, measure, type Usage } from '../measure.ts';
import { spreadOf, steepestGrowth } from '../statistics.ts';

/** Sizes measured below the largest, which is asked for. */
const SIZES = [200_000, 1_000_000, 2_000_000, 5_000_000];
/** What the claim says. */
const CLAIMED_PACKETS = 10_000_000;
/** A tenth is the noise of a quiet machine; a cost that really grows with size grows by far more over this range. */
const FLAT = 1.25;

export const growth: Benchmark = {
  name: 'growth',
  claim: 'A packet costs the same in a capture of 200 thousand packets as in one of 10 million, in the same memory.',
  async run({ captures, rounds, mostPackets, say }) {
    const sizes = [...SIZES.filter((packets) => packets < mostPackets), mostPackets];
    const paths = [await captures.empty()];
    for (const packets of sizes) paths.push(await captures.stretched(packets));
    const runs: Usage[][] = paths.map(() => []);
    for (let round = 1; round <= rounds; round++) {
      for (const [index, path] of paths.entries()) {
        const { usage } = await measure([HOLDFAST, 'analyze', path, '--json']);
        runs[index].push(usage);
        say(`round ${round}/${rounds}  ${path}  ${usage.wallSeconds.toFixed(2)} s`);
      }
    }
    const programs = runs.map((usages, index) => describe(nameOf(index, sizes), usages));
    const [start, ...filled] = programs;
    const nanoseconds = filled.map(
      ({ cpuSeconds }, index) => ((cpuSeconds.median - start.cpuSeconds.median) * 1e9) / sizes[index],
    );
    return {
      programs,
      gates: [
        atMost('growth of the cost per packet from any size to a larger one', steepestGrowth(nanoseconds), FLAT, 'x'),
        memoryBelow('resident with the most packets', programs[programs.length - 1].memoryBytes, 300),
      ],
      notes: [
        ...sizes.map(
          (packets, index) => `${packets.toLocaleString('en')} packets: ${nanoseconds[index].toFixed(0)} ns each.`,
        ),
        'Of CPU time, since there is no peer whose rounds would show what else the machine did; without that of an ' +
          'empty capture. Small captures pay for the compiler that warms up.',
        ...(mostPackets < CLAIMED_PACKETS
          ? [`Measured up to ${mostPackets.toLocaleString('en')} packets only, as asked for with --packets.`]
          : []),
      ],
    };
  },
};

function nameOf(index: number, sizes: readonly number[]): string {
  return index === 0 ? 'no packets' : `${sizes[index - 1].toLocaleString('en')} packets`;
}

function describe(name: string, runs: readonly Usage[]): Measured {
  return {
    name,
    wallSeconds: spreadOf(runs.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: spreadOf(runs.map(({ cpuSeconds }) => cpuSeconds)),
    memoryBytes: Math.max(...runs.map(({ memoryBytes }) => memoryBytes)),
    ratio: null,
  };
}
