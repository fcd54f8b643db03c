/**
 * What each feature says about a flow, for people; `formula` in features.ts says how it is computed. The initiator is
 * who began the conversation, the responder who was called.
 */

type Meanings = Readonly<Record<string, string>>;

/** Features that exist once for each side: how their names say which, and how we do. */
const SIDES = [
  { short: 'Fwd', total: 'Fwd', window: 'forward', name: 'the initiator', possessive: "the initiator's" },
  { short: 'Bwd', total: 'Backward', window: 'backward', name: 'the responder', possessive: "the responder's" },
] as const;

function meaningsOf({ short, total, window, name, possessive }: (typeof SIDES)[number]): Meanings {
  return {
    [`Total ${total} Packets`]: `How many packets ${name} sent.`,
    [`Total Length of ${short} Packets`]: `How much data ${name} sent, without headers.`,
    [`${short} Packet Length Max`]: `The most data in one packet of ${possessive}.`,
    [`${short} Packet Length Min`]: `The least data in one packet of ${possessive}; 0 for bare acknowledgements.`,
    [`${short} Packet Length Mean`]: `How much data ${possessive} packets carry on the average.`,
    [`${short} Packet Length Std`]: `How much ${possessive} packets differ in size; 0 when all are alike.`,
    [`${short} IAT Total`]: `How long ${name} went on sending.`,
    [`${short} IAT Mean`]: `The usual pause between two packets of ${possessive}.`,
    [`${short} IAT Std`]: `How uneven ${possessive} pace is; near 0 it is a machine's.`,
    [`${short} IAT Max`]: `The longest time that ${name} was silent.`,
    [`${short} IAT Min`]: `How quickly one packet of ${possessive} followed another at best.`,
    [`${short} PSH Flags`]: `How often ${name} asked for data to be handed on at once: about one per message.`,
    [`${short} URG Flags`]: `How often ${name} marked data as urgent; nearly nobody does, except some scanners.`,
    [`${short} Header Length`]: `What ${possessive} transport headers take, without data.`,
    [`${short} Packets/s`]: `How fast ${name} sent packets.`,
    [`${short} Avg Bytes/Bulk`]: `How much ${name} sent in one go where data was streamed; 0 when it never was.`,
    [`${short} Avg Packets/Bulk`]: `How many packets ${name} sent in one go where data was streamed.`,
    [`${short} Avg Bulk Rate`]: `How fast ${name} sent while data was streamed.`,
    [`Subflow ${short} Packets`]: `Packets of ${possessive} between two pauses of a second.`,
    [`Subflow ${short} Bytes`]: `Data of ${possessive} between two pauses of a second.`,
    [`Avg ${short} Segment Size`]: `How much data ${possessive} packets carry on the average.`,
    [`Init_Win_bytes_${window}`]: `How much ${name} was ready to take at first: tells kinds of systems and tools apart.`,
    [`${short} Retransmissions`]: `What ${name} had to send again: loss on the way, or a packet seen twice.`,
    [`${short} Out of Order`]: `Packets of ${possessive} that came later than those sent after them.`,
    [`${short} Zero Windows`]: `How often ${name} said "no more now": overload, or an attack that holds connections open.`,
    [`${short} First Payload Size`]: `How long the first message of ${possessive} is: a request, a greeting.`,
    [`${short} Wire Bytes`]: `Everything that ${name} put on the wire, headers included.`,
  };
}

const WHOLE_FLOW: Meanings = {
  'Flow Duration': 'How long the conversation lasted.',
  'Flow Bytes/s': 'How much data went over per second, both ways.',
  'Flow Packets/s': 'How many packets went over per second, both ways.',
  'Flow IAT Mean': 'The usual pause between two packets of anybody.',
  'Flow IAT Std': 'How uneven the pace of the conversation is.',
  'Flow IAT Max': 'The longest silence in the conversation.',
  'Flow IAT Min': 'How quickly one packet followed another at best.',
  'Min Packet Length': 'The least data in one packet, either way.',
  'Max Packet Length': 'The most data in one packet, either way.',
  'Packet Length Mean': 'How much data a packet carries on the average, both ways.',
  'Packet Length Std': 'How much the packets differ in size; 0 when all are alike.',
  'Packet Length Variance': 'The same as Packet Length Std, squared.',
  'FIN Flag Count': 'How often a side said goodbye; two in an orderly end.',
  'SYN Flag Count': 'How often a connection was asked for or granted; two in an ordinary beginning.',
  'RST Flag Count': 'How often a side broke off or refused.',
  'PSH Flag Count': 'How often data was to be handed on at once, both ways.',
  'ACK Flag Count': 'Packets that confirm what was received: nearly all, in an ordinary connection.',
  'URG Flag Count': 'How often data was marked as urgent, both ways.',
  'CWE Flag Count': 'How often a sender slowed down because the network said it was full.',
  'ECE Flag Count': 'How often a receiver passed on that the network was full.',
  'Down/Up Ratio': 'Whole packets of the responder for each packet of the initiator.',
  'Average Packet Size': 'How much data a packet carries on the average, both ways.',
  'Fwd Header Length.1': 'The same as Fwd Header Length; kept because known data sets have it twice.',
  act_data_pkt_fwd: 'How many packets of the initiator carry data at all.',
  min_seg_size_forward: "The shortest transport header of the initiator's.",
  'Active Mean': 'How long the conversation was busy between two long silences, on the average.',
  'Active Std': 'How much the busy times differ in length.',
  'Active Max': 'The longest busy time.',
  'Active Min': 'The shortest busy time.',
  'Idle Mean': 'How long the silences of more than 5 seconds are, on the average; 0 without any.',
  'Idle Std': 'How much the long silences differ; near 0 something calls at fixed times.',
  'Idle Max': 'The longest of the long silences.',
  'Idle Min': 'The shortest of the long silences.',
  'Initiator Payload Ratio': 'The share of the data that the initiator sent: near 1 an upload, near 0 a download.',
  'Initiator Payload Entropy':
    'How random the first bytes of the initiator look: about 4 is text, over 6 is encrypted.',
  'Responder Payload Entropy':
    'How random the first bytes of the responder look: about 4 is text, over 6 is encrypted.',
  'Round Trip Time': 'How long an answer takes on the way there and back.',
  Periodicity:
    'How much like clockwork the initiator speaks: near 1 it calls at fixed times, as malware does, and updaters.',
};

/** By the name of the feature; every feature of the table has one. */
export const FEATURE_MEANINGS: Meanings = Object.assign({}, ...SIDES.map(meaningsOf), WHOLE_FLOW);
