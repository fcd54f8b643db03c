/** Checks of Suricata's own tests on its EVE events: so many events with these values. */
import { z } from 'zod';
import type { ProtocolId } from '../../../contract/facts.ts';
import type { Check, Ends, Field, Match } from './expectation.ts';
import { SURICATA_NAMES } from './protocol-names.ts';
import { canonicalAddress, readJson } from './read-golden.ts';

const EXPECTED = 'dpi/suricata/expected.json';
const schema = z.record(
  z.string(),
  z.object({ checks: z.array(z.object({ count: z.number(), match: z.record(z.string(), z.unknown()) })) }),
);

interface Key {
  readonly field: Field;
  readonly write?: (value: string) => string;
  readonly match?: Match;
}

const named =
  (name: string) =>
  (value: string): string =>
    `${name} ${value}`;

const TLS_VERSIONS: Readonly<Record<string, number>> = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  'TLS 1.0': 0x0301,
  'TLS 1.1': 0x0302,
  'TLS 1.2': 0x0303,
  'TLS 1.3': 0x0304,
};

/** Keys of events, with their indices left out, that speak of what we have. */
const KEYS: Readonly<Record<string, Key>> = {
  'dns.queries[].rrname': { field: 'dns-name' },
  'dns.queries[].rrtype': { field: 'dns-message', write: named('type') },
  'dns.rrname': { field: 'dns-name' },
  'dns.rrtype': { field: 'dns-message', write: named('type') },
  'dns.id': { field: 'dns-message', write: named('id') },
  'dns.rcode': { field: 'dns-message', write: named('code') },
  'dns.opcode': { field: 'dns-message', write: named('opcode') },
  'dns.answers[].rrname': { field: 'dns-name' },
  'dns.answers[].rrtype': { field: 'dns-message', write: named('answer') },
  // Of several texts of a record each is an answer there.
  'dns.answers[].rdata': { field: 'dns-answer', match: 'contains' },
  'dns.answers[].ttl': { field: 'dns-message', write: named('ttl') },
  'dns.authorities[].rrname': { field: 'dns-name' },
  'dns.authorities[].rrtype': { field: 'dns-message', write: named('answer') },
  'dns.authorities[].rdata': { field: 'dns-answer' },
  'dns.grouped.A[]': { field: 'dns-answer' },
  'dns.grouped.AAAA[]': { field: 'dns-answer' },
  'dns.grouped.CNAME[]': { field: 'dns-answer' },
  'dns.grouped.TXT[]': { field: 'dns-answer', match: 'contains' },
  'http.hostname': { field: 'http-host' },
  'http.url': { field: 'http' },
  'http.http_method': { field: 'http' },
  'http.http_user_agent': { field: 'http', write: named('user-agent') },
  'http.http_refer': { field: 'http', write: named('referrer') },
  'http.status': { field: 'http', write: named('status') },
  'http.http_content_type': { field: 'http', write: (value) => `type ${value.toLowerCase()}` },
  'http.redirect': { field: 'http', write: named('location') },
  'fileinfo.filename': { field: 'file', match: 'contains' },
  'tls.sni': { field: 'sni' },
  'tls.subject': { field: 'certificate-subject' },
  'tls.fingerprint': { field: 'certificate', write: (value) => value.replaceAll(':', '') },
  'tls.serial': { field: 'certificate', write: (value) => value.replaceAll(':', '') },
  'tls.version': { field: 'tls', write: (value) => `version ${TLS_VERSIONS[value] ?? value}` },
  'tls.ja3.hash': { field: 'ja3' },
  'tls.ja3s.hash': { field: 'ja3s' },
  'tls.ja4': { field: 'ja4' },
  'quic.ja4': { field: 'ja4' },
  'quic.sni': { field: 'sni' },
  'quic.ja3.hash': { field: 'ja3' },
  'ssh.client.hassh.hash': { field: 'hassh' },
  'ssh.server.hassh.hash': { field: 'hassh' },
  'ftp.command': { field: 'command' },
  'ftp.command_data': { field: 'command' },
  'smtp.helo': { field: 'command' },
  'krb5.cname': { field: 'text', match: 'contains' },
  'krb5.realm': { field: 'text', match: 'contains' },
  'sip.method': { field: 'command' },
  'smb.filename': { field: 'text', match: 'contains' },
  'smb.ntlmssp.user': { field: 'text' },
  'smb.ntlmssp.domain': { field: 'text' },
  'smb.ntlmssp.host': { field: 'text' },
  'smb.share': { field: 'text', match: 'contains' },
};

const EVENTS: Readonly<Record<string, ProtocolId>> = {
  dns: 'dns',
  http: 'http',
  fileinfo: 'http',
  tls: 'tls',
  quic: 'quic',
  ssh: 'ssh',
  ftp: 'ftp',
  smtp: 'smtp',
  krb5: 'kerberos',
  sip: 'sip',
  smb: 'smb',
};
const TRANSPORTS: Readonly<Record<string, number>> = { TCP: 6, UDP: 17, ICMP: 1, 'IPv6-ICMP': 58 };

export function suricataChecks(data: string): Check[] {
  return Object.entries(readJson(data, EXPECTED, schema)).flatMap(([capture, { checks }]) =>
    checks.flatMap(({ count, match }) => {
      // That something is not there says little: nobody may have looked.
      const check = count === 0 ? undefined : checkOf(capture, flatten(match));
      return check === undefined ? [] : [check];
    }),
  );
}

/** { "dns.answers[0].rdata": "…" }, whatever the nesting. */
function flatten(value: unknown, path = ''): (readonly [string, string])[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => flatten(item, `${path}[${i}]`));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => flatten(item, path === '' ? key : `${path}.${key}`));
  }
  return value === null || value === undefined ? [] : [[path, String(value)]];
}

function checkOf(capture: string, pairs: readonly (readonly [string, string])[]): Check | undefined {
  const found = new Map(pairs);
  const event = found.get('event_type') ?? '';
  const application = SURICATA_NAMES[found.get('app_proto') ?? ''];
  const wanted: Check['wanted'][number][] = [];
  if (event === 'flow' && application !== undefined) {
    wanted.push({ field: 'protocol', values: application, match: 'same' });
  }
  const protocol = EVENTS[event] ?? (event === 'flow' ? application?.[0] : undefined);
  if (protocol === undefined) return undefined;
  for (const [path, value] of pairs) {
    const key = KEYS[path.replace(/\[\d+\]/g, '[]')];
    if (key === undefined || value === '' || value === '<empty>') continue;
    wanted.push({ field: key.field, values: [key.write?.(value) ?? value], match: key.match ?? 'same' });
  }
  if (wanted.length === 0) return undefined;
  return { source: 'Suricata', capture, protocol, wanted, ends: endsOf(found) };
}

/** As much of the ends as the check speaks of. */
function endsOf(found: ReadonlyMap<string, string>): Partial<Ends> {
  const port = (name: string) => (found.has(name) ? Number(found.get(name)) : undefined);
  const address = (name: string) => canonicalAddress(found.get(name) ?? '');
  return {
    protocol: TRANSPORTS[found.get('proto') ?? ''],
    a: address('src_ip'),
    aPort: port('src_port'),
    b: address('dest_ip'),
    bPort: port('dest_port'),
  };
}
