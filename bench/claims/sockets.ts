/** Whether every connection of a storm is seen with its program, and what that costs. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { HostEvent } from '../../contract/events.ts';
import { HealthRegistry } from '../../main/engine/runtime/health.ts';
import { SocketSensor } from '../../main/engine/sensors/index.ts';
import { atLeast, type Benchmark, exactly } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { spreadOf } from '../statistics.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../../native-helpers/sense', import.meta.url));
const STORM = `${FOLDER}/build/storm`;
const CONNECTIONS = 10_000;
const ATTRIBUTED_PERCENT = 99.9;
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;
const QUIET_MS = 500;
/** USER_HZ. */
const TICKS_PER_SECOND = 100;

/** CPU time of a process, in seconds; 0 when it has ended. */
function cpuSeconds(pid: number | undefined): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isSo() && performance.now() < end; ) await pause(LOOK_MS);
}

/** One storm, watched. */
async function storm() {
  const events: HostEvent[] = [];
  const health = new HealthRegistry();
  const sensor = new SocketSensor({ method: 'ebpf', health, onEvents: (news) => events.push(...news) });
  sensor.start();
  try {
    await until(() => sensor.counts.lists > 0);
    if (sensor.method === undefined) {
      throw new BenchmarkError(health.report().entries.find(({ part }) => part === 'sockets')?.detail ?? 'no sensor');
    }
    const before = cpuSeconds(sensor.helperPid);
    const begun = performance.now();
    await run(STORM, [String(CONNECTIONS)]);
    const wallSeconds = (performance.now() - begun) / 1_000;
    const made = new Set<string>();
    const takenOn = () => events.filter((event) => event.type === 'network-connection' && isStorm(event, 'inbound'));
    await until(() => takenOn().length >= CONNECTIONS);
    await pause(QUIET_MS);
    for (const event of events) {
      if (event.type !== 'network-connection' || !isStorm(event, 'outbound')) continue;
      made.add(`${event.process?.pid} ${event.process?.startedMs} ${event.localPort}`);
    }
    const usage = { wallSeconds, cpuSeconds: cpuSeconds(sensor.helperPid) - before };
    return { ...usage, made: made.size, takenOn: takenOn().length, dropped: sensor.counts.dropped };
  } finally {
    await sensor.stop();
  }
}

function isStorm(event: Extract<HostEvent, { type: 'network-connection' }>, direction: string): boolean {
  return event.direction === direction && event.networkNamespace !== undefined && event.process?.image === STORM;
}

export const sockets: Benchmark = {
  name: 'sockets',
  claim: 'Of 10,000 connections made as fast as possible by short-lived processes at least 99.9 % have their program.',
  async run({ rounds, say }) {
    if (process.getuid?.() !== 0) throw new BenchmarkError('only root may watch sockets and make network namespaces');
    try {
      await run('make', ['--silent', '-C', FOLDER, 'all', 'build/storm']);
    } catch {
      throw new BenchmarkError('native-helpers/sense cannot be built here');
    }
    const runs: Awaited<ReturnType<typeof storm>>[] = [];
    for (let round = 1; round <= rounds; round++) {
      const result = await storm();
      runs.push(result);
      say(`round ${round}/${rounds}  ${result.made} of ${CONNECTIONS} made, ${result.takenOn} taken on`);
    }
    const least = (pick: (result: (typeof runs)[number]) => number) =>
      (100 * Math.min(...runs.map(pick))) / CONNECTIONS;
    return {
      programs: [
        {
          name: 'sense sockets',
          wallSeconds: spreadOf(runs.map(({ wallSeconds }) => wallSeconds)),
          cpuSeconds: spreadOf(runs.map((result) => result.cpuSeconds)),
          memoryBytes: 0,
          ratio: null,
        },
      ],
      gates: [
        atLeast(
          'connections with the program that made them',
          least(({ made }) => made),
          ATTRIBUTED_PERCENT,
          '%',
        ),
        atLeast(
          'with the program that took them on',
          least(({ takenOn }) => takenOn),
          ATTRIBUTED_PERCENT,
          '%',
        ),
        exactly('records lost', Math.max(...runs.map(({ dropped }) => dropped)), 0),
      ],
      notes: [
        'Over loopback in a network namespace of its own, each connection by a process that ends at once. Wall time is ' +
          'that of the storm, CPU time that of the helper; memory is not measured here.',
      ],
    };
  },
};
