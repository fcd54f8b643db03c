import type { DhcpFact, Fact, PropertyFact } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { isInternal, parseAddress } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { DhcpServers } from './dhcp-servers.ts';
import { Ipv6Servers } from './ipv6-servers.ts';
import { Redirects } from './redirects.ts';
import { type RogueStory, rogueFinding } from './rogue-finding.ts';
import { rogueServerSettings } from './settings.ts';

const ROUTER_PROPERTIES: ReadonlySet<string> = new Set([
  'router-lifetime',
  'router-preference',
  'prefix',
  'name-server',
]);
const ROUTER_ADVERTISEMENT = 134;
/** Rogues told of within an hour: a flood of forged servers or routers is one event and no more alerts than these. */
const MAX_TOLD_PER_HOUR = 16;
const HOUR_US = 3600e6;
/** Redirects whose two halves, neighbour and destination, come as two facts. */
const MAX_REDIRECTS = 256;

/** Servers and routers that nobody set up: DHCP, DHCPv6, announcements of routers, redirects. */
class RogueServerWatcher implements TrafficObserver {
  readonly #context: DetectorContext<typeof rogueServerSettings>;
  readonly #dhcp: DhcpServers;
  readonly #ipv6: Ipv6Servers;
  readonly #redirects: Redirects;
  /** By flow: the neighbour that the last redirect named. */
  readonly #redirectTo = new BoundedMap<number, string>(MAX_REDIRECTS);
  readonly #told = new Set<string>();
  #hour = 0;

  constructor(context: DetectorContext<typeof rogueServerSettings>) {
    this.#context = context;
    const aliveUs = context.settings.aliveMinutes * 60e6;
    this.#dhcp = new DhcpServers(aliveUs);
    this.#ipv6 = new Ipv6Servers(aliveUs);
    this.#redirects = new Redirects(context.settings.redirects);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'dhcp':
        this.#tell(this.#noteDhcp(flow, fact));
        break;
      case 'icmp':
        if (fact.version === 6 && fact.messageType === ROUTER_ADVERTISEMENT) {
          this.#ipv6.noteAlive(senderOf(flow, fact), flow.vlan, fact.timeUs);
        }
        break;
      case 'property':
        if (fact.protocol === 'icmp') this.#tell(this.#noteProperty(flow, fact));
        break;
    }
  }

  clockReset(): void {
    this.#dhcp.clear();
    this.#ipv6.clear();
    this.#redirects.clear();
    this.#redirectTo.clear();
    this.#told.clear();
  }

  #noteDhcp(flow: FlowView, fact: DhcpFact): RogueStory | undefined {
    const sender = senderOf(flow, fact);
    if (fact.protocol === 'dhcp') return this.#dhcp.note(fact, sender, flow.vlan);
    return this.#ipv6.noteServer(fact, sender, receiverOf(flow, fact), flow.vlan);
  }

  #noteProperty(flow: FlowView, fact: PropertyFact): RogueStory | undefined {
    if (ROUTER_PROPERTIES.has(fact.name)) return this.#ipv6.noteRouter(fact, senderOf(flow, fact), flow.vlan);
    if (fact.name === 'redirect-to') {
      this.#redirectTo.set(flow.id, fact.value);
      return undefined;
    }
    const to = fact.name === 'redirect-for' ? this.#redirectTo.peek(flow.id) : undefined;
    if (to === undefined) return undefined;
    // Only ways to outside: between inside networks shorter ones are common.
    const destination = parseAddress(fact.value);
    const neighbour = parseAddress(to);
    if (destination === null || neighbour === null || isInternal(...destination)) return undefined;
    if (this.#context.landscape.isGateway(...neighbour)) return undefined;
    return this.#redirects.note(senderOf(flow, fact), receiverOf(flow, fact), to, fact.value, fact.timeUs);
  }

  #tell(story: RogueStory | undefined): void {
    if (story === undefined) return;
    const words = parseAddress(story.attacker);
    if (words === null || !this.#context.landscape.mayBeAttacker(...words)) return;
    const hour = Math.floor(story.lastUs / HOUR_US);
    if (hour !== this.#hour) this.#told.clear();
    this.#hour = hour;
    if (!this.#told.has(story.cause) && this.#told.size >= MAX_TOLD_PER_HOUR) return;
    this.#told.add(story.cause);
    this.#context.report(rogueFinding(story));
  }
}

function senderOf(flow: FlowView, fact: Fact): string {
  return fact.fromInitiator ? initiatorText(flow) : responderText(flow);
}

function receiverOf(flow: FlowView, fact: Fact): string {
  return fact.fromInitiator ? responderText(flow) : initiatorText(flow);
}

export const rogueServerDetector = defineDetector({
  id: 'rogue-server',
  kind: 'man-in-the-middle',
  summary:
    'A second server hands out network settings (DHCP), or a second router announces itself, to lead traffic astray.',
  techniques: ['T1557.003', 'T1557'],
  settings: rogueServerSettings,
  interest: { facts: ['dhcp:dhcp.offer', 'dhcp:dhcp.ack', 'dhcp:dhcpv6', 'icmp', 'property:icmp'] },
  memoryBound: '192 servers and routers of 6 kB, 64 diversions of 24 kB, 1,024 exchanges of 200 B',
  create: (context) => new RogueServerWatcher(context),
});
