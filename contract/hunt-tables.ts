/**
 * What can be hunted through: tables with their fields, and the words of the language with their meaning. The
 * parser, completion, the compiler and the user guide read the same rows. Types and tables only.
 */
import { ALERT_KINDS, SEVERITIES } from './domain.ts';
import { PROTOCOL_IDS } from './facts.ts';
import { HUNT_EVENT_TABLES } from './hunt-event-tables.ts';
import { PROTOCOL, SERVICES } from './traffic.ts';

/** What a field holds; decides its operators, the units of its values and how it is shown. */
export const HUNT_TYPES = [
  'text',
  'choice',
  'number',
  'bytes',
  'duration',
  'time',
  'address',
  'port',
  'severity',
  'id',
] as const;
export type HuntType = (typeof HUNT_TYPES)[number];

export interface HuntField {
  readonly name: string;
  readonly type: HuntType;
  /** One line for people. */
  readonly doc: string;
  /** Values as they are written in a query. */
  readonly examples: readonly string[];
  /** Every value that there is, the mildest or most usual first. */
  readonly choices?: readonly string[];
  /**
   * Stands for several values of a row (both ends of a flow, all attackers): a comparison holds where one of them
   * fits, `!=` where none does. Cannot be sorted by or summed.
   */
  readonly isMany?: boolean;
}

export interface HuntTable {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly HuntField[];
  /** Fields that make the columns of a result, in their order; `time` is among the fields of every table. */
  readonly columns: readonly string[];
}

/** Transports that have a name here; others are written by their number. */
export const HUNT_TRANSPORTS: readonly string[] = Object.keys(PROTOCOL);
/** Why a flow ended, in the order of END_REASON. */
export const HUNT_FLOW_ENDS = ['finished', 'idle', 'active', 'evicted', 'stopped', 'clock-reset'] as const;
const ALERT_STATES = ['open', 'acknowledged', 'dismissed', 'withdrawn'] as const;

const FLOWS: HuntTable = {
  name: 'flows',
  doc: 'Conversations that have ended: both directions between two ends.',
  columns: [
    'time',
    'initiator',
    'responder',
    'responderPort',
    'name',
    'transport',
    'service',
    'bytes',
    'packets',
    'duration',
    'id',
  ],
  fields: [
    { name: 'time', type: 'time', doc: 'When its last packet was seen.', examples: ['24h', '2026-11-20T10:00'] },
    { name: 'started', type: 'time', doc: 'When its first packet was seen.', examples: ['24h', '2026-11-20'] },
    {
      name: 'host',
      type: 'address',
      doc: 'Either end.',
      examples: ['10.0.0.5', '10.0.0.0/8', 'fe80::/10'],
      isMany: true,
    },
    { name: 'initiator', type: 'address', doc: 'Who began it.', examples: ['10.0.0.5', '192.168.0.0/16'] },
    { name: 'responder', type: 'address', doc: 'Who was spoken to.', examples: ['10.0.0.9', '2001:db8::/32'] },
    { name: 'port', type: 'port', doc: 'The port of either end.', examples: ['22', '443'], isMany: true },
    { name: 'initiatorPort', type: 'port', doc: 'The port of who began it.', examples: ['50123'] },
    { name: 'responderPort', type: 'port', doc: 'The port that was spoken to.', examples: ['22', '443'] },
    {
      name: 'transport',
      type: 'choice',
      doc: 'tcp, udp, icmp, …, or the number of the protocol.',
      examples: ['tcp', 'udp'],
      choices: HUNT_TRANSPORTS,
    },
    {
      name: 'service',
      type: 'choice',
      doc: 'What was spoken, by port and first bytes.',
      examples: ['dns', 'ssh', 'tls'],
      choices: SERVICES,
    },
    {
      name: 'application',
      type: 'choice',
      doc: 'What was spoken, by the bytes alone; empty where they did not tell.',
      examples: ['bittorrent', 'tls'],
      choices: PROTOCOL_IDS,
    },
    {
      name: 'name',
      type: 'text',
      doc: 'What was asked for: a site, a domain, a host name.',
      examples: ['"example.org"'],
    },
    {
      name: 'said',
      type: 'text',
      doc: 'What was said, in short: requests, answers, logins, files, certificates.',
      examples: ['"GET /"', '"login of root"'],
    },
    {
      name: 'program',
      type: 'text',
      doc: 'Path of the program on this computer that had it; empty where it is not known.',
      examples: ['"/usr/bin/curl"', '"python"'],
    },
    {
      name: 'pid',
      type: 'number',
      doc: 'Number of the process that had it; 0 where it is not known.',
      examples: ['1234'],
    },
    { name: 'bytes', type: 'bytes', doc: 'Bytes on the wire, both directions.', examples: ['1MB', '500kB'] },
    { name: 'initiatorBytes', type: 'bytes', doc: 'Bytes that the initiator sent.', examples: ['1MB'] },
    { name: 'responderBytes', type: 'bytes', doc: 'Bytes that the responder sent.', examples: ['1MB'] },
    { name: 'packets', type: 'number', doc: 'Packets, both directions.', examples: ['1000'] },
    { name: 'initiatorPackets', type: 'number', doc: 'Packets that the initiator sent.', examples: ['10'] },
    {
      name: 'responderPackets',
      type: 'number',
      doc: 'Packets that the responder sent; 0: no answer.',
      examples: ['0'],
    },
    { name: 'duration', type: 'duration', doc: 'From its first to its last packet.', examples: ['1s', '10m', '2h'] },
    { name: 'vlan', type: 'number', doc: 'The VLAN, 0 without one.', examples: ['0', '100'] },
    {
      name: 'end',
      type: 'choice',
      doc: 'Why it ended.',
      examples: ['finished', 'idle'],
      choices: HUNT_FLOW_ENDS,
    },
    { name: 'id', type: 'id', doc: 'The id of the stored flow.', examples: ['s-1234'] },
  ],
};

const ALERTS: HuntTable = {
  name: 'alerts',
  doc: 'What Holdfast found suspicious, one for each cause.',
  columns: ['time', 'severity', 'title', 'kind', 'attacker', 'victim', 'state', 'id'],
  fields: [
    { name: 'time', type: 'time', doc: 'When it was last seen.', examples: ['24h', '2026-11-20'] },
    { name: 'started', type: 'time', doc: 'When it was first seen.', examples: ['24h', '2026-11-20'] },
    {
      name: 'severity',
      type: 'severity',
      doc: 'How bad it is; info < low < medium < high < critical.',
      examples: ['high', 'critical'],
      choices: SEVERITIES,
    },
    {
      name: 'kind',
      type: 'choice',
      doc: 'What it is about.',
      examples: ['port-scan', 'brute-force'],
      choices: ALERT_KINDS,
    },
    { name: 'title', type: 'text', doc: 'Who did what to whom.', examples: ['"ssh"', '"scanned"'] },
    { name: 'explanation', type: 'text', doc: 'The explanation in plain words.', examples: ['"passwords"'] },
    { name: 'host', type: 'address', doc: 'An attacker or a victim.', examples: ['10.0.0.5'], isMany: true },
    { name: 'attacker', type: 'address', doc: 'Any of its attackers.', examples: ['10.0.0.5'], isMany: true },
    { name: 'victim', type: 'address', doc: 'Any of its victims.', examples: ['10.0.0.9'], isMany: true },
    { name: 'technique', type: 'text', doc: 'A MITRE ATT&CK technique.', examples: ['T1110.001'], isMany: true },
    { name: 'detector', type: 'text', doc: 'A detector that spoke.', examples: ['port-scan'], isMany: true },
    { name: 'confidence', type: 'number', doc: 'From 0 (a guess) to 1 (certain).', examples: ['0.8', '80%'] },
    { name: 'findings', type: 'number', doc: 'Findings that were joined.', examples: ['10'] },
    {
      name: 'state',
      type: 'choice',
      doc: 'What became of it.',
      examples: ['open', 'dismissed'],
      choices: ALERT_STATES,
    },
    { name: 'id', type: 'id', doc: 'The id of the alert.', examples: ['a-0123456789ab'] },
  ],
};

export const HUNT_TABLES: readonly HuntTable[] = [FLOWS, ALERTS, ...HUNT_EVENT_TABLES];

/** Names are found whatever their case. */
export function huntTable(name: string): HuntTable | undefined {
  const wanted = name.toLowerCase();
  return HUNT_TABLES.find((table) => table.name === wanted);
}

export function huntField(table: HuntTable, name: string): HuntField | undefined {
  const wanted = name.toLowerCase();
  return table.fields.find((field) => field.name.toLowerCase() === wanted);
}

const ORDERED: readonly HuntType[] = ['number', 'bytes', 'duration', 'time', 'port', 'severity'];
const EXACT: readonly HuntType[] = [...ORDERED.filter((type) => type !== 'time'), 'text', 'choice', 'address', 'id'];
const WORDED: readonly HuntType[] = ['text', 'choice', 'address', 'id'];

export interface HuntOperator {
  readonly symbol: string;
  readonly doc: string;
  readonly types: readonly HuntType[];
}

/** Text is compared without regard to case. */
export const HUNT_OPERATORS = [
  { symbol: '=', doc: 'is', types: EXACT },
  { symbol: '!=', doc: 'is not', types: EXACT },
  { symbol: '<', doc: 'is less than; of a time: before', types: ORDERED },
  { symbol: '<=', doc: 'is at most', types: ORDERED },
  { symbol: '>', doc: 'is more than; of a time: after', types: ORDERED },
  { symbol: '>=', doc: 'is at least', types: ORDERED },
  { symbol: 'in', doc: 'is one of a list in parentheses; of an address: lies in a network', types: EXACT },
  { symbol: 'contains', doc: 'has this text in it', types: WORDED },
  { symbol: 'startswith', doc: 'begins with this text', types: WORDED },
  { symbol: 'endswith', doc: 'ends with this text', types: WORDED },
  { symbol: 'matches', doc: 'fits a pattern: * is any text, ? any one character', types: WORDED },
] as const satisfies readonly HuntOperator[];
export type HuntOperatorSymbol = (typeof HUNT_OPERATORS)[number]['symbol'];

export function operatorsOf(type: HuntType): readonly (HuntOperator & { readonly symbol: HuntOperatorSymbol })[] {
  return HUNT_OPERATORS.filter(({ types }) => types.includes(type));
}

/** What can be told about a group of rows. */
export const HUNT_FUNCTIONS = [
  { name: 'count', doc: 'How many rows; "count distinct FIELD": how many different values.', needsField: false },
  { name: 'sum', doc: 'The sum of a number.', needsField: true },
  { name: 'average', doc: 'The average of a number.', needsField: true },
  { name: 'min', doc: 'The least.', needsField: true },
  { name: 'max', doc: 'The most.', needsField: true },
] as const;

/** Words with a place of their own. As values they are written in quotes. */
export const HUNT_KEYWORDS = {
  where: 'Conditions, joined by and, or, not and parentheses.',
  since: 'Only what was seen since then: 30m, 24h, 7d, or a date and time.',
  until: 'Only what was seen before then.',
  sort: 'In this order: sort by bytes desc.',
  limit: 'At most so many rows.',
  by: 'The fields that make the groups, or the order.',
  and: 'Both must hold.',
  or: 'One of both must hold.',
  not: 'The opposite.',
  asc: 'The least first.',
  desc: 'The most first.',
  distinct: 'Each different value once.',
} as const satisfies Readonly<Record<string, string>>;

/** Types that a sum or an average is made of. */
export const SUMMABLE: readonly HuntType[] = ['number', 'bytes', 'duration'];
