import { type PacketView, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
import { entropyOf } from './entropy.ts';
import {
  BULK_GAP_US,
  BULK_MIN_PACKETS,
  DIRECTION,
  DIRECTION_WORDS,
  FLOW,
  IDLE_GAP_US,
  PERIOD_GAP_US,
  STATISTICS_WORDS,
  SUBFLOW_GAP_US,
} from './flow-layout.ts';

export const FROM_INITIATOR = 0;
export const FROM_RESPONDER = 1;
export type Direction = typeof FROM_INITIATOR | typeof FROM_RESPONDER;

/** The totals stand at the beginning of each direction. */
const TOTALS = DIRECTION.flags + 1;

/** Makes the record at `base` of `s` that of a flow without packets. */
export function clearStatistics(s: Float64Array, base: number): void {
  s.fill(0, base, base + STATISTICS_WORDS);
  s[base + DIRECTION.nextSequence] = Number.NaN;
  s[base + DIRECTION_WORDS + DIRECTION.nextSequence] = Number.NaN;
  s[base + FLOW.roundTripUs] = Number.NaN;
  s[base + FLOW.responderStart] = Number.NaN;
}

/** The same for `countTotals`, of which the rest of the record is not touched. */
export function clearTotals(s: Float64Array, base: number): void {
  s.fill(0, base, base + TOTALS);
  s.fill(0, base + DIRECTION_WORDS, base + DIRECTION_WORDS + TOTALS);
  s[base + FLOW.responderStart] = Number.NaN;
}

/** Adds one packet to the totals at `base` of `s`, and to nothing else: a tenth of what `countPacket` does. */
export function countTotals(s: Float64Array, base: number, direction: Direction, packet: PacketView): void {
  const d = base + direction * DIRECTION_WORDS;
  const payload = packet.payloadBytes;
  s[d + DIRECTION.packets]++;
  s[d + DIRECTION.payloadBytes] += payload;
  s[d + DIRECTION.wireBytes] += packet.wireBytes;
  if (payload > 0) s[d + DIRECTION.payloadPackets]++;
  if (packet.protocol === PROTOCOL.tcp) s[d + DIRECTION.flags] = s[d + DIRECTION.flags] | packet.tcpFlags;
}

/**
 * Adds one packet to the statistics record at `base` of `s`. `lastUs` is when the flow's previous packet
 * came; it is read from `times[timeAt]` because a number handed over would be boxed for every packet.
 * Time never runs backwards inside a flow: a packet stamped earlier than its predecessor counts as
 * simultaneous with it.
 */
export function countPacket(
  s: Float64Array,
  base: number,
  direction: Direction,
  packet: PacketView,
  times: Float64Array,
  timeAt: number,
): void {
  const d = base + direction * DIRECTION_WORDS;
  const payload = packet.payloadBytes;
  const header = packet.transportHeaderBytes;
  const lastUs = times[timeAt];
  const nowUs = packet.timeUs > lastUs ? packet.timeUs : lastUs;
  const own = s[d + DIRECTION.packets];
  const other = s[base + (1 - direction) * DIRECTION_WORDS + DIRECTION.packets];

  if (own + other > 0) countFlowGap(s, base, nowUs - lastUs, own + other, lastUs, nowUs);
  else s[base + FLOW.activeStartUs] = nowUs;

  s[d + DIRECTION.packets] = own + 1;
  s[d + DIRECTION.payloadBytes] += payload;
  s[d + DIRECTION.payloadSquares] += payload * payload;
  s[d + DIRECTION.headerBytes] += header;
  s[d + DIRECTION.wireBytes] += packet.wireBytes;
  if (own === 0) {
    s[d + DIRECTION.payloadMin] = payload;
    s[d + DIRECTION.payloadMax] = payload;
    s[d + DIRECTION.headerMin] = header;
    s[d + DIRECTION.firstUs] = nowUs;
    s[d + DIRECTION.initialWindow] = packet.window;
  } else {
    if (payload < s[d + DIRECTION.payloadMin]) s[d + DIRECTION.payloadMin] = payload;
    if (payload > s[d + DIRECTION.payloadMax]) s[d + DIRECTION.payloadMax] = payload;
    if (header < s[d + DIRECTION.headerMin]) s[d + DIRECTION.headerMin] = header;
    const gap = nowUs - s[d + DIRECTION.lastUs];
    if (own === 1) {
      s[d + DIRECTION.gapShift] = gap;
      s[d + DIRECTION.gapMin] = gap;
      s[d + DIRECTION.gapMax] = gap;
    } else {
      const difference = gap - s[d + DIRECTION.gapShift];
      s[d + DIRECTION.gapSum] += difference;
      s[d + DIRECTION.gapSquares] += difference * difference;
      if (gap < s[d + DIRECTION.gapMin]) s[d + DIRECTION.gapMin] = gap;
      if (gap > s[d + DIRECTION.gapMax]) s[d + DIRECTION.gapMax] = gap;
    }
  }
  s[d + DIRECTION.lastUs] = nowUs;

  if (payload > 0) countPayload(s, base, d, direction, packet, nowUs);
  if (packet.protocol === PROTOCOL.tcp) countTcp(s, base, d, direction, packet, nowUs);
  else if (other > 0 && own === 0 && direction === FROM_RESPONDER) {
    // Without a handshake the first answer is the best measure of the round trip that there is.
    s[base + FLOW.roundTripUs] = nowUs - s[base + DIRECTION.firstUs];
  }
}

function countFlowGap(
  s: Float64Array,
  base: number,
  gap: number,
  packets: number,
  lastUs: number,
  nowUs: number,
): void {
  if (packets === 1) {
    s[base + FLOW.gapShift] = gap;
    s[base + FLOW.gapMin] = gap;
    s[base + FLOW.gapMax] = gap;
  } else {
    const difference = gap - s[base + FLOW.gapShift];
    s[base + FLOW.gapSum] += difference;
    s[base + FLOW.gapSquares] += difference * difference;
    if (gap < s[base + FLOW.gapMin]) s[base + FLOW.gapMin] = gap;
    if (gap > s[base + FLOW.gapMax]) s[base + FLOW.gapMax] = gap;
  }
  if (gap <= SUBFLOW_GAP_US) return;
  s[base + FLOW.subflowGaps]++;
  if (gap <= IDLE_GAP_US) return;
  addSample(s, base + FLOW.activeCount, lastUs - s[base + FLOW.activeStartUs]);
  addSample(s, base + FLOW.idleCount, gap);
  s[base + FLOW.activeStartUs] = nowUs;
}

/** By how much one more value makes the sum of squared differences to the mean larger. */
export function addedDeviation(count: number, sum: number, value: number): number {
  if (count === 0) return 0;
  return (value - sum / count) * (value - (sum + value) / (count + 1));
}

/**
 * Adds to a group of count, sum, squares, min and max that begins at `at`. The squares are those of the differences to the
 * mean (B. P. Welford, Technometrics 4, 1962): of the squares of hours in microseconds nothing of their spread is left.
 */
export function addSample(s: Float64Array, at: number, value: number): void {
  const count = s[at];
  s[at + 2] += addedDeviation(count, s[at + 1], value);
  s[at] = count + 1;
  s[at + 1] += value;
  if (count === 0 || value < s[at + 3]) s[at + 3] = value;
  if (count === 0 || value > s[at + 4]) s[at + 4] = value;
}

function countPayload(
  s: Float64Array,
  base: number,
  d: number,
  direction: Direction,
  packet: PacketView,
  nowUs: number,
): void {
  const payload = packet.payloadBytes;
  if (s[d + DIRECTION.payloadPackets]++ === 0) {
    s[d + DIRECTION.firstPayloadBytes] = payload;
    s[d + DIRECTION.entropy] = entropyOf(packet.bytes, packet.payloadStart, packet.payloadEnd);
  }

  // Bulk transfers, as CICFlowMeter counts them: a payload the other way ends the run.
  const otherBulkLastUs = s[base + (1 - direction) * DIRECTION_WORDS + DIRECTION.bulkLastUs];
  const startUs = s[d + DIRECTION.bulkStartUs];
  if (startUs === 0 || otherBulkLastUs > startUs || nowUs - s[d + DIRECTION.bulkLastUs] > BULK_GAP_US) {
    s[d + DIRECTION.bulkStartUs] = nowUs;
    s[d + DIRECTION.bulkRunPackets] = 1;
    s[d + DIRECTION.bulkRunBytes] = payload;
  } else {
    const packets = ++s[d + DIRECTION.bulkRunPackets];
    s[d + DIRECTION.bulkRunBytes] += payload;
    if (packets === BULK_MIN_PACKETS) {
      s[d + DIRECTION.bulkCount]++;
      s[d + DIRECTION.bulkPackets] += packets;
      s[d + DIRECTION.bulkBytes] += s[d + DIRECTION.bulkRunBytes];
      s[d + DIRECTION.bulkDurationUs] += nowUs - startUs;
    } else if (packets > BULK_MIN_PACKETS) {
      s[d + DIRECTION.bulkPackets]++;
      s[d + DIRECTION.bulkBytes] += payload;
      s[d + DIRECTION.bulkDurationUs] += nowUs - s[d + DIRECTION.bulkLastUs];
    }
  }
  s[d + DIRECTION.bulkLastUs] = nowUs;

  if (direction !== FROM_INITIATOR) return;
  const previousUs = s[base + FLOW.initiatorPayloadLastUs];
  const pause = nowUs - previousUs;
  if (previousUs > 0 && pause >= PERIOD_GAP_US) {
    if (s[base + FLOW.pauseCount]++ === 0) s[base + FLOW.pauseShift] = pause;
    const difference = pause - s[base + FLOW.pauseShift];
    s[base + FLOW.pauseSum] += difference;
    s[base + FLOW.pauseSquares] += difference * difference;
  }
  s[base + FLOW.initiatorPayloadLastUs] = nowUs;
}

function countTcp(
  s: Float64Array,
  base: number,
  d: number,
  direction: Direction,
  packet: PacketView,
  nowUs: number,
): void {
  const flags = packet.tcpFlags;
  s[d + DIRECTION.flags] = s[d + DIRECTION.flags] | flags;
  if (flags & TCP_FLAG.ack) s[base + FLOW.ack]++;
  if (flags & TCP_FLAG.psh) {
    s[base + FLOW.psh]++;
    s[d + DIRECTION.psh]++;
  }
  if (flags & ~(TCP_FLAG.ack | TCP_FLAG.psh)) {
    if (flags & TCP_FLAG.fin) s[base + FLOW.fin]++;
    if (flags & TCP_FLAG.syn) s[base + FLOW.syn]++;
    if (flags & TCP_FLAG.rst) s[base + FLOW.rst]++;
    if (flags & TCP_FLAG.ece) s[base + FLOW.ece]++;
    if (flags & TCP_FLAG.cwr) s[base + FLOW.cwr]++;
    if (flags & TCP_FLAG.urg) {
      s[base + FLOW.urg]++;
      s[d + DIRECTION.urg]++;
    }
  }
  if (packet.window === 0 && !(flags & TCP_FLAG.rst)) s[d + DIRECTION.zeroWindows]++;
  measureRoundTrip(s, base, direction, flags, nowUs);
  if (!(flags & TCP_FLAG.rst)) followSequence(s, d, packet, flags);
}

/** From an onlooker's place the round trip is SYN → SYN-ACK (his far side) plus SYN-ACK → ACK (his near side). */
function measureRoundTrip(s: Float64Array, base: number, direction: Direction, flags: number, nowUs: number): void {
  if (flags & TCP_FLAG.syn) {
    if (direction === FROM_INITIATOR) s[base + FLOW.synUs] = nowUs;
    else if (s[base + FLOW.synUs] > 0 && s[base + FLOW.synAckUs] === 0) s[base + FLOW.synAckUs] = nowUs;
  } else if (direction === FROM_INITIATOR && s[base + FLOW.synAckUs] > 0 && flags & TCP_FLAG.ack) {
    if (Number.isNaN(s[base + FLOW.roundTripUs])) s[base + FLOW.roundTripUs] = nowUs - s[base + FLOW.synUs];
  }
}

/**
 * Retransmissions and late segments (RFC 9293 sequence arithmetic). A segment below the expected number is
 * late when it falls into the newest hole, else retransmitted. One remembered hole tells them apart nearly
 * always; a second hole at the same time makes a late segment count as retransmitted.
 */
function followSequence(s: Float64Array, d: number, packet: PacketView, flags: number): void {
  const control = (flags & TCP_FLAG.syn ? 1 : 0) + (flags & TCP_FLAG.fin ? 1 : 0);
  const length = packet.payloadBytes + control;
  if (length === 0) return;
  const sequence = packet.sequence;
  const expected = s[d + DIRECTION.nextSequence];
  const end = (sequence + length) | 0;
  if (Number.isNaN(expected)) {
    s[d + DIRECTION.nextSequence] = end;
    return;
  }
  const ahead = (sequence - expected) | 0;
  if (ahead < 0) {
    // A keep-alive repeats the last byte (RFC 1122 4.2.3.6); it is not a loss.
    if (ahead === -1 && packet.payloadBytes <= 1 && control === 0) return;
    const holeBytes = (s[d + DIRECTION.holeEnd] - s[d + DIRECTION.holeStart]) | 0;
    const intoHole = (sequence - s[d + DIRECTION.holeStart]) | 0;
    if (holeBytes > 0 && intoHole >= 0 && intoHole < holeBytes) {
      s[d + DIRECTION.outOfOrder]++;
      if (intoHole === 0) s[d + DIRECTION.holeStart] = end;
    } else {
      s[d + DIRECTION.retransmissions]++;
    }
  } else if (ahead > 0) {
    s[d + DIRECTION.holeStart] = expected;
    s[d + DIRECTION.holeEnd] = sequence;
  }
  if (((end - expected) | 0) > 0) s[d + DIRECTION.nextSequence] = end;
}
