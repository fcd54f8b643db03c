import type { Outcome } from './compare.ts';
import type { Source } from './expectation.ts';

export interface GateResult {
  readonly name: string;
  readonly agree: number;
  readonly total: number;
  /** 0–1; 1 where there is nothing to compare. */
  readonly share: number;
  readonly needed: number;
  readonly isMet: boolean;
}

interface Gate {
  readonly name: string;
  readonly needed: number;
  readonly counts: (outcome: Outcome) => boolean;
}

const BINARY_SOURCES: ReadonlySet<Source> = new Set(['nDPI', 'Arkime', 'FoxIO', 'Zeek']);

/** What must agree, and how much of it. */
const GATES: readonly Gate[] = [
  { name: 'TLS and QUIC server names', needed: 0.98, counts: ({ field }) => field === 'sni' },
  { name: 'HTTP hosts', needed: 0.98, counts: ({ field }) => field === 'http-host' },
  { name: 'JA3', needed: 0.99, counts: ({ field }) => field === 'ja3' },
  { name: 'JA4', needed: 0.98, counts: ({ field }) => field === 'ja4' },
  { name: 'HASSH', needed: 0.99, counts: ({ field }) => field === 'hassh' },
  {
    name: 'DNS names and answers',
    needed: 0.98,
    counts: ({ field }) => field === 'dns-name' || field === 'dns-answer',
  },
  { name: 'certificate subjects', needed: 0.98, counts: ({ field }) => field === 'certificate-subject' },
  {
    name: 'protocol',
    needed: 0.92,
    counts: ({ field, source }) => field === 'protocol' && BINARY_SOURCES.has(source),
  },
  { name: "Suricata's checks", needed: 0.9, counts: ({ source }) => source === 'Suricata' },
  { name: "Zeek's logs", needed: 0.9, counts: ({ source }) => source === 'Zeek' },
];

export function judgeGates(outcomes: readonly Outcome[]): GateResult[] {
  return GATES.map(({ name, needed, counts }) => {
    const counted = outcomes.filter(counts);
    const agree = counted.filter((outcome) => outcome.agrees).length;
    const share = counted.length === 0 ? 1 : agree / counted.length;
    return { name, agree, total: counted.length, share, needed, isMet: share >= needed };
  });
}

export interface Tally {
  readonly protocol: string;
  readonly field: string;
  readonly source: Source;
  readonly agree: number;
  readonly total: number;
}

/** By protocol, field and source, in that order. */
export function tally(outcomes: readonly Outcome[]): Tally[] {
  const groups = Map.groupBy(outcomes, ({ protocol, field, source }) => `${protocol}\t${field}\t${source}`);
  return [...groups.values()]
    .map((group) => ({
      protocol: group[0].protocol,
      field: group[0].field,
      source: group[0].source,
      agree: group.filter((outcome) => outcome.agrees).length,
      total: group.length,
    }))
    .sort((a, b) => order(a).localeCompare(order(b)));
}

function order({ protocol, field, source }: Tally): string {
  return `${protocol} ${field === 'protocol' ? '' : field} ${source}`;
}
