import { atMost, type Benchmark, memoryBelow } from '../benchmark.ts';
import { contenderOf, contest, rowOf } from '../contest.ts';
import { HOLDFAST } from '../measure.ts';
import { findPeers, REFERENCE } from '../peers.ts';
import { documentOf } from './documents.ts';

const OURS = 'holdfast analyze';

export const analyze: Benchmark = {
  name: 'analyze',
  claim:
    `Finding attacks in a capture, in what is said as in how much, takes at most twice as long as ${REFERENCE} takes ` +
    'for its flows, under 400 MB.',
  async run({ captures, rounds, say }) {
    const capture = await captures.mixed();
    const document = await documentOf(capture);
    const peers = findPeers([REFERENCE, 'softflowd', 'argus']);
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
    const { packets } = document.capture;
    return {
      programs,
      gates: [
        ...(ours.ratio ? [atMost(`time / ${REFERENCE}`, ours.ratio.median, 2, 'x')] : []),
        memoryBelow('resident', ours.memoryBytes, 400),
      ],
      notes: [
        `${capture}: ${packets.toLocaleString('en')} packets, ${document.flows.toLocaleString('en')} flows, ` +
          `${document.alerts.length} alerts; ${(packets / ours.wallSeconds.median / 1e6).toFixed(2)} million packets/s, ` +
          'with all protocols and all detectors.',
        ...peers.absent,
        ...notes,
      ],
    };
  },
};
