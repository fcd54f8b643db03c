import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../contract/facts.ts';
import {
  END_REASON,
  type FlowView,
  isFactWanted,
  PACKET_KIND,
  PROTOCOL,
  type TrafficInterest,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { Audience } from './audience.ts';
import { Packet } from './decode/packet.ts';

const FLOW = { id: 1 } as FlowView;
const STAMP = { timeUs: 1, fromInitiator: true };
const PROPERTY = { type: 'property', protocol: 'snmp', name: 'community', value: 'public', ...STAMP } as const;
const COMMAND = { type: 'command', protocol: 'smb', command: 'create', argument: 'x', status: 0, ...STAMP } as const;
const ALERT = { type: 'tls-alert', level: 2, description: 40, ...STAMP } as const;
const OFFER = { type: 'dhcp', protocol: 'dhcp', messageType: 'offer', ...STAMP } as Fact;
const FACTS: readonly Fact[] = [PROPERTY, COMMAND, ALERT, OFFER];

/** What an observer with this interest hears, between two others. */
function heard(interest: TrafficInterest | undefined): Fact[] {
  const facts: Fact[] = [];
  const other: TrafficObserver = { interest: { facts: ['dns'] }, fact: () => {} };
  const observer: TrafficObserver = { ...(interest && { interest }), fact: (_flow, fact) => facts.push(fact) };
  const audience = new Audience([other, observer, other]);
  for (const fact of FACTS) audience.fact(FLOW, fact);
  return facts;
}

function packetOf(kind: Packet['kind'], protocol: number): Packet {
  const packet = new Packet();
  packet.kind = kind;
  packet.protocol = protocol;
  return packet;
}

describe('Audience', () => {
  it('tells everything to those who do not say what they want', () => {
    expect(heard(undefined)).toEqual(FACTS);
    expect(heard({ packets: ['arp'] })).toEqual(FACTS);
  });

  it('tells facts by type, protocol and name', () => {
    expect(heard({ facts: [] })).toEqual([]);
    expect(heard({ facts: ['property', 'tls-alert'] })).toEqual([PROPERTY, ALERT]);
    expect(heard({ facts: ['command:smb', 'property:smb'] })).toEqual([COMMAND]);
    expect(heard({ facts: ['property:snmp.community'] })).toEqual([PROPERTY]);
    expect(heard({ facts: ['property:snmp.version', 'command:rpc'] })).toEqual([]);
    expect(heard({ facts: ['property:snmp'] })).toEqual([PROPERTY]);
    expect(heard({ facts: ['dhcp:dhcp.offer'] })).toEqual([OFFER]);
    expect(heard({ facts: ['dhcp:dhcp.ack', 'dhcp:dhcpv6'] })).toEqual([]);
  });

  it('says what is wanted as the rule has it', () => {
    const interest = { facts: ['property:snmp.community', 'command:smb', 'dns'] } as const;
    const audience = new Audience([{ interest, fact: () => {} }]);
    for (const type of ['property', 'command', 'dns', 'tls-alert'] as const) {
      for (const protocol of ['snmp', 'smb', undefined] as const) {
        for (const name of ['community', 'version', undefined]) {
          expect(audience.isWanted(type, protocol, name)).toBe(isFactWanted(interest, type, protocol, name));
        }
      }
    }
    expect(audience.wantedFacts).toEqual(interest.facts);
    expect(new Audience([{}]).wantsFacts).toBe(false);
    expect(new Audience([{ fact: () => {} }, { interest, fact: () => {} }]).wantedFacts).toBeUndefined();
  });

  it('shows packets by their class, to observers in their order', () => {
    const shown: string[] = [];
    const watch = (name: string, packets?: TrafficInterest['packets']): TrafficObserver => ({
      ...(packets && { interest: { packets } }),
      packet: (packet) => shown.push(`${name} ${packet.kind}/${packet.protocol}`),
    });
    const audience = new Audience([watch('a', ['icmp', 'arp']), watch('b'), watch('c', ['other-ip', 'other'])]);
    audience.packet(packetOf(PACKET_KIND.ip, PROTOCOL.icmpv6));
    audience.packet(packetOf(PACKET_KIND.ip, PROTOCOL.sctp));
    audience.packet(packetOf(PACKET_KIND.arp, 0));
    audience.packet(packetOf(PACKET_KIND.malformed, PROTOCOL.tcp));
    audience.packet(packetOf(PACKET_KIND.fragment, PROTOCOL.icmp));
    expect(shown).toEqual(['a 2/58', 'b 2/58', 'b 2/132', 'c 2/132', 'a 1/0', 'b 1/0', 'b 4/6', 'c 4/6', 'b 3/1']);
  });

  it('wants MD5 where one says so, or wants everything', () => {
    const hearer = (interest?: TrafficObserver['interest']): TrafficObserver => ({ interest, fact: () => undefined });
    expect(new Audience([hearer({ facts: ['file'] })]).wantsMd5).toBe(false);
    expect(new Audience([hearer({ facts: ['file'] }), hearer({ facts: ['file'], md5: true })]).wantsMd5).toBe(true);
    expect(new Audience([hearer()]).wantsMd5).toBe(true);
    expect(new Audience([{ packet: () => undefined }]).wantsMd5).toBe(false);
  });

  it('tells of the ends of silent flows those who do not say no, and of renewed ones everybody', () => {
    const ends: string[] = [];
    const watch = (name: string, silentEnds?: boolean): TrafficObserver => ({
      interest: { silentEnds },
      flowEnd: ({ id }) => ends.push(`${name}${id}`),
    });
    const audience = new Audience([watch('a', false), watch('b'), watch('c', true)]);
    const flow = (id: number, initiatorPayloadBytes: number, responderPayloadBytes: number) =>
      ({ id, initiatorPayloadBytes, responderPayloadBytes }) as FlowView;
    audience.flowEnd(flow(1, 0, 0), END_REASON.idleTimeout);
    audience.flowEnd(flow(2, 0, 5), END_REASON.finished);
    audience.flowEnd(flow(3, 5, 0), END_REASON.activeTimeout);
    audience.flowRenewed(3, flow(4, 0, 0));
    audience.flowEnd(flow(4, 0, 0), END_REASON.stopped);
    expect(ends).toEqual(['b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3', 'a4', 'b4', 'c4']);
  });

  it('goes on after one that fails at a fact, and counts it', () => {
    const facts: string[] = [];
    const failing: TrafficObserver = {
      fact() {
        throw new Error('a mistake');
      },
    };
    const audience = new Audience([failing, { fact: (_flow, fact) => facts.push(fact.type) }]);
    for (const fact of FACTS) audience.fact(FLOW, fact);
    expect(facts).toEqual(['property', 'command', 'tls-alert', 'dhcp']);
    expect(audience.failures).toBe(4);
  });
});
