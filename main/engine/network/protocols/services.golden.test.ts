/** Real captures against what other tools say of them, field by field. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Fact, ProtocolId } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import type { FlowFacts } from './fact-collector.ts';
import { commandsOf, loginsOf, propertiesOf } from './service-testing.ts';
import { PROTOCOLS } from './table.ts';
import { inspectCapture } from './testing.ts';

const DATA = join(process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data'), 'dpi');
const hasData = existsSync(DATA);
if (!hasData) console.warn(`services.golden.test.ts: no captures at ${DATA}; skipped`);

const SERVICES: ReadonlySet<string> = new Set<ProtocolId>([
  'smb',
  'rdp',
  'kerberos',
  'ldap',
  'rpc',
  'mysql',
  'postgresql',
  'mssql',
  'oracle',
  'redis',
  'mongodb',
  'mqtt',
  'snmp',
  'wireguard',
  'openvpn',
  'ipsec',
  'bittorrent',
  'stratum',
  'vnc',
  'teamviewer',
]);

function flowsOf(capture: string): Promise<FlowFacts[]> {
  return inspectCapture(join(DATA, capture), PROTOCOLS);
}

/** All facts of a capture. */
async function factsOf(capture: string): Promise<Fact[]> {
  return (await flowsOf(capture)).flatMap((flow) => flow.facts);
}

function servicesOf(flow: FlowFacts): string[] {
  return flow.facts.flatMap((fact) => (fact.type === 'protocol' && SERVICES.has(fact.protocol) ? [fact.protocol] : []));
}

/** Rows of a log of Zeek by the names of its fields. */
function zeekLog(test: string, log: string): Record<string, string>[] {
  const text = readFileSync(join(DATA, 'zeek/expected', `scripts.base.protocols.${test}`, log), 'utf8');
  const lines = text.split('\n').filter((line) => line !== '');
  const header = lines.find((line) => /^(#fields\t)?ts\t/.test(line))?.replace('#fields\t', '') ?? '';
  const names = header.split('\t');
  return lines
    .filter((line) => line.startsWith('XXX'))
    .map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i], unescaped(value)])));
}

function unescaped(value: string): string {
  return value.replaceAll('\\x0a', '\n').replaceAll('\\x09', '\t').replaceAll('\\\\', '\\');
}

/** Names of nDPI for what is told here. */
const NDPI: Readonly<Record<string, ProtocolId>> = {
  SMBv1: 'smb',
  SMBv23: 'smb',
  Kerberos: 'kerberos',
  LDAP: 'ldap',
  DCERPC: 'rpc',
  MySQL: 'mysql',
  PostgreSQL: 'postgresql',
  Oracle: 'oracle',
  MongoDB: 'mongodb',
  MQTT: 'mqtt',
  WireGuard: 'wireguard',
  OpenVPN: 'openvpn',
  IPSec: 'ipsec',
  BitTorrent: 'bittorrent',
  Mining: 'stratum',
  VNC: 'vnc',
  TeamViewer: 'teamviewer',
};

interface NdpiFlow {
  readonly proto: string;
  readonly src: string;
  readonly sport?: number;
  readonly dst: string;
  readonly dport?: number;
  readonly ndpi_proto: string;
  readonly confidence: string;
}

const TRANSPORTS: Readonly<Record<string, number>> = { TCP: PROTOCOL.tcp, UDP: PROTOCOL.udp, ESP: PROTOCOL.esp };

function keyOf(
  transport: number,
  source: string,
  sourcePort: number,
  destination: string,
  destinationPort: number,
): string {
  const isPorted = transport === PROTOCOL.tcp || transport === PROTOCOL.udp;
  const ends = [`${source} ${isPorted ? sourcePort : 0}`, `${destination} ${isPorted ? destinationPort : 0}`];
  return `${transport} ${ends.sort().join(' ')}`;
}

/**
 * Flows that are none of these protocols for nDPI and are for us, each looked at by hand: what runs inside a tunnel
 * that hides, ports that were negotiated, datagrams of NetBIOS to a damaged port.
 */
const KNOWN_OTHERS = new Set([
  'openvpn_obfuscated.pcapng',
  'kerberos.pcap',
  'fuzz-2006-06-26-2594.pcap',
  'mongodb.pcap',
]);

/** Of captures of other protocols each so many-th is looked at: the conformance run looks at all. */
const STRANGERS_TAKEN = 8;

describe.skipIf(!hasData)('services against real captures', () => {
  it('tells the protocols that nDPI tells by their bytes, and no others', { timeout: 240_000 }, async () => {
    const golden: Record<string, NdpiFlow[]> = JSON.parse(
      gunzipSync(readFileSync(join(DATA, 'ndpi/expected.json.gz'))).toString(),
    );
    let agreed = 0;
    let all = 0;
    const others: string[] = [];
    let strangers = 0;
    for (const [capture, expected] of Object.entries(golden)) {
      if (!capture.startsWith('dpi/ndpi/')) continue;
      const isOwn = expected.some((flow) => flow.ndpi_proto.split('.').some((name) => NDPI[name] !== undefined));
      if (!isOwn && strangers++ % STRANGERS_TAKEN !== 0) continue;
      const told = new Map<string, string[]>();
      for (const flow of await flowsOf(capture.slice('dpi/'.length))) {
        const key = keyOf(flow.protocol, flow.initiator, flow.initiatorPort, flow.responder, flow.responderPort);
        told.set(key, [...(told.get(key) ?? []), ...servicesOf(flow)]);
      }
      for (const flow of expected) {
        const transport = TRANSPORTS[flow.proto] ?? 0;
        const found = told.get(keyOf(transport, flow.src, flow.sport ?? 0, flow.dst, flow.dport ?? 0)) ?? [];
        const names = flow.ndpi_proto.split('.');
        const wanted = names.map((name) => NDPI[name]).find((id) => id !== undefined);
        const isCarried = ['DNS', 'TLS', 'HTTP', 'QUIC'].includes(names[0]);
        if (wanted !== undefined && !isCarried) {
          // What nDPI guesses by the port says nothing about the bytes.
          if (!flow.confidence.startsWith('DPI')) continue;
          all++;
          if (found.includes(wanted)) agreed++;
        } else if (found.length > 0 && names[0] !== 'NetBIOS') {
          others.push(capture.slice('dpi/ndpi/'.length));
        }
      }
    }
    expect(all).toBeGreaterThan(90);
    expect(agreed / all).toBeGreaterThanOrEqual(0.97);
    expect(others.filter((capture) => !KNOWN_OTHERS.has(capture))).toEqual([]);
  });

  it('tells none of them in captures of the web, of names and of mail', { timeout: 240_000 }, async () => {
    const strangers: string[] = [];
    const isStranger = /^(http|dns|ssh|smtp|ftp|tls|quic|sip|websocket|pop3|ntp|dhcp)/;
    const captures = [
      ...readdirSync(join(DATA, 'suricata')).map((name) => `suricata/${name}`),
      ...readdirSync(join(DATA, 'ja4')).map((name) => `ja4/${name}`),
    ]
      .filter((name) => name.endsWith('.pcap') && (name.startsWith('ja4/') || isStranger.test(name.slice(9))))
      .filter((_name, i) => i % STRANGERS_TAKEN === 0);
    for (const capture of captures) {
      for (const flow of await flowsOf(capture)) {
        if (servicesOf(flow).length > 0) strangers.push(`${capture} ${servicesOf(flow)}`);
      }
    }
    // Of all captures only one has such a flow: junk before a name is asked for, which is a message of SNMP.
    expect(strangers.filter((stranger) => !stranger.includes('dns-udp-junkrequest-first'))).toEqual([]);
  });

  it('agrees with Zeek about Kerberos', async () => {
    const facts = await factsOf('zeek/krb/auth.pcap');
    const [row] = zeekLog('krb.tgs', 'kerberos.log');
    const [client, realm] = row.client.split('/');
    expect(commandsOf(facts)).toEqual([`tgs ${client}@${realm} ${row.service} 0`]);
    expect(propertiesOf(facts, 'ticket-cipher')).toEqual([row.cipher]);
    const logins = (await factsOf('zeek/krb/kinit.pcap')).filter((fact) => fact.type === 'command');
    for (const { request_type: type, client: who, error_msg: error, service } of zeekLog('krb.kinit', 'kerberos.log')) {
      const [name, of] = [who.slice(0, who.lastIndexOf('/')), who.slice(who.lastIndexOf('/') + 1)];
      const found = logins.some(
        (fact) =>
          fact.type === 'command' &&
          fact.command === type.toLowerCase() &&
          fact.argument === `${name}@${of} ${service}` &&
          (fact.status === 0) === (error === '-'),
      );
      expect(found, `${type} ${who} ${service} ${error}`).toBe(true);
    }
  });

  it.each([
    ['mysql.wireshark', 'mysql/mysql.pcap'],
    ['mysql.plain-aws-rds', 'mysql/plain-amazon-rds.pcap'],
    ['mysql.caching_sha2_password', 'mysql/caching_sha2_password.pcap'],
    ['mysql.query-attr-non-string', 'mysql/mysql-9.0.0-query-attributes.pcap'],
  ])('agrees with Zeek about MySQL: %s', async (test, capture) => {
    const names: Readonly<Record<string, string>> = { init_db: 'use', field_list: 'field-list' };
    const facts = await factsOf(`zeek/${capture}`);
    const rows = zeekLog(test, 'mysql.log');
    const wanted = rows
      .filter(({ cmd }) => cmd !== 'login' && cmd !== 'unknown-16')
      .map(({ cmd, arg }) => `${names[cmd] ?? cmd} ${arg === '(empty)' ? '' : arg}`);
    const told = commandsOf(facts).map((command) => command.slice(0, command.lastIndexOf(' ')));
    // Of a list of fields Zeek tells no more than the table.
    expect(told.map((command) => command.replaceAll('\0', ''))).toEqual(wanted.map((command) => command.slice(0, 520)));
    const users = rows.filter(({ cmd }) => cmd === 'login').map(({ arg }) => arg);
    expect(facts.flatMap((fact) => (fact.type === 'login' ? [fact.user] : []))).toEqual(users);
  });

  it('agrees with Zeek about LDAP', async () => {
    const [bind, add] = zeekLog('ldap.add', 'ldap.log');
    const facts = await factsOf('zeek/ldap/ldap-add.pcap');
    expect(loginsOf(facts)).toEqual([`${bind.object} ${bind.result} simple cleartext`]);
    expect(commandsOf(facts).map((command) => command.replace(/ .* /, ' '))).toEqual([
      `${add.opcode} 0`,
      `${add.opcode} 0`,
    ]);
    expect(loginsOf(await factsOf('zeek/ldap/sasl-ntlm.pcap'))).toEqual([
      'sasladmin@slapd.ldap@LOCALHOST success ntlmv1',
    ]);
    const binds = zeekLog('ldap.diff_port', 'ldap.log').map(
      ({ object, result }) => `${object} ${result} simple cleartext`,
    );
    expect(loginsOf(await factsOf('zeek/ldap/simpleauth-diff-port.pcap'))).toEqual(binds);
  });

  it('agrees with Zeek about RDP', async () => {
    for (const [test, capture] of [
      ['rdp.rdp-proprietary-encryption', 'rdp-proprietary-encryption'],
      ['rdp.rdp-unknown-keyboard', 'rdp-unknown-keyboard'],
      ['rdp.rdp-x509', 'rdp-x509'],
    ]) {
      const flows = (await flowsOf(`zeek/rdp/${capture}.pcap`)).filter((flow) => servicesOf(flow).length > 0);
      const rows = zeekLog(test, 'rdp.log');
      expect(flows.length).toBe(rows.length);
      for (const [i, row] of rows.entries()) {
        const { facts } = flows[i];
        expect(propertiesOf(facts, 'cookie')).toEqual(row.cookie === '-' ? [] : [row.cookie]);
        expect(propertiesOf(facts, 'client-host')).toEqual(row.client_name === '-' ? [] : [row.client_name]);
        const isRefused = row.result.endsWith('_BY_SERVER');
        expect(propertiesOf(facts, 'refused').length).toBe(isRefused ? 1 : 0);
        const screen = row.desktop_width === '-' ? [] : [`${row.desktop_width}x${row.desktop_height}`];
        expect(propertiesOf(facts, 'screen')).toEqual(screen);
        const channels = row.client_channels === '-' ? [] : row.client_channels.split(',');
        expect(propertiesOf(facts, 'channel')).toEqual(channels);
      }
    }
  });

  it('agrees with Zeek about Redis', async () => {
    for (const test of ['stream', 'pubsub', 'client-skip-while-off']) {
      const facts = await factsOf(`zeek/redis/${test}.pcap`);
      const rows = zeekLog(`redis.${test}`, 'redis.log');
      const told = facts.flatMap((fact) => (fact.type === 'command' ? [fact.command] : []));
      expect(told.toSorted(), test).toEqual(rows.map((row) => row['cmd.name']).toSorted());
    }
  });

  it('agrees with Zeek about PostgreSQL and VNC', async () => {
    const rows = zeekLog('postgresql.greenhouse-app', 'postgresql.log');
    const facts = await factsOf('zeek/postgresql/greenhouse-app.pcap');
    const users = new Set(rows.map(({ user }) => user).filter((user) => user !== '-'));
    expect(new Set(facts.flatMap((fact) => (fact.type === 'login' ? [fact.user] : [])))).toEqual(users);
    const queries = rows.filter((row) => row.frontend === 'simple_query').map((row) => row.frontend_arg.slice(0, 100));
    const told = facts.flatMap((fact) => (fact.type === 'command' && fact.command === 'query' ? [fact.argument] : []));
    // Two connections side by side: the log is in the order of answers.
    expect(told.map((query) => query.slice(0, 100)).toSorted()).toEqual(queries.toSorted());
    const outcomes = (await flowsOf('zeek/rfb/vncmac.pcap')).flatMap((flow) => loginsOf(flow.facts));
    expect(outcomes).toEqual([' failure apple-dh', ' success apple-dh']);
  });

  it('agrees with Arkime about users, shares, versions and names', async () => {
    expect(loginsOf(await factsOf('arkime/mysql-allow.pcap'))).toEqual(['user10 success mysql_native_password']);
    const postgres = await factsOf('arkime/postgres-badpass.pcap');
    expect([
      ...loginsOf(postgres),
      ...propertiesOf(postgres, 'database'),
      ...propertiesOf(postgres, 'client-software'),
    ]).toEqual(['foo attempt md5', 'bar', 'psql']);
    const smb = await factsOf('arkime/smb-smbclient.pcap');
    expect(propertiesOf(smb, 'dialect')).toEqual(['NT LANMAN 1.0']);
    expect(propertiesOf(smb, 'share')).toEqual(['\\\\LOCALHOST\\MP3']);
    expect(commandsOf(smb)).toContain('open \\tmp\\foo 0');
    const oracle = await factsOf('arkime/oracle.pcap');
    expect(propertiesOf(oracle, 'client-host')).toEqual(['10.000.000.11']);
    expect(propertiesOf(oracle, 'database')).toEqual(['xxxxx.xxx']);
    const users = (await factsOf('arkime/ntlm_synthetic.pcap')).flatMap((fact) =>
      fact.type === 'login' ? [fact.user] : [],
    );
    for (const user of ['alice1', 'bob', 'charlie', 'frank', 'grace', 'ivy', 'mona']) expect(users).toContain(user);
    const snmp = await factsOf('arkime/snmpv3_synthetic.pcap');
    expect(propertiesOf(snmp, 'engine')).toContain('80001f8880123456789abc');
    expect(propertiesOf(snmp, 'user')).toContain('admin_user');
    const windows = await factsOf('arkime/wireshark-smb-on-windows10.pcap');
    expect(new Set(propertiesOf(windows, 'dialect'))).toContain('3.1.1');
    const ike = await factsOf('arkime/IKEv1.pcap');
    expect(propertiesOf(ike, 'initiator-spi')).toEqual(['e8836b356b7c1bae', '63c268011254b771']);
    expect(propertiesOf(ike, 'exchange')).toEqual(['main-mode', 'quick-mode']);
  });

  it('agrees with Suricata about files, pipes, screens and refusals', async () => {
    const psexec = commandsOf(await factsOf('suricata/smb2-07.pcap')).join('\n');
    for (const file of ['PSEXESVC.exe', 'PSEXESVC-VICTIM-PC-2412-stderr', 'PSEXESVC-VICTIM-PC-2412-stdin']) {
      expect(psexec).toContain(`create ${file} 0`);
    }
    expect(psexec).toContain('delete PSEXESVC.exe 0');
    expect(psexec).toContain('tree-connect \\\\dc1\\ADMIN$ 0');
    expect(commandsOf(await factsOf('suricata/smb2-delete.pcap')).join('\n')).toContain('delete test 0');
    const renamed = commandsOf(await factsOf('suricata/smb2-async.pcap')).join('\n');
    expect(renamed).toContain('rename UsuarioA\\Desktop\\directorioCompartido\\11\\148\\1538\\F9768.pdf ');
    const samr = await factsOf('suricata/smb2-06.pcap');
    expect(commandsOf(samr)).toContain('create lsarpc 0');
    expect(samr.filter((fact) => fact.type === 'command' && fact.command === 'rpc-call').length).toBe(46);
    expect(propertiesOf(await factsOf('suricata/rfb-failure.pcap'), 'refused')).toEqual(['AAAAAAAAAAAAAAAA']);
    const screen = await factsOf('suricata/rfb-parser.pcap');
    expect(propertiesOf(screen, 'screen')).toEqual(['1280x800']);
    expect(propertiesOf(screen, 'hostname')).toEqual(['aneagles@localhost.localdomain']);
    const kerberos = await factsOf('suricata/bug-8278-krb5-03.pcap');
    expect(propertiesOf(kerberos, 'cipher')).toContain('rc4-hmac');
    expect(propertiesOf(kerberos, 'ticket-cipher')).toContain('aes256-cts-hmac-sha1-96');
  });
});
