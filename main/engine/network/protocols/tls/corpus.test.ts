/** Hellos, certificates and QUIC of real captures, against what nDPI, FoxIO's ja4.py, Arkime and Zeek make of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fact } from '../../../../../contract/facts.ts';
import { DATA, reasonToSkip } from '../../golden/data.ts';
import type { FlowFacts } from '../fact-collector.ts';
import { quic } from '../quic/quic.ts';
import { inspectCapture } from '../testing.ts';
import { dtls } from './dtls.ts';
import { tls } from './tls.ts';

const OURS = [tls, dtls, quic];
/** The gates of the whole product, which these protocols alone must pass where a conversation is theirs from its start. */
const ENOUGH = 0.98;
const ENOUGH_JA3 = 0.99;
/** Reads 150 captures; on a busy machine that takes its time. */
const TIMEOUT_MS = 120_000;

/** Captures whose hellos lie inside something else, which other parsers open. */
const INSIDE_OTHERS: readonly (readonly [reason: string, name: RegExp])[] = [
  ['TLS after STARTTLS, SOCKS, or the login of MySQL, ADB or RDP', /starttls|socks|mysql|adb_|\/rdp\/|encrypted\.pcap/],
  ['DTLS behind STUN in the same flow', /stun|geforcenow/],
  ['inside IKE and OpenVPN', /ike-cert|openvpn/],
  ['padding of short frames that the IP header counts as payload', /heuristic_tcp_ack_payload/],
  ['no header of QUIC, only what a server sent', /gquic_only_from_server/],
];

/** How often a field is what another tool says it is. */
class Agreement {
  readonly #fields = new Map<string, { equal: number; compared: number }>();
  readonly #differences: string[] = [];

  compare(field: string, expected: unknown, ours: readonly unknown[], where: string): void {
    const counts = this.#fields.get(field) ?? { equal: 0, compared: 0 };
    this.#fields.set(field, counts);
    counts.compared++;
    if (ours.includes(expected)) counts.equal++;
    else this.#differences.push(`${where}: ${field} is ${ours.join(' or ') || 'nothing'}, expected ${expected}`);
  }

  share(field: string): number {
    const counts = this.#fields.get(field);
    return counts === undefined ? Number.NaN : counts.equal / counts.compared;
  }

  report(tool: string): void {
    const fields = [...this.#fields].map(([field, { equal, compared }]) => `${field} ${equal}/${compared}`);
    console.info(`${tool}: ${fields.join(', ')}${this.#differences.map((line) => `\n  ${line}`).join('')}`);
  }
}

function isInsideOthers(capture: string): boolean {
  return INSIDE_OTHERS.some(([, name]) => name.test(capture));
}

async function flowsOf(capture: string): Promise<FlowFacts[]> {
  return inspectCapture(join(DATA, capture), OURS);
}

/** Facts of the flows between two ports, whichever began. */
function factsBetween(flows: readonly FlowFacts[], a: number, b: number): Fact[] {
  return flows
    .filter(({ initiatorPort: i, responderPort: r }) => (i === a && r === b) || (i === b && r === a))
    .flatMap(({ facts }) => facts);
}

/** One field of all facts of a kind. */
function values<T extends Fact['type'], K extends keyof Extract<Fact, { type: T }>>(
  facts: readonly Fact[],
  type: T,
  key: K,
): Extract<Fact, { type: T }>[K][] {
  return facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type).map((fact) => fact[key]);
}

function json(path: string): unknown {
  const bytes = readFileSync(join(DATA, path));
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
}

const ndpiDocument = z.record(
  z.string(),
  z.array(
    z.object({
      src: z.string(),
      sport: z.number(),
      dst: z.string(),
      dport: z.number(),
      ndpi_proto: z.string(),
      confidence: z.string(),
      host: z.string().optional(),
      ja3: z.string().optional(),
      ja3s: z.string().optional(),
      ja4: z.string().optional(),
      cert_sha1: z.string().optional(),
      user_agent: z.string().optional(),
      alpn_client: z.array(z.string()).optional(),
      alpn_server: z.string().optional(),
    }),
  ),
);
const OUR_APPLICATIONS: ReadonlySet<string> = new Set(['TLS', 'DTLS', 'QUIC']);

describe(`nDPI${reasonToSkip('dpi/ndpi')}`, () => {
  const run = async (): Promise<Agreement> => {
    const agreement = new Agreement();
    for (const [capture, flows] of Object.entries(ndpiDocument.parse(json('dpi/ndpi/expected.json.gz')))) {
      const theirs = flows.filter(({ ndpi_proto }) => OUR_APPLICATIONS.has(ndpi_proto.split('.')[0]));
      if (theirs.length === 0 || isInsideOthers(capture) || !existsSync(join(DATA, capture))) continue;
      const ours = await flowsOf(capture);
      for (const flow of theirs) compareNdpi(agreement, flow, factsBetween(ours, flow.sport, flow.dport), capture);
    }
    agreement.report('nDPI');
    return agreement;
  };

  it.skipIf(reasonToSkip('dpi/ndpi') !== '')(
    'agrees',
    async () => {
      const agreement = await run();
      for (const field of ['protocol', 'host', 'JA3S', 'JA4', 'certificate', 'user agent', 'ALPN', 'chosen ALPN']) {
        expect(agreement.share(field), field).toBeGreaterThanOrEqual(ENOUGH);
      }
      expect(agreement.share('JA3')).toBeGreaterThanOrEqual(ENOUGH_JA3);
    },
    TIMEOUT_MS,
  );
});

function compareNdpi(
  agreement: Agreement,
  flow: z.infer<typeof ndpiDocument>[string][number],
  facts: readonly Fact[],
  capture: string,
): void {
  const where = `${capture} ${flow.src} ${flow.sport} ${flow.dst} ${flow.dport}`;
  const compare = (field: string, expected: string | undefined, ours: readonly string[]): void => {
    if (expected !== undefined) agreement.compare(field, expected, ours, where);
  };
  const protocol = flow.ndpi_proto.split('.')[0].toLowerCase();
  if (flow.confidence === 'DPI') compare('protocol', protocol, values(facts, 'protocol', 'protocol'));
  const names = [...values(facts, 'tls-client', 'serverName'), ...values(facts, 'quic', 'serverName')];
  // Without a name in the hello nDPI gives that of the certificate.
  const certificateNames = values(facts, 'certificate', 'commonName');
  compare(
    'host',
    flow.host,
    [...names, ...certificateNames].map((name) => name.toLowerCase()),
  );
  compare('JA3', flow.ja3, values(facts, 'tls-client', 'ja3'));
  compare('JA3S', flow.ja3s, values(facts, 'tls-server', 'ja3s'));
  compare('JA4', flow.ja4, values(facts, 'tls-client', 'ja4'));
  compare('certificate', flow.cert_sha1, values(facts, 'certificate', 'sha1'));
  compare('user agent', flow.user_agent, values(facts, 'quic', 'userAgent'));
  compare('ALPN', flow.alpn_client?.join(), values(facts, 'tls-client', 'alpn').map(String));
  compare('chosen ALPN', flow.alpn_server, values(facts, 'tls-server', 'alpn'));
}

const ja4Document = z.array(z.record(z.string(), z.unknown()));

describe(`ja4.py${reasonToSkip('dpi/ja4')}`, () => {
  it.skipIf(reasonToSkip('dpi/ja4') !== '')(
    'agrees',
    async () => {
      const agreement = new Agreement();
      for (const name of readdirSync(join(DATA, 'dpi/ja4')).filter((file) => file.endsWith('.json'))) {
        const capture = `dpi/ja4/${name.slice(0, -'.json'.length)}`;
        if (isInsideOthers(capture)) continue;
        const ours = await flowsOf(capture);
        for (const stream of ja4Document.parse(json(`dpi/ja4/${name}`))) {
          const facts = factsBetween(ours, Number(stream.srcport), Number(stream.dstport));
          const where = `${capture} ${stream.srcport}`;
          if (stream.domain) agreement.compare('host', stream.domain, values(facts, 'tls-client', 'serverName'), where);
          // JA4.1, JA4.2: one for each hello of the stream.
          for (const [key, value] of Object.entries(stream)) {
            if (/^JA4\.\d$/.test(key)) agreement.compare('JA4', value, values(facts, 'tls-client', 'ja4'), where);
          }
        }
      }
      agreement.report('ja4.py');
      expect(agreement.share('JA4')).toBeGreaterThanOrEqual(ENOUGH);
      expect(agreement.share('host')).toBeGreaterThanOrEqual(ENOUGH);
    },
    TIMEOUT_MS,
  );
});

const texts = z.array(z.string()).optional();
const arkimeDocument = z.object({
  sessions3: z.array(
    z.object({
      body: z.object({
        source: z.object({ port: z.number() }).optional(),
        destination: z.object({ port: z.number() }).optional(),
        tls: z.object({ ja3: texts, ja3s: texts, ja4: texts, dstSessionId: texts }).optional(),
        cert: z
          .array(
            z.object({
              hash: z.string(),
              serial: z.string(),
              notBefore: z.number(),
              notAfter: z.number(),
              subjectCN: texts,
              issuerCN: texts,
            }),
          )
          .optional(),
      }),
    }),
  ),
});

describe(`Arkime${reasonToSkip('dpi/arkime')}`, () => {
  it.skipIf(reasonToSkip('dpi/arkime') !== '')(
    'agrees',
    async () => {
      const agreement = new Agreement();
      const folder = join(DATA, 'dpi/arkime');
      for (const name of readdirSync(folder).filter((file) => file.endsWith('.test') && !isInsideOthers(file))) {
        const capture = ['.pcap', '.pcapng']
          .map((end) => name.replace('.test', end))
          .find((file) => existsSync(join(folder, file)));
        const document = arkimeDocument.safeParse(json(`dpi/arkime/${name}`));
        if (capture === undefined || !document.success) continue;
        const sessions = document.data.sessions3.map(({ body }) => body).filter(({ tls: t, cert }) => t || cert);
        const ours = sessions.length === 0 ? [] : await flowsOf(`dpi/arkime/${capture}`);
        for (const session of sessions) compareArkime(agreement, session, ours, capture);
      }
      agreement.report('Arkime');
      const fields = [
        'JA3',
        'JA3S',
        'JA4',
        'session id',
        'certificate',
        'serial',
        'not before',
        'not after',
        'subject',
        'issuer',
      ];
      for (const field of fields) expect(agreement.share(field), field).toBeGreaterThanOrEqual(ENOUGH);
    },
    TIMEOUT_MS,
  );
});

function compareArkime(
  agreement: Agreement,
  session: z.infer<typeof arkimeDocument>['sessions3'][number]['body'],
  flows: readonly FlowFacts[],
  where: string,
): void {
  const facts = factsBetween(flows, session.source?.port ?? 0, session.destination?.port ?? 0);
  const all = (field: string, expected: readonly string[] | undefined, ours: readonly string[]): void => {
    for (const value of expected ?? []) agreement.compare(field, value, ours, where);
  };
  all('JA3', session.tls?.ja3, values(facts, 'tls-client', 'ja3'));
  all('JA4', session.tls?.ja4, values(facts, 'tls-client', 'ja4'));
  all('JA3S', session.tls?.ja3s, values(facts, 'tls-server', 'ja3s'));
  all('session id', session.tls?.dstSessionId, values(facts, 'tls-server', 'sessionId'));
  for (const certificate of session.cert ?? []) {
    const sha1 = certificate.hash.replaceAll(':', '');
    const ours = facts.filter((fact) => fact.type === 'certificate' && fact.sha1 === sha1);
    agreement.compare('certificate', sha1, values(ours, 'certificate', 'sha1'), where);
    agreement.compare('serial', certificate.serial, values(ours, 'certificate', 'serial'), where);
    agreement.compare('not before', certificate.notBefore, values(ours, 'certificate', 'notBeforeMs'), where);
    agreement.compare('not after', certificate.notAfter, values(ours, 'certificate', 'notAfterMs'), where);
    const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());
    all('subject', certificate.subjectCN?.slice(-1), lower(values(ours, 'certificate', 'commonName')));
    all('issuer', certificate.issuerCN?.slice(-1), lower(values(ours, 'certificate', 'issuerCommonName')));
  }
}

const zeekMap = z.record(z.string(), z.array(z.object({ log: z.string(), file: z.string() })));
const ZEEK_VERSIONS: Readonly<Record<number, string>> = {
  769: 'TLSv10',
  770: 'TLSv11',
  771: 'TLSv12',
  772: 'TLSv13',
  65277: 'DTLSv12',
  65279: 'DTLSv10',
};

describe(`Zeek${reasonToSkip('dpi/zeek')}`, () => {
  it.skipIf(reasonToSkip('dpi/zeek') !== '')(
    'agrees',
    async () => {
      const agreement = new Agreement();
      for (const [capture, logs] of Object.entries(zeekMap.parse(json('dpi/zeek/map.json')))) {
        const theirs = logs.filter(({ log }) => /^(ssl|x509|quic)\.log$/.test(log));
        if (theirs.length === 0 || isInsideOthers(capture) || !existsSync(join(DATA, capture))) continue;
        const ours = await flowsOf(capture);
        for (const { file } of theirs) for (const row of rowsOf(file)) compareZeek(agreement, row, ours, capture);
      }
      agreement.report('Zeek');
      for (const field of ['version', 'host', 'subject', 'issuer', 'serial', 'fingerprint', 'not before']) {
        expect(agreement.share(field), field).toBeGreaterThanOrEqual(ENOUGH);
      }
    },
    TIMEOUT_MS,
  );
});

/** Rows of a log of Zeek's own format; those of its JSON format are left out. */
function rowsOf(file: string): ReadonlyMap<string, string>[] {
  const lines = readFileSync(join(DATA, file), 'utf8').split('\n');
  const names =
    lines
      .find((line) => line.startsWith('#fields'))
      ?.split('\t')
      .slice(1) ?? [];
  const rows = lines.filter((line) => line !== '' && !line.startsWith('#') && names.length > 0);
  return rows.map((line) => new Map(line.split('\t').map((value, i) => [names[i], value])));
}

function compareZeek(
  agreement: Agreement,
  row: ReadonlyMap<string, string>,
  flows: readonly FlowFacts[],
  capture: string,
): void {
  const port = (name: string): number => Number(row.get(name));
  const facts = row.has('id.orig_p')
    ? factsBetween(flows, port('id.orig_p'), port('id.resp_p'))
    : flows.flatMap((flow) => flow.facts);
  const compare = (field: string, name: string, ours: readonly (string | undefined)[]): void => {
    const value = row.get(name);
    if (value !== undefined && value !== '-' && value !== '(empty)') agreement.compare(field, value, ours, capture);
  };
  if (row.has('cipher'))
    compare(
      'version',
      'version',
      values(facts, 'tls-server', 'version').map((version) => ZEEK_VERSIONS[version] ?? `unknown-${version}`),
    );
  compare('host', 'server_name', values(facts, 'tls-client', 'serverName'));
  compare(
    'ALPN',
    'client_protocol',
    values(facts, 'tls-client', 'alpn').map(([first]) => first),
  );
  compare('subject', 'certificate.subject', values(facts, 'certificate', 'subject'));
  compare('issuer', 'certificate.issuer', values(facts, 'certificate', 'issuer'));
  compare(
    'serial',
    'certificate.serial',
    values(facts, 'certificate', 'serial').map((serial) => serial.toUpperCase()),
  );
  compare('fingerprint', 'fingerprint', values(facts, 'certificate', 'sha256'));
  const notBefore = values(facts, 'certificate', 'notBeforeMs').map((time) => (time / 1_000).toFixed(6));
  compare('not before', 'certificate.not_valid_before', notBefore);
  compare('names', 'san.dns', values(facts, 'certificate', 'names').map(String));
}
