/** Flows that nDPI's reader printed for its own test captures: one JSON document for all of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { parseAddress } from '../../runtime/address.ts';
import { type Conversation, endpointOf, sent } from './conversation.ts';
import { DATA } from './data.ts';

const EXPECTED = 'dpi/ndpi/expected.json.gz';

const document = z.record(
  z.string(),
  z.array(
    z.object({
      proto: z.string(),
      src: z.string(),
      sport: z.number(),
      dst: z.string(),
      dport: z.number(),
      c2s_pkts: z.number(),
      c2s_bytes: z.number(),
      s2c_pkts: z.number(),
      s2c_bytes: z.number(),
      ndpi_proto: z.string(),
      confidence: z.string(),
    }),
  ),
);

/** nDPI's names of IP protocols; those without a name it prints as a number. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ICMP: 1,
  IGMP: 2,
  TCP: 6,
  UDP: 17,
  ESP: 50,
  ICMPV6: 58,
  OSPF: 89,
  SCTP: 132,
};

export interface NdpiFlow extends Conversation {
  /** nDPI's name of the application protocol, without what it found out beyond that: "TLS" of "TLS.Google". */
  readonly application: string;
  /** "DPI" where the bytes told it. */
  readonly confidence: string;
}

/** nDPI shortens IPv6 addresses twice where they have two runs of zeros ("302e::3d00::8001"): nobody can read that. */
function hasAddresses(flow: { readonly src: string; readonly dst: string }): boolean {
  return parseAddress(flow.src) !== null && parseAddress(flow.dst) !== null;
}

/** Capture → its flows, for the captures that are there. */
export function ndpiFlows(): Map<string, NdpiFlow[]> {
  const captures = document.parse(JSON.parse(gunzipSync(readFileSync(join(DATA, EXPECTED))).toString()));
  const present = Object.entries(captures).filter(([capture]) => existsSync(join(DATA, capture)));
  return new Map(
    present.map(([capture, flows]) => [
      capture,
      flows.filter(hasAddresses).map((flow) => {
        const protocol = PROTOCOLS[flow.proto] ?? Number(flow.proto);
        return {
          protocol,
          initiator: endpointOf(protocol, flow.src, flow.sport),
          responder: endpointOf(protocol, flow.dst, flow.dport),
          fromInitiator: sent(flow.c2s_pkts, { wireBytes: flow.c2s_bytes }),
          fromResponder: sent(flow.s2c_pkts, { wireBytes: flow.s2c_bytes }),
          application: flow.ndpi_proto.split('.')[0],
          confidence: flow.confidence,
        };
      }),
    ]),
  );
}
