import { atMost, type Benchmark, exactly, memoryBelow } from '../benchmark.ts';
import { contenderOf, contest, rowOf } from '../contest.ts';
import { HOLDFAST } from '../measure.ts';
import { findPeers, REFERENCE } from '../peers.ts';
import { documentOf } from './documents.ts';

const OURS = 'holdfast analyze';

export const flood: Benchmark = {
  name: 'flood',
  claim: `A flood of two million flows takes at most half of ${REFERENCE}'s time and 600 MB, and is one alert.`,
  async run({ captures, rounds, say }) {
    const capture = await captures.flood();
    const document = await documentOf(capture);
    const peers = findPeers([REFERENCE, 'softflowd']);
    const { programs, notes } = await contest(
      [
        { name: OURS, command: () => [HOLDFAST, 'analyze', capture, '--json'], isOurs: true },
        ...peers.installed.map((peer) => contenderOf(peer, capture)),
      ],
      REFERENCE,
      rounds,
      say,
    );
    const ours = rowOf(programs, OURS);
    return {
      programs,
      gates: [
        ...(ours.ratio ? [atMost(`time / ${REFERENCE}`, ours.ratio.median, 0.5, 'x')] : []),
        memoryBelow('resident', ours.memoryBytes, 600),
        exactly('alerts', document.alerts.length, 1),
      ],
      notes: [
        `${capture}: ${document.capture.packets.toLocaleString('en')} packets.`,
        ...document.alerts.map(({ severity, title }) => `[${severity}] ${title}`),
        ...peers.absent,
        ...notes,
      ],
    };
  },
};
