/** What watching the host costs: at rest, at rates that it must stand, above them, and for somebody who builds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Status } from '../../contract/api-schemas.ts';
import { atLeast, atMost, type Benchmark, exactly, memoryBelow } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { Daemon } from '../daemon.ts';
import { layOutInstalled } from '../installed.ts';
import { measure, type Usage } from '../measure.ts';
import { makeScratch, removeScratch } from '../scratch.ts';
import { ratiosOf, spreadOf } from '../statistics.ts';
import { hostReady, seenWhile, startPrograms, swarm, writeFiles } from './host-load.ts';

const LOOPBACK = ['lo'];
/** By then everything was read that is read once. */
const WARM_UP_MS = 20_000;
/** By then the rules of the scanner, which looks at what was started last, were let go, and the heaps tidied up. */
const REST_MS = 100_000;
/** Counts are told once a second. */
const SETTLE_MS = 3_000;
const IDLE_MS = 30_000;
const EXECS_PER_SECOND = 2_000;
const FILES_PER_SECOND = 5_000;
const SUSTAINED_SECONDS = 10;
/** A machine that does other things may start a little fewer. */
const RATE_TOLERANCE = 0.95;
const STORMS = 4;
const STORM_PROGRAMS = 10_000;
const STORM_SECONDS = 5;
/** Memory after the last storm against that after the first: what a flat line is. */
const FLAT = 1.1;
const SLOWER = 1.05;
/** Whoever starts a program waits so long for a verdict, half of the time. */
const VERDICT_US = 40;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** This very project into folder $1 by Node $0: its types, then thousands of modules read, joined and written. */
const BUILD = `set -e
"$0" node_modules/typescript/bin/tsc --noEmit
for part in renderer engine; do
  "$0" node_modules/vite/bin/vite.js build --config "vite.$part.config.ts" --outDir "$1/$part" --logLevel error
done`;

/** Its helper into folder $1, from nothing: make, compilers, linkers and what they start. */
const COMPILE = `set -e
rm -rf "$1/sense"
cp -r native-helpers/sense "$1"
make -s -C "$1/sense" clean all`;

export const hostCost: Benchmark = {
  name: 'host-cost',
  claim: 'Watching the host costs under 1 % of a core and 180 MB at rest, and slows a build by less than 5 %.',
  async run({ rounds, say }) {
    const scratch = makeScratch();
    const installed = makeScratch();
    try {
      const command = await layOutInstalled(installed);
      const watched = await watch(command, scratch, say);
      const builds = await compareBuilds(command, scratch, rounds, say);
      const verdicts = await askBeforeRun(command, scratch, say);
      const cpu = spreadOf(ratiosOf(builds.with.map(cpuOf), builds.without.map(cpuOf)));
      const wall = spreadOf(ratiosOf(builds.with.map(wallOf), builds.without.map(wallOf)));
      const { idle, programs, files, memories, storms } = watched;
      return {
        programs: [
          { name: 'build, not watched', ...described(builds.without), ratio: null },
          { name: 'build, watched', ...described(builds.with), ratio: wall },
        ],
        gates: [
          atMost('CPU at rest', idle.cpuPercent, 1, '%'),
          memoryBelow('memory of the engine and its helpers at rest', idle.memoryBytes, 180),
          atLeast('programs/s that were started', rateOf(programs), EXECS_PER_SECOND * RATE_TOLERANCE, ''),
          exactly('events lost meanwhile', programs.dropped + Math.max(0, programs.value - programs.execs), 0),
          atLeast('files/s that were written', rateOf(files), FILES_PER_SECOND * RATE_TOLERANCE, ''),
          exactly('events lost meanwhile', files.dropped, 0),
          atMost(
            'growth of memory from the first storm to the last',
            memories[memories.length - 1] / memories[0],
            FLAT,
            'x',
          ),
          atMost('wall time of a build that is watched', wall.median, SLOWER, 'x'),
          atMost('median verdict before a program of a build runs, in µs', verdicts.overallMedianUs, VERDICT_US, ''),
          exactly('verdicts of which the engine never heard', verdicts.skipped, 0),
        ],
        notes: [
          'The sensors see the whole computer: at rest means that nobody else did anything, which only you can know.',
          `At rest: ${idle.cpuPercent.toFixed(2)} % of a core, of which helpers are a part; memory is the proportional share (PSS) with the ring for packets.`,
          `${Math.round(rateOf(programs)).toLocaleString('en')} programs/s: ${costOf(programs)}; ${Math.round(rateOf(files)).toLocaleString('en')} files/s: ${costOf(files)}.`,
          `In ${STORMS} storms of programs and files as fast as it goes: ${storms.dropped.toLocaleString('en')} events dropped and ` +
            `${storms.notStored.toLocaleString('en')} not stored, all counted; memory after each ${memories.map(megabytes).join(', ')}.`,
          `With scan.beforeRun ${verdicts.known + verdicts.asked} starts of programs of such a build waited for a verdict: ${verdicts.known} for the helper, ` +
            `median ${verdicts.knownMedianUs} µs, ${verdicts.asked} until the engine had looked through a new program, median ${verdicts.medianUs} µs, ${verdicts.timeouts} of them in vain. ` +
            'Of a program of the system that ran before the kernel asks no more.',
          `The CPU time of the build itself is ${cpu.median.toFixed(2)} times that of the one that was not watched.`,
        ],
      };
    } finally {
      removeScratch(scratch);
      removeScratch(installed);
    }
  },
};

async function watch(command: string, scratch: string, say: (line: string) => void) {
  const daemon = new Daemon(LOOPBACK, [], command);
  try {
    await hostReady(daemon);
    await sleep(REST_MS);
    const used = daemon.cpuSeconds();
    await sleep(IDLE_MS);
    // Asking costs something, too: the time is taken before.
    const cpuPercent = ((daemon.cpuSeconds() - used) * 100_000) / IDLE_MS;
    const idle = { cpuPercent, memoryBytes: (await daemon.status()).cost.memoryBytes };
    say(`at rest: ${cpuPercent.toFixed(2)} % of a core, ${megabytes(idle.memoryBytes)}`);
    const programs = await seenWhile(daemon, () => startPrograms(EXECS_PER_SECOND, SUSTAINED_SECONDS));
    say(`programs: ${Math.round(rateOf(programs))}/s, ${costOf(programs)}`);
    const files = await seenWhile(daemon, () => writeFiles(scratch, FILES_PER_SECOND, SUSTAINED_SECONDS));
    say(`files: ${Math.round(rateOf(files))}/s, ${costOf(files)}`);
    const memories: number[] = [];
    const storms = { dropped: 0, notStored: 0 };
    for (let storm = 1; storm <= STORMS; storm++) {
      const seen = await seenWhile(daemon, () =>
        Promise.all([swarm(STORM_PROGRAMS), writeFiles(scratch, 0, STORM_SECONDS)]),
      );
      memories.push(seen.memoryBytes);
      storms.dropped += seen.dropped;
      storms.notStored += seen.notStored;
      say(`storm ${storm}/${STORMS}: ${megabytes(seen.memoryBytes)}, ${seen.dropped} dropped`);
    }
    return { idle, programs, files, memories, storms };
  } finally {
    await daemon.stop();
  }
}

/** By turns, so that what else the machine does meets both. */
async function compareBuilds(command: string, scratch: string, rounds: number, say: (line: string) => void) {
  const without: Usage[] = [];
  const watched: Usage[] = [];
  const build = async (): Promise<Usage> => {
    const words = ['sh', '-c', BUILD, process.execPath, `${scratch}/build`];
    return (await measure(['env', '-C', ROOT, ...words])).usage;
  };
  await build();
  for (let round = 1; round <= rounds; round++) {
    without.push(await build());
    const daemon = new Daemon(LOOPBACK, [], command);
    try {
      await hostReady(daemon);
      await sleep(WARM_UP_MS);
      watched.push(await build());
    } finally {
      await daemon.stop();
    }
    const [plain, slowed] = [without, watched].map((usages) => usages[round - 1].wallSeconds.toFixed(2));
    say(`build, round ${round}/${rounds}: ${plain} s, watched ${slowed} s`);
  }
  return { without, with: watched };
}

/** A build, and compilers, while programs are looked at before they run. */
async function askBeforeRun(command: string, scratch: string, say: (line: string) => void) {
  const daemon = new Daemon(LOOPBACK, [], command, ['scan.beforeRun=yes']);
  const entryOf = ({ health }: Status) => health.find(({ part }) => part === 'before-run');
  try {
    await hostReady(daemon);
    await daemon.ready((status) => entryOf(status)?.state === 'ok');
    const words = (script: string): string[] => ['sh', '-c', script, process.execPath, `${scratch}/build`];
    for (const script of [BUILD, COMPILE]) await measure(['env', '-C', ROOT, ...words(script)]);
    await sleep(SETTLE_MS);
    const counters = entryOf(await daemon.patientStatus())?.counters ?? {};
    const count = (name: string): number => counters[name] ?? 0;
    const verdicts = {
      asked: count('asked'),
      known: count('known'),
      timeouts: count('timeouts'),
      skipped: count('skipped'),
      medianUs: count('medianUs'),
      knownMedianUs: count('knownMedianUs'),
      overallMedianUs: count('overallMedianUs'),
    };
    if (verdicts.known + verdicts.asked === 0) throw new BenchmarkError('nobody waited for a verdict');
    say(`verdicts of a build: ${verdicts.known} known, ${verdicts.asked} asked, median ${verdicts.overallMedianUs} µs`);
    return verdicts;
  } finally {
    await daemon.stop();
  }
}

const wallOf = ({ wallSeconds }: Usage): number => wallSeconds;
const cpuOf = ({ cpuSeconds }: Usage): number => cpuSeconds;

function rateOf({ value, seconds }: { readonly value: number; readonly seconds: number }): number {
  return value / seconds;
}

function costOf({ cpuSeconds, seconds, dropped }: { cpuSeconds: number; seconds: number; dropped: number }): string {
  return `${((100 * cpuSeconds) / seconds).toFixed(0)} % of a core, ${dropped} dropped`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function described(runs: readonly Usage[]) {
  return {
    wallSeconds: spreadOf(runs.map(wallOf)),
    cpuSeconds: spreadOf(runs.map(cpuOf)),
    memoryBytes: Math.max(...runs.map(({ memoryBytes }) => memoryBytes)),
  };
}
