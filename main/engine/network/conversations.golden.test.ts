/** Conversations of real captures against what independent tools make of them. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../../contract/traffic.ts';
import { arkimeConversations } from './golden/arkime.ts';
import { type Comparison, compare, type Exclusion, report } from './golden/compare.ts';
import { type Conversation, Conversations, type Measure, type Placed } from './golden/conversation.ts';
import { captures, FOLDERS, reasonToSkip } from './golden/data.ts';
import { ndpiFlows } from './golden/ndpi.ts';
import { conversationsOf, flowsOf, type OurFlow } from './golden/ours.ts';
import { PROTOCOLS as TSHARK_PROTOCOLS, tsharkConversations } from './golden/tshark.ts';
import { zeekConversations } from './golden/zeek.ts';

const ENOUGH = 0.99;
/** Zeek's definition of the originator is that of our initiator, but it corrects itself by well-known ports. */
const ENOUGH_INITIATORS = 0.98;
/** Reads 900 captures; on a busy machine that takes its time. */
const TIMEOUT_MS = 180_000;

const flows = new Map<string, readonly OurFlow[]>();

async function ours(names: Iterable<string>): Promise<Conversations> {
  const wanted = new Map<string, readonly OurFlow[]>();
  for (const name of names) {
    const known = flows.get(name) ?? (await flowsOf(name));
    flows.set(name, known);
    wanted.set(name, known);
  }
  return conversationsOf(wanted);
}

/** Frames whose bytes were changed at random, so that no length field can be trusted. */
const RANDOM_BYTES = /fuzz|garbage/;

/**
 * TCP and UDP say how long their payload is; nothing else has one that tools agree on. tshark takes the length
 * field of UDP at its word where the packet is shorter, which is so in random bytes only.
 */
function withPayload({ protocol, capture }: Placed): readonly Measure[] {
  const hasPayload = (protocol === 6 || protocol === 17) && !RANDOM_BYTES.test(capture);
  return hasPayload ? ['packets', 'wireBytes', 'payloadBytes'] : ['packets', 'wireBytes'];
}

/** The same for both directions of a five-tuple. */
function endsOf({ protocol, initiator, responder }: Conversation): string {
  return [protocol, ...[initiator, responder].map(({ address, port }) => `${address} ${port}`).sort()].join(' ');
}

function tell(name: string, comparison: Comparison): void {
  console.info(report(name, comparison));
}

function inCapture(...names: readonly string[]): Exclusion['applies'] {
  return ({ capture }) => names.some((name) => capture.endsWith(name));
}

describe(`tshark${reasonToSkip('dpi', ['tshark', 'mergecap', 'capinfos'])}`, () => {
  const skip = reasonToSkip('dpi', ['tshark', 'mergecap', 'capinfos']) !== '';
  const known = new Set(TSHARK_PROTOCOLS.values());
  const exclusions: readonly Exclusion[] = [
    { reason: 'protocols without a name among those looked for', applies: ({ protocol }) => !known.has(protocol) },
  ];
  let theirs = new Conversations();
  let mine = new Conversations();
  beforeAll(async () => {
    if (skip) return;
    const run = tsharkConversations(captures());
    theirs = run.conversations;
    mine = await ours(run.captures);
  }, TIMEOUT_MS);

  it.skipIf(skip).each(FOLDERS)('counts alike in %s', (folder) => {
    const comparison = compare(mine, theirs, { measures: withPayload, exclusions, folder });
    tell(`tshark, ${folder}`, comparison);
    expect(comparison.share).toBeGreaterThanOrEqual(ENOUGH);
  });
});

describe(`Arkime${reasonToSkip('dpi/arkime')}`, () => {
  const exclusions: readonly Exclusion[] = [
    {
      reason: 'IGMP and PIM: Arkime has one session for all addresses',
      applies: ({ protocol }) => protocol === 2 || protocol === 103,
    },
    { reason: 'AH: Arkime stops at it, we look inside', applies: inCapture('/ah-esp.pcap') },
    { reason: 'frame relay is no link layer of ours', applies: inCapture('/icmp-frame-relay.pcap') },
    {
      reason: 'DHCPv6: Arkime joins the answer to the question that went to a multicast address',
      applies: inCapture('/wireshark-dhcpv6.pcap'),
    },
  ];
  it.skipIf(reasonToSkip('dpi/arkime') !== '')(
    'counts alike',
    async () => {
      const names = captures().filter((name) => name.startsWith('dpi/arkime/'));
      const measures = (): readonly Measure[] => ['packets', 'wireBytes'];
      const comparison = compare(await ours(names), arkimeConversations(names), { measures, exclusions });
      tell('Arkime', comparison);
      expect(comparison.share).toBeGreaterThanOrEqual(ENOUGH);
    },
    TIMEOUT_MS,
  );
});

/** In `stun.pcap`; two runs of zeros, of which nDPI shortens both. */
const UNREADABLE: ReadonlySet<string> = new Set(['2600:1900:4160:5999:0:19::']);

/** Service → nDPI's names for it. What it calls by another name is a use of the same protocol. */
const NDPI_NAMES: Partial<Record<Service, readonly string[]>> = {
  ssh: ['SSH'],
  ftp: ['FTP_CONTROL'],
  telnet: ['Telnet'],
  smtp: ['SMTP', 'SMTPS'],
  pop3: ['POP3', 'POPS'],
  imap: ['IMAP', 'IMAPS'],
  // A proxy's CONNECT, and SOAP, are HTTP requests.
  http: ['HTTP', 'HTTP_Proxy', 'HTTP_Connect', 'SOAP'],
  tls: ['TLS', 'SMTPS', 'IMAPS', 'POPS'],
  rdp: ['RDP'],
  smb: ['SMBv1', 'SMBv23', 'NetBIOS'],
  vnc: ['VNC'],
  mysql: ['MySQL'],
  postgresql: ['PostgreSQL'],
  mssql: ['MsSQL-TDS'],
  oracle: ['Oracle'],
  mongodb: ['MongoDB'],
  redis: ['RESP', 'Redis'],
  ldap: ['LDAP'],
  dns: ['DNS', 'MDNS', 'LLMNR'],
  dhcp: ['DHCP', 'DHCPV6'],
  quic: ['QUIC'],
};

describe(`nDPI${reasonToSkip('dpi/ndpi')}`, () => {
  const exclusions: readonly Exclusion[] = [
    {
      reason: 'made of random bytes: every tool draws the line of what is a packet elsewhere',
      applies: ({ capture }) => RANDOM_BYTES.test(capture),
    },
    { reason: 'SCTP: nDPI has no ports', applies: ({ protocol }) => protocol === 132 },
    { reason: 'CAPWAP in three VLANs: nDPI takes what is inside for three', applies: inCapture('/capwap_data.pcapng') },
    {
      reason: 'an address that nDPI prints in a way nobody can read',
      applies: ({ initiator, responder }) => [initiator, responder].some(({ address }) => UNREADABLE.has(address)),
    },
  ];
  it.skipIf(reasonToSkip('dpi/ndpi') !== '')(
    'counts alike',
    async () => {
      const theirs = new Conversations();
      const expected = ndpiFlows();
      for (const [capture, list] of expected) for (const flow of list) theirs.add(capture, flow);
      // nDPI counts the bytes of the first fragment, we those of the one that completes the datagram.
      const measures = ({ hasFragments }: Placed): readonly Measure[] =>
        hasFragments ? ['packets'] : ['packets', 'wireBytes'];
      const comparison = compare(await ours(expected.keys()), theirs, { measures, exclusions });
      tell('nDPI', comparison);
      expect(comparison.share).toBeGreaterThanOrEqual(ENOUGH);
    },
    TIMEOUT_MS,
  );

  it.skipIf(reasonToSkip('dpi/ndpi') !== '')(
    'tells the same services by their bytes',
    async () => {
      const told = new Map<Service, { flows: number; others: string[] }>();
      for (const [capture, list] of ndpiFlows()) {
        await ours([capture]);
        const names = new Map(list.map((flow) => [endsOf(flow), flow.application]));
        for (const flow of flows.get(capture) ?? []) {
          const name = names.get(endsOf(flow));
          if (flow.service === 'unknown' || name === undefined) continue;
          const entry = told.get(flow.service) ?? { flows: 0, others: [] };
          entry.flows++;
          if (!NDPI_NAMES[flow.service]?.includes(name)) entry.others.push(`${name} in ${capture}`);
          told.set(flow.service, entry);
        }
      }
      const entries = [...told];
      console.info(
        entries
          .map(([service, { flows: count, others }]) => `${service}: ${count - others.length} of ${count} ${others}`)
          .join('\n'),
      );
      const count = entries.reduce((sum, [, entry]) => sum + entry.flows, 0);
      const wrong = entries.reduce((sum, [, entry]) => sum + entry.others.length, 0);
      expect(1 - wrong / count).toBeGreaterThanOrEqual(ENOUGH);
    },
    TIMEOUT_MS,
  );
});

describe(`Zeek${reasonToSkip('dpi/zeek')}`, () => {
  const exclusions: readonly Exclusion[] = [
    {
      reason: 'packets out of order: Zeek turned the connection round after it had counted the first one',
      applies: inCapture('/misordered-ntp.pcap'),
    },
  ];
  it.skipIf(reasonToSkip('dpi/zeek') !== '')(
    'counts alike, and names the same initiator',
    async () => {
      const { conversations, captures: names } = zeekConversations();
      const measures = (): readonly Measure[] => ['packets', 'ipBytes'];
      const comparison = compare(await ours(names), conversations, { measures, exclusions });
      tell('Zeek', comparison);
      expect(comparison.share).toBeGreaterThanOrEqual(ENOUGH);
      expect(comparison.sameInitiatorShare).toBeGreaterThanOrEqual(ENOUGH_INITIATORS);
    },
    TIMEOUT_MS,
  );
});
