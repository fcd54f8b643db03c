/** What watching files costs, and whether it sees all: on an ext4 file system of its own in a mount namespace of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { MountNamespace, whyNoNamespace } from '../../main/engine/sensors/files/testing/namespace.ts';
import { atMost, type Benchmark, type BenchmarkResult, exactly, memoryBelow } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { makeScratch, removeScratch } from '../scratch.ts';
import { ratiosOf, spreadOf } from '../statistics.ts';

const FILES = 50_000;
const FILES_A_FOLDER = 500;
const IMAGE_BYTES = 2_000_000_000;
/** Programs that are started once each: every start asks. */
const PROGRAMS = 500;
const SUSTAINED_PER_SECOND = 5_000;
const SUSTAINED_SECONDS = 10;
const STORM_SECONDS = 8;
const WATCHER = resolve(import.meta.dirname, '../programs/watch-files.ts');
const ANSWERER = resolve(import.meta.dirname, '../programs/answer.ts');
/** 1.45 to 1.9 were measured: decoding the question, finding the answer and telling it come to the way itself. */
const MOST_OF_BARE = 2.5;
const WRITER = resolve(import.meta.dirname, '../programs/write-files.py');

type Method = 'sensor' | 'verdicts' | 'engine-verdicts' | 'inotify' | 'chokidar';
/** chokidar is no package of the project's: whoever has it names its index.js. */
const PEER: Method = process.env.HOLDFAST_BENCH_CHOKIDAR === undefined ? 'inotify' : 'chokidar';
const PEER_NAME = PEER === 'chokidar' ? 'chokidar' : "Node's fs.watch";

/** What bench/programs/watch-files.ts says in the end. */
interface Seen {
  readonly written: number;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly counts?: { readonly dropped: number; readonly overflows: number };
  readonly verdicts?: Verdicts;
}

/** As VerdictCounts. */
interface Verdicts {
  readonly asked: number;
  readonly known: number;
  readonly medianUs: number;
  readonly knownMedianUs: number;
  readonly timeouts: number;
}

/** Runs `work` while a watcher of its own looks on, which has seen `warmUp` before: the engine runs for days. */
async function watched(
  space: MountNamespace,
  method: Method,
  work: () => void | Promise<void>,
  warmUp?: () => void,
): Promise<Seen> {
  const [file, ...args] = space.inside([process.execPath, WATCHER, method, space.mountPoint]);
  // In a group of processes of its own, as a service is: what it starts itself is not asked about.
  const child: ChildProcess = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  if (child.stdout === null || child.stdin === null) throw new BenchmarkError('the watcher has no pipes');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    const ready = await lines.next();
    if (ready.value !== 'ready') throw new BenchmarkError('the watcher did not start');
    if (warmUp !== undefined) {
      warmUp();
      child.stdin.write('begin\n');
      await lines.next();
    }
    await work();
    child.stdin.end();
    const said = await lines.next();
    if (said.done) throw new BenchmarkError('the watcher ended too early');
    return JSON.parse(said.value);
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

function copySeconds(space: MountNamespace): number {
  space.run('rm -rf copy; sync');
  return onlyCopySeconds(space);
}

function onlyCopySeconds(space: MountNamespace): number {
  const begun = performance.now();
  space.run('cp -r original copy');
  return (performance.now() - begun) / 1_000;
}

export const files: Benchmark = {
  name: 'files',
  claim: `All of ${FILES.toLocaleString('en')} copied files are seen, at most 25 % slower and for a tenth of the CPU of chokidar.`,
  run: async ({ rounds, say }): Promise<BenchmarkResult> => {
    const obstacle = whyNoNamespace();
    if (obstacle !== undefined) throw new BenchmarkError(`Files cannot be watched here: ${obstacle}.`);
    const scratch = makeScratch();
    let space: MountNamespace | undefined;
    try {
      space = new MountNamespace(imageIn(scratch));
      const folders = FILES / FILES_A_FOLDER;
      space.run(`mkdir original && cd original && for f in $(seq ${folders}); do mkdir $f
        (cd $f && seq ${FILES_A_FOLDER} | split -l 1 -a 3 -); done`);
      copySeconds(space);
      return await measureAll(space, rounds, say);
    } finally {
      space?.close();
      removeScratch(scratch);
    }
  },
};

async function measureAll(space: MountNamespace, rounds: number, say: (line: string) => void) {
  const plain: number[] = [];
  const slowed: number[] = [];
  const missed: number[] = [];
  const cpu: number[] = [];
  const comparable: number[] = [];
  for (let round = 0; round < rounds; round++) {
    plain.push(copySeconds(space));
    space.run('rm -rf copy; sync');
    const warmUp = (): void => void space.run('cp -r original copy; rm -rf copy; sync');
    const seen = await watched(space, 'sensor', () => void slowed.push(onlyCopySeconds(space)), warmUp);
    missed.push(FILES - seen.written);
    cpu.push(seen.cpuSeconds);
    space.run('rm -rf copy; sync');
    const other = await watched(space, PEER, () => void onlyCopySeconds(space), warmUp);
    // One that did not see the copy has not done the work.
    if (other.written > FILES / 2) comparable.push(cpu[round] / other.cpuSeconds);
    say(
      `copy: ${plain[round].toFixed(2)} s, watched ${slowed[round].toFixed(2)} s, ${missed[round]} missed; ` +
        `CPU ${cpu[round].toFixed(2)} s, ${PEER_NAME} ${other.cpuSeconds.toFixed(2)} s for ${other.written} names`,
    );
  }
  if (comparable.length === 0) throw new BenchmarkError(`${PEER_NAME} never saw the copy: use more --rounds`);
  const { quick, engine } = await verdicts(space);
  const bareUs = await bareAnswerUs();
  say(
    `verdicts: ${quick.known} of the system, median ${quick.knownMedianUs} µs; ${engine.asked} asked, median ${engine.medianUs} µs; ` +
      `${engine.known} known, median ${engine.knownMedianUs} µs; without a thought ${bareUs} µs`,
  );
  const calm = await storm(space, SUSTAINED_PER_SECOND, SUSTAINED_SECONDS);
  say(
    `${SUSTAINED_PER_SECOND} files/s: ${calm.offered} written; ${calm.lost} lost, CPU ${calm.cpuPercent.toFixed(1)} %`,
  );
  const wild = await storm(space, 0, STORM_SECONDS);
  say(`as fast as possible: ${Math.round(wild.offered / STORM_SECONDS)} files/s, ${wild.lost} lost`);
  return {
    programs: [],
    gates: [
      exactly(
        'copied files that were not seen, in all rounds',
        missed.reduce((sum, count) => sum + count, 0),
        0,
      ),
      atMost('how much slower the copy is', (spreadOf(ratiosOf(slowed, plain)).median - 1) * 100, 25, '%'),
      atMost(`CPU against ${PEER_NAME}, which watches every folder by inotify`, spreadOf(comparable).median, 0.1, 'x'),
      atMost('median verdict on the start of a program of the system, in µs', quick.knownMedianUs, 40, ''),
      atMost(
        'median verdict through Node against an answer without a thought',
        engine.medianUs / bareUs,
        MOST_OF_BARE,
        'x',
      ),
      exactly('programs without a verdict', 2 * PROGRAMS - quick.known - engine.asked, 0),
      exactly('verdicts that came too late', quick.timeouts + engine.timeouts, 0),
      exactly(`events lost at ${SUSTAINED_PER_SECOND} files/s`, calm.lost, 0),
      memoryBelow('memory of the helper in a storm', wild.memoryBytes, 64),
    ],
    notes: [
      `Copies of ${FILES.toLocaleString('en')} files of a few bytes with cp -r on ext4 over a loop device, the watcher on the same cores.`,
      'Set HOLDFAST_BENCH_CHOKIDAR to the index.js of chokidar to measure against it, else it is fs.watch, on which it stands.',
      'A verdict is measured from when the helper has read the question of the kernel until it has written its answer, about programs that never ran before. Of files of the system the helper knows the answer itself.',
      `One through Node, of the engine's own thread, takes ${engine.medianUs} µs; the same pipes and a Node that does not think take ${bareUs} µs here. Only what must be looked at goes that way, which takes far longer: host-cost has the median of a build. One that the helper knows, about a file that others may change, ${engine.knownMedianUs} µs. What root alone may change the kernel does not ask about again.`,
      `In the storm ${Math.round(wild.offered / STORM_SECONDS).toLocaleString('en')} files/s were written; losses are counted: ${wild.lost}.`,
    ],
  };
}

/** The least that an answer by Node takes here, in microseconds. */
async function bareAnswerUs(): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [ANSWERER, String(PROGRAMS)]);
  const median = Number(stdout);
  if (!(median > 0)) throw new BenchmarkError('native-helpers/sense/build/ask says nothing: run make tools there');
  return median;
}

/** Each program is started for the first time; those of another user a second time, too. */
async function verdicts(space: MountNamespace) {
  const make = (folder: string): string =>
    `mkdir ${folder}; for i in $(seq ${PROGRAMS}); do cp /bin/true ${folder}/$i; done`;
  space.run(`rm -rf copy; ${make('programs')}; ${make('others')}; chown -R 1000 others; sleep 1`);
  const start = (folder: string) => (): void => void space.run(`for p in ${folder}/*; do ./$p; done`);
  const quick = await watched(space, 'verdicts', start('programs'));
  const engine = await watched(space, 'engine-verdicts', () => {
    start('others')();
    start('others')();
  });
  if (quick.verdicts === undefined || engine.verdicts === undefined) throw new BenchmarkError('nobody gave verdicts');
  return { quick: quick.verdicts, engine: engine.verdicts };
}

async function storm(space: MountNamespace, rate: number, seconds: number) {
  space.run('rm -rf storm; mkdir storm');
  let offered = 0;
  const seen = await watched(space, 'sensor', async () => {
    offered = Number(await space.start(`python3 ${WRITER} storm ${rate} ${seconds}`));
  });
  return {
    offered,
    lost: (seen.counts?.dropped ?? 0) + (seen.counts?.overflows ?? 0),
    cpuPercent: (seen.cpuSeconds / seconds) * 100,
    memoryBytes: seen.memoryBytes,
  };
}

/** Of its full size, and with nothing in it. */
function imageIn(folder: string): string {
  const path = join(folder, 'files.ext4');
  const file = openSync(path, 'w');
  ftruncateSync(file, IMAGE_BYTES);
  closeSync(file);
  return path;
}
