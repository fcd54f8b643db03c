/** Whether the engine needs more memory the longer it runs, at mixed load. */
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, type Benchmark, exactly } from '../benchmark.ts';
import { Daemon } from '../daemon.ts';
import { layOutInstalled } from '../installed.ts';
import { makeScratch, removeScratch } from '../scratch.ts';
import { hostReady, seenWhile, startPrograms, writeFiles } from './host-load.ts';

const LOOPBACK = ['lo'];
/** An hour has six such parts; a shorter soak has as many shorter ones. */
const PARTS = 6;
const MS_PER_MINUTE = 60_000;
/** One turn of the load, over and over. */
const PROGRAMS_PER_SECOND = 200;
const FILES_PER_SECOND = 500;
const WORK_SECONDS = 5;
const REST_MS = 5_000;
const GROWTH = 1.1;
/** What the claim says. */
const CLAIMED_MINUTES = 60;

export const hostSoak: Benchmark = {
  name: 'host-soak',
  claim: 'After an hour of mixed load memory is within 10 % of that of the first ten minutes.',
  async run({ minutes, say }) {
    const scratch = makeScratch();
    const installed = makeScratch();
    const daemon = new Daemon(LOOPBACK, [], await layOutInstalled(installed));
    try {
      await hostReady(daemon);
      const partMs = (minutes * MS_PER_MINUTE) / PARTS;
      const parts: number[] = [];
      let dropped = 0;
      for (let part = 1; part <= PARTS; part++) {
        const memories: number[] = [];
        const end = performance.now() + partMs;
        do {
          const seen = await seenWhile(daemon, () =>
            Promise.all([
              startPrograms(PROGRAMS_PER_SECOND, WORK_SECONDS),
              writeFiles(scratch, FILES_PER_SECOND, WORK_SECONDS),
            ]),
          );
          memories.push(seen.memoryBytes);
          dropped += seen.dropped;
          await sleep(REST_MS);
        } while (performance.now() < end);
        parts.push(memories.reduce((sum, bytes) => sum + bytes, 0) / memories.length);
        say(`part ${part}/${PARTS}: ${megabytes(parts[part - 1])}, ${dropped} dropped so far`);
      }
      return {
        programs: [],
        gates: [
          atMost('memory of the last part against the first', parts[PARTS - 1] / parts[0], GROWTH, 'x'),
          exactly('events lost', dropped, 0),
        ],
        notes: [
          `${minutes} min in ${PARTS} parts; mean memory of each: ${parts.map(megabytes).join(', ')}.`,
          `Every quarter of a minute ${PROGRAMS_PER_SECOND} programs/s and ${FILES_PER_SECOND} files/s for ${WORK_SECONDS} s, then rest.`,
          ...(minutes < CLAIMED_MINUTES ? ['The claim is about an hour: --minutes 60.'] : []),
        ],
      };
    } finally {
      await daemon.stop();
      removeScratch(scratch);
      removeScratch(installed);
    }
  },
};

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
