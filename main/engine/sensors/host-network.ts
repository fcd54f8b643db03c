/**
 * What this host knows about its place in the network: its own addresses, and the gateways and servers that it
 * uses. Detectors must never take those for attackers, and actions must never touch them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress, parseAddress } from '../runtime/address.ts';

/** Addresses as text in canonical form, each list without repetitions. */
export interface HostNetwork {
  /** Every address of this host, loopback included. */
  readonly addresses: readonly string[];
  /** Default gateways. */
  readonly gateways: readonly string[];
  /** Name servers, local stubs (127.0.0.53) included. */
  readonly dnsServers: readonly string[];
  /** Where this host got its addresses, as far as its DHCP client left word. */
  readonly dhcpServers: readonly string[];
}

/** Far more than any of these files has; bounds what a damaged one can cost. */
const MAX_FILE_CHARACTERS = 4 * 1024 * 1024;
const MAX_LEASE_FILES = 64;

const RESOLVER_FILES = [
  'etc/resolv.conf',
  // Behind the stub resolver stand the real servers.
  'run/systemd/resolve/resolv.conf',
  'run/NetworkManager/no-stub-resolv.conf',
];
/** Folders where DHCP clients keep their leases: systemd-networkd, NetworkManager, dhclient. */
const LEASE_FOLDERS = ['run/systemd/netif/leases', 'var/lib/NetworkManager', 'var/lib/dhcp'];
/** "SERVER_ADDRESS=192.0.2.1" (systemd, NetworkManager), "option dhcp-server-identifier 192.0.2.1;" (dhclient). */
const LEASE_SERVER = /^[ \t]*(?:SERVER_ADDRESS=|option dhcp-server-identifier )([0-9a-fA-F.:]+);?[ \t]*\r?$/gm;

/**
 * Reads it all from /proc and the files of resolvers and DHCP clients below `root`. What is not there or cannot be
 * read is left out: every list may be empty.
 */
export function readHostNetwork(root = '/'): HostNetwork {
  const read = (path: string): string => readText(join(root, path));
  return {
    addresses: unique([...parseFibTrie(read('proc/net/fib_trie')), ...parseIfInet6(read('proc/net/if_inet6'))]),
    gateways: unique([...parseRoutes(read('proc/net/route')), ...parseIpv6Routes(read('proc/net/ipv6_route'))]),
    dnsServers: unique(RESOLVER_FILES.flatMap((path) => parseResolvers(read(path)))),
    dhcpServers: unique(LEASE_FOLDERS.flatMap((folder) => leasesIn(join(root, folder)).flatMap(parseLease))),
  };
}

/** Own IPv4 addresses: in /proc/net/fib_trie the leaf "|-- a.b.c.d" before a line "/32 host LOCAL". */
export function parseFibTrie(content: string): string[] {
  const found: string[] = [];
  let leaf = '';
  for (const line of content.split('\n')) {
    const address = /^\s*\|-- ([0-9.]+)\s*$/.exec(line);
    if (address !== null) leaf = address[1];
    else if (leaf !== '' && /^\s*\/32 host LOCAL\s*$/.test(line)) found.push(leaf);
  }
  return canonical(found);
}

/** Own IPv6 addresses: first column of /proc/net/if_inet6, 32 hexadecimal digits. */
export function parseIfInet6(content: string): string[] {
  return content.split('\n').flatMap((line) => ipv6OfHex(line.slice(0, 32)));
}

/** IPv4 default gateways of /proc/net/route: destination and mask 0, flags up (1) and gateway (2). */
export function parseRoutes(content: string): string[] {
  return content.split('\n').flatMap((line) => {
    const [, destination, gateway, flags, , , , mask] = line.trim().split(/\s+/);
    if (destination !== '00000000' || mask !== '00000000' || !/^[0-9A-Fa-f]{8}$/.test(gateway)) return [];
    if ((Number.parseInt(flags, 16) & ROUTE_IN_USE) !== ROUTE_IN_USE) return [];
    // The kernel prints the address as one number of this machine, and sense builds on little-endian only.
    const bytes = [6, 4, 2, 0].map((start) => Number.parseInt(gateway.slice(start, start + 2), 16));
    return [bytes.join('.')];
  });
}

/** RTF_UP | RTF_GATEWAY of linux/route.h */
const ROUTE_IN_USE = 0x3;

/** IPv6 default gateways of /proc/net/ipv6_route: destination ::/0, a next hop, flags up and gateway. */
export function parseIpv6Routes(content: string): string[] {
  return content.split('\n').flatMap((line) => {
    const [destination, prefix, , , gateway, , , , flags] = line.trim().split(/\s+/);
    if (!/^0{32}$/.test(destination) || prefix !== '00' || gateway === undefined || /^0+$/.test(gateway)) return [];
    return (Number.parseInt(flags, 16) & ROUTE_IN_USE) === ROUTE_IN_USE ? ipv6OfHex(gateway) : [];
  });
}

/** The "nameserver" lines of resolv.conf(5), zones ("%eth0") left off. */
export function parseResolvers(content: string): string[] {
  const found = content.matchAll(/^nameserver[ \t]+([0-9a-fA-F.:]+)/gm);
  return canonical([...found].map((match) => match[1]));
}

/** The server that gave a lease. */
export function parseLease(content: string): string[] {
  return canonical([...content.matchAll(LEASE_SERVER)].map((match) => match[1]));
}

function leasesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => folder.endsWith('leases') || /\.leases?$/.test(name));
    return names.slice(0, MAX_LEASE_FILES).map((name) => readText(join(folder, name)));
  } catch {
    // No such DHCP client here, or a folder that only root may read: nothing is known from it.
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, MAX_FILE_CHARACTERS);
  } catch {
    // A kernel without IPv6, a system without that resolver: nothing is known from it.
    return '';
  }
}

function ipv6OfHex(hex: string): string[] {
  if (!/^[0-9a-fA-F]{32}$/.test(hex)) return [];
  return canonical([hex.match(/.{4}/g)!.join(':')]);
}

function canonical(addresses: readonly string[]): string[] {
  return addresses.flatMap((address) => {
    const words = parseAddress(address);
    return words === null ? [] : [formatAddress(...words)];
  });
}

function unique(addresses: readonly string[]): string[] {
  return [...new Set(addresses)];
}
