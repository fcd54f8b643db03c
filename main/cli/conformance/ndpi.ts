/** Flows that nDPI's reader printed for its own captures. */
import { z } from 'zod';
import type { ProtocolId } from '../../../contract/facts.ts';
import type { Ends, Expectation, Field, Match } from './expectation.ts';
import { NDPI_NAMES } from './protocol-names.ts';
import { endsOf, readJson } from './read-golden.ts';

const EXPECTED = 'dpi/ndpi/expected.json.gz';
const PROTOCOLS: Readonly<Record<string, number>> = { ICMP: 1, TCP: 6, UDP: 17, ESP: 50, ICMPV6: 58, SCTP: 132 };

const flowSchema = z.object({
  proto: z.string(),
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
  hassh: z.string().optional(),
  hassh_server: z.string().optional(),
  cert_sha1: z.string().optional(),
  user_agent: z.string().optional(),
  status: z.union([z.string(), z.number()]).optional(),
  content_type: z.string().optional(),
  username: z.string().optional(),
});
type NdpiFlow = z.infer<typeof flowSchema>;

/** nDPI keeps so much of a name. */
const MAX_HOST = 79;

/** Which of our fields `host` is, by what the flow speaks. */
const HOST_FIELDS: Readonly<Record<string, Field>> = {
  TLS: 'sni',
  DTLS: 'sni',
  QUIC: 'sni',
  HTTP: 'http-host',
  HTTP_Proxy: 'http-host',
  HTTP_Connect: 'http-host',
  DNS: 'dns-name',
  MDNS: 'dns-name',
  LLMNR: 'dns-name',
  NetBIOS: 'dns-name',
  DHCP: 'dhcp',
  SSH: 'ssh',
};

export function ndpiExpectations(data: string): Expectation[] {
  const captures = readJson(data, EXPECTED, z.record(z.string(), z.array(flowSchema)));
  return Object.entries(captures).flatMap(([capture, flows]) =>
    flows.flatMap((flow) => [...expectationsOf(capture, flow)]),
  );
}

function* expectationsOf(capture: string, flow: NdpiFlow): Generator<Expectation> {
  const name = flow.ndpi_proto.split('.', 1)[0];
  const accepted = NDPI_NAMES[name];
  const ends = endsOf(PROTOCOLS[flow.proto] ?? -1, flow.src, flow.sport, flow.dst, flow.dport);
  if (ends === undefined) return;
  const protocol: ProtocolId | 'other' = accepted?.[0] ?? 'other';
  // Where the port alone told it nDPI has seen nothing to agree with.
  if (accepted !== undefined && flow.confidence.startsWith('DPI')) {
    yield expect(capture, ends, protocol, 'protocol', accepted);
  }
  const hostField = HOST_FIELDS[name];
  // "?" is what nDPI writes for a byte that it cannot show.
  if (hostField !== undefined && flow.host !== undefined && !flow.host.includes('?')) {
    // Of a longer one it keeps the end.
    const match = flow.host.length >= MAX_HOST ? 'contains' : 'same';
    yield expect(capture, ends, protocol, hostField, [flow.host], match);
  }
  const single: readonly (readonly [Field, string | undefined])[] = [
    ['ja3', flow.ja3],
    ['ja3s', flow.ja3s],
    ['ja4', flow.ja4],
    ['hassh', flow.hassh],
    ['hassh', flow.hassh_server],
    ['certificate', flow.cert_sha1?.toLowerCase().replaceAll(':', '')],
    ['login', flow.username],
  ];
  for (const [field, value] of single) if (value !== undefined) yield expect(capture, ends, protocol, field, [value]);
  if (protocol !== 'http') return;
  if (flow.user_agent) yield expect(capture, ends, protocol, 'http', [`user-agent ${flow.user_agent}`], 'begins');
  if (flow.status) yield expect(capture, ends, protocol, 'http', [`status ${flow.status}`]);
}

function expect(
  capture: string,
  ends: Ends,
  protocol: ProtocolId | 'other',
  field: Field,
  values: readonly string[],
  match: Match = 'same',
): Expectation {
  return { source: 'nDPI', capture, ends, protocol, field, values, match };
}
