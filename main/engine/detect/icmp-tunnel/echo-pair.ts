/** Requests whose replies are waited for. */
export const PENDING_REQUESTS = 32;

interface PendingRequest {
  readonly id: number;
  readonly sequence: number;
  readonly bytes: number;
  /** Hexadecimal, as in IcmpFact. */
  readonly start: string;
}

interface EchoPairHead {
  readonly victim: string;
  readonly attacker: string;
  readonly mayNameAttacker: boolean;
}

/** What is known of the pings between two hosts, as far as the parser shows them. */
export interface EchoPair extends EchoPairHead {
  firstUs: number;
  lastUs: number;
  messages: number;
  nestedPackets: number;
  equalReplies: number;
  unequalReplies: number;
  /** Messages long enough to show what their program fills them with; and of those the ones with something new. */
  patterned: number;
  changingPayloads: number;
  readonly patterns: Set<string>;
  /** How often the size changed within a run (an id) of requests that no pattern fills; and the latest of them. */
  sizeChanges: number;
  runId: number;
  runBytes: number;
  readonly sizes: Set<number>;
  largestBytes: number;
  readonly pending: PendingRequest[];
  nextPending: number;
  /** Bytes from the victim and to it: of the flow at hand, and of those before. */
  flowId: number;
  flowOut: number;
  flowIn: number;
  earlierOut: number;
  earlierIn: number;
  reportedMessages: number;
  reportedUs: number;
}

export function newEchoPair(head: EchoPairHead, nowUs: number): EchoPair {
  return {
    ...head,
    firstUs: nowUs,
    lastUs: nowUs,
    messages: 0,
    nestedPackets: 0,
    equalReplies: 0,
    unequalReplies: 0,
    patterned: 0,
    changingPayloads: 0,
    patterns: new Set(),
    sizeChanges: 0,
    runId: -1,
    runBytes: 0,
    sizes: new Set(),
    largestBytes: 0,
    pending: [],
    nextPending: 0,
    flowId: -1,
    flowOut: 0,
    flowIn: 0,
    earlierOut: 0,
    earlierIn: 0,
    reportedMessages: 0,
    reportedUs: 0,
  };
}
