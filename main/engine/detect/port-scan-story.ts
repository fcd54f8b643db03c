import { type Evidence, type Finding, MAX_LISTED_HOSTS, type Severity } from '../../../contract/domain.ts';
import { PROTOCOL } from '../../../contract/traffic.ts';
import {
  countOf,
  formatCount,
  formatDuration,
  formatShare,
  listOf,
  ratePerSecond,
  sharedSubnet,
} from './finding-text.ts';
import { PROBE_OUTCOME, type ProbeBook } from './probe-book.ts';
import { PROBE_TECHNIQUES } from './probe-technique.ts';

/** Hosts with less than this share of the most tried host's ports were met by chance, not scanned. */
const VICTIM_SHARE = 0.1;

/** Probes from which a scan is as good as certain; the confidence grows towards it. */
const CERTAIN_PROBES = 200;
const LEAST_CONFIDENCE = 0.7;
const MOST_CONFIDENCE = 0.99;

interface ScannedHost {
  readonly address: string;
  readonly ports: number;
}

/** Says what a sender has scanned so far. Reads all entries: not for the hot path. */
export function describePortScan(
  book: ProbeBook,
  source: number,
  severityOf: (book: ProbeBook, source: number) => Severity,
): Finding {
  const attacker = book.sources.addressText(source);
  const hosts = scannedHosts(book, source);
  const ports = portsTried(book, source);
  const probes = book.sourcePairs[source]!;
  const seconds = Math.max(0, book.sourceLastUs[source]! - book.sourceFirstUs[source]!) / 1e6;
  const open = book.outcomes(source, PROBE_OUTCOME.open);
  const outcomes = {
    unanswered: book.outcomes(source, PROBE_OUTCOME.unanswered),
    refused: book.outcomes(source, PROBE_OUTCOME.refused),
    conversation: book.outcomes(source, PROBE_OUTCOME.conversation),
  };
  const technique = mainTechnique(book, source);
  // Wider than the table of targets holds: the count goes on while the list cannot.
  const single = hosts.length === 1;
  const hostCount = single ? 1 : Math.max(hosts.length, widelySpread(hosts) ? book.sourceHosts[source]! : 0);
  const deepest = hosts[0]?.ports ?? 0;
  const names = hosts.slice(0, MAX_LISTED_HOSTS).map((host) => host.address);
  const where = whereText(names, hostCount);
  const what = single
    ? countOf(deepest, 'port')
    : ports.length <= MAX_NAMED_PORTS
      ? `${ports.length === 1 ? 'port' : 'ports'} ${listOf(ports.map(portText), MAX_NAMED_PORTS)}`
      : countOf(Math.max(ports.length, deepest), 'port');
  const evidence: Evidence[] = [
    {
      name: single ? 'ports tried' : 'ports tried on all hosts together',
      value: probes,
      unit: 'ports',
      usual: '1 to 4 per host',
      ...(hostCount === 1 ? { usualRange: { low: 1, high: 4 } } : {}),
      meaning: 'Programs know the port they need; only someone who searches tries many.',
    },
    {
      name: 'hosts tried',
      value: hostCount,
      unit: 'hosts',
      meaning:
        hostCount > 1 ? 'The search goes across the network.' : 'The search is for anything open on one machine.',
    },
    {
      name: 'tried in vain',
      value: formatShare(outcomes.unanswered + outcomes.refused, probes + outcomes.conversation),
      usual: 'under 20 %',
      meaning: 'Whoever knows where to go is nearly always answered.',
    },
    {
      name: 'found open',
      value: open,
      unit: 'ports',
      meaning:
        open > 0
          ? 'These answered, and the sender hung up without a word: it wanted only to know.'
          : 'No open port was seen to answer the search.',
    },
    {
      name: 'pace',
      value: ratePerSecond(probes, seconds),
      unit: 'per second',
      usual: 'under 0.1',
      usualRange: { low: 0, high: 0.1 },
      meaning: 'How fast new ports were tried.',
    },
    {
      name: 'kind of packets',
      value: PROBE_TECHNIQUES[technique]!.name,
      meaning: PROBE_TECHNIQUES[technique]!.ordinary
        ? 'The ordinary beginning of a conversation.'
        : 'No ordinary program begins a conversation in this way.',
    },
  ];
  return {
    detector: 'port-scan',
    kind: 'port-scan',
    cause: `port-scan/${attacker}`,
    firstSeenMs: book.sourceFirstUs[source]! / 1000,
    lastSeenMs: book.sourceLastUs[source]! / 1000,
    severity: severityOf(book, source),
    confidence: confidence(probes),
    techniques: ['T1046'],
    attackers: [attacker],
    victims: names,
    attackerCount: 1,
    victimCount: hostCount,
    title: single ? `${attacker} scanned ${what} of ${where}` : `${attacker} searched for ${what} on ${where}`,
    explanation: explain({ attacker, what, where, single, seconds, technique, open, outcomes, probes }),
    evidence,
  };
}

/** So few ports are named one by one. */
const MAX_NAMED_PORTS = 4;

function explain(scan: {
  readonly attacker: string;
  readonly what: string;
  readonly where: string;
  readonly single: boolean;
  readonly seconds: number;
  readonly technique: number;
  readonly open: number;
  readonly outcomes: { readonly unanswered: number; readonly refused: number };
  readonly probes: number;
}): string {
  const { outcomes } = scan;
  const sentences = [
    scan.single
      ? `${scan.attacker} tried ${scan.what} of ${scan.where} within ${formatDuration(scan.seconds)} to find out which are open; programs usually use one or two.`
      : `${scan.attacker} tried ${scan.what} on ${scan.where} within ${formatDuration(scan.seconds)} to find out where something is open; programs usually reach for a few hosts that they know.`,
    `It sent ${PROBE_TECHNIQUES[scan.technique]!.description}: ${formatCount(outcomes.unanswered)} got no answer, ${formatCount(outcomes.refused)} were refused and ${formatCount(scan.open)} found something open.`,
    'A scan does no harm by itself, but it is how most attacks begin.',
  ];
  return sentences.join(' ');
}

/** The hosts that a sender searched, the most ports first. */
function scannedHosts(book: ProbeBook, source: number): readonly ScannedHost[] {
  const id = book.sourceIds[source]!;
  const hosts: ScannedHost[] = [];
  for (let target = 0; target < book.targets.capacity; target++) {
    if (!book.targets.isUsed(target) || book.targets.extra(target) !== id) continue;
    const ports = book.targetTried[target]!;
    if (ports > 0) hosts.push({ address: book.targets.addressText(target), ports });
  }
  hosts.sort((a, b) => b.ports - a.ports);
  const least = (hosts[0]?.ports ?? 0) * VICTIM_SHARE;
  return hosts.filter((host) => host.ports >= least);
}

/** No host stands out, so every one that was tried belongs to the scan. */
function widelySpread(hosts: readonly ScannedHost[]): boolean {
  return (hosts[0]?.ports ?? 0) * VICTIM_SHARE <= 1;
}

/** The ports that a sender tried, those on the most hosts first: protocol in the upper half. */
function portsTried(book: ProbeBook, source: number): readonly number[] {
  const id = book.sourceIds[source]!;
  const ports: { readonly port: number; readonly hosts: number }[] = [];
  for (let entry = 0; entry < book.ports.capacity; entry++) {
    if (!book.ports.isUsed(entry) || book.ports.word(entry, 0) !== id) continue;
    const hosts = book.portTried[entry]!;
    if (hosts > 0) ports.push({ port: book.ports.word(entry, 1), hosts });
  }
  ports.sort((a, b) => b.hosts - a.hosts);
  const least = (ports[0]?.hosts ?? 0) * VICTIM_SHARE;
  return ports.filter((entry) => entry.hosts >= least).map((entry) => entry.port);
}

const PROTOCOL_NAMES: ReadonlyMap<number, string> = new Map([
  [PROTOCOL.tcp, 'tcp'],
  [PROTOCOL.udp, 'udp'],
  [PROTOCOL.sctp, 'sctp'],
]);

/** "22/tcp". */
function portText(port: number): string {
  return `${port & 0xffff}/${PROTOCOL_NAMES.get(port >>> 16) ?? port >>> 16}`;
}

function whereText(names: readonly string[], hostCount: number): string {
  if (hostCount === 1) return names[0] ?? 'a host';
  const subnet = sharedSubnet(names);
  return subnet === null ? countOf(hostCount, 'host') : `${countOf(hostCount, 'host')} of ${subnet}`;
}

function mainTechnique(book: ProbeBook, source: number): number {
  let main = 0;
  for (let technique = 1; technique < PROBE_TECHNIQUES.length; technique++) {
    if (book.techniques(source, technique) > book.techniques(source, main)) main = technique;
  }
  return main;
}

function confidence(probes: number): number {
  const grown = Math.min(1, Math.log2(Math.max(probes, 1)) / Math.log2(CERTAIN_PROBES));
  return Number((LEAST_CONFIDENCE + (MOST_CONFIDENCE - LEAST_CONFIDENCE) * grown).toFixed(2));
}
