/** Where in our facts the compared values stand. */
import type { DnsAnswer, DnsFact, Fact, ProtocolId } from '../../../contract/facts.ts';
import type { Field } from './expectation.ts';

type Values = ReadonlyMap<Field, ReadonlySet<string>>;

class Gathering {
  readonly values = new Map<Field, Set<string>>();

  add(field: Field, ...values: readonly (string | number)[]): void {
    let set = this.values.get(field);
    if (set === undefined) {
      set = new Set();
      this.values.set(field, set);
    }
    for (const value of values) if (value !== '') set.add(comparable(field, String(value)));
  }
}

/** Fields whose values differ in no case. */
const NO_CASE: ReadonlySet<Field> = new Set([
  'sni',
  'http-host',
  'dns-name',
  'dns-answer',
  'certificate',
  'dhcp',
  'login',
  'text',
]);

/** A value as it is compared. */
export function comparable(field: Field, value: string): string {
  if (field === 'certificate-subject') return sortedName(value).toLowerCase();
  const text = NO_CASE.has(field) ? value.toLowerCase() : value;
  return field === 'dns-name' || field === 'dns-answer' || field === 'http-host' ? text.replace(/\.$/, '') : text;
}

/** Distinguished names are written in either order, with spaces or without: their parts are what counts. */
function sortedName(value: string): string {
  return value
    .split(/(?<!\\)[,/]\s*(?=[A-Za-z0-9.]+=)/)
    .map((part) => part.trim().replace(/\\(?=[,+"<>;= #])/g, ''))
    .sort()
    .join(',');
}

/** All that one flow says, by field. */
export function valuesOf(facts: readonly Fact[]): Values {
  const gathering = new Gathering();
  for (const fact of facts) {
    const gather = GATHERERS[fact.type] as ((fact: Fact, gathering: Gathering) => void) | undefined;
    gather?.(fact, gathering);
  }
  return gathering.values;
}

/** Values of several flows together. */
export function joined(all: readonly Values[]): Values {
  if (all.length === 1) return all[0];
  const gathering = new Gathering();
  for (const values of all) for (const [field, set] of values) gathering.add(field, ...set);
  return gathering.values;
}

type Gatherers = { readonly [T in Fact['type']]?: (fact: Extract<Fact, { type: T }>, gathering: Gathering) => void };

const GATHERERS: Gatherers = {
  protocol: ({ protocol }, found) => found.add('protocol', protocol),
  dns: gatherDns,
  'tls-client': (fact, found) => {
    found.add('sni', fact.serverName);
    found.add('ja3', fact.ja3);
    found.add('ja4', fact.ja4);
    found.add('tls', ...fact.alpn);
  },
  'tls-server': (fact, found) => {
    found.add('ja3s', fact.ja3s);
    found.add('tls', `version ${fact.version}`, fact.alpn);
  },
  certificate: (fact, found) => {
    found.add('certificate-subject', fact.subject, `CN=${fact.commonName}`);
    found.add('certificate', fact.subject, fact.issuer, fact.serial, fact.sha1, fact.sha256, fact.commonName);
    found.add('certificate', fact.issuerCommonName, ...fact.names);
  },
  quic: (fact, found) => {
    found.add('quic', `version ${fact.version}`, fact.userAgent);
    // Of Google's older QUIC, whose hello is none of TLS.
    found.add('sni', fact.serverName);
  },
  'http-request': (fact, found) => {
    found.add('http-host', fact.host);
    if (fact.hostPort > 0) found.add('http-host', `${fact.host}:${fact.hostPort}`);
    found.add('http', fact.method, fact.uri, `user-agent ${fact.userAgent}`, `referrer ${fact.referrer}`);
    found.add('file', fact.uri);
    if (fact.user !== '') found.add('login', fact.user);
  },
  'http-response': (fact, found) => {
    found.add('http', `status ${fact.status}`, `server ${fact.server}`, `type ${mediaType(fact.contentType)}`);
    found.add('http', `location ${fact.location}`);
  },
  file: (fact, found) => found.add('file', fact.name, fact.sha256, fact.md5),
  ssh: (fact, found) => {
    found.add('hassh', fact.hassh);
    found.add('ssh', fact.software);
  },
  login: (fact, found) => {
    found.add('login', fact.user);
    found.add('text', fact.user, fact.domain, fact.host);
  },
  command: (fact, found) => {
    found.add('command', fact.command, fact.argument, `${fact.command} ${fact.argument}`, `status ${fact.status}`);
    found.add('text', fact.command, fact.argument);
  },
  property: (fact, found) => {
    found.add('text', fact.value);
    // Who sends a datagram of NetBIOS.
    if (fact.name === 'client-name') found.add('dns-name', fact.value);
    if (fact.name === 'server') found.add('http', `server ${fact.value}`);
  },
  dhcp: (fact, found) => {
    found.add('dhcp', fact.hostname, fact.clientMac, fact.requestedAddress, fact.assignedAddress);
    found.add('dhcp', `type ${fact.messageType}`, `lease ${fact.leaseSeconds}`, fact.domain);
  },
  ntp: (fact, found) => {
    found.add('ntp', `version ${fact.version}`, `mode ${fact.mode}`, `stratum ${fact.stratum}`);
    found.add('ntp', `reference ${fact.referenceId}`);
  },
};

/** "text/html" of "text/html; charset=utf-8". */
export function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0].trim().toLowerCase();
}

function gatherDns(fact: DnsFact, found: Gathering): void {
  const asked = fact.questions.map(({ name }) => name);
  found.add('dns-name', ...asked);
  // nDPI writes an underscore for what no host name has.
  found.add('dns-name', ...asked.map((name) => name.replace(/[^A-Za-z0-9._-]/g, '_')));
  // A name of NetBIOS without what it is a name of.
  if (fact.protocol === 'netbios-ns') {
    for (const { name } of [...fact.questions, ...fact.answers, ...fact.additionals]) {
      found.add('dns-name', name.replace(/<..>.*$/s, ''));
    }
  }
  for (const { type } of fact.questions) found.add('dns-message', `type ${type}`);
  found.add('dns-message', `id ${fact.id}`, `opcode ${fact.opcode}`);
  if (fact.isResponse) {
    found.add('dns-message', 'response', `code ${fact.responseCode}`);
    if (fact.isAuthoritative) found.add('dns-message', 'aa');
    if (fact.recursionAvailable) found.add('dns-message', 'ra');
  } else {
    found.add('dns-message', 'request');
  }
  if (fact.recursionDesired) found.add('dns-message', 'rd');
  for (const record of [...fact.answers, ...fact.authorities, ...fact.additionals]) {
    found.add('dns-answer', ...formsOf(record));
    found.add('dns-name', record.name);
    found.add('dns-message', `answer ${record.type}`, `ttl ${record.ttl}`);
  }
}

/** Tools write the data of a record in several ways. */
function formsOf({ type, data }: DnsAnswer): string[] {
  const words = data.split(' ');
  switch (type) {
    case 'MX':
      return [data, words[1] ?? ''];
    case 'SOA':
    case 'DNSKEY':
    case 'DS':
    case 'RRSIG':
    case 'NSEC':
    case 'SRV':
      return [data, ...words];
    default:
      return [data];
  }
}

/** The protocols that a flow was told to speak. */
export function protocolsOf(facts: readonly Fact[]): ProtocolId[] {
  return facts.flatMap((fact) => (fact.type === 'protocol' ? [fact.protocol] : []));
}
