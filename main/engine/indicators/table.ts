/**
 * Indicators as a table of 64-bit digests in shared memory: some 24 bytes for each, whatever its length, so that a
 * million fit into 32 MB and every thread reads the same memory. The values themselves are not kept: whoever asks has
 * the value. Two values of one digest among a million come up once in some ten trillion questions, and the seed keeps
 * anybody from preparing one.
 */
import type { Indicator, IndicatorType } from '../../../contract/indicators.ts';
import { type AddressWords, formatAddress, isIpv4, mixHash } from '../runtime/address.ts';
import { BUILT_IN } from './built-in.ts';
import { masked, networkKey, readUrl } from './value.ts';

/** What crosses to other threads as it is. */
export interface CompiledIndicators {
  /** Int32 triples: two halves of the digest, and 1 + source + 256 * label; 0 where the place is free. */
  readonly places: SharedArrayBuffer;
  readonly seed: number;
  readonly size: number;
  /** Lengths of prefixes that occur, among 128 bits, the longest first. */
  readonly prefixes: readonly number[];
  readonly types: readonly IndicatorType[];
  /** Those of them that are on a list of the owner's. */
  readonly listedTypes: readonly IndicatorType[];
  readonly sources: readonly string[];
  /** The first is empty. */
  readonly labels: readonly string[];
}

const WORDS = 3;
const MAX_SOURCES = 256;
const MAX_LABELS = 65_536;
/** Domains above a name that are asked for. */
const MAX_LABELS_OF_NAME = 32;

/** The two halves of the digest of a text, after one call of `digest`. */
let digestHigh = 0;
let digestLow = 0;

function digest(type: IndicatorType, value: string, seed: number): void {
  let high = mixHash(seed, type.length * 31 + type.charCodeAt(0));
  let low = mixHash(~seed, type.charCodeAt(type.length - 1));
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    high = Math.imul(high ^ code, 0x7feb352d);
    high ^= high >>> 15;
    low = Math.imul(low ^ code, 0x846ca68b) + (high >>> 3);
    low ^= low >>> 13;
  }
  digestHigh = mixHash(high, value.length);
  digestLow = mixHash(low, high);
}

/** Gathers indicators, then makes the table. */
export class IndicatorTableBuilder {
  readonly #seed: number;
  readonly #sources: string[] = [];
  readonly #labels = new Map<string, number>([['', 0]]);
  readonly #prefixes = new Set<number>();
  readonly #types = new Set<IndicatorType>();
  readonly #listedTypes = new Set<IndicatorType>();
  #places = new Int32Array(1024 * WORDS);
  #mask = 1023;
  #size = 0;

  /** @param seed random live; the same for a capture every time */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  /** Where the next indicators come from. */
  source(name: string): number {
    if (this.#sources.length >= MAX_SOURCES) return MAX_SOURCES - 1;
    return this.#sources.push(name) - 1;
  }

  /** @returns whether it is new: of two lists that name it the first counts */
  add(type: IndicatorType, value: string, label: string, source: number, prefix?: number): boolean {
    if ((this.#size + 1) * 2 > this.#mask + 1) this.#grow();
    digest(type, value, this.#seed);
    const place = placeOf(this.#places, this.#mask, digestHigh, digestLow);
    if (this.#places[place + 2] !== 0) return false;
    this.#places[place] = digestHigh;
    this.#places[place + 1] = digestLow;
    this.#places[place + 2] = 1 + source + MAX_SOURCES * this.#label(label);
    this.#types.add(type);
    if (this.#sources[source] !== BUILT_IN) this.#listedTypes.add(type);
    if (prefix !== undefined) this.#prefixes.add(prefix);
    this.#size++;
    return true;
  }

  compile(): CompiledIndicators {
    const places = new SharedArrayBuffer(this.#places.byteLength);
    new Int32Array(places).set(this.#places);
    return {
      places,
      seed: this.#seed,
      size: this.#size,
      prefixes: [...this.#prefixes].sort((a, b) => b - a),
      types: [...this.#types],
      listedTypes: [...this.#listedTypes],
      sources: this.#sources,
      labels: [...this.#labels.keys()],
    };
  }

  #label(label: string): number {
    const known = this.#labels.get(label);
    if (known !== undefined) return known;
    if (this.#labels.size >= MAX_LABELS) return 0;
    // A copy: a piece of the list's text would keep all of that in memory.
    this.#labels.set(Buffer.from(label, 'utf16le').toString('utf16le'), this.#labels.size);
    return this.#labels.size - 1;
  }

  #grow(): void {
    const before = this.#places;
    this.#mask = (this.#mask + 1) * 2 - 1;
    this.#places = new Int32Array((this.#mask + 1) * WORDS);
    for (let at = 0; at < before.length; at += WORDS) {
      if (before[at + 2] === 0) continue;
      const place = placeOf(this.#places, this.#mask, before[at], before[at + 1]);
      this.#places.set(before.subarray(at, at + WORDS), place);
    }
  }
}

/** The place of a digest, or the free one where it belongs. */
function placeOf(places: Int32Array, mask: number, high: number, low: number): number {
  let place = (low & mask) * WORDS;
  while (places[place + 2] !== 0 && (places[place] !== high || places[place + 1] !== low)) {
    place = (place / WORDS + 1) & mask;
    place *= WORDS;
  }
  return place;
}

/** "203.0.113.0/24"; an address alone without its length. */
function networkText(words: AddressWords, bits: number): string {
  const text = formatAddress(...words);
  if (bits === 128) return text;
  return `${text}/${isIpv4(words[0], words[1], words[2]) && bits >= 96 ? bits - 96 : bits}`;
}

/** Answers whether something is known to be bad; see the interface `Indicators` of the detectors. */
export class IndicatorTable {
  readonly size: number;
  readonly #compiled: CompiledIndicators;
  readonly #places: Int32Array;
  readonly #mask: number;
  readonly #has: ReadonlySet<IndicatorType>;

  constructor(compiled: CompiledIndicators) {
    this.#compiled = compiled;
    this.#places = new Int32Array(compiled.places);
    this.#mask = this.#places.length / WORDS - 1;
    this.#has = new Set(compiled.types);
    this.size = compiled.size;
  }

  isListed(type: IndicatorType): boolean {
    return this.#compiled.listedTypes.includes(type);
  }

  /** The address itself, or a network that it is in. */
  address(word0: number, word1: number, word2: number, word3: number): Indicator | undefined {
    if (!this.#has.has('address')) return undefined;
    const words: AddressWords = [word0, word1, word2, word3];
    for (const bits of this.#compiled.prefixes) {
      const found = this.#find('address', networkKey(masked(words, bits), bits));
      if (found !== undefined) return { ...found, value: networkText(masked(words, bits), bits) };
    }
    return undefined;
  }

  /** The name itself or a domain above it, in any case and with or without a dot at its end. */
  domain(name: string): Indicator | undefined {
    if (!this.#has.has('domain')) return undefined;
    let rest = name.toLowerCase();
    if (rest.endsWith('.')) rest = rest.slice(0, -1);
    for (let count = 0; count < MAX_LABELS_OF_NAME; count++) {
      const found = this.#find('domain', rest);
      if (found !== undefined) return found;
      const dot = rest.indexOf('.');
      if (dot < 0) return undefined;
      rest = rest.slice(dot + 1);
    }
    return undefined;
  }

  url(url: string): Indicator | undefined {
    if (!this.#has.has('url')) return undefined;
    const read = readUrl(url);
    return read === undefined ? undefined : this.#find('url', read.value);
  }

  hash(type: 'sha256' | 'md5' | 'sha1' | 'ja3' | 'ja4' | 'certificate', value: string): Indicator | undefined {
    return value === '' || !this.#has.has(type) ? undefined : this.#find(type, value);
  }

  #find(type: IndicatorType, value: string): Indicator | undefined {
    const { seed, sources, labels } = this.#compiled;
    digest(type, value, seed);
    const known = this.#places[placeOf(this.#places, this.#mask, digestHigh, digestLow) + 2];
    if (known === 0) return undefined;
    const packed = known - 1;
    return {
      type,
      value,
      label: labels[Math.floor(packed / MAX_SOURCES)] ?? '',
      source: sources[packed % MAX_SOURCES] ?? '',
    };
  }
}
