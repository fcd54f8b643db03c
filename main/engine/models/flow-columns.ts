/**
 * The columns of a conversation. Values are those of `flows --csv`, in the same units, so that rows of known data sets
 * can be judged too; who began the conversation "sent", and "received" what the other side sent.
 */
import { SERVICES } from '../../../contract/traffic.ts';
import { type Column, type ColumnRow, plainColumn } from './table-column.ts';

/** A feature that is no column, as another says the same. */
interface LeftOut {
  readonly name: string;
  readonly because: string;
}

const same = (name: string, other: string): LeftOut => ({ name, because: `the same as ${other}` });
const follows = (name: string, others: string): LeftOut => ({ name, because: `follows from ${others}` });

interface Side {
  /** In names of CICFlowMeter. */
  readonly short: 'Fwd' | 'Bwd';
  /** "sent", "received". */
  readonly did: string;
  /** Before a noun: "sent packets". */
  readonly kind: string;
}

const SENT: Side = { short: 'Fwd', did: 'sent', kind: 'sent' };
const RECEIVED: Side = { short: 'Bwd', did: 'received', kind: 'received' };

const lengths = ({ short, did, kind }: Side): ColumnRow[] => [
  [`${short} Packet Length Max`, 'wide-amount', `largest ${kind} packet`, 'B', `${did} packets of up to %`],
  [`${short} Packet Length Min`, 'wide-amount', `smallest ${kind} packet`, 'B', `${did} packets of at least %`],
  [`${short} Packet Length Mean`, 'wide-amount', `mean ${kind} packet`, 'B', `${did} packets of % on average`],
  [`${short} Packet Length Std`, 'wide-amount', `spread of ${kind} packet sizes`, 'B', `${did} packets differed by %`],
];

const gaps = ({ short, did, kind }: Side): (ColumnRow | LeftOut)[] => [
  follows(`${short} IAT Total`, `the duration, or from ${short} IAT Mean and the packets`),
  [
    `${short} IAT Mean`,
    'wide-amount',
    `mean pause between ${kind} packets`,
    'µs',
    `${did} a packet every % on average`,
  ],
  [
    `${short} IAT Std`,
    'wide-amount',
    `spread of the pauses between ${kind} packets`,
    'µs',
    `${did} packets at a pace that varied by %`,
  ],
  [`${short} IAT Max`, 'wide-amount', `longest pause between ${kind} packets`, 'µs', `${did} nothing for up to %`],
  [
    `${short} IAT Min`,
    'wide-amount',
    `shortest pause between ${kind} packets`,
    'µs',
    `${did} packets at least % apart`,
  ],
];

const bulks = ({ short, did, kind }: Side): ColumnRow[] => [
  [`${short} Avg Bytes/Bulk`, 'wide-amount', `bytes ${kind} in one stream`, 'B', `${did} streams of % each`],
  [`${short} Avg Packets/Bulk`, 'wide-amount', `packets ${kind} in one stream`, 'packets', `${did} streams of % each`],
  [`${short} Avg Bulk Rate`, 'wide-amount', `speed of ${kind} streams`, 'B/s', `${did} streams at %`],
];

/** @param flag the name of it that TCP has, where the feature has another */
const flag = (name: string, flag = name): ColumnRow => [
  `${name} Flag Count`,
  'wide-amount',
  `packets with ${flag}`,
  'packets',
  `had % with ${flag}`,
];

const span = (name: string, words: string, plural: string, did: string): ColumnRow[] => [
  [`${name} Mean`, 'wide-amount', `mean ${words}`, 'µs', `${did} for % on average`],
  [`${name} Std`, 'wide-amount', `spread of the ${plural}`, 'µs', `had ${plural} that varied by %`],
  [`${name} Max`, 'wide-amount', `longest ${words}`, 'µs', `${did} for up to %`],
  [`${name} Min`, 'wide-amount', `shortest ${words}`, 'µs', `${did} for at least %`],
];

/** Every feature of a flow, in the order in which flows carry them. */
const FEATURE_ROWS: readonly (ColumnRow | LeftOut)[] = [
  ['Flow Duration', 'wide-amount', 'duration', 'µs', 'lasted %'],
  ['Total Fwd Packets', 'wide-amount', 'packets sent', 'packets', 'sent %'],
  ['Total Backward Packets', 'wide-amount', 'packets received', 'packets', 'received %'],
  ['Total Length of Fwd Packets', 'wide-amount', 'bytes sent', 'B', 'sent %'],
  ['Total Length of Bwd Packets', 'wide-amount', 'bytes received', 'B', 'received %'],
  ...lengths(SENT),
  ...lengths(RECEIVED),
  ['Flow Bytes/s', 'wide-amount', 'speed', 'B/s', 'transferred %'],
  ['Flow Packets/s', 'wide-amount', 'packet rate', 'packets/s', 'exchanged %'],
  ['Flow IAT Mean', 'wide-amount', 'mean pause', 'µs', 'paused % on average'],
  ['Flow IAT Std', 'wide-amount', 'spread of the pauses', 'µs', 'kept a pace that varied by %'],
  ['Flow IAT Max', 'wide-amount', 'longest pause', 'µs', 'was silent for up to %'],
  ['Flow IAT Min', 'wide-amount', 'shortest pause', 'µs', 'had packets at least % apart'],
  ...gaps(SENT),
  ...gaps(RECEIVED),
  ['Fwd PSH Flags', 'wide-amount', 'packets sent with PSH', 'packets', 'sent % with PSH'],
  ['Bwd PSH Flags', 'wide-amount', 'packets received with PSH', 'packets', 'received % with PSH'],
  ['Fwd URG Flags', 'wide-amount', 'packets sent with URG', 'packets', 'sent % marked as urgent'],
  ['Bwd URG Flags', 'wide-amount', 'packets received with URG', 'packets', 'received % marked as urgent'],
  ['Fwd Header Length', 'wide-amount', 'header bytes sent', 'B', 'sent headers of %'],
  ['Bwd Header Length', 'wide-amount', 'header bytes received', 'B', 'received headers of %'],
  follows('Fwd Packets/s', 'the packets sent and the duration'),
  follows('Bwd Packets/s', 'the packets received and the duration'),
  follows('Min Packet Length', 'the smallest packets of both directions'),
  follows('Max Packet Length', 'the largest packets of both directions'),
  ['Packet Length Mean', 'wide-amount', 'mean packet', 'B', 'had packets of % on average'],
  ['Packet Length Std', 'wide-amount', 'spread of packet sizes', 'B', 'had packets that differed by %'],
  follows('Packet Length Variance', 'Packet Length Std'),
  flag('FIN'),
  flag('SYN'),
  flag('RST'),
  follows('PSH Flag Count', 'those of both directions'),
  flag('ACK'),
  follows('URG Flag Count', 'those of both directions'),
  flag('CWE', 'CWR'),
  flag('ECE'),
  ['Down/Up Ratio', 'wide-amount', 'packets received for each sent', '', 'got % back for each packet that it sent'],
  same('Average Packet Size', 'Packet Length Mean'),
  same('Avg Fwd Segment Size', 'Fwd Packet Length Mean'),
  same('Avg Bwd Segment Size', 'Bwd Packet Length Mean'),
  same('Fwd Header Length.1', 'Fwd Header Length'),
  ...bulks(SENT),
  ...bulks(RECEIVED),
  ['Subflow Fwd Packets', 'wide-amount', 'packets sent between two pauses', 'packets', 'sent % between two pauses'],
  ['Subflow Fwd Bytes', 'wide-amount', 'bytes sent between two pauses', 'B', 'sent % between two pauses'],
  follows('Subflow Bwd Packets', 'Subflow Fwd Packets and the packets of both directions'),
  follows('Subflow Bwd Bytes', 'Subflow Fwd Bytes and the bytes of both directions'),
  ['Init_Win_bytes_forward', 'wide-amount', 'first window of the caller', 'B', 'offered a first window of %'],
  ['Init_Win_bytes_backward', 'wide-amount', 'first window of the called', 'B', 'was offered a first window of %'],
  ['act_data_pkt_fwd', 'wide-amount', 'packets sent with data', 'packets', 'sent % with data'],
  ['min_seg_size_forward', 'amount', 'shortest sent header', 'B', 'sent headers of at least %'],
  ...span('Active', 'busy time', 'busy times', 'was busy'),
  ...span('Idle', 'long silence', 'long silences', 'fell silent'),
  ['Initiator Payload Ratio', 'amount', 'share of the data that was sent', '', 'sent a share of % of all data'],
  [
    'Initiator Payload Entropy',
    'amount',
    'randomness of what was sent',
    'bit/B',
    'began to send with a randomness of %',
  ],
  [
    'Responder Payload Entropy',
    'amount',
    'randomness of what was received',
    'bit/B',
    'was answered with a randomness of %',
  ],
  ['Round Trip Time', 'wide-amount', 'time to an answer', 'µs', 'was answered within %'],
  ['Fwd Retransmissions', 'wide-amount', 'segments sent again', 'segments', 'sent % again'],
  ['Bwd Retransmissions', 'wide-amount', 'segments received again', 'segments', 'received % again'],
  ['Fwd Out of Order', 'wide-amount', 'segments sent out of order', 'segments', 'sent % out of order'],
  ['Bwd Out of Order', 'wide-amount', 'segments received out of order', 'segments', 'received % out of order'],
  ['Fwd Zero Windows', 'wide-amount', 'full buffers of the caller', 'packets', 'asked to wait in %'],
  ['Bwd Zero Windows', 'wide-amount', 'full buffers of the called', 'packets', 'was asked to wait in %'],
  ['Fwd First Payload Size', 'wide-amount', 'first message sent', 'B', 'began with a message of %'],
  ['Bwd First Payload Size', 'wide-amount', 'first message received', 'B', 'got a first answer of %'],
  follows('Fwd Wire Bytes', 'the bytes and packets sent'),
  follows('Bwd Wire Bytes', 'the bytes and packets received'),
  ['Periodicity', 'amount', 'regularity', '', 'called with a regularity of % of 1'],
];

const isColumn = (row: ColumnRow | LeftOut): row is ColumnRow => !('because' in row);

/** Names of all features of a flow, columns or not, in the order in which flows carry them. */
export const FLOW_FEATURE_NAMES: readonly string[] = FEATURE_ROWS.map((row) => (isColumn(row) ? row[0] : row.name));

/** Features that are no columns, and why. */
export const LEFT_OUT_FEATURES: readonly LeftOut[] = FEATURE_ROWS.flatMap((row) => (isColumn(row) ? [] : [row]));

/** Where in a flow's features the columns are that are features. */
const PLACES = Int32Array.from([...FEATURE_ROWS.keys()].filter((place) => isColumn(FEATURE_ROWS[place]!)));

/** Ranges of ports (RFC 6335, section 6); the limits are the first ports beyond. */
const PORT_RANGES = ['a system port (under 1024)', 'a registered port', 'a passing port (49152 and above)'] as const;
const REGISTERED_FROM = 1_024;
const DYNAMIC_FROM = 49_152;

const SERVICE_NAMES = SERVICES.map((service) => (service === 'unknown' ? 'an unknown protocol' : service));

export const FLOW_COLUMNS: readonly Column[] = [
  ...FEATURE_ROWS.filter(isColumn).map(plainColumn),
  { name: 'Service', meaning: 'name', label: 'service', unit: '', phrase: 'spoke %', names: SERVICE_NAMES },
  {
    name: 'Responder Port Range',
    meaning: 'name',
    label: 'kind of port called',
    unit: '',
    phrase: 'called %',
    names: PORT_RANGES,
  },
];

const TCP = 6;
const UDP = 17;

/** The group that a flow of this IP protocol number belongs to. */
export function flowGroup(protocol: number): 'tcp' | 'udp' | 'other' {
  return protocol === TCP ? 'tcp' : protocol === UDP ? 'udp' : 'other';
}

/** Number in the names of the column "Responder Port Range"; NaN for a port that nobody knows. */
export function portRange(port: number): number {
  return port < REGISTERED_FROM ? 0 : port < DYNAMIC_FROM ? 1 : Number.isFinite(port) ? 2 : Number.NaN;
}

/**
 * Writes the row of a flow. Allocates nothing.
 *
 * @param features as flows carry them, in the order of FLOW_FEATURE_NAMES
 * @param service number in SERVICES
 * @param target FLOW_COLUMNS.length values from `offset` on are written
 */
export function flowRow(
  features: ArrayLike<number>,
  service: number,
  responderPort: number,
  target: Float64Array,
  offset = 0,
): void {
  for (let i = 0; i < PLACES.length; i++) target[offset + i] = features[PLACES[i]!]!;
  target[offset + PLACES.length] = service;
  target[offset + PLACES.length + 1] = portRange(responderPort);
}
