/** Logs that Zeek wrote in its own tests, row by row: of each the columns that speak of what we have. */
import { z } from 'zod';
import type { ProtocolId } from '../../../contract/facts.ts';
import type { Ends, Expectation, Field, Match } from './expectation.ts';
import { ZEEK_NAMES } from './protocol-names.ts';
import { endsOf, readJson, readText } from './read-golden.ts';

const MAP = 'dpi/zeek/map.json';
const mapSchema = z.record(z.string(), z.array(z.object({ log: z.string(), file: z.string() })));
const TRANSPORTS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1 };

interface Column {
  readonly name: string;
  readonly field: Field;
  /** What we would say for it; nothing where the value says nothing. */
  readonly write?: (value: string) => string;
  readonly match?: Match;
}

interface Log {
  readonly protocol: ProtocolId;
  /** Where the log has no column for it. */
  readonly transport: number;
  readonly columns: readonly Column[];
}

const TLS_VERSIONS: Readonly<Record<string, number>> = {
  SSLv3: 0x0300,
  TLSv10: 0x0301,
  TLSv11: 0x0302,
  TLSv12: 0x0303,
  TLSv13: 0x0304,
  DTLSv10: 0xfeff,
  DTLSv12: 0xfefd,
};
/** "Zeek's" name of a QUIC version is its number, or this. */
const QUIC_VERSIONS: Readonly<Record<string, number>> = { '1': 1, quicv2: 0x6b3343cf };

const LOGS: Readonly<Record<string, Log>> = {
  'dns.log': {
    protocol: 'dns',
    transport: 17,
    columns: [
      { name: 'query', field: 'dns-name' },
      { name: 'answers', field: 'dns-answer', match: 'contains', write: answerText },
      { name: 'qtype_name', field: 'dns-message', write: (value) => `type ${value === '*' ? 'ANY' : value}` },
      { name: 'rcode_name', field: 'dns-message', write: (value) => `code ${value}` },
      { name: 'trans_id', field: 'dns-message', write: (value) => `id ${value}` },
    ],
  },
  'http.log': {
    protocol: 'http',
    transport: 6,
    columns: [
      { name: 'method', field: 'http' },
      { name: 'host', field: 'http-host' },
      { name: 'uri', field: 'http' },
      { name: 'referrer', field: 'http', write: (value) => `referrer ${value}` },
      { name: 'user_agent', field: 'http', write: (value) => `user-agent ${value}` },
      { name: 'status_code', field: 'http', write: (value) => `status ${value}` },
      { name: 'username', field: 'login' },
    ],
  },
  'ssl.log': {
    protocol: 'tls',
    transport: 6,
    columns: [
      { name: 'server_name', field: 'sni' },
      { name: 'version', field: 'tls', write: (value) => versionText(TLS_VERSIONS[value]) },
      { name: 'next_protocol', field: 'tls' },
      { name: 'cert_chain_fps', field: 'certificate' },
      { name: 'subject', field: 'certificate-subject' },
    ],
  },
  'x509.log': {
    protocol: 'tls',
    transport: 6,
    columns: [
      { name: 'fingerprint', field: 'certificate' },
      { name: 'certificate.subject', field: 'certificate-subject' },
      { name: 'certificate.serial', field: 'certificate' },
      { name: 'san.dns', field: 'certificate' },
    ],
  },
  'ssh.log': {
    protocol: 'ssh',
    transport: 6,
    columns: [
      { name: 'client', field: 'ssh' },
      { name: 'server', field: 'ssh' },
    ],
  },
  'ftp.log': {
    protocol: 'ftp',
    transport: 6,
    columns: [
      { name: 'user', field: 'login' },
      { name: 'command', field: 'command' },
      { name: 'reply_code', field: 'command', write: (value) => `status ${value}` },
    ],
  },
  'smtp.log': {
    protocol: 'smtp',
    transport: 6,
    columns: [
      { name: 'helo', field: 'command' },
      { name: 'mailfrom', field: 'command', match: 'contains' },
      { name: 'rcptto', field: 'command', match: 'contains' },
    ],
  },
  'quic.log': {
    protocol: 'quic',
    transport: 17,
    columns: [
      { name: 'server_name', field: 'sni' },
      { name: 'client_protocol', field: 'tls' },
      { name: 'version', field: 'quic', write: (value) => versionText(QUIC_VERSIONS[value]) },
    ],
  },
  'ntp.log': {
    protocol: 'ntp',
    transport: 17,
    columns: [
      { name: 'version', field: 'ntp', write: (value) => `version ${value}` },
      { name: 'mode', field: 'ntp', write: (value) => `mode ${value}` },
      { name: 'stratum', field: 'ntp', write: (value) => `stratum ${value}` },
    ],
  },
  'dhcp.log': {
    protocol: 'dhcp',
    transport: 17,
    columns: [
      { name: 'mac', field: 'dhcp' },
      { name: 'host_name', field: 'dhcp' },
      { name: 'requested_addr', field: 'dhcp' },
      { name: 'assigned_addr', field: 'dhcp' },
      { name: 'msg_types', field: 'dhcp', write: (value) => `type ${value.toLowerCase()}` },
    ],
  },
  'mysql.log': {
    protocol: 'mysql',
    transport: 6,
    columns: [{ name: 'arg', field: 'text', match: 'contains' }],
  },
  'kerberos.log': {
    protocol: 'kerberos',
    transport: 6,
    // "user/REALM" of the client: the name is what we tell by itself.
    columns: [{ name: 'client', field: 'text', match: 'contains', write: (value) => value.replace(/\/[^/]*$/, '') }],
  },
  'rdp.log': {
    protocol: 'rdp',
    transport: 6,
    columns: [
      { name: 'cookie', field: 'text', match: 'contains' },
      { name: 'client_name', field: 'text' },
    ],
  },
  'ldap.log': {
    protocol: 'ldap',
    transport: 6,
    columns: [{ name: 'object', field: 'text', match: 'contains' }],
  },
  'redis.log': {
    protocol: 'redis',
    transport: 6,
    columns: [{ name: 'cmd.name', field: 'command' }],
  },
  'sip.log': {
    protocol: 'sip',
    transport: 17,
    columns: [
      { name: 'method', field: 'command' },
      { name: 'user_agent', field: 'text' },
    ],
  },
};

/** "TXT 9 text TXT 4 more", "RRSIG 48 example.org": what comes before is Zeek's own. Some it only names. */
function answerText(value: string): string {
  if (/^(LOC|NSEC3PARAM|NSEC3|DNSKEY|DS)\b/.test(value)) return '';
  return value.replace(/^RRSIG \d+ /, '').replace(/(^| )(TXT|SPF) \d+ /g, '');
}

function versionText(version: number | undefined): string {
  return version === undefined ? '' : `version ${version}`;
}

export function zeekExpectations(data: string): Expectation[] {
  const map = readJson(data, MAP, mapSchema);
  return Object.entries(map).flatMap(([capture, logs]) =>
    logs.flatMap(({ log, file }) => [...expectationsOf(capture, log, readText(data, file))]),
  );
}

interface Rows {
  readonly names: readonly string[];
  readonly setSeparator: string;
}

function* expectationsOf(capture: string, log: string, text: string): Generator<Expectation> {
  let rows: Rows | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#fields')) rows = { names: line.split('\t').slice(1), setSeparator: ',' };
    if (line === '' || line.startsWith('#') || rows === undefined) continue;
    const cells = line.split('\t');
    const row = new Map(rows.names.map((name, i) => [name, cells[i] ?? '-']));
    if (log === 'conn.log') yield* connectionExpectations(capture, row);
    else if (LOGS[log] !== undefined) yield* rowExpectations(capture, LOGS[log], row, rows.setSeparator);
  }
}

type Row = ReadonlyMap<string, string>;

function rowEnds(row: Row, transport: number): Ends | undefined {
  const [a, b] = [row.get('id.orig_h'), row.get('id.resp_h')];
  if (a === undefined || b === undefined) return undefined;
  const protocol = TRANSPORTS[row.get('proto') ?? ''] ?? transport;
  return endsOf(protocol, a, Number(row.get('id.orig_p')), b, Number(row.get('id.resp_p')));
}

function* connectionExpectations(capture: string, row: Row): Generator<Expectation> {
  const ends = rowEnds(row, 6);
  if (ends === undefined) return;
  for (const service of (row.get('service') ?? '-').split(',')) {
    const accepted = ZEEK_NAMES[service];
    if (accepted === undefined) continue;
    yield { source: 'Zeek', capture, ends, protocol: accepted[0], field: 'protocol', values: accepted, match: 'same' };
  }
}

function* rowExpectations(capture: string, log: Log, row: Row, separator: string): Generator<Expectation> {
  // Logs of TLS hold DTLS too, those of Kerberos and LDAP both transports: the ends are looked for over any.
  const ends = row.has('proto') ? rowEnds(row, log.transport) : anyTransport(rowEnds(row, log.transport));
  for (const { name, field, write, match } of log.columns) {
    const cell = row.get(name) ?? '-';
    if (cell === '-' || cell === '(empty)') continue;
    for (const part of name === 'uri' || name === 'user_agent' ? [cell] : splitSet(name, cell, separator)) {
      const value = write === undefined ? unescaped(part) : write(unescaped(part));
      // "<init>", "<unknown>": words of Zeek's own.
      if (value === '' || /^<\w+>$/.test(value)) continue;
      const { protocol } = log;
      yield { source: 'Zeek', capture, ends, protocol, field, values: [value], match: match ?? 'same' };
    }
  }
}

const SETS = new Set(['answers', 'cert_chain_fps', 'san.dns', 'rcptto', 'msg_types']);

function splitSet(name: string, cell: string, separator: string): string[] {
  return SETS.has(name) ? cell.split(separator) : [cell];
}

/** Zeek writes what cannot be shown as \x0a, and a backslash as two. */
function unescaped(text: string): string {
  const plain = text.replaceAll('\\\\', '\\');
  return plain.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Stands for TCP and UDP alike. */
export const ANY_TRANSPORT = -1;

function anyTransport(ends: Ends | undefined): Ends | undefined {
  return ends === undefined ? undefined : { ...ends, protocol: ANY_TRANSPORT };
}
