import type { FlowView } from '../../../contract/traffic.ts';
import { DIRECTION, DIRECTION_WORDS, FLOW } from './flow-layout.ts';
import { addedDeviation } from './flow-statistics.ts';

/**
 * The features of a flow, one row each. The first group has the names and the meaning of CICFlowMeter
 * (Lashkari et al. 2017, the columns of CIC-IDS2017), in that order; the second is our own. "Forward" is
 * from the initiator to the responder. Lengths are bytes of transport payload, times are microseconds.
 * A feature that does not exist for a flow (a mean over nothing, a rate over no time) is 0.
 */
export interface Feature {
  readonly name: string;
  readonly unit: string;
  /** How it is computed, in words: the user guide prints this. */
  readonly formula: string;
  readonly compute: (flow: FlowNumbers) => number;
}

const FORWARD = 0;
const BACKWARD = DIRECTION_WORDS;

/** Read access to one flow's numbers. One object is pointed at flow after flow. */
export class FlowNumbers {
  values: Float64Array = new Float64Array(0);
  base = 0;
  durationUs = 0;

  point(flow: FlowView, values: Float64Array, base: number): this {
    this.values = values;
    this.base = base;
    this.durationUs = flow.lastUs - flow.firstUs;
    return this;
  }

  at(offset: number): number {
    return this.values[this.base + offset];
  }

  /** Sum of a DIRECTION field over both directions. */
  both(field: number): number {
    return this.at(FORWARD + field) + this.at(BACKWARD + field);
  }

  get packets(): number {
    return this.both(DIRECTION.packets);
  }

  perSecond(amount: number): number {
    return this.durationUs > 0 ? (amount * 1e6) / this.durationUs : 0;
  }

  payloadMean(direction: number): number {
    return ratio(this.at(direction + DIRECTION.payloadBytes), this.at(direction + DIRECTION.packets));
  }

  payloadDeviation(direction: number): number {
    const packets = this.at(direction + DIRECTION.packets);
    return Math.sqrt(
      sampleVariance(
        packets,
        this.at(direction + DIRECTION.payloadBytes),
        this.at(direction + DIRECTION.payloadSquares),
      ),
    );
  }

  /** Variance over the packets of both directions. */
  payloadVariance(): number {
    return sampleVariance(this.packets, this.both(DIRECTION.payloadBytes), this.both(DIRECTION.payloadSquares));
  }

  /** Mean of the gaps of a direction: their sum is the time from its first packet to its last. */
  gapMean(direction: number): number {
    return ratio(this.gapTotal(direction), this.at(direction + DIRECTION.packets) - 1);
  }

  gapTotal(direction: number): number {
    return this.at(direction + DIRECTION.lastUs) - this.at(direction + DIRECTION.firstUs);
  }

  gapDeviation(direction: number): number {
    return Math.sqrt(
      sampleVariance(
        this.at(direction + DIRECTION.packets) - 1,
        this.at(direction + DIRECTION.gapSum),
        this.at(direction + DIRECTION.gapSquares),
      ),
    );
  }

  groupMean(group: number): number {
    return ratio(this.at(group + 1), this.at(group));
  }

  groupDeviation(group: number): number {
    return deviationOf(this.at(group), this.at(group + 2));
  }

  get subflows(): number {
    return 1 + this.at(FLOW.subflowGaps);
  }

  /** Of active periods, with the one that the end of the flow closes; in microseconds. */
  active(part: 'mean' | 'deviation' | 'min' | 'max'): number {
    const last = this.lastActiveUs;
    const ended = this.at(FLOW.activeCount);
    const sum = this.at(FLOW.activeSum);
    if (part === 'mean') return (sum + last) / (ended + 1);
    if (part === 'deviation') {
      return deviationOf(ended + 1, this.at(FLOW.activeDeviations) + addedDeviation(ended, sum, last));
    }
    if (ended === 0) return last;
    return part === 'min' ? Math.min(this.at(FLOW.activeMin), last) : Math.max(this.at(FLOW.activeMax), last);
  }

  private get lastActiveUs(): number {
    const lastUs = Math.max(this.at(FORWARD + DIRECTION.lastUs), this.at(BACKWARD + DIRECTION.lastUs));
    return lastUs - this.at(FLOW.activeStartUs);
  }
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** Sample standard deviation (n − 1) from count and sum of squared differences to the mean. */
function deviationOf(count: number, deviations: number): number {
  return count < 2 ? 0 : Math.sqrt(deviations / (count - 1));
}

/** Sample variance (n − 1) from count, sum and sum of squares of the values or of their differences to one shift. */
function sampleVariance(count: number, sum: number, squares: number): number {
  if (count < 2) return 0;
  return Math.max(0, (squares - (sum * sum) / count) / (count - 1));
}

type Row = readonly [name: string, unit: string, formula: string, compute: (f: FlowNumbers) => number];

/** Rows that exist once for each direction. */
function lengthRows(side: string, direction: number, words: string): Row[] {
  return [
    [
      `${side} Packet Length Max`,
      'B',
      `longest payload of the ${words} packets`,
      (f) => f.at(direction + DIRECTION.payloadMax),
    ],
    [
      `${side} Packet Length Min`,
      'B',
      `shortest payload of the ${words} packets`,
      (f) => f.at(direction + DIRECTION.payloadMin),
    ],
    [`${side} Packet Length Mean`, 'B', `payload bytes / packets, ${words}`, (f) => f.payloadMean(direction)],
    [
      `${side} Packet Length Std`,
      'B',
      `sample standard deviation of the ${words} payload lengths`,
      (f) => f.payloadDeviation(direction),
    ],
  ];
}

function gapRows(side: string, direction: number, words: string): Row[] {
  return [
    [`${side} IAT Total`, 'µs', `time from the first to the last ${words} packet`, (f) => f.gapTotal(direction)],
    [`${side} IAT Mean`, 'µs', `mean time between ${words} packets`, (f) => f.gapMean(direction)],
    [
      `${side} IAT Std`,
      'µs',
      `sample standard deviation of the times between ${words} packets`,
      (f) => f.gapDeviation(direction),
    ],
    [`${side} IAT Max`, 'µs', `longest time between ${words} packets`, (f) => f.at(direction + DIRECTION.gapMax)],
    [`${side} IAT Min`, 'µs', `shortest time between ${words} packets`, (f) => f.at(direction + DIRECTION.gapMin)],
  ];
}

function bulkRows(side: string, direction: number, words: string): Row[] {
  const per = (field: number, f: FlowNumbers) => ratio(f.at(direction + field), f.at(direction + DIRECTION.bulkCount));
  return [
    [
      `${side} Avg Bytes/Bulk`,
      'B',
      `${words} bytes in bulk transfers / bulk transfers; a bulk is 4 or more packets with payload in one direction, none more than 1 s after the one before`,
      (f) => per(DIRECTION.bulkBytes, f),
    ],
    [
      `${side} Avg Packets/Bulk`,
      'packets',
      `${words} packets in bulk transfers / bulk transfers`,
      (f) => per(DIRECTION.bulkPackets, f),
    ],
    [
      `${side} Avg Bulk Rate`,
      'B/s',
      `${words} bytes in bulk transfers / seconds spent in them`,
      (f) => ratio(f.at(direction + DIRECTION.bulkBytes) * 1e6, f.at(direction + DIRECTION.bulkDurationUs)),
    ],
  ];
}

const groupRows = (name: string, words: string, mean: Row[3], deviation: Row[3], max: Row[3], min: Row[3]): Row[] => [
  [`${name} Mean`, 'µs', `mean length of ${words}`, mean],
  [`${name} Std`, 'µs', `sample standard deviation of the lengths of ${words}`, deviation],
  [`${name} Max`, 'µs', `longest of ${words}`, max],
  [`${name} Min`, 'µs', `shortest of ${words}`, min],
];

const flag = (name: string, offset: number): Row => [
  `${name} Flag Count`,
  'packets',
  `packets with ${name === 'CWE' ? 'CWR' : name} set`,
  (f) => f.at(offset),
];

const CICFLOWMETER_ROWS: readonly Row[] = [
  ['Flow Duration', 'µs', 'time from the first packet to the last', (f) => f.durationUs],
  ['Total Fwd Packets', 'packets', 'packets from the initiator', (f) => f.at(FORWARD + DIRECTION.packets)],
  ['Total Backward Packets', 'packets', 'packets from the responder', (f) => f.at(BACKWARD + DIRECTION.packets)],
  [
    'Total Length of Fwd Packets',
    'B',
    'payload bytes from the initiator',
    (f) => f.at(FORWARD + DIRECTION.payloadBytes),
  ],
  [
    'Total Length of Bwd Packets',
    'B',
    'payload bytes from the responder',
    (f) => f.at(BACKWARD + DIRECTION.payloadBytes),
  ],
  ...lengthRows('Fwd', FORWARD, 'forward'),
  ...lengthRows('Bwd', BACKWARD, 'backward'),
  [
    'Flow Bytes/s',
    'B/s',
    'payload bytes of both directions / duration',
    (f) => f.perSecond(f.both(DIRECTION.payloadBytes)),
  ],
  ['Flow Packets/s', 'packets/s', 'packets of both directions / duration', (f) => f.perSecond(f.packets)],
  [
    'Flow IAT Mean',
    'µs',
    'mean time between packets of either direction',
    (f) => ratio(f.at(FLOW.gapSum) + f.at(FLOW.gapShift) * (f.packets - 1), f.packets - 1),
  ],
  [
    'Flow IAT Std',
    'µs',
    'sample standard deviation of the times between packets of either direction',
    (f) => Math.sqrt(sampleVariance(f.packets - 1, f.at(FLOW.gapSum), f.at(FLOW.gapSquares))),
  ],
  ['Flow IAT Max', 'µs', 'longest time between packets of either direction', (f) => f.at(FLOW.gapMax)],
  ['Flow IAT Min', 'µs', 'shortest time between packets of either direction', (f) => f.at(FLOW.gapMin)],
  ...gapRows('Fwd', FORWARD, 'forward'),
  ...gapRows('Bwd', BACKWARD, 'backward'),
  ['Fwd PSH Flags', 'packets', 'forward packets with PSH set', (f) => f.at(FORWARD + DIRECTION.psh)],
  ['Bwd PSH Flags', 'packets', 'backward packets with PSH set', (f) => f.at(BACKWARD + DIRECTION.psh)],
  ['Fwd URG Flags', 'packets', 'forward packets with URG set', (f) => f.at(FORWARD + DIRECTION.urg)],
  ['Bwd URG Flags', 'packets', 'backward packets with URG set', (f) => f.at(BACKWARD + DIRECTION.urg)],
  ['Fwd Header Length', 'B', 'bytes of forward transport headers', (f) => f.at(FORWARD + DIRECTION.headerBytes)],
  ['Bwd Header Length', 'B', 'bytes of backward transport headers', (f) => f.at(BACKWARD + DIRECTION.headerBytes)],
  ['Fwd Packets/s', 'packets/s', 'forward packets / duration', (f) => f.perSecond(f.at(FORWARD + DIRECTION.packets))],
  ['Bwd Packets/s', 'packets/s', 'backward packets / duration', (f) => f.perSecond(f.at(BACKWARD + DIRECTION.packets))],
  [
    'Min Packet Length',
    'B',
    'shortest payload of either direction',
    (f) =>
      f.at(BACKWARD + DIRECTION.packets) === 0
        ? f.at(FORWARD + DIRECTION.payloadMin)
        : f.at(FORWARD + DIRECTION.packets) === 0
          ? f.at(BACKWARD + DIRECTION.payloadMin)
          : Math.min(f.at(FORWARD + DIRECTION.payloadMin), f.at(BACKWARD + DIRECTION.payloadMin)),
  ],
  [
    'Max Packet Length',
    'B',
    'longest payload of either direction',
    (f) => Math.max(f.at(FORWARD + DIRECTION.payloadMax), f.at(BACKWARD + DIRECTION.payloadMax)),
  ],
  [
    'Packet Length Mean',
    'B',
    'payload bytes / packets, both directions',
    (f) => ratio(f.both(DIRECTION.payloadBytes), f.packets),
  ],
  [
    'Packet Length Std',
    'B',
    'sample standard deviation of the payload lengths of both directions',
    (f) => Math.sqrt(f.payloadVariance()),
  ],
  ['Packet Length Variance', 'B²', 'square of Packet Length Std', (f) => f.payloadVariance()],
  flag('FIN', FLOW.fin),
  flag('SYN', FLOW.syn),
  flag('RST', FLOW.rst),
  flag('PSH', FLOW.psh),
  flag('ACK', FLOW.ack),
  flag('URG', FLOW.urg),
  flag('CWE', FLOW.cwr),
  flag('ECE', FLOW.ece),
  [
    'Down/Up Ratio',
    'ratio',
    'backward packets / forward packets, rounded down as CICFlowMeter does',
    (f) => Math.floor(ratio(f.at(BACKWARD + DIRECTION.packets), f.at(FORWARD + DIRECTION.packets))),
  ],
  [
    'Average Packet Size',
    'B',
    'payload bytes / packets, both directions',
    (f) => ratio(f.both(DIRECTION.payloadBytes), f.packets),
  ],
  ['Avg Fwd Segment Size', 'B', 'payload bytes / packets, forward', (f) => f.payloadMean(FORWARD)],
  ['Avg Bwd Segment Size', 'B', 'payload bytes / packets, backward', (f) => f.payloadMean(BACKWARD)],
  [
    'Fwd Header Length.1',
    'B',
    'Fwd Header Length again: CIC-IDS2017 has this column twice',
    (f) => f.at(FORWARD + DIRECTION.headerBytes),
  ],
  ...bulkRows('Fwd', FORWARD, 'forward'),
  ...bulkRows('Bwd', BACKWARD, 'backward'),
  [
    'Subflow Fwd Packets',
    'packets',
    'forward packets / subflows; a pause of more than 1 s begins a new subflow',
    (f) => f.at(FORWARD + DIRECTION.packets) / f.subflows,
  ],
  [
    'Subflow Fwd Bytes',
    'B',
    'forward payload bytes / subflows',
    (f) => f.at(FORWARD + DIRECTION.payloadBytes) / f.subflows,
  ],
  [
    'Subflow Bwd Packets',
    'packets',
    'backward packets / subflows',
    (f) => f.at(BACKWARD + DIRECTION.packets) / f.subflows,
  ],
  [
    'Subflow Bwd Bytes',
    'B',
    'backward payload bytes / subflows',
    (f) => f.at(BACKWARD + DIRECTION.payloadBytes) / f.subflows,
  ],
  [
    'Init_Win_bytes_forward',
    'B',
    'TCP window field of the first forward packet; −1 without one',
    (f) => (f.at(FORWARD + DIRECTION.packets) > 0 ? f.at(FORWARD + DIRECTION.initialWindow) : -1),
  ],
  [
    'Init_Win_bytes_backward',
    'B',
    'TCP window field of the first backward packet; −1 without one',
    (f) => (f.at(BACKWARD + DIRECTION.packets) > 0 ? f.at(BACKWARD + DIRECTION.initialWindow) : -1),
  ],
  [
    'act_data_pkt_fwd',
    'packets',
    'forward packets with at least one byte of payload',
    (f) => f.at(FORWARD + DIRECTION.payloadPackets),
  ],
  ['min_seg_size_forward', 'B', 'shortest forward transport header', (f) => f.at(FORWARD + DIRECTION.headerMin)],
  ...groupRows(
    'Active',
    'active periods; a pause of more than 5 s ends one',
    (f) => f.active('mean'),
    (f) => f.active('deviation'),
    (f) => f.active('max'),
    (f) => f.active('min'),
  ),
  ...groupRows(
    'Idle',
    'pauses of more than 5 s',
    (f) => f.groupMean(FLOW.idleCount),
    (f) => f.groupDeviation(FLOW.idleCount),
    (f) => f.at(FLOW.idleMax),
    (f) => f.at(FLOW.idleMin),
  ),
];

const OWN_ROWS: readonly Row[] = [
  [
    'Initiator Payload Ratio',
    'ratio',
    'payload bytes from the initiator / payload bytes of both',
    (f) => ratio(f.at(FORWARD + DIRECTION.payloadBytes), f.both(DIRECTION.payloadBytes)),
  ],
  [
    'Initiator Payload Entropy',
    'bit/B',
    'Shannon entropy of the first 128 bytes of the first payload from the initiator',
    (f) => f.at(FORWARD + DIRECTION.entropy),
  ],
  [
    'Responder Payload Entropy',
    'bit/B',
    'Shannon entropy of the first 128 bytes of the first payload from the responder',
    (f) => f.at(BACKWARD + DIRECTION.entropy),
  ],
  [
    'Round Trip Time',
    'µs',
    'TCP: from the SYN to the ACK that completes the handshake; else from the first packet to the first answer',
    (f) => (Number.isNaN(f.at(FLOW.roundTripUs)) ? 0 : f.at(FLOW.roundTripUs)),
  ],
  [
    'Fwd Retransmissions',
    'segments',
    'forward TCP segments below the expected sequence number that fill no gap',
    (f) => f.at(FORWARD + DIRECTION.retransmissions),
  ],
  [
    'Bwd Retransmissions',
    'segments',
    'backward TCP segments below the expected sequence number that fill no gap',
    (f) => f.at(BACKWARD + DIRECTION.retransmissions),
  ],
  [
    'Fwd Out of Order',
    'segments',
    'forward TCP segments that fill the newest gap',
    (f) => f.at(FORWARD + DIRECTION.outOfOrder),
  ],
  [
    'Bwd Out of Order',
    'segments',
    'backward TCP segments that fill the newest gap',
    (f) => f.at(BACKWARD + DIRECTION.outOfOrder),
  ],
  [
    'Fwd Zero Windows',
    'packets',
    'forward TCP packets, RST aside, that offer a window of 0',
    (f) => f.at(FORWARD + DIRECTION.zeroWindows),
  ],
  [
    'Bwd Zero Windows',
    'packets',
    'backward TCP packets, RST aside, that offer a window of 0',
    (f) => f.at(BACKWARD + DIRECTION.zeroWindows),
  ],
  [
    'Fwd First Payload Size',
    'B',
    'length of the first payload from the initiator',
    (f) => f.at(FORWARD + DIRECTION.firstPayloadBytes),
  ],
  [
    'Bwd First Payload Size',
    'B',
    'length of the first payload from the responder',
    (f) => f.at(BACKWARD + DIRECTION.firstPayloadBytes),
  ],
  [
    'Fwd Wire Bytes',
    'B',
    'frame bytes from the initiator, headers included',
    (f) => f.at(FORWARD + DIRECTION.wireBytes),
  ],
  [
    'Bwd Wire Bytes',
    'B',
    'frame bytes from the responder, headers included',
    (f) => f.at(BACKWARD + DIRECTION.wireBytes),
  ],
  [
    'Periodicity',
    '0–1',
    '1 / (1 + standard deviation / mean) of the pauses of at least 0.5 s between payload packets from the initiator, with three pauses or more; 1 is a clockwork',
    periodicity,
  ],
];

/** Fewer pauses say nothing about a rhythm. */
const MIN_PAUSES = 3;

function periodicity(f: FlowNumbers): number {
  const count = f.at(FLOW.pauseCount);
  if (count < MIN_PAUSES) return 0;
  const mean = f.at(FLOW.pauseShift) + f.at(FLOW.pauseSum) / count;
  const deviation = Math.sqrt(sampleVariance(count, f.at(FLOW.pauseSum), f.at(FLOW.pauseSquares)));
  return 1 / (1 + deviation / mean);
}

const toFeature = ([name, unit, formula, compute]: Row): Feature => ({ name, unit, formula, compute });

/** CICFlowMeter's columns, then ours. */
export const FEATURES: readonly Feature[] = [...CICFLOWMETER_ROWS, ...OWN_ROWS].map(toFeature);
export const CICFLOWMETER_FEATURE_COUNT = CICFLOWMETER_ROWS.length;

const computeAll = FEATURES.map((feature) => feature.compute);

/** Writes all features of `flow` to `row` (length FEATURES.length), in the order of FEATURES. */
export function computeFeatures(flow: FlowNumbers, row: Float64Array): void {
  for (let i = 0; i < computeAll.length; i++) row[i] = computeAll[i](flow);
}
