/**
 * Domain names as detectors see them: which part somebody registered, and which part the asker may choose. Names come
 * from the wire as DnsFact has them: labels joined with dots, "." for the root.
 */

/** Second-level labels under which countries let others register: "example.co.uk" is three labels. */
const SHARED_SECOND_LEVELS = new Set(
  'ac asn blogspot co com ed edu eu firm gen go gob gouv gov govt gub id in ind info int lg ltd me mil muni mus ne net nhs nic nom or org plc police priv pro res sch sci web'.split(
    ' ',
  ),
);
/** Country codes have two letters (ISO 3166); only below these are second levels shared. */
const COUNTRY_LETTERS = 2;
/** Longest top-level domain that exists, "xn--vermgensberatung-pwb" aside, with room. */
const MAX_TOP_LEVEL_LETTERS = 24;

export interface SplitName {
  /** "example.org", lower case; empty where the name ends in nothing that can be a top-level domain. */
  readonly domain: string;
  /** What stands before it, as it was sent and without the dot between: "www"; empty where there is nothing. */
  readonly sub: string;
}

const NO_NAME: SplitName = { domain: '', sub: '' };

/**
 * The registered domain and the rest. Not the public suffix list, but the two rules that most of it follows: two
 * labels, and three where the second is a short common one below a country.
 */
export function splitName(name: string): SplitName {
  const end = name.endsWith('.') ? name.length - 1 : name.length;
  if (end <= 0) return NO_NAME;
  const topDot = name.lastIndexOf('.', end - 1);
  if (!isTopLevel(name, topDot + 1, end)) return { domain: '', sub: name.slice(0, end) };
  if (topDot < 0) return { domain: name.slice(0, end).toLowerCase(), sub: '' };
  const secondDot = topDot === 0 ? -1 : name.lastIndexOf('.', topDot - 1);
  let start = secondDot + 1;
  if (secondDot > 0 && end - topDot - 1 === COUNTRY_LETTERS) {
    const second = name.slice(secondDot + 1, topDot).toLowerCase();
    if (SHARED_SECOND_LEVELS.has(second)) start = name.lastIndexOf('.', secondDot - 1) + 1;
  }
  return { domain: name.slice(start, end).toLowerCase(), sub: start === 0 ? '' : name.slice(0, start - 1) };
}

/** Letters only, or an internationalised one (RFC 5890). */
function isTopLevel(name: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < COUNTRY_LETTERS) return false;
  if (name.startsWith('xn--', start)) return true;
  if (length > MAX_TOP_LEVEL_LETTERS) return false;
  for (let index = start; index < end; index++) {
    const code = name.charCodeAt(index) | 0x20;
    if (code < 97 || code > 122) return false;
  }
  return true;
}

/** The top-level domain of a registered one: "org"; for "example.co.uk" it is "uk". */
export function topLevelOf(domain: string): string {
  return domain.slice(domain.lastIndexOf('.') + 1);
}

/** A name that asks for the name of an address, or for something else of the root's own (RFC 3172): "…in-addr.arpa". */
export function isReverseLookup(name: string): boolean {
  return lastLabel(name) === 'arpa';
}

/** Below a top-level domain that nobody can register: RFC 6761, RFC 6762, and what companies use inside. */
export function isLocalName(name: string): boolean {
  return LOCAL_TOP_LEVELS.has(lastLabel(name));
}

function lastLabel(name: string): string {
  const end = name.endsWith('.') ? name.length - 1 : name.length;
  return name.slice(name.lastIndexOf('.', end - 1) + 1, end).toLowerCase();
}

const LOCAL_TOP_LEVELS = new Set(
  'local localhost localdomain lan home internal intranet private corp workgroup domain example invalid test'.split(
    ' ',
  ),
);

/**
 * Whether the labels before the domain are an address backwards, as block lists are asked (RFC 5782): four numbers, or
 * 32 hexadecimal digits one by one.
 */
export function isReversedAddress(sub: string): boolean {
  const labels = sub.split('.', 40);
  return (
    (labels.length >= 4 && labels.slice(0, 4).every(isOctet)) ||
    (labels.length >= 32 && labels.slice(0, 32).every((label) => label.length === 1 && isHexText(label)))
  );
}

function isOctet(label: string): boolean {
  if (label.length === 0 || label.length > 3) return false;
  for (let index = 0; index < label.length; index++) {
    const code = label.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return Number(label) <= 255;
}

/** Only hexadecimal digits, of either case; false for an empty text. */
export function isHexText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const lower = code | 0x20;
    if (!((code >= 48 && code <= 57) || (lower >= 97 && lower <= 102))) return false;
  }
  return text.length > 0;
}
