/**
 * IP and MAC addresses as numbers. An IP address is four signed 32-bit words, most significant first; the
 * IPv4 address a.b.c.d is its IPv4-mapped form ::ffff:a.b.c.d, that is (0, 0, 0xffff, abcd).
 */

/** Four signed 32-bit words, most significant first. */
export type AddressWords = readonly [number, number, number, number];

/** The word that comes before the IPv4 address in its mapped form. */
const MAPPED_PREFIX = 0xffff;

/**
 * The hash seed of an analysis: fixed, so that one capture always gives one result. Whoever watches live
 * traffic draws a random seed instead, so that nobody outside can choose addresses that collide.
 */
export const ANALYSIS_HASH_SEED = 0x5bd1e995;

/** True for the mapped form of an IPv4 address. */
export function isIpv4(w0: number, w1: number, w2: number): boolean {
  return w0 === 0 && w1 === 0 && w2 === MAPPED_PREFIX;
}

/** The text of an address: dotted for IPv4, RFC 5952 for IPv6. */
export function formatAddress(w0: number, w1: number, w2: number, w3: number): string {
  return isIpv4(w0, w1, w2) ? formatIpv4(w3) : formatIpv6(w0, w1, w2, w3);
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatIpv6(w0: number, w1: number, w2: number, w3: number): string {
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  let runStart = -1;
  let runLength = 1;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > runLength) {
      runStart = start;
      runLength = end - start;
    }
    if (end > start) start = end;
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':');
  if (runStart < 0) return text(groups);
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`;
}

/**
 * The words of an address written as text: dotted IPv4, or IPv6 in any of the forms of RFC 4291 section 2.2
 * (without a zone). Null when the text is neither.
 */
export function parseAddress(text: string): AddressWords | null {
  if (text.length > MAX_ADDRESS_TEXT) return null;
  if (!text.includes(':')) {
    const word = parseIpv4(text);
    return word === null ? null : [0, 0, MAPPED_PREFIX, word];
  }
  return parseIpv6(text);
}

/** Eight groups of four digits with an IPv4 tail: "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255". */
const MAX_ADDRESS_TEXT = 45;

function parseIpv4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let word = 0;
  for (const part of parts) {
    // No leading zeros: some readers take them as octal.
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return null;
    const octet = Number(part);
    if (octet > 255) return null;
    word = (word << 8) | octet;
  }
  return word;
}

function parseIpv6(text: string): AddressWords | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (index: number) => (groups[index * 2]! << 16) | groups[index * 2 + 1]!;
  return [word(0), word(1), word(2), word(3)];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes('.')) {
      const word = parseIpv4(part);
      if (word === null) return null;
      groups.push(word >>> 16, word & 0xffff);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

const HEX_PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The text of a MAC address: "00:1b:21:0a:0b:0c". `high` holds its first 16 bits, `low` the other 32. */
export function formatMac(high: number, low: number): string {
  const pair = (word: number, shift: number) => HEX_PAIRS[(word >>> shift) & 0xff];
  return `${pair(high, 8)}:${pair(high, 0)}:${pair(low, 24)}:${pair(low, 16)}:${pair(low, 8)}:${pair(low, 0)}`;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(w0: number, w1: number, w2: number, w3: number): boolean {
  return w3 === 0 && ((w0 === 0 && w1 === 0 && w2 === 0) || isIpv4(w0, w1, w2));
}

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291). */
export function isMulticast(w0: number, w1: number, w2: number, w3: number): boolean {
  return isIpv4(w0, w1, w2) ? w3 >>> 28 === 0xe : w0 >>> 24 === 0xff;
}

/**
 * 255.255.255.255. The broadcast address of a subnet cannot be told without its mask: whoever knows the
 * network asks the landscape.
 */
export function isBroadcast(w0: number, w1: number, w2: number, w3: number): boolean {
  return isIpv4(w0, w1, w2) && w3 === -1;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(w0: number, w1: number, w2: number, w3: number): boolean {
  return isIpv4(w0, w1, w2) ? w3 >>> 24 === 127 : w0 === 0 && w1 === 0 && w2 === 0 && w3 === 1;
}

/** 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291). */
export function isLinkLocal(w0: number, w1: number, w2: number, w3: number): boolean {
  return isIpv4(w0, w1, w2) ? w3 >>> 16 === 0xa9fe : w0 >>> 22 === 0x3fa;
}

/** RFC 1918, the shared space of RFC 6598 (100.64.0.0/10), or unique local IPv6 (fc00::/7, RFC 4193). */
export function isPrivate(w0: number, w1: number, w2: number, w3: number): boolean {
  if (!isIpv4(w0, w1, w2)) return w0 >>> 25 === 0x7e;
  return w3 >>> 24 === 10 || w3 >>> 20 === 0xac1 || w3 >>> 16 === 0xc0a8 || w3 >>> 22 === 0x191;
}

/** Not routed on the public Internet: private, link-local or loopback. */
export function isInternal(w0: number, w1: number, w2: number, w3: number): boolean {
  return isPrivate(w0, w1, w2, w3) || isLinkLocal(w0, w1, w2, w3) || isLoopback(w0, w1, w2, w3);
}

/**
 * A signed 32-bit hash. Each word passes two multiplications before the next one comes, so that differences
 * which survive one of them unchanged (the top bit does) depend on the seed after the other.
 */
export function hashAddress(w0: number, w1: number, w2: number, w3: number, seed: number): number {
  let hash = mixHash(seed, w0);
  hash = mixHash(hash, w1);
  hash = mixHash(hash, w2);
  return mixHash(hash, w3);
}

/** One more word into a hash; the constants are those of the "lowbias32" integer hash (C. Wellons, 2018). */
export function mixHash(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
