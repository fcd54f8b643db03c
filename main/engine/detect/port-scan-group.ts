import { type Finding, MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import { countOf } from './finding-text.ts';
import type { ProbeBook } from './probe-book.ts';

/** Two may scan one host at the same time by chance; three with one list of ports follow one plan. */
export const GROUP_LEAST = 3;
/** The same ports, packet by packet, from several senders: nothing but a scan does that, and no flood. */
const CONFIDENCE = 0.99;
/** Ports of one sender that are looked up for another. */
const PORT_SAMPLE = 32;
const COMMON_SHARE = 0.5;
/** Members scan at the same time, but for a moment. */
const TOGETHER_US = 10e6;

/**
 * Those of `candidates`, who scan the same host, that try the same ports at the same time as `source`; itself
 * included. Reads all ports: not for the hot path.
 */
export function groupOf(book: ProbeBook, source: number, candidates: readonly number[]): readonly number[] {
  const together = candidates.filter((other) => other === source || isTogether(book, source, other));
  if (together.length < GROUP_LEAST) return together;
  const sample = portSample(book, source);
  return together.filter((other) => {
    const id = book.sourceIds[other]!;
    const common = sample.filter((entry) => {
      const { ports } = book;
      return ports.find(id, ports.word(entry, 1), ports.word(entry, 2), ports.word(entry, 3)) >= 0;
    }).length;
    return other === source || common > sample.length * COMMON_SHARE;
  });
}

function isTogether(book: ProbeBook, first: number, second: number): boolean {
  const begin = Math.max(book.sourceFirstUs[first]!, book.sourceFirstUs[second]!);
  const end = Math.min(book.sourceLastUs[first]!, book.sourceLastUs[second]!);
  return begin - end <= TOGETHER_US;
}

/** Some of a sender's entries in the table of ports. */
function portSample(book: ProbeBook, source: number): readonly number[] {
  const id = book.sourceIds[source]!;
  const sample: number[] = [];
  for (let entry = 0; entry < book.ports.capacity && sample.length < PORT_SAMPLE; entry++) {
    if (book.ports.isUsed(entry) && book.ports.word(entry, 0) === id) sample.push(entry);
  }
  return sample;
}

/** One finding for several senders, of which `finding` describes one. */
export function describeGroup(book: ProbeBook, finding: Finding, members: readonly number[]): Finding {
  const ranked = [...members].sort((a, b) => book.sourcePairs[b]! - book.sourcePairs[a]!);
  const victim = finding.victims[0]!;
  const ports = countOf(book.sourcePairs[ranked[0]!]!, 'port');
  const hosts = countOf(members.length, 'host');
  return {
    ...finding,
    cause: `port-scan/together/${victim}`,
    firstSeenMs: Math.min(...members.map((member) => book.sourceFirstUs[member]! / 1000)),
    lastSeenMs: Math.max(...members.map((member) => book.sourceLastUs[member]! / 1000)),
    confidence: CONFIDENCE,
    attackers: ranked.slice(0, MAX_LISTED_HOSTS).map((member) => book.sources.addressText(member)),
    attackerCount: members.length,
    title: `${hosts} scanned ${ports} of ${victim} together`,
    explanation: [
      `${hosts} tried the same ${ports} of ${victim} at the same time; programs usually use one or two.`,
      'Either they share the work, or one of them scans and has forged packets in the names of the others to hide among them (decoys).',
      'A scan does no harm by itself, but it is how most attacks begin.',
    ].join(' '),
    evidence: [
      ...finding.evidence,
      {
        name: 'hosts with the same list of ports',
        value: members.length,
        unit: 'hosts',
        usual: '0 or 1',
        usualRange: { low: 0, high: 1 },
        meaning: 'The same ports at the same time follow one plan; all but one of the addresses may be forged.',
      },
    ],
  };
}
