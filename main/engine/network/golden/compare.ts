/** How far two tools agree on the conversations of the same captures. */
import { type Conversations, isSameEndpoint, type Measure, type Placed, type Sent } from './conversation.ts';

/** Conversations that are not compared, because the other tool means something else by them. */
export interface Exclusion {
  readonly reason: string;
  readonly applies: (conversation: Placed) => boolean;
}

export interface Comparison {
  readonly compared: number;
  readonly equal: number;
  readonly share: number;
  /** Share of the equal conversations on whose initiator both agree. */
  readonly sameInitiatorShare: number;
  readonly differences: readonly string[];
  /** Reason → how many conversations were left out for it. */
  readonly excluded: ReadonlyMap<string, number>;
}

export interface ComparisonOptions {
  /** What must be equal, each direction for itself. */
  readonly measures: (ours: Placed) => readonly Measure[];
  readonly exclusions?: readonly Exclusion[];
  /** Only captures under this folder. */
  readonly folder?: string;
}

/** Compares every conversation that either has. */
export function compare(ours: Conversations, theirs: Conversations, options: ComparisonOptions): Comparison {
  const differences: string[] = [];
  const excluded = new Map<string, number>();
  let equal = 0;
  let sameInitiator = 0;
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const our = ours.get(key);
    const their = theirs.get(key);
    const present = (our ?? their) as Placed;
    if (options.folder !== undefined && !present.capture.startsWith(`${options.folder}/`)) continue;
    const exclusion = options.exclusions?.find(({ applies }) => applies(present));
    const measures = options.measures(present);
    if (exclusion) {
      excluded.set(exclusion.reason, (excluded.get(exclusion.reason) ?? 0) + 1);
    } else if (!our || !their) {
      differences.push(`${key}: ${our ? 'only ours' : 'only theirs'} ${describe(present, measures)}`);
    } else {
      const isSameWay = isSameEndpoint(our.initiator, their.initiator);
      const turned = isSameWay ? their : turn(their);
      if (!isEqual(our, turned, measures)) {
        differences.push(`${key}: ours ${describe(our, measures)}, theirs ${describe(turned, measures)}`);
        continue;
      }
      equal++;
      if (isSameWay) sameInitiator++;
    }
  }
  const compared = equal + differences.length;
  return {
    compared,
    equal,
    share: equal / compared,
    sameInitiatorShare: sameInitiator / equal,
    differences,
    excluded,
  };
}

/** The comparison for people: shares, what was left out and why, and the first differences. */
export function report(name: string, comparison: Comparison): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const { equal, compared, share, sameInitiatorShare, excluded, differences } = comparison;
  return [
    `${name}: ${equal} of ${compared} conversations equal (${percent(share)}), initiator equal in ${percent(sameInitiatorShare)}`,
    ...[...excluded].map(([reason, count]) => `  left out ${count}: ${reason}`),
    ...differences.slice(0, 5).map((difference) => `  ${difference}`),
    ...(differences.length > 5 ? [`  and ${differences.length - 5} more`] : []),
  ].join('\n');
}

function isEqual(ours: Placed, theirs: Placed, measures: readonly Measure[]): boolean {
  return measures.every(
    (measure) =>
      ours.fromInitiator[measure] === theirs.fromInitiator[measure] &&
      ours.fromResponder[measure] === theirs.fromResponder[measure],
  );
}

function turn(conversation: Placed): Placed {
  return {
    ...conversation,
    initiator: conversation.responder,
    responder: conversation.initiator,
    fromInitiator: conversation.fromResponder,
    fromResponder: conversation.fromInitiator,
  };
}

/** "packets/bytes > packets/bytes": what the initiator sent, and what the responder did. */
function describe(conversation: Placed, measures: readonly Measure[]): string {
  const side = (sent: Sent) => measures.map((measure) => sent[measure]).join('/');
  return `${side(conversation.fromInitiator)} > ${side(conversation.fromResponder)}`;
}
