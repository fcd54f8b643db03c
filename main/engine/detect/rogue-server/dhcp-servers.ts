import type { Evidence } from '../../../../contract/domain.ts';
import type { DhcpFact } from '../../../../contract/facts.ts';
import { BoundedMap } from '../bounded-map.ts';
import { listOf, sharedSubnet } from '../finding-text.ts';
import { Retelling, type RogueStory } from './rogue-finding.ts';

const MAX_SERVERS = 64;
const MAX_CLIENTS = 64;
/** Exchanges that a second server may answer too. */
const MAX_EXCHANGES = 1024;
const ANSWERS: ReadonlySet<string> = new Set(['offer', 'ack']);
/** Routes that cover half of all addresses each, or all: everything takes them. */
const EVERYTHING = /^(?:0\.0\.0\.0\/[01]|128\.0\.0\.0\/1|default)\b/;

interface Server {
  readonly address: string;
  readonly network: string;
  readonly firstUs: number;
  lastUs: number;
  routers: readonly string[];
  nameServers: readonly string[];
  proxyUrl: string;
  routes: readonly string[];
  /** MAC addresses, and addresses given, of those who took what it offers. */
  readonly clients: Set<string>;
  readonly told: Retelling;
  /** The other servers with which it answered one and the same question. */
  readonly contradicts: Set<string>;
}

/**
 * Servers of addresses (RFC 2131). Two that give the same answer share the work; one that gives another answer to the
 * same question, or in the same network, while the first is at work, sends its clients elsewhere.
 */
export class DhcpServers {
  readonly #servers = new BoundedMap<string, Server>(MAX_SERVERS);
  readonly #exchanges = new BoundedMap<string, string>(MAX_EXCHANGES);
  readonly #aliveUs: number;

  constructor(aliveUs: number) {
    this.#aliveUs = aliveUs;
  }

  /** @param sender who sent the message */
  note(fact: DhcpFact, sender: string, vlan: number): RogueStory | undefined {
    // A relay's servers are elsewhere and several on purpose; who gives no address helps to start up (PXE).
    if (!ANSWERS.has(fact.messageType) || fact.relay !== '' || fact.assignedAddress === '') return undefined;
    if (fact.routers.length === 0 && fact.nameServers.length === 0 && fact.proxyUrl === '') return undefined;
    const address = fact.server === '' ? sender : fact.server;
    const server = this.#server(address, fact, vlan);
    const question = `${vlan} ${fact.clientMac} ${fact.transactionId}`;
    const other = this.#exchanges.get(question);
    if (other === undefined) this.#exchanges.set(question, address);
    else if (other !== address) this.#contradict(server, other, vlan);
    if (fact.messageType === 'ack' && server.clients.size < MAX_CLIENTS) server.clients.add(fact.assignedAddress);
    for (const [, other] of this.#servers.entries()) {
      if (other === server) continue;
      const [earlier, later] = other.firstUs <= server.firstUs ? [other, server] : [server, other];
      if (!this.#isConflict(earlier, later, fact.timeUs)) continue;
      const story = storyOf(earlier, later);
      return later.told.isNew(story) ? story : undefined;
    }
    return undefined;
  }

  clear(): void {
    this.#servers.clear();
    this.#exchanges.clear();
  }

  #server(address: string, fact: DhcpFact, vlan: number): Server {
    const key = `${vlan} ${address}`;
    const server = this.#servers.getOrInsert(key, () => ({
      address,
      network: sharedSubnet([fact.assignedAddress], 1) ?? '',
      firstUs: fact.timeUs,
      lastUs: fact.timeUs,
      routers: [],
      nameServers: [],
      proxyUrl: '',
      routes: [],
      clients: new Set(),
      told: new Retelling(),
      contradicts: new Set(),
    }));
    server.lastUs = fact.timeUs;
    server.routers = fact.routers;
    server.nameServers = fact.nameServers;
    server.proxyUrl = fact.proxyUrl;
    server.routes = fact.routes;
    return server;
  }

  #contradict(server: Server, otherAddress: string, vlan: number): void {
    const other = this.#servers.peek(`${vlan} ${otherAddress}`);
    if (other === undefined) return;
    server.contradicts.add(other.address);
    other.contradicts.add(server.address);
  }

  #isConflict(earlier: Server, later: Server, nowUs: number): boolean {
    if (nowUs - earlier.lastUs > this.#aliveUs) return false;
    const isSameNetwork = later.contradicts.has(earlier.address) || later.network === earlier.network;
    return isSameNetwork && differences(earlier, later).length > 0;
  }
}

function isSame(first: readonly string[], second: readonly string[]): boolean {
  // One that leaves it out says nothing else.
  return first.length === 0 || second.length === 0 || first.some((entry) => second.includes(entry));
}

function differences(earlier: Server, later: Server): Evidence[] {
  const found: Evidence[] = [];
  if (!isSame(earlier.routers, later.routers)) {
    found.push({
      name: 'router that it names',
      value: listOf(later.routers),
      usual: listOf(earlier.routers),
      meaning: 'All traffic for elsewhere goes there.',
    });
  }
  if (!isSame(earlier.nameServers, later.nameServers)) {
    found.push({
      name: 'DNS server that it names',
      value: listOf(later.nameServers),
      usual: listOf(earlier.nameServers),
      meaning: 'Whoever answers for names decides where connections go.',
    });
  }
  if (later.proxyUrl !== '' && later.proxyUrl !== earlier.proxyUrl) {
    found.push({
      name: 'proxy that it names',
      value: later.proxyUrl,
      usual: earlier.proxyUrl === '' ? 'none' : earlier.proxyUrl,
      meaning: 'Browsers fetch all pages by way of it.',
    });
  }
  const wide = later.routes.filter((route) => EVERYTHING.test(route) && !earlier.routes.includes(route));
  if (wide.length > 0) {
    found.push({
      name: 'routes for everything',
      value: listOf(wide),
      usual: 'none',
      meaning: 'Such routes come before those of a VPN, so that its traffic leaves beside it.',
    });
  }
  return found;
}

function storyOf(earlier: Server, later: Server): RogueStory {
  const { address } = later;
  const evidence = differences(earlier, later);
  const isRace = later.contradicts.has(earlier.address);
  const pointsToItself = later.routers.includes(address) || later.nameServers.includes(address);
  const isTrap = evidence.some(({ name }) => name === 'proxy that it names' || name === 'routes for everything');
  const isHigh = later.clients.size > 0 && isRace && (isTrap || pointsToItself);
  const clients = [...later.clients];
  return {
    cause: `dhcp/${address}`,
    attacker: address,
    victims: clients,
    firstUs: later.firstUs,
    lastUs: later.lastUs,
    severity: isHigh ? 'high' : 'medium',
    confidence: isRace ? 0.85 : 0.7,
    techniques: ['T1557.003', 'T1557'],
    title: `${address} hands out network settings beside ${earlier.address} (rogue DHCP)`,
    explanation: [
      `${address} answers computers that ask for an address, and tells them other settings than ${earlier.address}, which does so here: ${evidence.map(({ name, value }) => `${name}: ${value}`).join('; ')}.`,
      clients.length > 0 ? `${listOf(clients)} took its settings.` : 'Nobody was seen to take its settings yet.',
      'A second router that somebody plugged in does this by mistake; whoever does it on purpose gets to see the traffic.',
    ],
    evidence,
  };
}
