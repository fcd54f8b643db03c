/** Sessions that Arkime's capture wrote for its own test captures: "name.test" beside "name.pcap". */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ProtocolId } from '../../../contract/facts.ts';
import type { Expectation, Field, Match } from './expectation.ts';
import { ARKIME_NAMES } from './protocol-names.ts';
import { endsOf, GoldenError, readJson } from './read-golden.ts';

const FOLDER = 'dpi/arkime';

const texts = z.array(z.string()).default([]);
const endSchema = z.object({ ip: z.string(), port: z.number().default(0) });
const sessionSchema = z.object({
  source: endSchema,
  destination: endSchema,
  ipProtocol: z.number(),
  protocol: texts,
  dns: z
    .array(
      z.object({
        queryHost: z.string().optional(),
        qt: z.string().optional(),
        status: z.string().optional(),
        answers: z
          .array(
            z.object({
              ip: z.string().optional(),
              cname: z.string().optional(),
              nameserver: z.string().optional(),
              mx: z.string().optional(),
              txt: z.string().optional(),
              https: z.string().optional(),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
  http: z
    .object({
      host: texts,
      method: texts,
      path: texts,
      useragent: texts,
      user: texts,
      md5: texts,
      sha256: texts,
      statuscode: z.array(z.number()).default([]),
    })
    .optional(),
  tls: z.object({ ja3: texts, ja3s: texts, ja4: texts }).optional(),
  quic: z.object({ host: texts }).optional(),
  ssh: z.object({ hassh: texts, hasshServer: texts, version: texts }).optional(),
  cert: z
    .array(z.object({ hash: z.string(), serial: z.string(), subjectCN: texts, issuerCN: texts, alt: texts }))
    .default([]),
  email: z.object({ src: texts, dst: texts, smtpHello: texts, sha256: texts }).optional(),
  smb: z.object({ user: texts, domain: texts, host: texts, share: texts, filename: texts }).optional(),
  krb5: z.object({ cname: texts, realm: texts, sname: texts }).optional(),
  ldap: z.object({ bindname: texts }).optional(),
  sip: z.object({ user: texts, useragent: texts }).optional(),
});
type Session = z.infer<typeof sessionSchema>;
const fileSchema = z.object({ sessions3: z.array(z.object({ body: z.unknown() })) });

export function arkimeExpectations(data: string): Expectation[] {
  const folder = join(data, FOLDER);
  if (!existsSync(folder)) throw new GoldenError(`${folder} is missing. Give the data folder with --data DIR.`);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test'))
    .flatMap((name) => {
      const capture = captureOf(folder, name);
      if (capture === undefined) return [];
      // Sessions without addresses are of ARP and its like.
      const sessions = readJson(data, join(FOLDER, name), fileSchema).sessions3.flatMap(({ body }) => {
        const parsed = sessionSchema.safeParse(body);
        return parsed.success ? [parsed.data] : [];
      });
      return sessions.flatMap((session) => [...expectationsOf(join(FOLDER, capture), session)]);
    });
}

function captureOf(folder: string, name: string): string | undefined {
  const stem = name.slice(0, -'.test'.length);
  return ['.pcap', '.pcapng', '.cap'].map((end) => stem + end).find((file) => existsSync(join(folder, file)));
}

function* expectationsOf(capture: string, session: Session): Generator<Expectation> {
  const { source, destination } = session;
  const ends = endsOf(session.ipProtocol, source.ip, source.port, destination.ip, destination.port);
  if (ends === undefined) return;
  const named = session.protocol.filter((name) => name in ARKIME_NAMES);
  const main: ProtocolId | 'other' = named.length > 0 ? ARKIME_NAMES[named[0]][0] : 'other';
  const found: Finder = (protocol, field, values, match = 'same') =>
    values.map((value) => ({ source: 'Arkime', capture, ends, protocol, field, values: [value], match }));
  for (const name of named) {
    const accepted = ARKIME_NAMES[name];
    yield {
      source: 'Arkime',
      capture,
      ends,
      protocol: accepted[0],
      field: 'protocol',
      values: accepted,
      match: 'same',
    };
  }
  yield* webExpectations(session, named, found);
  for (const message of session.dns) {
    const answers = message.answers.flatMap(({ ip, cname, nameserver, mx, txt }) =>
      [ip, cname, nameserver, mx, txt].filter((value) => value !== undefined),
    );
    yield* found(
      'dns',
      'dns-name',
      [message.queryHost ?? ''].filter((name) => name !== '' && name !== '<root>'),
    );
    yield* found('dns', 'dns-answer', answers);
    yield* found('dns', 'dns-message', message.status === undefined ? [] : [`code ${message.status}`]);
  }
  yield* found('ssh', 'hassh', [...(session.ssh?.hassh ?? []), ...(session.ssh?.hasshServer ?? [])]);
  yield* found('smtp', 'command', session.email?.smtpHello ?? []);
  const { smb, krb5, ldap, sip } = session;
  yield* found('smb', 'text', [...(smb?.user ?? []), ...(smb?.domain ?? []), ...(smb?.share ?? [])], 'contains');
  yield* found('kerberos', 'text', krb5?.cname ?? [], 'contains');
  yield* found('ldap', 'text', ldap?.bindname ?? [], 'contains');
  yield* found('sip', 'text', sip?.useragent ?? [], 'contains');
  if (main === 'ftp') yield* found('ftp', 'login', session.http?.user ?? []);
}

type Finder = (
  protocol: ProtocolId | 'other',
  field: Field,
  values: readonly string[],
  match?: Match,
) => readonly Expectation[];

/** Names of servers stand in http.host, whoever said them. */
function* webExpectations(session: Session, named: readonly string[], found: Finder): Generator<Expectation> {
  const { http, tls, quic, cert } = session;
  if (http !== undefined && http.method.length > 0) {
    yield* found('http', 'http-host', named.includes('tls') ? [] : http.host);
    yield* found('http', 'http', [...http.method, ...http.useragent.map((agent) => `user-agent ${agent}`)]);
    yield* found(
      'http',
      'http',
      http.statuscode.map((status) => `status ${status}`),
    );
    yield* found('http', 'file', named.includes('tls') ? [] : http.sha256);
  } else if (http !== undefined && named.includes('tls')) {
    yield* found('tls', 'sni', http.host);
  }
  yield* found('quic', 'sni', quic?.host ?? []);
  yield* found('tls', 'ja3', tls?.ja3 ?? []);
  yield* found('tls', 'ja3s', tls?.ja3s ?? []);
  yield* found('tls', 'ja4', tls?.ja4 ?? []);
  for (const { hash, serial, subjectCN, issuerCN, alt } of cert) {
    yield* found('tls', 'certificate', [hash.replaceAll(':', ''), serial, ...issuerCN, ...alt]);
    yield* found(
      'tls',
      'certificate-subject',
      subjectCN.map((name) => `CN=${name}`),
    );
  }
}
