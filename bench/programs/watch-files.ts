/**
 * Watches what happens to files, `watch-files.ts METHOD FOLDER`, until its input ends: by our sensor (`sensor`; FOLDER is
 * a mount point), by verdicts on every start of a program, which the helper gives as on files of the system (`verdicts`) or
 * the thread of the engine (`engine-verdicts`), by fs.watch of Node, which watches every folder by inotify (`inotify`), or by
 * chokidar (`chokidar`), whose index.js the variable HOLDFAST_BENCH_CHOKIDAR names. Says "ready"; a line on its input begins the measuring anew, which it
 * confirms with "begun". In the end it says in a JSON document what it saw and cost since.
 */
import { readFileSync, watch } from 'node:fs';
import { HealthRegistry } from '../../main/engine/runtime/health.ts';
import { DEFAULT_HELPER_PATH, FileSensor, VerdictGate } from '../../main/engine/sensors/index.ts';

/** USER_HZ. */
const TICKS_PER_SECOND = 100;
/** News of what happened at last is on its way for less than this, unless somebody is busy with it for longer. */
const SETTLE_MS = 1_500;
/** Whoever used less of a core in that time has nothing left to do. */
const CALM_SHARE = 0.05;
const LONGEST_SETTLE_MS = 60_000;
const KIBIBYTE = 1_024;
/** The usual one of scan.beforeRunMs. */
const VERDICT_DEADLINE_MS = 500;

const [method, folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('watch-files.ts METHOD FOLDER');
/**
 * How many files were written. The peers count events that come once for each file; we count files, by their numbers, which
 * are small on a new file system. Nobody keeps names: that would cost as much as watching.
 */
let written = 0;
const seenInodes = new Uint8Array(2 ** 20);

function helperUsage(pid: number | undefined) {
  if (pid === undefined) return { cpuSeconds: 0, memoryBytes: 0 };
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    memoryBytes: Number(peak) * KIBIBYTE,
  };
}

function byInotify() {
  const watcher = watch(folder, { recursive: true }, (type) => {
    if (type === 'rename') written++;
  });
  return { stop: () => watcher.close(), figures: () => ({}), pid: () => undefined };
}

/** As much of it as is used here. */
interface Chokidar {
  watch(folder: string): {
    on(event: 'add', listener: () => void): void;
    on(event: 'ready', listener: () => void): void;
    close(): Promise<void>;
  };
}

async function byChokidar() {
  const { watch: watchBy }: Chokidar = await import(process.env.HOLDFAST_BENCH_CHOKIDAR ?? 'chokidar');
  const watcher = watchBy(folder);
  watcher.on('add', () => {
    written++;
  });
  await new Promise<void>((done) => watcher.on('ready', done));
  return { stop: () => watcher.close(), figures: () => ({}), pid: () => undefined };
}

async function bySensor() {
  const sensor = new FileSensor({
    health: new HealthRegistry(),
    onlyMountPoints: [folder],
    onEvents: (events) => {
      for (const event of events) {
        if (event.type !== 'file-written' || event.file?.inode === undefined) continue;
        written += 1 - (seenInodes[event.file.inode] ?? 1);
        seenInodes[event.file.inode] = 1;
      }
    },
  });
  sensor.start();
  while (sensor.fileSystems.length === 0) await pause(20);
  return { stop: () => sensor.stop(), figures: () => ({ counts: sensor.counts }), pid: () => sensor.helperPid };
}

/** @param trusted folders whose files the helper lets start unasked */
async function byVerdicts(trusted: readonly string[]) {
  const gate = new VerdictGate({
    helperPath: DEFAULT_HELPER_PATH,
    onlyMountPoints: [folder],
    ownProcesses: [],
    deadlineMs: VERDICT_DEADLINE_MS,
    trusted: { folders: trusted, except: [] },
    verdict: () => 'allow',
    onChange: () => {},
    onMessage: (_level, message) => console.error(message),
  });
  gate.start();
  while (!gate.isAsking) await pause(20);
  return { stop: () => gate.stop(), figures: () => ({ verdicts: gate.counts }), pid: () => gate.helperPid };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Resolves when this process has nothing left to do. */
async function settle(): Promise<void> {
  const begun = performance.now();
  for (let calm = false; !calm && performance.now() - begun < LONGEST_SETTLE_MS; ) {
    const before = process.cpuUsage();
    await pause(SETTLE_MS);
    const { user, system } = process.cpuUsage(before);
    calm = (user + system) / 1_000 < SETTLE_MS * CALM_SHARE;
  }
}

async function begin() {
  if (method === 'inotify') return byInotify();
  if (method === 'chokidar') return byChokidar();
  if (method === 'verdicts') return byVerdicts([`${folder}/`]);
  if (method === 'engine-verdicts') return byVerdicts([]);
  return bySensor();
}

const watching = await begin();
await settle();
let before = { own: process.cpuUsage(), helper: helperUsage(watching.pid()) };
process.stdout.write('ready\n');
process.stdin.on('data', async () => {
  await settle();
  written = 0;
  seenInodes.fill(0);
  before = { own: process.cpuUsage(), helper: helperUsage(watching.pid()) };
  process.stdout.write('begun\n');
});
process.stdin.once('end', async () => {
  await settle();
  const helper = helperUsage(watching.pid());
  const { user, system } = process.cpuUsage(before.own);
  const result = {
    written,
    cpuSeconds: (user + system) / 1e6 + helper.cpuSeconds - before.helper.cpuSeconds,
    memoryBytes: helper.memoryBytes,
    ...watching.figures(),
  };
  await watching.stop();
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
});
