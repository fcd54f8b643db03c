/**
 * What the detectors know of the network around them: who routes, who resolves names, who hands out
 * addresses, what is a group and not a host. `learned-landscape.ts` learns it from the traffic itself.
 *
 * **The threat.** Whoever is exempt from suspicion is worth impersonating. An attacker in the local network
 * can answer a few DNS queries, send a DHCP offer or forward somebody's packets, and so come to look like
 * a server. Hence two kinds of knowledge, of different weight:
 *
 * - what the host itself says (its route table, its resolvers, its configuration): the *seed*. Such an
 *   address is never named as attacker, because acting on it would cut the host off.
 * - what the traffic suggests: *learned* roles. They explain only the activity that belongs to the role
 *   (ROLE_EXPLAINS): a learned DNS server may send datagrams from port 53 to anyone, but when it tries
 *   passwords over SSH it is an attacker like any other.
 */

/** Facts that the host gives, as address texts. Texts that are no address are ignored. */
export interface LandscapeSeed {
  readonly gateways: readonly string[];
  readonly dnsServers: readonly string[];
  readonly ownAddresses: readonly string[];
  /** Addresses that the owner has said are never attackers (a vulnerability scanner, a monitoring host). */
  readonly neverAttackers: readonly string[];
}

/** For a capture file: nothing is known beforehand. */
export const EMPTY_SEED: LandscapeSeed = { gateways: [], dnsServers: [], ownAddresses: [], neverAttackers: [] };

export const NETWORK_ROLES = ['gateway', 'dnsServer', 'dhcpServer'] as const;
export type NetworkRole = (typeof NETWORK_ROLES)[number];

/** What an address may be seen doing that would be suspicious, did not a role explain it. */
export const EXPLAINED_ACTIVITIES = [
  /** Asking by ARP (or neighbour solicitation) for many addresses. */
  'address-resolution',
  /** ICMP errors (unreachable, time exceeded, redirect) to many hosts. */
  'icmp-errors',
  /** Pings of many hosts. */
  'icmp-echo',
  /** UDP or TCP from or to port 53 with many hosts and ports. */
  'dns',
  /** UDP from or to ports 67 and 68. */
  'dhcp',
] as const;
export type ExplainedActivity = (typeof EXPLAINED_ACTIVITIES)[number];

/**
 * Which activity each role explains. A gateway resolves every address that anyone outside sends to and
 * reports what it cannot deliver; a resolver asks the whole world and answers everybody; a DHCP server
 * pings an address before it hands it out (RFC 2131, section 2.2).
 */
export const ROLE_EXPLAINS: Readonly<Record<NetworkRole, readonly ExplainedActivity[]>> = {
  gateway: ['address-resolution', 'icmp-errors', 'dns', 'dhcp'],
  dnsServer: ['dns'],
  dhcpServer: ['dhcp', 'icmp-echo', 'address-resolution'],
};

/**
 * What is known of an address so far. Addresses are four signed 32-bit words as in contract/traffic.ts.
 * Every question costs one table look-up at most, so it may be asked per flow; not needed per packet.
 */
export interface Landscape {
  /**
   * Whether the address may be named as an attacker at all. False for groups, broadcast, the unspecified
   * address, and the seed's gateways, DNS servers and never-attackers. Learned roles do not count here:
   * ask `explains`.
   */
  mayBeAttacker(word0: number, word1: number, word2: number, word3: number): boolean;
  /** Whether a role of the address, learned or from the seed, makes this activity its ordinary work. */
  explains(activity: ExplainedActivity, word0: number, word1: number, word2: number, word3: number): boolean;
  /** Seeded, or learned: the ARP owner of the address forwards packets of many hosts that are not on the link. */
  isGateway(word0: number, word1: number, word2: number, word3: number): boolean;
  /** Seeded, or learned: answered DNS queries of several clients, or many queries of one. */
  isDnsServer(word0: number, word1: number, word2: number, word3: number): boolean;
  /** Learned: its DHCP answers were accepted by a client. */
  isDhcpServer(word0: number, word1: number, word2: number, word3: number): boolean;
  /** An address of this host, by the seed. Always false over a capture. */
  isOwn(word0: number, word1: number, word2: number, word3: number): boolean;
  /** Not one host: multicast, 255.255.255.255, the unspecified address, or a broadcast address of a local subnet. */
  isMulticastOrBroadcast(word0: number, word1: number, word2: number, word3: number): boolean;
}
