import { atMost, type Benchmark, memoryBelow } from '../benchmark.ts';
import { contenderOf, contest, rowOf } from '../contest.ts';
import { HOLDFAST } from '../measure.ts';
import { findPeers, REFERENCE } from '../peers.ts';
import { packetsOf } from './documents.ts';

const MEMORY = 'holdfast flows';
const CSV = 'holdfast flows --csv';

export const flows: Benchmark = {
  name: 'flows',
  claim: `All features of every flow cost at most 0.75 of ${REFERENCE}'s time in memory and 1.0 with CSV, under 250 MB.`,
  async run({ captures, rounds, say }) {
    const capture = await captures.mixed();
    const packets = await packetsOf(capture);
    const peers = findPeers();
    const { programs, notes } = await contest(
      [
        { name: MEMORY, command: () => [HOLDFAST, 'flows', capture], isOurs: true },
        { name: CSV, command: () => [HOLDFAST, 'flows', capture, '--csv', '--output', '/dev/null'], isOurs: true },
        ...peers.installed.map((peer) => contenderOf(peer, capture)),
      ],
      REFERENCE,
      rounds,
      say,
    );
    const memory = rowOf(programs, MEMORY);
    const csv = rowOf(programs, CSV);
    return {
      programs,
      gates: [
        ...(memory.ratio ? [atMost(`in memory: time / ${REFERENCE}`, memory.ratio.median, 0.75, 'x')] : []),
        memoryBelow('in memory: resident', memory.memoryBytes, 250),
        ...(csv.ratio ? [atMost(`with CSV: time / ${REFERENCE}`, csv.ratio.median, 1, 'x')] : []),
        memoryBelow('with CSV: resident', csv.memoryBytes, 250),
      ],
      notes: [
        `${capture}: ${packets.toLocaleString('en')} packets; in memory ` +
          `${(packets / memory.wallSeconds.median / 1e6).toFixed(2)} million packets/s, the start included.`,
        ...peers.installed.map(({ name, version, does }) => `${name} ${version}: ${does}.`),
        ...peers.absent,
        ...notes,
      ],
    };
  },
};
