/** Questions for names that nobody asked for before: each is a call to whoever answers for the domain. */
import type { DnsFact } from '../../../../contract/facts.ts';
import { isHexText, isLocalName, isReversedAddress, isReverseLookup, splitName } from '../domain-name.ts';
import { type BeaconCall, callableName, markBits } from './call.ts';
import { RecentMap } from './recent-map.ts';

/** Domains of hosts, and names of each, that are remembered. */
const MAX_DOMAINS = 2_048;
const REMEMBERED_NAMES = 128;
/** Addresses whose names are remembered. */
const MAX_NAMED_ADDRESSES = 8_192;
const DNS_PORT = 53;

/** Records that carry anything in the answer, beside the name and address that others carry. */
const DATA_RECORDS = new Set(['TXT', 'NULL', 'CNAME', 'MX', 'SRV', 'PRIVATE']);
/** A label that is all hexadecimal and so long is no counter, one with many digits no word, one so long neither. */
const HEX_LABEL = 8;
const MIXED_LABEL = 12;
const MIXED_DIGITS = 0.2;
const LONG_LABEL = 28;

const ENCODED = markBits('encoded-name');
const DATA_RECORD = markBits('data-record');

interface AskedNames {
  readonly hashes: Int32Array;
  count: number;
}

/** A host asks a resolver for a name. */
export interface AskedName {
  readonly client: string;
  readonly resolver: string;
  readonly timeUs: number;
  readonly name: string;
  /** "A", "TXT". */
  readonly recordType: string;
}

export type NameQuestion =
  /** The call to the domain that a new name is. */
  | { readonly type: 'new'; readonly call: BeaconCall }
  /** Asked for before, by the same host. */
  | { readonly type: 'again'; readonly domain: string };

export class DnsCalls {
  readonly #asked = new RecentMap<AskedNames>(MAX_DOMAINS);
  readonly #names = new RecentMap<string>(MAX_NAMED_ADDRESSES);

  clear(): void {
    this.#asked.clear();
    this.#names.clear();
  }

  /** The name by which an address was last asked for; empty without one. */
  nameOf(address: string): string {
    return this.#names.get(address) ?? '';
  }

  /** Remembers which addresses a name has. */
  learn(fact: DnsFact): void {
    const name = fact.questions[0]?.name;
    if (name === undefined || fact.responseCode !== 'NOERROR') return;
    for (const answer of fact.answers) {
      if (answer.type === 'A' || answer.type === 'AAAA') this.#names.set(answer.data, callableName(name));
    }
  }

  /** What a question is; undefined for those that go to no domain in particular. */
  ask({ client, resolver, timeUs, name, recordType }: AskedName): NameQuestion | undefined {
    if (isReverseLookup(name) || isLocalName(name)) return undefined;
    const { domain, sub } = splitName(name);
    if (domain === '' || sub === '' || isReversedAddress(sub)) return undefined;
    const names = this.#asked.getOrInsert(`${client}>${domain}`, () => ({
      hashes: new Int32Array(REMEMBERED_NAMES),
      count: 0,
    }));
    const hash = textHash(sub);
    const place = names.hashes.subarray(0, Math.min(names.count, REMEMBERED_NAMES)).indexOf(hash);
    if (place >= 0) {
      // The same question for another type, or once more because nobody answered.
      const isLatest = place === (names.count - 1) % REMEMBERED_NAMES;
      return isLatest ? undefined : { type: 'again', domain };
    }
    names.hashes[names.count++ % REMEMBERED_NAMES] = hash;
    const marks = (looksEncoded(sub) ? ENCODED : 0) | (DATA_RECORDS.has(recordType) ? DATA_RECORD : 0);
    return {
      type: 'new',
      call: {
        destination: dnsDestination(client, resolver, domain),
        timeUs,
        shape: '',
        agent: '',
        marks,
        sentBytes: name.length,
        answeredBytes: -1,
      },
    };
  }
}

export function dnsDestination(client: string, resolver: string, domain: string): BeaconCall['destination'] {
  return { client, server: resolver, name: domain, port: DNS_PORT, channel: 'dns', isProxied: false };
}

/** Whether a label is rather data than a word, a counter or an abbreviation. */
export function looksEncoded(sub: string): boolean {
  return sub.split('.', 8).some((label) => {
    if (label.length >= LONG_LABEL) return true;
    if (label.length < HEX_LABEL) return false;
    let digits = 0;
    for (let index = 0; index < label.length; index++) {
      const code = label.charCodeAt(index);
      if (code >= 48 && code <= 57) digits++;
    }
    if (digits > 0 && isHexText(label)) return true;
    return label.length >= MIXED_LABEL && digits >= label.length * MIXED_DIGITS && digits < label.length;
  });
}

/** FNV-1a; names differ in case only where an attacker wants it (RFC 4343), and then they are new ones. */
function textHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
