/** What an indicator is by its look, and how it is written so that the same thing is always the same text. */
import type { IndicatorType } from '../../../contract/indicators.ts';
import { type AddressWords, parseAddress } from '../runtime/address.ts';

export interface IndicatorValue {
  readonly type: IndicatorType;
  /** Lower case but for the path of a URL; an address or network as `networkKey` writes it. */
  readonly value: string;
  /** Of a network: its first address and the length of its prefix among 128 bits. */
  readonly network?: { readonly words: AddressWords; readonly bits: number };
}

/** Longest value; longer ones are no indicators. */
export const MAX_VALUE = 2_048;
const MAX_DOMAIN = 253;
const IPV4_BITS = 32;
const ALL_BITS = 128;
/** Of an IPv4 address in its mapped form. */
const MAPPED_BITS = ALL_BITS - IPV4_BITS;
/** A network that holds a large part of all addresses is a mistake in a list. */
const LEAST_IPV4_BITS = 8;
const LEAST_IPV6_BITS = 16;

const HASH_TYPES: Readonly<Record<number, IndicatorType>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };
const HEXADECIMAL = /^[0-9a-f]+$/;
const JA4_LENGTH = 36;
const JA4 = /^[tqd]\d{2}[di]\d{4}[a-z0-9]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/;
/** The type of a value by its look; 32 digits are taken for an MD5, since JA3 looks the same. */
export function readValue(text: string): IndicatorValue | undefined {
  const plain = refang(text.trim());
  if (plain === '' || plain.length > MAX_VALUE) return undefined;
  const lower = plain.toLowerCase();
  const hash = HASH_TYPES[lower.length];
  if (hash !== undefined && HEXADECIMAL.test(lower)) return { type: hash, value: lower };
  if (lower.length === JA4_LENGTH && JA4.test(lower)) return { type: 'ja4', value: lower };
  if (lower.includes('://')) return readUrl(plain);
  // Few names end in a digit or hold a colon, and every address does one of the two.
  return (looksNumeric(lower) ? readNetwork(lower) : undefined) ?? readDomain(lower);
}

/** A value whose type a list names; undefined where it is not one of that type. */
export function readTyped(type: IndicatorType, text: string): IndicatorValue | undefined {
  const plain = refang(text.trim());
  if (plain === '' || plain.length > MAX_VALUE) return undefined;
  const lower = plain.toLowerCase();
  switch (type) {
    case 'address':
      return readNetwork(lower);
    case 'domain':
      return readDomain(lower);
    case 'url':
      return readUrl(plain.includes('://') ? plain : `http://${plain}`);
    case 'ja4':
      return JA4.test(lower) ? { type, value: lower } : undefined;
    default: {
      // Fingerprints of certificates are often written with colons.
      const digits = lower.replaceAll(':', '');
      const lengths: readonly number[] = DIGITS[type];
      return HEXADECIMAL.test(digits) && lengths.includes(digits.length) ? { type, value: digits } : undefined;
    }
  }
}

const DIGITS = { sha256: [64], sha1: [40], md5: [32], ja3: [32], certificate: [40, 64] } as const;

/** Lists write addresses so that nobody clicks on them: "hxxp://evil[.]example". */
function refang(text: string): string {
  if (!text.includes('[') && !/^hxxp/i.test(text)) return text;
  return text.replaceAll('[.]', '.').replaceAll('[:]', ':').replaceAll('[://]', '://').replace(/^hxxp/i, 'http');
}

/** A name of the DNS (RFC 1035, with underscores as in use), "*." in front ignored: names below always count. */
export function readDomain(text: string): IndicatorValue | undefined {
  const start = text.startsWith('*.') ? 2 : text.startsWith('.') ? 1 : 0;
  const end = text.endsWith('.') ? text.length - 1 : text.length;
  if (end - start > MAX_DOMAIN) return undefined;
  let labelStart = start;
  let labels = 0;
  // Lists have millions of names: one look at each letter, and no pieces.
  for (let at = start; at <= end; at++) {
    const code = at === end ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      const length = at - labelStart;
      if (length === 0 || length > MAX_NAME_LABEL) return undefined;
      if (text.charCodeAt(labelStart) === DASH || text.charCodeAt(at - 1) === DASH) return undefined;
      labels++;
      if (at < end) labelStart = at + 1;
    } else if (!isNameLetter(code)) return undefined;
  }
  if (labels < 2 || !isTopLevel(text, labelStart, end)) return undefined;
  return { type: 'domain', value: start === 0 && end === text.length ? text : text.slice(start, end) };
}

const MAX_NAME_LABEL = 63;
const DOT = 0x2e;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

function isNameLetter(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === DASH || code === UNDERSCORE;
}

function isLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Letters only, or an internationalised one in its ASCII form (RFC 5890). */
function isTopLevel(text: string, start: number, end: number): boolean {
  if (end - start < 2) return false;
  if (text.startsWith('xn--', start)) return true;
  for (let at = start; at < end; at++) if (!isLetter(text.charCodeAt(at))) return false;
  return true;
}

function looksNumeric(text: string): boolean {
  return isDigit(text.charCodeAt(text.length - 1)) || text.includes(':');
}

function readNetwork(text: string): IndicatorValue | undefined {
  const slash = text.indexOf('/');
  const words = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (words === null) return undefined;
  const isIpv4 = !text.includes(':');
  const most = isIpv4 ? IPV4_BITS : ALL_BITS;
  const length = slash < 0 ? most : prefixLength(text.slice(slash + 1));
  if (length < (isIpv4 ? LEAST_IPV4_BITS : LEAST_IPV6_BITS) || length > most) return undefined;
  const bits = isIpv4 ? length + MAPPED_BITS : length;
  const network = { words: masked(words, bits), bits };
  if (bits < MAPPED_BITS + LEAST_IPV4_BITS && holdsIpv4(network.words, bits)) return undefined;
  return { type: 'address', value: networkKey(network.words, bits), network };
}

/** ::ffff:0:0, below which all IPv4 addresses are. */
const MAPPED: AddressWords = [0, 0, 0xffff, 0];

/** Whether a network of IPv6 holds IPv4 addresses in their mapped form: `::/64` holds them all. */
function holdsIpv4(words: AddressWords, bits: number): boolean {
  const mapped = masked(MAPPED, Math.min(bits, MAPPED_BITS));
  return mapped.every((word, index) => word === words[index] || index === 3);
}

function prefixLength(text: string): number {
  return /^\d{1,3}$/.test(text) ? Number(text) : -1;
}

/** The address with all bits behind the prefix set to 0. */
export function masked(words: AddressWords, bits: number): AddressWords {
  const word = (index: number): number => {
    const kept = bits - index * 32;
    if (kept >= 32) return words[index];
    return kept <= 0 ? 0 : words[index] & (-1 << (32 - kept));
  };
  return [word(0), word(1), word(2), word(3)];
}

/** How a network is looked up: its words and the length of its prefix. */
export function networkKey(words: AddressWords, bits: number): string {
  return `${words.join('.')}/${bits}`;
}

/** Scheme and host in lower case, no default port, no fragment; "/" where there is no path. */
export function readUrl(text: string): IndicatorValue | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  if ((url.protocol !== 'http:' && url.protocol !== 'https:' && url.protocol !== 'ftp:') || url.hostname === '') {
    return undefined;
  }
  const value = `${url.protocol}//${url.host}${url.pathname}${url.search}`;
  return value.length > MAX_VALUE ? undefined : { type: 'url', value };
}
