/** Conversations of real captures against what independent tools make of them. */
import { beforeAll, describe, expect, it } from 'vitest';
import { arkimeConversations } from './golden/arkime.ts';
import { type Comparison, compare, type Exclusion, report } from './golden/compare.ts';
import { Conversations, type Measure, type Placed } from './golden/conversation.ts';
import { captures, reasonToSkip } from './golden/data.ts';
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

/** TCP and UDP say how long their payload is; nothing else has one that tools agree on. */
function withPayload(conversation: Placed): readonly Measure[] {
  const hasPayload = conversation.protocol === 6 || conversation.protocol === 17;
  return hasPayload ? ['packets', 'wireBytes', 'payloadBytes'] : ['packets', 'wireBytes'];
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

  it.skipIf(skip).each(['attacks', 'benign', 'dpi'])('counts alike in %s', (folder) => {
    const elsewhere = { reason: 'other folders', applies: ({ capture }: Placed) => !capture.startsWith(folder) };
    const comparison = compare(mine, theirs, { measures: withPayload, exclusions: [elsewhere, ...exclusions] });
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

describe(`nDPI${reasonToSkip('dpi/ndpi')}`, () => {
  const exclusions: readonly Exclusion[] = [
    {
      reason: 'made of random bytes: every tool draws the line of what is a packet elsewhere',
      applies: ({ capture }) => /fuzz|garbage/.test(capture),
    },
    { reason: 'SCTP: nDPI has no ports', applies: ({ protocol }) => protocol === 132 },
    { reason: 'CAPWAP: nDPI looks inside, we do not', applies: inCapture('/capwap_data.pcapng') },
    {
      reason: 'an address that nDPI prints in a way nobody can read',
      applies: ({ responder }) => responder.address === '2600:1900:4160:5999:0:19::',
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
