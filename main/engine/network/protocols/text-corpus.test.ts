/** Text protocols of real captures, against what nDPI, Arkime and Zeek make of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fact } from '../../../../contract/facts.ts';
import { DATA, reasonToSkip } from '../golden/data.ts';
import type { FlowFacts } from './fact-collector.ts';
import { ftp } from './ftp/ftp.ts';
import { ftpData } from './ftp/ftp-data.ts';
import { http } from './http/http.ts';
import { http2 } from './http2/http2.ts';
import { smtp } from './smtp/smtp.ts';
import { socks } from './socks.ts';
import { ssh } from './ssh/ssh.ts';
import { inspectCapture, mutations } from './testing.ts';

const OURS = [http, http2, ssh, ftp, ftpData, smtp, socks];
/** The gates of the whole product. */
const ENOUGH_HOSTS = 0.98;
const ENOUGH_HASSH = 0.99;
const TIMEOUT_MS = 120_000;
/** Arkime takes texts of a mail in base64 for files, and one capture says STARTTLS and then goes on without TLS. */
const OTHER_ATTACHMENTS = ['smtp-decrypted.test', 'smtp-subject-utf8-q.test'];

/** How often a field is what another tool says it is. */
class Agreement {
  readonly #counts = new Map<string, [equal: number, compared: number]>();
  readonly #differences: string[] = [];

  compare(field: string, expected: string | undefined, ours: readonly string[], where: string): void {
    if (expected === undefined || expected === '-' || expected === '(empty)') return;
    const counts = this.#counts.get(field) ?? [0, 0];
    this.#counts.set(field, counts);
    counts[1]++;
    if (ours.includes(expected)) counts[0]++;
    else this.#differences.push(`${where}: ${field} ${expected}, we have ${ours.slice(0, 3).join(' or ') || 'none'}`);
  }

  share(field: string): number {
    const [equal, compared] = this.#counts.get(field) ?? [0, 0];
    return equal / compared;
  }

  report(tool: string): void {
    const fields = [...this.#counts].map(([field, [equal, compared]]) => `${field} ${equal}/${compared}`);
    console.info(`${tool}: ${fields.join(', ')}${this.#differences.map((line) => `\n  ${line}`).join('')}`);
  }
}

function between(flows: readonly FlowFacts[], a: number, b: number): Fact[] {
  return flows
    .filter(({ initiatorPort: i, responderPort: r }) => (i === a && r === b) || (i === b && r === a))
    .flatMap(({ facts }) => facts);
}

const requestsOf = (facts: readonly Fact[]) => facts.filter((fact) => fact.type === 'http-request');
const commandsOf = (facts: readonly Fact[]) => facts.filter((fact) => fact.type === 'command');
const sshOf = (facts: readonly Fact[]) => facts.filter((fact) => fact.type === 'ssh');

function propertiesOf(facts: readonly Fact[], name: string): string[] {
  return facts.flatMap((fact) => (fact.type === 'property' && fact.name === name ? [fact.value] : []));
}

const ndpiDocument = z.record(
  z.string(),
  z.array(
    z.object({
      proto: z.string(),
      sport: z.number(),
      dport: z.number(),
      ndpi_proto: z.string(),
      host: z.string().optional(),
      user_agent: z.string().optional(),
      server: z.string().optional(),
      hassh: z.string().optional(),
      hassh_server: z.string().optional(),
    }),
  ),
);

describe(`nDPI${reasonToSkip('dpi/ndpi')}`, () => {
  it.skipIf(reasonToSkip('dpi/ndpi') !== '')(
    'sees the hosts and clients that we see',
    { timeout: TIMEOUT_MS },
    async () => {
      const agreement = new Agreement();
      const document = JSON.parse(gunzipSync(readFileSync(join(DATA, 'dpi/ndpi/expected.json.gz'))).toString());
      for (const [capture, all] of Object.entries(ndpiDocument.parse(document))) {
        const wanted = all.filter(({ proto, ndpi_proto: name }) => proto === 'TCP' && /^(HTTP|SSH)/.test(name));
        if (wanted.length === 0 || !existsSync(join(DATA, capture))) continue;
        const flows = await inspectCapture(join(DATA, capture), OURS);
        for (const flow of wanted) {
          const facts = between(flows, flow.sport, flow.dport);
          const requests = requestsOf(facts);
          const where = `${capture} ${flow.sport}`;
          const isHttp = flow.ndpi_proto.startsWith('HTTP');
          agreement.compare(
            'host',
            isHttp ? flow.host : undefined,
            requests.map(({ host }) => host.toLowerCase()),
            where,
          );
          agreement.compare(
            'user agent',
            flow.user_agent,
            requests.map(({ userAgent }) => userAgent),
            where,
          );
          const servers = facts.flatMap((fact) => (fact.type === 'http-response' ? [fact.server] : []));
          agreement.compare('server', isHttp ? flow.server : undefined, servers, where);
          const hasshes = sshOf(facts).map(({ hassh }) => hassh);
          agreement.compare('hassh', flow.hassh, hasshes, where);
          agreement.compare('hassh', flow.hassh_server, hasshes, where);
        }
      }
      agreement.report('nDPI');
      expect(agreement.share('host')).toBeGreaterThanOrEqual(ENOUGH_HOSTS);
      expect(agreement.share('user agent')).toBeGreaterThanOrEqual(ENOUGH_HOSTS);
      expect(agreement.share('hassh')).toBeGreaterThanOrEqual(ENOUGH_HASSH);
    },
  );
});

const texts = z.array(z.string()).default([]);
const arkimeDocument = z.object({
  sessions3: z.array(
    z.object({
      body: z.object({
        http: z.object({ md5: texts, uri: texts }).optional(),
        ssh: z.object({ hassh: texts, hasshServer: texts, version: texts }).optional(),
        email: z.object({ md5: texts, subject: texts, filename: texts }).optional(),
        source: z.object({ port: z.number().default(0) }).optional(),
        destination: z.object({ port: z.number().default(0) }).optional(),
      }),
    }),
  ),
});

describe(`Arkime${reasonToSkip('dpi/arkime')}`, () => {
  it.skipIf(reasonToSkip('dpi/arkime') !== '')(
    'sees the files and fingerprints that we see',
    { timeout: TIMEOUT_MS },
    async () => {
      const agreement = new Agreement();
      for (const name of readdirSync(join(DATA, 'dpi/arkime')).filter((each) => /^(http-|ssh|smtp|socks)/.test(each))) {
        if (!name.endsWith('.test')) continue;
        const document = arkimeDocument.safeParse(JSON.parse(readFileSync(join(DATA, 'dpi/arkime', name), 'utf8')));
        const flows = await inspectCapture(join(DATA, 'dpi/arkime', name.replace('.test', '.pcap')), OURS);
        for (const { body } of document.data?.sessions3 ?? []) {
          const facts = between(flows, body.source?.port ?? 0, body.destination?.port ?? 0);
          const sums = facts.flatMap((fact) => (fact.type === 'file' ? [fact.md5] : []));
          for (const md5 of body.http?.md5 ?? []) agreement.compare('body', md5, sums, name);
          const attachments = OTHER_ATTACHMENTS.includes(name) ? [] : (body.email?.md5 ?? []);
          for (const md5 of attachments) agreement.compare('attachment', md5, sums, name);
          const said = sshOf(facts);
          const hasshes = [...(body.ssh?.hassh ?? []), ...(body.ssh?.hasshServer ?? [])];
          for (const hassh of hasshes)
            agreement.compare(
              'hassh',
              hassh,
              said.map((fact) => fact.hassh),
              name,
            );
          const versions = said.map(({ software }) => software.toLowerCase());
          for (const version of body.ssh?.version ?? []) agreement.compare('version', version, versions, name);
        }
      }
      agreement.report('Arkime');
      for (const field of ['hassh', 'version', 'attachment']) expect(agreement.share(field)).toBe(1);
      expect(agreement.share('body')).toBeGreaterThanOrEqual(0.9);
    },
  );
});

/** Rows of a log of Zeek, by the names of its columns. */
function zeekRows(path: string): Record<string, string | undefined>[] {
  let names: string[] = [];
  const rows: Record<string, string | undefined>[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const cells = line.split('\t');
    if (cells[0] === '#fields') names = cells.slice(1);
    else if (line !== '' && !line.startsWith('#') && names.length > 0) {
      rows.push(Object.fromEntries(names.map((name, index) => [name, cells[index]])));
    }
  }
  return rows;
}

const zeekMap = z.record(z.string(), z.array(z.object({ log: z.string(), file: z.string() })));
type Compare = (
  row: Record<string, string | undefined>,
  facts: readonly Fact[],
  say: (field: string, ours: readonly string[], column: string) => void,
) => void;

const ZEEK_LOGS: Readonly<Record<string, Compare>> = {
  'http.log': (_row, facts, say) => {
    const requests = requestsOf(facts);
    say(
      'http host',
      requests.flatMap(({ host, hostPort }) => [host, `${host}:${hostPort}`, `[${host}]`]),
      'host',
    );
    say(
      'http method',
      requests.map(({ method }) => method),
      'method',
    );
    say(
      'http user',
      requests.map(({ user }) => user),
      'username',
    );
  },
  'ssh.log': (_row, facts, say) => {
    const banners = sshOf(facts).map(({ software }) => software);
    say('ssh client', banners, 'client');
    say('ssh server', banners, 'server');
    say('ssh key exchange', propertiesOf(facts, 'key-exchange'), 'kex_alg');
    say('ssh cipher', propertiesOf(facts, 'cipher'), 'cipher_alg');
    const isIn = facts.some((fact) => fact.type === 'login' && fact.outcome === 'success');
    say('ssh login', isIn ? ['T'] : ['-', 'F'], 'auth_success');
  },
  'ftp.log': (_row, facts, say) => {
    say(
      'ftp command',
      commandsOf(facts).map(({ command }) => command),
      'command',
    );
    say(
      'ftp reply',
      commandsOf(facts).map(({ status }) => `${status}`),
      'reply_code',
    );
  },
  'smtp.log': (_row, facts, say) => {
    say(
      'smtp hello',
      commandsOf(facts).map(({ argument }) => argument),
      'helo',
    );
    say('smtp subject', propertiesOf(facts, 'subject'), 'subject');
    say('smtp message', propertiesOf(facts, 'message-id'), 'msg_id');
  },
};

describe(`Zeek${reasonToSkip('dpi/zeek')}`, () => {
  it.skipIf(reasonToSkip('dpi/zeek') !== '')('logs what we tell', { timeout: TIMEOUT_MS }, async () => {
    const agreement = new Agreement();
    const map = zeekMap.parse(JSON.parse(readFileSync(join(DATA, 'dpi/zeek/map.json'), 'utf8')));
    for (const [capture, logs] of Object.entries(map)) {
      const known = logs.filter(({ log }) => Object.hasOwn(ZEEK_LOGS, log));
      if (known.length === 0 || !existsSync(join(DATA, capture))) continue;
      const flows = await inspectCapture(join(DATA, capture), OURS);
      for (const { log, file } of known) {
        for (const row of zeekRows(join(DATA, file))) {
          const facts = between(flows, Number(row['id.orig_p']), Number(row['id.resp_p']));
          ZEEK_LOGS[log](row, facts, (field, ours, column) => agreement.compare(field, row[column], ours, capture));
        }
      }
    }
    agreement.report('Zeek');
    for (const field of ['http host', 'ssh client', 'ssh cipher', 'ssh login', 'smtp hello', 'smtp message']) {
      expect(agreement.share(field), field).toBeGreaterThanOrEqual(ENOUGH_HOSTS);
    }
    for (const field of ['http method', 'ftp command', 'ftp reply', 'smtp subject']) {
      expect(agreement.share(field), field).toBeGreaterThanOrEqual(0.85);
    }
  });
});

const FTP_CAPTURE = 'dpi/zeek/ftp/ipv6.pcap';

describe(`FTP${reasonToSkip(FTP_CAPTURE)}`, () => {
  it.skipIf(reasonToSkip(FTP_CAPTURE) !== '')('names what goes over its data connections', async () => {
    const flows = await inspectCapture(join(DATA, FTP_CAPTURE), OURS);
    const files = flows.flatMap(({ facts }) => facts).filter((fact) => fact.type === 'file');
    // Once where the server said, once where the client did; three listings of folders are no files.
    const file = { protocol: 'ftp-data', name: 'robots.txt', bytes: 77, isWhole: true, kind: 'text' };
    expect(files).toMatchObject([file, file]);
  });
});

describe(`damaged captures${reasonToSkip('dpi/zeek/ftp/ipv6.pcap')}`, () => {
  it.skipIf(reasonToSkip('dpi/zeek/ftp/ipv6.pcap') !== '')(
    'are read without a failure',
    { timeout: TIMEOUT_MS },
    async () => {
      const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
      const { tmpdir } = await import('node:os');
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-text-'));
      let facts = 0;
      try {
        for (const name of [
          'zeek/ftp/ipv6.pcap',
          'arkime/smtp-zip.pcap',
          'arkime/ssh2.pcap',
          'zeek/http/100-continue.pcap',
        ]) {
          const bytes = readFileSync(join(DATA, 'dpi', name));
          for (const damaged of mutations(bytes.subarray(24, 40_024), 7, 15)) {
            const path = join(folder, 'damaged.pcap');
            writeFileSync(path, Buffer.concat([bytes.subarray(0, 24), damaged]));
            // A capture that is cut off inside a packet is read as far as it goes.
            const flows = await inspectCapture(path, OURS).catch(() => []);
            const all = flows.flatMap((flow) => flow.facts);
            facts += all.length;
            expect(all.filter((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toEqual([]);
          }
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
      expect(facts).toBeGreaterThan(0);
    },
  );
});
