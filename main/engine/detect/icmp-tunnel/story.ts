import type { Evidence, Finding } from '../../../../contract/domain.ts';
import { countOf, formatCount, formatDuration } from '../finding-text.ts';
import type { EchoPair } from './echo-pair.ts';

/** What gives pings away, the surest first. */
export type EchoSign = 'nested' | 'unequal' | 'uneven' | 'changing';

const SIGNS: Readonly<Record<EchoSign, { readonly confidence: number; readonly meaning: string }>> = {
  nested: { confidence: 0.96, meaning: 'They carry whole network packets, which makes them a tunnel.' },
  unequal: {
    confidence: 0.93,
    meaning: 'Replies bring something else than was sent, so that a program talks back and not the system.',
  },
  uneven: {
    confidence: 0.88,
    meaning: 'Their size changes from one to the next with what they carry, which ping programs do not do.',
  },
  changing: {
    confidence: 0.75,
    meaning: 'What they carry is never the same, while ping programs repeat one pattern: data leaves this way.',
  },
};
/** What only looks like it becomes sure with so much data. */
const CERTAIN_BYTES = 200_000;

export function describeIcmpTunnel(pair: EchoPair, sign: EchoSign): Finding {
  const { victim, attacker } = pair;
  const out = pair.earlierOut + pair.flowOut;
  const back = pair.earlierIn + pair.flowIn;
  const isOneWay = sign === 'changing';
  const { confidence, meaning } = SIGNS[sign];
  const isSure = !isOneWay || out >= CERTAIN_BYTES;
  const attackers = pair.mayNameAttacker ? [attacker] : [];
  return {
    detector: 'icmp-tunnel',
    kind: isOneWay ? 'exfiltration' : 'tunnel',
    cause: `icmp-tunnel/${victim}/${attacker}`,
    firstSeenMs: Math.round(pair.firstUs / 1000),
    lastSeenMs: Math.round(pair.lastUs / 1000),
    severity: isSure ? 'high' : 'medium',
    confidence,
    techniques: isOneWay ? ['T1048.003', 'T1095'] : ['T1095', 'T1572'],
    attackers,
    victims: [victim],
    attackerCount: attackers.length,
    victimCount: 1,
    title: isOneWay ? `${victim} sent data to ${attacker} in pings` : `${victim} and ${attacker} talked through pings`,
    explanation: [
      `Pings between ${victim} and ${attacker} carried ${countOf(out, 'byte')} out and ${countOf(back, 'byte')} back within ${formatDuration((pair.lastUs - pair.firstUs) / 1e6)}.`,
      meaning,
      pair.mayNameAttacker
        ? 'Pings often pass where nothing else does, which is why data is hidden in them.'
        : `${attacker} is this network's own gateway or name server, so it is not named as attacker; look at what runs on it.`,
    ].join(' '),
    evidence: evidenceOf(pair, out, back),
  };
}

function evidenceOf(pair: EchoPair, out: number, back: number): Evidence[] {
  return [
    {
      name: 'replies that are no copies',
      value: `${formatCount(pair.unequalReplies)} of ${formatCount(pair.unequalReplies + pair.equalReplies)}`,
      usual: '0',
      meaning: 'A system copies the data of a ping into its reply; a tunnel answers with data of its own.',
    },
    {
      name: 'packets inside pings',
      value: pair.nestedPackets,
      unit: 'packets',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'Whole IP packets as the data of a ping.',
    },
    {
      name: 'different payloads',
      value: `${formatCount(pair.changingPayloads)} of ${formatCount(pair.patterned)}`,
      usual: '1',
      meaning: 'Ping programs fill each message with the same pattern.',
    },
    {
      name: 'changes of size',
      value: pair.sizeChanges,
      unit: 'changes',
      usual: '0',
      usualRange: { low: 0, high: 0 },
      meaning: 'A run of a ping program keeps one size.',
    },
    {
      name: 'largest payload',
      value: pair.largestBytes,
      unit: 'B',
      usual: '32–64 B',
      usualRange: { low: 32, high: 64 },
      meaning: 'Data that one message carries.',
    },
    { name: 'data out', value: out, unit: 'B', meaning: 'From the robbed side, in all messages.' },
    { name: 'data back', value: back, unit: 'B', meaning: 'To it, in all messages.' },
  ];
}
