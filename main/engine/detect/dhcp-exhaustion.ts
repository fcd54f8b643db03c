import type { Finding } from '../../../contract/domain.ts';
import {
  END_REASON,
  type EndReason,
  type FlowView,
  PACKET_KIND,
  type PacketView,
  PROTOCOL,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { formatAddress, formatMac, isUnspecified, mixHash } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DistinctCounters } from '../runtime/counters.ts';
import type { SettingTable } from '../runtime/settings.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import {
  DHCP_CLIENT_PORT,
  DHCP_MESSAGE,
  DHCP_SERVER_PORT,
  type DhcpMessage,
  parseDhcpMessage,
} from './dhcp-message.ts';

const SETTINGS = {
  requestsPerSecond: {
    type: 'number',
    default: 200,
    min: 10,
    max: 1_000_000,
    unit: 'requests/s',
    reason:
      'Requests for an address per second. When the power comes back to a full floor of 250 computers their requests still spread over many seconds.',
  },
  clientsPerSender: {
    type: 'number',
    default: 30,
    min: 3,
    max: 100_000,
    integer: true,
    unit: 'clients',
    reason:
      'Clients that one network card asks for within the window without being a relay. A Wi-Fi repeater does so for the few devices behind it.',
  },
  clients: {
    type: 'number',
    default: 500,
    min: 10,
    max: 1_000_000,
    integer: true,
    unit: 'clients',
    reason: 'Clients that ask within the window: twice as many as an ordinary network of 254 addresses can serve.',
  },
  windowSeconds: {
    type: 'number',
    default: 120,
    min: 10,
    max: 3600,
    unit: 's',
    reason:
      'Short enough that the arrivals of a morning do not add up, long enough for a tool that asks once a second.',
  },
} as const satisfies SettingTable;

/** Broadcast domains (VLANs) told apart, and senders in each window. */
const MAX_DOMAINS = 64;
const MAX_SENDERS = 1024;
const CLIENT_DISTINCT_BITS = 10;
const SENDER_CLIENT_BITS = 6;
/** Where nobody has named a DHCP server: who is hurt is whoever listens on the link. */
const BROADCAST_TEXT = '255.255.255.255';
/** A sender with this share of all requests is named. */
const NAMED_SHARE = 0.05;
/** Together the named ones must make this share, else the senders' addresses are made up. */
const CARRIED_SHARE = 0.5;
const MAX_NAMED = 16;
const REPORT_GROWTH = 1.5;
/** Without any flow, a tick before its second is over is taken for the last one. */
const WHOLE_SECOND_US = 0.99e6;
const ID = 'dhcp-exhaustion';

type Settings = typeof SETTINGS;

/** What was counted in one broadcast domain since its window began. */
interface Domain {
  windowStartUs: number;
  /** Requests since the last tick, and the most of any second. */
  inSecond: number;
  peakPerSecond: number;
  requests: number;
  offers: number;
  firstUs: number;
  lastUs: number;
  server: string;
  isAlarmed: boolean;
  reportedRequests: number;
}

/**
 * Notices who asks a DHCP server for all of its addresses, or just asks too often. The true sender of a
 * frame is its source MAC address; the "client" inside of the message is whatever the sender writes there.
 */
class DhcpExhaustionDetector implements TrafficObserver {
  private readonly context: DetectorContext<Settings>;
  private readonly domainTable = new AddressTable(MAX_DOMAINS);
  private readonly domains: (Domain | undefined)[] = new Array(MAX_DOMAINS).fill(undefined);
  private readonly clients = new DistinctCounters(MAX_DOMAINS, CLIENT_DISTINCT_BITS);
  /** Senders by MAC address and domain. */
  private readonly senders = new AddressTable(MAX_SENDERS);
  private readonly senderRequests = new Uint32Array(MAX_SENDERS);
  /** IPv4 address of a sender that has one, 0 where it has none yet. */
  private readonly senderAddress = new Int32Array(MAX_SENDERS);
  private readonly senderClients = new DistinctCounters(MAX_SENDERS, SENDER_CLIENT_BITS);
  private lastTickUs = Number.NEGATIVE_INFINITY;
  private isEnding = false;

  constructor(context: DetectorContext<Settings>) {
    this.context = context;
  }

  packet(packet: PacketView): void {
    if (packet.protocol !== PROTOCOL.udp || packet.kind !== PACKET_KIND.ip) return;
    if (packet.destinationPort !== DHCP_SERVER_PORT && packet.destinationPort !== DHCP_CLIENT_PORT) return;
    const message = parseDhcpMessage(packet.bytes, packet.payloadStart, packet.payloadEnd);
    if (message === null) return;
    const slot = this.domainTable.findOrInsert(packet.vlan, packet.tunnel, 0, 0);
    let domain = this.domains[slot];
    if (domain === undefined || this.domainTable.inserted) {
      domain = newDomain(packet.timeUs);
      this.domains[slot] = domain;
      this.clients.clear(slot);
    }
    if (message.serverIdentifier !== 0) domain.server = formatAddress(0, 0, 0xffff, message.serverIdentifier);
    if (message.operation === 2) {
      if (message.type === DHCP_MESSAGE.offer) domain.offers++;
      return;
    }
    // Plain BOOTP (type 0) asks for an address too. Decline, release and inform do not.
    if (message.type === 0 || message.type === DHCP_MESSAGE.discover || message.type === DHCP_MESSAGE.request) {
      this.countRequest(slot, domain, message, packet);
    }
  }

  /** Flows that end because everything does: the tick that follows is the last one. */
  flowEnd(_flow: FlowView, reason: EndReason): void {
    if (reason === END_REASON.stopped) this.isEnding = true;
  }

  tick(nowUs: number): void {
    const isLast = this.isEnding || nowUs - this.lastTickUs < WHOLE_SECOND_US;
    this.lastTickUs = nowUs;
    for (const [slot, domain] of this.domains.entries()) {
      if (domain === undefined) continue;
      this.judge(slot, domain, isLast);
      domain.inSecond = 0;
      const isOver = nowUs - domain.windowStartUs > this.context.settings.windowSeconds * 1e6;
      // A flood keeps its window, so that it stays one flood, until nobody asks any more.
      if (isOver && (!domain.isAlarmed || nowUs - domain.lastUs > this.context.settings.windowSeconds * 1e6)) {
        this.forget(slot, domain, nowUs);
      }
    }
  }

  clockReset(nowUs: number): void {
    for (const [slot, domain] of this.domains.entries()) if (domain !== undefined) this.forget(slot, domain, nowUs);
    this.lastTickUs = nowUs;
  }

  private countRequest(slot: number, domain: Domain, message: DhcpMessage, packet: PacketView): void {
    if (domain.requests === 0) domain.firstUs = packet.timeUs;
    domain.lastUs = packet.timeUs;
    domain.requests++;
    domain.inSecond++;
    const client = mixHash(message.clientMacHigh, message.clientMacLow);
    this.clients.add(slot, client);
    const sender = this.senders.findOrInsert(slot, packet.sourceMacHigh, packet.sourceMacLow, 0);
    if (this.senders.inserted) {
      this.senderRequests[sender] = 0;
      this.senderAddress[sender] = 0;
      this.senderClients.clear(sender);
    }
    this.senderRequests[sender]!++;
    if (!message.relayed) this.senderClients.add(sender, client);
    if (!isUnspecified(packet.source0, packet.source1, packet.source2, packet.source3)) {
      this.senderAddress[sender] = packet.source3;
    }
  }

  private judge(slot: number, domain: Domain, isLast: boolean): void {
    const { settings } = this.context;
    domain.peakPerSecond = Math.max(domain.peakPerSecond, domain.inSecond);
    // Fewer requests than the smallest threshold can fulfil none of the conditions: nothing to work out.
    if (domain.requests === domain.reportedRequests || domain.requests < settings.clientsPerSender) return;
    if (!domain.isAlarmed) {
      domain.isAlarmed =
        domain.inSecond >= settings.requestsPerSecond ||
        this.clients.estimate(slot) >= settings.clients ||
        this.sendersOf(slot).some((sender) => sender.clients >= settings.clientsPerSender);
      if (!domain.isAlarmed) return;
    }
    if (!isLast && domain.requests < domain.reportedRequests * REPORT_GROWTH) return;
    domain.reportedRequests = domain.requests;
    this.context.report(this.finding(slot, domain));
  }

  private sendersOf(domainSlot: number): { slot: number; requests: number; clients: number }[] {
    const found = [];
    for (let slot = 0; slot < MAX_SENDERS; slot++) {
      if (!this.senders.isUsed(slot) || this.senders.word(slot, 0) !== domainSlot) continue;
      found.push({ slot, requests: this.senderRequests[slot]!, clients: this.senderClients.estimate(slot) });
    }
    return found.sort((a, b) => b.requests - a.requests);
  }

  private finding(slot: number, domain: Domain): Finding {
    const senders = this.sendersOf(slot);
    const named = senders
      .filter(({ requests }) => requests >= domain.requests * NAMED_SHARE)
      .slice(0, MAX_NAMED)
      .filter(({ slot: sender }) => this.mayBeNamed(sender));
    const carried = named.reduce((sum, { requests }) => sum + requests, 0);
    const attackers =
      carried >= domain.requests * CARRIED_SHARE ? named.map(({ slot: at }) => this.senderText(at)) : [];
    const clients = this.clients.estimate(slot);
    const victim = domain.server === '' ? BROADCAST_TEXT : domain.server;
    const server = domain.server === '' ? 'the DHCP server of the network' : `the DHCP server ${domain.server}`;
    const who =
      attackers.length === 1 ? attackers[0]! : `${Math.max(senders.length, 1).toLocaleString('en-US')} senders`;
    const seconds = Math.max(1, Math.round((domain.lastUs - domain.firstUs) / 1e6));
    const isStarvation = clients >= this.context.settings.clientsPerSender;
    const many = domain.requests.toLocaleString('en-US');
    return {
      detector: ID,
      kind: 'denial-of-service',
      cause: `denial-of-service/dhcp/${this.domainTable.word(slot, 0)}/${this.domainTable.word(slot, 1)}`,
      firstSeenMs: Math.round(domain.firstUs / 1000),
      lastSeenMs: Math.round(domain.lastUs / 1000),
      severity: domain.peakPerSecond >= this.context.settings.requestsPerSecond || isStarvation ? 'high' : 'medium',
      confidence: attackers.length > 0 ? 0.9 : 0.8,
      techniques: ['T1499.002'],
      attackers,
      victims: [victim],
      attackerCount: attackers.length > 0 ? attackers.length : senders.length,
      victimCount: 1,
      title: `${who} flooded ${server} with ${many} requests for an address`,
      explanation:
        `${who} asked ${server} for a network address ${many} times within ${seconds} s, in the name of ${isStarvation ? `about ${clients.toLocaleString('en-US')} different devices` : 'very few devices'}; ` +
        'a device asks two to four times when it joins the network. ' +
        'When a server has given all of its addresses away, nobody else can join, and a false server can take its place.',
      evidence: [
        {
          name: 'requests for an address',
          value: domain.requests,
          unit: 'requests',
          usual: '2–4 per device that joins',
          meaning: 'DHCP discover and request messages in the network.',
        },
        {
          name: 'highest rate',
          value: domain.peakPerSecond,
          unit: 'requests/s',
          usual: `under ${this.context.settings.requestsPerSecond}`,
          usualRange: { low: 0, high: this.context.settings.requestsPerSecond },
          meaning: 'The most requests within one second.',
        },
        {
          name: 'devices asked for',
          value: clients,
          unit: 'devices',
          meaning:
            'Distinct hardware addresses inside of the requests; a starvation tool makes up a new one each time.',
        },
        {
          name: 'senders',
          value: senders.length,
          unit: 'network cards',
          meaning: 'Source MAC addresses of the frames.',
        },
        {
          name: 'offers',
          value: domain.offers,
          unit: 'offers',
          meaning: 'Addresses that servers have offered in answer.',
        },
      ],
    };
  }

  private mayBeNamed(sender: number): boolean {
    const address = this.senderAddress[sender]!;
    return address === 0 || this.context.landscape.mayBeAttacker(0, 0, 0xffff, address);
  }

  private senderText(sender: number): string {
    const address = this.senderAddress[sender]!;
    if (address !== 0) return formatAddress(0, 0, 0xffff, address);
    return formatMac(this.senders.word(sender, 1), this.senders.word(sender, 2));
  }

  private forget(slot: number, domain: Domain, nowUs: number): void {
    const { server } = domain;
    this.domains[slot] = { ...newDomain(nowUs), server };
    this.clients.clear(slot);
    for (const sender of this.sendersOf(slot)) this.senders.delete(sender.slot);
  }
}

function newDomain(nowUs: number): Domain {
  return {
    windowStartUs: nowUs,
    inSecond: 0,
    peakPerSecond: 0,
    requests: 0,
    offers: 0,
    firstUs: nowUs,
    lastUs: nowUs,
    server: '',
    isAlarmed: false,
    reportedRequests: 0,
  };
}

export const dhcpExhaustionDetector = defineDetector({
  id: ID,
  kind: 'denial-of-service',
  summary: 'Notices who asks the DHCP server for all of its addresses, or asks so often that nobody else gets one.',
  techniques: ['T1499.002'],
  settings: SETTINGS,
  interest: { packets: ['udp'] },
  memoryBound: `${MAX_DOMAINS} networks of 1 kB and ${MAX_SENDERS.toLocaleString('en-US')} senders of 100 B`,
  create: (context) => new DhcpExhaustionDetector(context),
});
