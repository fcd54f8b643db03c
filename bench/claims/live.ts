import { setTimeout as sleep } from 'node:timers/promises';
import type { Status } from '../../contract/api-schemas.ts';
import { NamespacePair, whyNoNamespaces } from '../../main/engine/sensors/testing/namespace-pair.ts';
import { atLeast, atMost, type Benchmark, exactly } from '../benchmark.ts';
import { BenchmarkError } from '../benchmark-error.ts';
import { Daemon } from '../daemon.ts';

const CALM_RATE = 100_000;
const STORM_RATE = 500_000;
const SECONDS = 20;
/** A generator that shares two cores with the engine may fall a little behind. */
const RATE_TOLERANCE = 0.98;
/** The engine tells its counts once a second. */
const SETTLE_MS = 3_000;

interface Phase {
  readonly offeredPerSecond: number;
  /** Packets that were sent and never reached the flows. */
  readonly lost: number;
  readonly droppedByKernel: number;
  /** Of one core, over the time of sending. */
  readonly cpuPercent: number;
}

export const live: Benchmark = {
  name: 'live',
  claim:
    'Live, no packet is lost at 500,000 packets/s with everything on; 100,000 packets/s cost under 10 % of a core.',
  async run({ say }) {
    const obstacle = whyNoNamespaces();
    if (obstacle !== undefined) throw new BenchmarkError(obstacle);
    const pair = new NamespacePair();
    const daemon = new Daemon([pair.nearInterface], pair.inside(pair.near));
    // Ctrl-C ends the process without coming back here.
    const removePair = (): void => pair.remove();
    process.once('exit', removePair);
    try {
      await daemon.ready(({ interfaces }) => interfaces.some(({ state }) => state === 'up'));
      const idle = await cpuWhile(daemon, () => sleep(SETTLE_MS));
      say(`idle: ${idle.cpuPercent.toFixed(1)} % of a core`);
      const calm = await blast(pair, daemon, CALM_RATE);
      say(`${CALM_RATE.toLocaleString('en')} packets/s: ${phaseText(calm)}`);
      const storm = await blast(pair, daemon, STORM_RATE);
      say(`${STORM_RATE.toLocaleString('en')} packets/s: ${phaseText(storm)}`);
      const { cost } = await daemon.status();
      return {
        programs: [],
        gates: [
          atMost('CPU at 100,000 packets/s', calm.cpuPercent, 10, '%'),
          exactly('packets lost at 100,000 packets/s', calm.lost, 0),
          atLeast(
            'packets/s that the generator managed',
            Math.round(storm.offeredPerSecond),
            STORM_RATE * RATE_TOLERANCE,
            '',
          ),
          exactly('packets lost at 500,000 packets/s', storm.lost, 0),
        ],
        notes: [
          `Packets of 60 bytes in 1,000 flows over a veth pair for ${SECONDS} s each, generator and engine on one machine.`,
          `Idle: ${idle.cpuPercent.toFixed(1)} % of a core.`,
          `${CALM_RATE.toLocaleString('en')} packets/s: ${phaseText(calm)}.`,
          `${STORM_RATE.toLocaleString('en')} packets/s: ${phaseText(storm)}.`,
          `Memory of the engine with its helper afterwards: ${(cost.memoryBytes / 1e6).toFixed(0)} MB.`,
          'The CPU time is that of the whole engine: capture, decoding, flows, all detectors, alerts and the store.',
        ],
      };
    } finally {
      await daemon.stop();
      process.off('exit', removePair);
      pair.remove();
    }
  },
};

async function blast(pair: NamespacePair, daemon: Daemon, rate: number): Promise<Phase> {
  const before = countsOf(await daemon.patientStatus());
  const { value, cpuPercent } = await cpuWhile(daemon, () => pair.blast({ count: rate * SECONDS, rate }));
  const after = await settledCounts(daemon);
  return {
    offeredPerSecond: value.sent / value.seconds,
    lost: value.sent - (after.seen - before.seen),
    droppedByKernel: after.dropped - before.dropped,
    cpuPercent,
  };
}

/** What was counted once nothing is added any more: what waits in memory has then been looked at. */
async function settledCounts(daemon: Daemon): Promise<ReturnType<typeof countsOf>> {
  for (let seen = -1; ; ) {
    await sleep(SETTLE_MS);
    const counts = countsOf(await daemon.patientStatus());
    if (counts.seen === seen) return counts;
    seen = counts.seen;
  }
}

async function cpuWhile<T>(daemon: Daemon, work: () => Promise<T>): Promise<{ value: T; cpuPercent: number }> {
  const begun = performance.now();
  const used = daemon.cpuSeconds();
  const value = await work();
  const seconds = (performance.now() - begun) / 1000;
  return { value, cpuPercent: (100 * (daemon.cpuSeconds() - used)) / seconds };
}

/** Packets that have come through the whole way, and those that the kernel's ring had no room for. */
function countsOf(status: Status): { seen: number; dropped: number } {
  const traffic = status.health.find(({ part }) => part === 'traffic');
  const dropped = status.interfaces.reduce((sum, each) => sum + each.dropped, 0);
  return { seen: traffic?.counters.packets ?? 0, dropped };
}

function phaseText({ offeredPerSecond, lost, droppedByKernel, cpuPercent }: Phase): string {
  const sent = Math.round(offeredPerSecond).toLocaleString('en');
  return (
    `${sent} packets/s sent, ${lost.toLocaleString('en')} lost (${droppedByKernel.toLocaleString('en')} counted by the ` +
    `kernel), ${cpuPercent.toFixed(1)} % of a core`
  );
}
