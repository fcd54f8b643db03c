/**
 * How a flow lies in memory. Two records: a short *head* that every flow has, and *statistics* that a flow
 * gets with its second packet. A flood of one-packet flows, the worst that a network can send, then costs
 * 128 bytes a flow instead of 1 kB.
 */

/** Words (Int32) of a head. */
export const HEAD = {
  initiator0: 0,
  initiator1: 1,
  initiator2: 2,
  initiator3: 3,
  responder0: 4,
  responder1: 5,
  responder2: 6,
  responder3: 7,
  /** initiator port << 16 | responder port */
  ports: 8,
  protocol: 9,
  ipVersion: 10,
  vlan: 11,
  tunnel: 12,
  hash: 13,
  /** Index of the statistics record, or NO_STATISTICS while there is only the first packet. */
  statistics: 14,
  /** Expiry wheel: neighbours in the bucket (slot numbers or NONE) and the bucket itself. */
  wheelNext: 15,
  wheelPrevious: 16,
  wheelBucket: 17,
  id: 18,
  /** TCP_STATE in bits 0–7; FIN seen from initiator bit 8, from responder bit 9; INITIATOR_BASIS bits 16–17. */
  state: 19,
  /**
   * Index into SERVICES in bits 0–7, SERVICE_BASIS in bits 8–9, identification attempts in bits 16–23, and in bits
   * 24–31 which of those who are shown segments want no more.
   */
  service: 20,
  /** What the first packet was, kept until there are statistics. All from the initiator. */
  firstFlags: 21,
  /** Unsigned, like firstWireBytes: a damaged capture may say any 32-bit length. */
  firstPayloadBytes: 22,
  firstHeaderBytes: 23,
  firstWireBytes: 24,
  firstWindow: 25,
  /** Of the initiator's newest SYN where there was one: one before its first byte. */
  firstSequence: 26,
  /** Shannon entropy of the first payload, in bits per byte times ENTROPY_SCALE. */
  firstEntropy: 27,
} as const;
/** 28 words and two times: two cache lines. */
export const HEAD_WORDS = 32;

export const NONE = -1;
export const NO_STATISTICS = -1;

/** Times (Float64) of a head, in microseconds since the epoch: the last four words, seen as two doubles. */
export const TIME = { first: 14, last: 15 } as const;
export const TIME_WORDS = HEAD_WORDS / 2;

/** One direction's statistics (Float64), at offset 0 for the initiator and DIRECTION_WORDS for the responder. */
export const DIRECTION = {
  /** The totals, which flows are known by: all others make features only, and are not counted where nobody reads those. */
  packets: 0,
  payloadBytes: 1,
  wireBytes: 2,
  payloadPackets: 3,
  /** TCP: all that were set. */
  flags: 4,
  payloadSquares: 5,
  payloadMin: 6,
  payloadMax: 7,
  headerBytes: 8,
  headerMin: 9,
  firstUs: 10,
  lastUs: 11,
  /** Inter-arrival times, as sums of differences to the first gap: no cancellation, no division per packet. */
  gapShift: 12,
  gapSum: 13,
  gapSquares: 14,
  gapMin: 15,
  gapMax: 16,
  psh: 17,
  urg: 18,
  /** Bulk transfer in progress (CICFlowMeter): start, packets, bytes, last packet with payload. */
  bulkStartUs: 19,
  bulkRunPackets: 20,
  bulkRunBytes: 21,
  bulkLastUs: 22,
  /** Bulk transfers so far. */
  bulkCount: 23,
  bulkPackets: 24,
  bulkBytes: 25,
  bulkDurationUs: 26,
  initialWindow: 27,
  /** TCP: the sequence number expected next, NaN before the first. */
  nextSequence: 28,
  /** TCP: the newest hole in the sequence space, to tell late segments from retransmitted ones. */
  holeStart: 29,
  holeEnd: 30,
  retransmissions: 31,
  outOfOrder: 32,
  zeroWindows: 33,
  firstPayloadBytes: 34,
  entropy: 35,
} as const;
export const DIRECTION_WORDS = 36;

/** Statistics of both directions together (Float64), at offset FLOW_OFFSET. */
export const FLOW_OFFSET = 2 * DIRECTION_WORDS;
export const FLOW = {
  gapShift: FLOW_OFFSET + 0,
  gapSum: FLOW_OFFSET + 1,
  gapSquares: FLOW_OFFSET + 2,
  gapMin: FLOW_OFFSET + 3,
  gapMax: FLOW_OFFSET + 4,
  fin: FLOW_OFFSET + 5,
  syn: FLOW_OFFSET + 6,
  rst: FLOW_OFFSET + 7,
  psh: FLOW_OFFSET + 8,
  ack: FLOW_OFFSET + 9,
  urg: FLOW_OFFSET + 10,
  cwr: FLOW_OFFSET + 11,
  ece: FLOW_OFFSET + 12,
  activeStartUs: FLOW_OFFSET + 13,
  /** Periods and pauses, with the squares of their differences to their mean (see addSample). */
  activeCount: FLOW_OFFSET + 14,
  activeSum: FLOW_OFFSET + 15,
  activeDeviations: FLOW_OFFSET + 16,
  activeMin: FLOW_OFFSET + 17,
  activeMax: FLOW_OFFSET + 18,
  idleCount: FLOW_OFFSET + 19,
  idleSum: FLOW_OFFSET + 20,
  idleDeviations: FLOW_OFFSET + 21,
  idleMin: FLOW_OFFSET + 22,
  idleMax: FLOW_OFFSET + 23,
  subflowGaps: FLOW_OFFSET + 24,
  /** TCP handshake times, 0 when not seen. */
  synUs: FLOW_OFFSET + 25,
  synAckUs: FLOW_OFFSET + 26,
  /** Round-trip time in microseconds, NaN while unknown. */
  roundTripUs: FLOW_OFFSET + 27,
  /** Pauses of at least PERIOD_GAP_US between the initiator's packets with payload. */
  pauseCount: FLOW_OFFSET + 28,
  pauseShift: FLOW_OFFSET + 29,
  pauseSum: FLOW_OFFSET + 30,
  pauseSquares: FLOW_OFFSET + 31,
  initiatorPayloadLastUs: FLOW_OFFSET + 32,
  /** TCP: number of the responder's first byte, NaN where no SYN-ACK told. */
  responderStart: FLOW_OFFSET + 33,
} as const;
export const STATISTICS_WORDS = FLOW_OFFSET + 34;

/** A pause longer than this begins a new subflow (CICFlowMeter: 1 s). */
export const SUBFLOW_GAP_US = 1_000_000;
/** A pause longer than this is idle time, shorter ones belong to the active period (CICFlowMeter: 5 s). */
export const IDLE_GAP_US = 5_000_000;
/** Within a bulk transfer packets with payload follow each other within this time (CICFlowMeter: 1 s). */
export const BULK_GAP_US = 1_000_000;
/** So many packets with payload in a row are a bulk transfer (CICFlowMeter: 4). */
export const BULK_MIN_PACKETS = 4;
/** Pauses from here on count for periodicity: below, it is the pace of one exchange, not its rhythm. */
export const PERIOD_GAP_US = 500_000;
/** Entropy is taken over so many bytes of the first payload: enough to tell text (4–5 bits) from ciphertext (over 6). */
export const ENTROPY_BYTES = 128;
