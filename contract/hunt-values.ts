/** Values of a query: numbers with units, times, addresses and networks, words of a table. Pure. */
import type { HuntTime, HuntValue } from './hunt-query.ts';
import type { HuntField, HuntOperatorSymbol } from './hunt-tables.ts';

/** A value that was understood, or what is wrong with it. */
export type Read<T> = { readonly value: T } | { readonly message: string; readonly hint: string };

type Units = readonly (readonly [name: string, factor: number])[];

/** The first of a factor is the one that is written. Bytes as the interface shows them: 1 kB is 1,000 bytes. */
const BYTE_UNITS: Units = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
];
const DURATION_UNITS: Units = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];
const NUMBER_UNITS: Units = [
  ['k', 1e3],
  ['%', 0.01],
];

const NUMBER = /^(\d{1,16}(?:\.\d{1,6})?)([a-z%]{0,3})$/i;
const MAX_PORT = 65_535;
const DECIMALS = 1e6;

/** Finds a unit whatever its case, unless case tells two apart. */
function factorOf(units: Units, name: string): number | undefined {
  const exact = units.find(([unit]) => unit === name);
  return (exact ?? units.find(([unit]) => unit.toLowerCase() === name.toLowerCase()))?.[1];
}

function readNumber(text: string, units: Units, isWhole: boolean): number | undefined {
  const match = NUMBER.exec(text);
  const factor = match?.[2] === '' ? 1 : factorOf(units, match?.[2] ?? '');
  if (match === null || factor === undefined) return undefined;
  const product = Number(match[1]) * factor;
  const value = isWhole ? Math.round(product) : Math.round(product * DECIMALS) / DECIMALS;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function writeNumber(value: number, units: Units): string {
  const unit = units.find(([, factor]) => factor >= 1 && value >= factor && value % factor === 0);
  return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
}

/** A span of time in milliseconds: "90s", "24h". A unit is needed. */
export function readSpan(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return undefined;
  return readNumber(text, DURATION_UNITS, true);
}

export function writeSpan(ms: number): string {
  return ms === 0 ? '0ms' : writeNumber(ms, DURATION_UNITS);
}

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

/** "24h" (ago), "now", "2026-11-20", "2026-11-20T10:00", "2026-11-20T10:00:00Z". */
export function readTime(text: string): Read<HuntTime> {
  if (text.toLowerCase() === 'now') return { value: { type: 'ago', ms: 0 } };
  const span = readSpan(text);
  if (span !== undefined) return { value: { type: 'ago', ms: span } };
  const time: HuntTime = { type: 'at', text: text.toUpperCase() };
  if (DATE_TIME.test(text) && !Number.isNaN(momentOf(time, 0))) return { value: time };
  return {
    message: `"${text}" is no time.`,
    hint: 'Write how long ago (30m, 24h, 7d), or a date: 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00:00Z.',
  };
}

export function writeTime(time: HuntTime): string {
  if (time.type === 'at') return time.text;
  return time.ms === 0 ? 'now' : writeSpan(time.ms);
}

/** Milliseconds since the epoch. NaN for a date that there is not. */
export function momentOf(time: HuntTime, nowMs: number): number {
  if (time.type === 'ago') return nowMs - time.ms;
  const match = DATE_TIME.exec(time.text);
  const [year = 0, month = 0, day = 0] = (match?.[1] ?? '').split('-').map(Number);
  // Some engines take February 30 for March 1.
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return Number.NaN;
  return Date.parse(`${match?.[1]}T${match?.[2] ?? '00:00'}${match?.[3] ?? ''}`);
}

const IPV4 = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;
const IPV6_CHARACTERS = /^[0-9a-f:.]{2,45}$/i;
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

/** Bits of an address as text; undefined where it is none. MAC addresses have no networks: 0. */
function bitsOf(text: string): number | undefined {
  if (IPV4.test(text)) return text.split('.').every((octet) => Number(octet) <= 255) ? 32 : undefined;
  if (MAC.test(text)) return 0;
  // The one reader of IPv6 that engine and browser both have (RFC 4291 by way of the URL standard).
  if (text.includes(':') && IPV6_CHARACTERS.test(text) && URL.canParse(`http://[${text}]/`)) return 128;
  return undefined;
}

function readNetwork(text: string): Read<HuntValue> {
  const [address = '', prefixText, ...rest] = text.split('/');
  const bits = bitsOf(address);
  if (bits === undefined || rest.length > 0) {
    return {
      message: `"${text}" is no address.`,
      hint: 'Write 10.0.0.5, 2001:db8::1, or a network such as 10.0.0.0/8.',
    };
  }
  const lower = address.toLowerCase();
  if (prefixText === undefined) return { value: { type: 'network', address: lower, prefix: null } };
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.POSITIVE_INFINITY;
  if (prefix > bits || bits === 0) {
    return { message: `"/${prefixText}" is no length of a network here.`, hint: `It is a number from 0 to ${bits}.` };
  }
  return { value: { type: 'network', address: lower, prefix } };
}

const SIMILAR = 2;

/** The candidate that was probably meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase().slice(0, 40);
  const begins = wanted.length > 1 ? candidates.find((name) => name.toLowerCase().startsWith(wanted)) : undefined;
  if (begins !== undefined) return begins;
  const ranked = candidates
    .map((name) => ({
      name,
      distance: isShuffled(wanted, name.toLowerCase()) ? 1 : distance(wanted, name.toLowerCase()),
    }))
    .sort((a, b) => a.distance - b.distance)[0];
  return ranked && ranked.distance <= Math.min(SIMILAR, Math.floor(wanted.length / 2)) ? ranked.name : undefined;
}

/** The same letters in another order: the usual slip of two fingers. */
function isShuffled(a: string, b: string): boolean {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join();
}

/** Letters to add, take away or exchange (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** "Did you mean …?", or what there is. */
export function suggestion(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? otherwise : `Did you mean ${meant}?`;
}

function readChoice(field: HuntField, choices: readonly string[], text: string): Read<HuntValue> {
  const choice = choices.find((name) => name === text.toLowerCase());
  if (choice !== undefined) return { value: { type: 'text', text: choice } };
  // Protocols without a name of their own.
  if (field.name === 'transport' && /^\d{1,3}$/.test(text) && Number(text) <= 255) {
    return { value: { type: 'text', text: String(Number(text)) } };
  }
  const otherwise = `It is one of: ${choices.join(', ')}.`;
  return { message: `"${text}" is no ${field.name}.`, hint: suggestion(text, choices, otherwise) };
}

function numberProblem(field: HuntField, text: string): Read<HuntValue> {
  return { message: `"${text}" is no value for ${field.name}.`, hint: `Write it like ${field.examples.join(' or ')}.` };
}

const TEXT_OPERATORS: readonly string[] = ['contains', 'startswith', 'endswith', 'matches'];

/** Reads one value for a field beside an operator. */
export function readValue(field: HuntField, operator: HuntOperatorSymbol, text: string): Read<HuntValue> {
  const number = (value: number | undefined): Read<HuntValue> =>
    value === undefined ? numberProblem(field, text) : { value: { type: 'number', value } };
  if (TEXT_OPERATORS.includes(operator)) return { value: { type: 'text', text } };
  switch (field.type) {
    case 'text':
    case 'id':
      return { value: { type: 'text', text } };
    case 'choice':
    case 'severity':
      return readChoice(field, field.choices ?? [], text);
    case 'address':
      return readNetwork(text);
    case 'bytes':
      return number(readNumber(text, BYTE_UNITS, true));
    case 'duration':
      return number(readSpan(text) ?? (text === '0' ? 0 : undefined));
    case 'number':
      return number(readNumber(text, NUMBER_UNITS, false));
    case 'port': {
      const port = readNumber(text, [], true);
      return number(port !== undefined && port <= MAX_PORT && !text.includes('.') ? port : undefined);
    }
    case 'time': {
      const read = readTime(text);
      return 'value' in read ? { value: { type: 'time', time: read.value } } : read;
    }
  }
}

/** A value as a query says it. */
export function writeValue(field: HuntField, value: HuntValue): string {
  switch (value.type) {
    case 'text':
      return quoteIfNeeded(value.text);
    case 'time':
      return writeTime(value.time);
    case 'network':
      return value.prefix === null ? value.address : `${value.address}/${value.prefix}`;
    case 'number':
      if (field.type === 'duration') return writeSpan(value.value);
      return field.type === 'bytes' ? writeNumber(value.value, BYTE_UNITS) : String(value.value);
  }
}

const BARE = /^[a-z0-9_.:*?@-]+$/i;

/** A text as it stands in a query: bare where that reads as the same. */
export function quoteIfNeeded(text: string): string {
  return BARE.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
