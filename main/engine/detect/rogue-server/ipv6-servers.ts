import type { Evidence } from '../../../../contract/domain.ts';
import type { DhcpFact, PropertyFact } from '../../../../contract/facts.ts';
import { BoundedMap } from '../bounded-map.ts';
import { listOf } from '../finding-text.ts';
import { Retelling, type RogueStory } from './rogue-finding.ts';

const MAX_ROUTERS = 64;
const MAX_SERVERS = 64;
const MAX_CLIENTS = 64;
const MAX_LIST = 16;
const ANSWERS: ReadonlySet<string> = new Set(['advertise', 'reply']);
const LINK_LOCAL = /^fe[89ab]/;

interface Router {
  readonly address: string;
  readonly firstUs: number;
  lastUs: number;
  /** Seconds; 0: it routes, but is not the way to everywhere. */
  lifetime: number;
  isPreferred: boolean;
  readonly prefixes: Set<string>;
  readonly nameServers: Set<string>;
  readonly told: Retelling;
}

interface Server {
  readonly address: string;
  readonly firstUs: number;
  lastUs: number;
  readonly clients: Set<string>;
  /** It gives out addresses that are valid on the link only. */
  givesLinkLocal: boolean;
  readonly told: Retelling;
}

/** Routers (RFC 4861) and servers (RFC 8415) of IPv6: those who come to a network that has its own, or has none. */
export class Ipv6Servers {
  readonly #routers = new BoundedMap<string, Router>(MAX_ROUTERS);
  readonly #servers = new BoundedMap<string, Server>(MAX_SERVERS);
  readonly #aliveUs: number;

  constructor(aliveUs: number) {
    this.#aliveUs = aliveUs;
  }

  /** A property that a router says of itself or of the network. */
  noteRouter(fact: PropertyFact, sender: string, vlan: number): RogueStory | undefined {
    const key = `${vlan} ${sender}`;
    const router = this.#routers.getOrInsert(key, () => ({
      address: sender,
      firstUs: fact.timeUs,
      lastUs: fact.timeUs,
      lifetime: 0,
      isPreferred: false,
      prefixes: new Set(),
      nameServers: new Set(),
      told: new Retelling(),
    }));
    router.lastUs = fact.timeUs;
    if (fact.name === 'router-lifetime') router.lifetime = Number(fact.value);
    else if (fact.name === 'router-preference') router.isPreferred = fact.value === 'high';
    else if (fact.name === 'prefix' && router.prefixes.size < MAX_LIST) router.prefixes.add(fact.value);
    else if (fact.name === 'name-server' && router.nameServers.size < MAX_LIST) router.nameServers.add(fact.value);
    return this.#judgeRouter(router, vlan, fact.timeUs);
  }

  /** The router speaks again: what it says was told before. */
  noteAlive(sender: string, vlan: number, nowUs: number): void {
    const router = this.#routers.get(`${vlan} ${sender}`);
    if (router !== undefined) router.lastUs = nowUs;
  }

  noteServer(fact: DhcpFact, sender: string, receiver: string, vlan: number): RogueStory | undefined {
    // Itself, by an address of the link, as the server for names: what tools do that take over networks without IPv6.
    const isItself = LINK_LOCAL.test(sender) && fact.nameServers.includes(sender);
    if (!ANSWERS.has(fact.messageType) || fact.relay !== '' || !isItself) return undefined;
    const server = this.#servers.getOrInsert(`${vlan} ${sender}`, () => ({
      address: sender,
      firstUs: fact.timeUs,
      lastUs: fact.timeUs,
      clients: new Set(),
      givesLinkLocal: false,
      told: new Retelling(),
    }));
    server.lastUs = fact.timeUs;
    if (server.clients.size < MAX_CLIENTS) server.clients.add(receiver);
    server.givesLinkLocal ||= LINK_LOCAL.test(fact.assignedAddress);
    const router = this.#routers.peek(`${vlan} ${sender}`);
    // The router of a home does this too, and says that it is the router.
    if (router !== undefined && router.lifetime > 0 && !server.givesLinkLocal) return undefined;
    const story = serverStory(server);
    return server.told.isNew(story) ? story : undefined;
  }

  clear(): void {
    this.#routers.clear();
    this.#servers.clear();
  }

  #judgeRouter(router: Router, vlan: number, nowUs: number): RogueStory | undefined {
    if (router.lifetime === 0) return undefined;
    const prefix = `${vlan} `;
    for (const [key, other] of this.#routers.entries()) {
      if (other === router || !key.startsWith(prefix) || other.lifetime === 0) continue;
      if (other.firstUs >= router.firstUs || nowUs - other.lastUs > this.#aliveUs) continue;
      const story = routerStory(other, router);
      if (story !== undefined && router.told.isNew(story)) return story;
    }
    return undefined;
  }
}

function isOther(first: ReadonlySet<string>, second: ReadonlySet<string>): boolean {
  return second.size > 0 && ![...second].some((entry) => first.has(entry));
}

function routerStory(first: Router, second: Router): RogueStory | undefined {
  const evidence: Evidence[] = [];
  if (isOther(first.prefixes, second.prefixes)) {
    evidence.push({
      name: 'addresses that it announces',
      value: listOf([...second.prefixes]),
      usual: first.prefixes.size === 0 ? 'none' : listOf([...first.prefixes]),
      meaning: 'Every computer of the network gives itself an address of these, and uses it.',
    });
  }
  if (isOther(first.nameServers, second.nameServers)) {
    evidence.push({
      name: 'DNS server that it names',
      value: listOf([...second.nameServers]),
      usual: first.nameServers.size === 0 ? 'none' : listOf([...first.nameServers]),
      meaning: 'Whoever answers for names decides where connections go.',
    });
  }
  if (evidence.length === 0) return undefined;
  const namesItself = second.nameServers.has(second.address);
  if (second.isPreferred) {
    evidence.push({
      name: 'preference',
      value: 'high',
      usual: 'medium',
      meaning: 'It asks to be used before all other routers.',
    });
  }
  // A second line to the Internet looks the same, but neither asks to be preferred nor answers for names alone.
  const isSure =
    (second.isPreferred && !first.isPreferred) || (namesItself && isOther(first.nameServers, second.nameServers));
  return {
    cause: `router/${second.address}`,
    attacker: second.address,
    victims: [],
    firstUs: second.firstUs,
    lastUs: second.lastUs,
    severity: isSure ? 'medium' : 'low',
    confidence: isSure ? 0.7 : 0.4,
    techniques: ['T1557'],
    title: `${second.address} says that it is a router, beside ${first.address} (IPv6)`,
    explanation: [
      `${second.address} announces itself as a router of IPv6, with other contents than ${first.address}, which is the router here.`,
      'Every computer of the network believes such announcements, and sends its traffic there.',
      'A second line to the Internet, or a telephone that shares its own, does this too.',
    ],
    evidence,
  };
}

function serverStory(server: Server): RogueStory {
  const clients = [...server.clients];
  const evidence: Evidence[] = [
    {
      name: 'DNS server that it names',
      value: server.address,
      usual: 'the router, or a server with a lasting address',
      meaning: 'It names itself, by an address that is valid on this link only, and is not the router.',
    },
    {
      name: 'computers that it answered',
      value: clients.length,
      unit: 'computers',
      meaning: 'Windows asks for settings of IPv6 by itself, also where there is no IPv6.',
    },
  ];
  if (server.givesLinkLocal) {
    evidence.push({
      name: 'addresses that it gives out',
      value: 'of this link only',
      usual: 'lasting ones',
      meaning: 'No proper server gives out link-local addresses: each computer makes its own.',
    });
  }
  return {
    cause: `dhcpv6/${server.address}`,
    attacker: server.address,
    victims: clients,
    firstUs: server.firstUs,
    lastUs: server.lastUs,
    severity: server.givesLinkLocal ? 'high' : 'medium',
    confidence: server.givesLinkLocal ? 0.92 : 0.7,
    techniques: ['T1557.003', 'T1557'],
    title: `${server.address} makes itself the DNS server of ${listOf(clients)} (rogue DHCPv6)`,
    explanation: [
      `${server.address} answered ${listOf(clients)} with settings of IPv6 that name itself as the DNS server, without being a router.`,
      'Computers ask the DNS server of IPv6 first, so it decides where their connections go, and can have logins handed to it.',
    ],
    evidence,
  };
}
