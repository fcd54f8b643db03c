/** Real captures against an independent decoder: tshark says of each frame what its innermost layer is. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { formatAddress } from '../../runtime/address.ts';
import { readCapture } from '../capture/read.ts';
import { Decoder } from './decoder.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? join(import.meta.dirname, '../../../../../shared/data');
const hasTshark = spawnSync('tshark', ['--version'], { stdio: 'ignore' }).status === 0;

/** Tunnels and link layers of all kinds, by folders of the test data. */
const CAPTURES = [
  'dpi/suricata/geneve-decoder.pcap',
  'dpi/arkime/gre-erspan-vxlan.pcap',
  'dpi/arkime/mpls-basic.pcap',
  'dpi/ndpi/ipv6_in_gtp.pcap',
  'dpi/ndpi/6in4tunnel.pcap',
  'dpi/arkime/twovlan.pcap',
  'dpi/ndpi/smb_frags.pcap',
  'dpi/arkime/80211http.pcap',
  'dpi/ndpi/dlt_ppp.pcap',
  'dpi/arkime/ipv6-in-ipv4.pcap',
  'dpi/ndpi/sctp.cap',
  'dpi/ndpi/pptp.pcap',
  'dpi/arkime/cloudshark-arp.pcap',
  'dpi/ndpi/capwap_data.pcapng',
];

const TRANSPORTS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  58: 'icmpv6',
  132: 'sctp',
};
const NAMED = new Set(Object.values(TRANSPORTS));

/** The innermost layer of "eth:ethertype:ip:udp:vxlan:…"; what an ICMP error quotes does not count. */
function innermost(protocols: string): string {
  let result = 'other';
  for (const protocol of protocols.split(':')) {
    if (protocol === 'ip' || protocol === 'ipv6') result = 'ip';
    else if (protocol === 'arp' || NAMED.has(protocol)) result = protocol;
    if (protocol === 'icmp' || protocol === 'icmpv6') break;
  }
  return result;
}

function expected(path: string): string[] {
  const fields = ['frame.protocols', 'ip.src', 'ipv6.src'].flatMap((field) => ['-e', field]);
  const options = ['-n', '-T', 'fields', ...fields, '-E', 'occurrence=l', '-E', 'separator=|'];
  const lines = execFileSync('tshark', ['-r', path, ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [protocols, v4, v6] = line.split('|');
      const layer = innermost(protocols);
      const version = protocols.split(':').findLast((protocol) => protocol === 'ip' || protocol === 'ipv6');
      // tshark would name the addresses that an ICMP error quotes.
      const hasAddress = NAMED.has(layer) && !layer.startsWith('icmp');
      return hasAddress ? `${layer} ${version === 'ipv6' ? v6 : v4}` : layer;
    });
}

async function decoded(path: string): Promise<string[]> {
  const decoder = new Decoder();
  const { packet } = decoder;
  const layers: string[] = [];
  await readCapture(path, {
    frame: (...frame) => {
      const kind = decoder.decode(...frame);
      const layer = kind === PACKET_KIND.ip ? (TRANSPORTS[packet.protocol] ?? 'ip') : 'other';
      if (kind === PACKET_KIND.arp) layers.push('arp');
      else if (kind === PACKET_KIND.fragment) layers.push('ip');
      else if (!NAMED.has(layer) || layer.startsWith('icmp')) layers.push(layer);
      else layers.push(`${layer} ${formatAddress(packet.source0, packet.source1, packet.source2, packet.source3)}`);
    },
  });
  return layers;
}

const present = CAPTURES.filter((name) => existsSync(join(DATA, name)));
const missing = !hasTshark
  ? ' (skipped: tshark is not installed)'
  : present.length === 0
    ? ` (skipped: no ${DATA})`
    : '';

describe.skipIf(missing !== '')(`the innermost layer of every frame, as tshark sees it${missing}`, () => {
  it.each(present)('%s', async (name) => {
    const path = join(DATA, name);
    expect(await decoded(path)).toEqual(expected(path));
  });
});
