/** Lists of indicators in the forms in which they are handed around. Nothing is believed to be well-formed. */
import type { IndicatorFormat, IndicatorType } from '../../../contract/indicators.ts';
import { type MispAttribute, mispAttributes } from './misp.ts';
import { type IndicatorValue, readDomain, readTyped, readValue } from './value.ts';

export interface ReadList {
  readonly format: IndicatorFormat;
  /** Lines (or patterns) that are no indicators. */
  readonly invalid: number;
  /** Where the first of them is: "line 3". What it says is not repeated, for it may be of a file named by mistake. */
  readonly firstInvalid: string;
  /** Indicators that were left because there are too many. */
  readonly left: number;
}

/** Takes an indicator; false where there is no room for more. */
export type TakeIndicator = (indicator: IndicatorValue, label: string) => boolean;

const MAX_LABEL = 120;
const MAX_LINE = 8_192;
const MAX_CELLS = 64;

/** What other formats call the types: MISP, OpenIOC, plain words. A map: "constructor" is no type. */
const TYPE_NAMES: ReadonlyMap<string, IndicatorType> = new Map(
  Object.entries({
    address: 'address',
    ip: 'address',
    ipv4: 'address',
    ipv6: 'address',
    cidr: 'address',
    'ip-src': 'address',
    'ip-dst': 'address',
    'ipv4-addr': 'address',
    'ipv6-addr': 'address',
    domain: 'domain',
    hostname: 'domain',
    'domain-name': 'domain',
    fqdn: 'domain',
    url: 'url',
    uri: 'url',
    md5: 'md5',
    sha1: 'sha1',
    sha256: 'sha256',
    'sha-1': 'sha1',
    'sha-256': 'sha256',
    ja3: 'ja3',
    'ja3-fingerprint-md5': 'ja3',
    ja4: 'ja4',
    certificate: 'certificate',
    'x509-fingerprint-sha1': 'certificate',
    'x509-fingerprint-sha256': 'certificate',
  } as const),
);

/** Reads a list of whatever form; the form shows in its first lines. */
export function readList(text: string, take: TakeIndicator): ReadList {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text;
  const first = plain.trimStart()[0];
  if (first === '{' || first === '[') return readJson(plain, take);
  const header = csvHeader(plain);
  return header === undefined ? readLines(plain, take) : readCsv(plain, header, take);
}

/** Counts what goes wrong, and remembers the first of it. */
class Tally {
  invalid = 0;
  left = 0;
  firstInvalid = '';

  wrong(where: string): void {
    this.invalid++;
    if (this.invalid === 1) this.firstInvalid = where;
  }

  take(take: TakeIndicator, indicator: IndicatorValue, label: string): void {
    if (!take(indicator, label.trim().slice(0, MAX_LABEL))) this.left++;
  }

  result(format: IndicatorFormat): ReadList {
    return { format, invalid: this.invalid, left: this.left, firstInvalid: this.firstInvalid };
  }
}

/** The lines of a text with their numbers, without holding them all. */
function* linesOf(text: string): Generator<readonly [line: string, number: number]> {
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end < 0 ? text.length : end;
    number++;
    yield [text.slice(at, Math.min(stop, at + MAX_LINE)).trim(), number];
    at = stop + 1;
  }
}

function isRemark(line: string): boolean {
  return line === '' || line.startsWith('#') || line.startsWith(';') || line.startsWith('//');
}

/** Where hosts files send names that are to lead nowhere, and names that stand in all of them. */
const NOWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '127.0.0.1', '::', '::1']);

/** Of a computer's name for itself: "localhost.localdomain". */
const OWN_DOMAIN = '.localdomain';

/** One value a line, "# label" behind it; or a hosts file: an address and the names that it takes away. */
function readLines(text: string, take: TakeIndicator): ReadList {
  const tally = new Tally();
  let isHosts = false;
  for (const [line, number] of linesOf(text)) {
    if (isRemark(line)) continue;
    const mark = line.indexOf(' #');
    const label = mark < 0 ? '' : line.slice(mark + 2);
    const said = mark < 0 ? line : line.slice(0, mark).trim();
    const words = /\s/.test(said) ? said.split(/\s+/, MAX_CELLS) : [said];
    if (words.length > 1 && NOWHERE.has(words[0])) {
      isHosts = true;
      for (const name of words.slice(1)) {
        const domain = readDomain(name.toLowerCase());
        // "localhost" and its like stand in every hosts file.
        if (domain !== undefined && !domain.value.endsWith(OWN_DOMAIN)) tally.take(take, domain, label);
      }
      continue;
    }
    const value = words.length === 1 ? readValue(words[0]) : undefined;
    if (value === undefined) tally.wrong(`line ${number}`);
    else tally.take(take, value, label);
  }
  return tally.result(isHosts ? 'hosts' : 'lines');
}

interface CsvHeader {
  readonly separator: string;
  readonly type: number;
  readonly value: number;
  readonly label: number;
}

const LABEL_COLUMNS = ['label', 'comment', 'description', 'malware', 'threat', 'tag', 'tags', 'name', 'event_info'];
const VALUE_COLUMNS = ['value', 'indicator', 'ioc', 'ioc_value', 'observable'];
const TYPE_COLUMNS = ['type', 'ioc_type', 'indicator_type'];

/** The first line that is no remark, where it names columns; MISP's own exports have "value" and "type" among many. */
function csvHeader(text: string): CsvHeader | undefined {
  for (const [line] of linesOf(text)) {
    if (isRemark(line)) continue;
    const separator = [',', ';', '\t'].find((sign) => line.includes(sign));
    if (separator === undefined) return undefined;
    const names = cellsOf(line, separator).map((name) => name.trim().toLowerCase());
    const column = (wanted: readonly string[]) => names.findIndex((name) => wanted.includes(name));
    const value = column(VALUE_COLUMNS);
    return value < 0 ? undefined : { separator, value, type: column(TYPE_COLUMNS), label: column(LABEL_COLUMNS) };
  }
  return undefined;
}

function readCsv(text: string, header: CsvHeader, take: TakeIndicator): ReadList {
  const tally = new Tally();
  let isHeader = true;
  for (const [line, number] of linesOf(text)) {
    if (isRemark(line)) continue;
    if (isHeader) {
      isHeader = false;
      continue;
    }
    const cells = cellsOf(line, header.separator);
    const value = (cells[header.value] ?? '').trim();
    const typeName = header.type < 0 ? '' : (cells[header.type] ?? '').trim().toLowerCase();
    // "filename|sha256" of MISP: the hash stands behind the bar.
    const bar = typeName.lastIndexOf('|');
    const type = TYPE_NAMES.get(bar < 0 ? typeName : typeName.slice(bar + 1));
    const part = bar < 0 ? value : value.slice(value.lastIndexOf('|') + 1);
    const indicator = typeName === '' ? readValue(part) : type === undefined ? undefined : readTyped(type, part);
    if (indicator === undefined) tally.wrong(`line ${number}`);
    else tally.take(take, indicator, header.label < 0 ? '' : (cells[header.label] ?? ''));
  }
  return tally.result('csv');
}

/** RFC 4180, one line: quoted cells may hold the separator, and two quotes for one. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= line.length && cells.length < MAX_CELLS) {
    if (line[at] === '"') {
      let cell = '';
      let next = at + 1;
      for (;;) {
        const quote = line.indexOf('"', next);
        const stop = quote < 0 ? line.length : quote;
        cell += line.slice(next, stop);
        if (line[stop + 1] !== '"') {
          next = stop + 1;
          break;
        }
        cell += '"';
        next = stop + 2;
      }
      cells.push(cell);
      const end = line.indexOf(separator, next);
      at = end < 0 ? line.length + 1 : end + 1;
    } else {
      const end = line.indexOf(separator, at);
      cells.push(line.slice(at, end < 0 ? line.length : end));
      at = end < 0 ? line.length + 1 : end + 1;
    }
  }
  return cells;
}

/** One comparison of a STIX 2.1 pattern (9.2): [domain-name:value = 'evil.example']. */
const COMPARISON = /([a-z0-9-]{2,40}):([A-Za-z0-9_.'"-]{2,80}?)\s?=\s?'([^'\\]{1,2048})'/g;
const MAX_COMPARISONS = 64;

const STIX_TYPES: ReadonlyMap<string, IndicatorType> = new Map(
  Object.entries({
    'ipv4-addr': 'address',
    'ipv6-addr': 'address',
    'domain-name': 'domain',
    url: 'url',
  } as const),
);

function readJson(text: string, take: TakeIndicator): ReadList {
  const tally = new Tally();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    tally.wrong('the whole, which is no valid JSON');
    return tally.result('stix');
  }
  const attributes = mispAttributes(document);
  return attributes === undefined ? readStix(document, tally, take) : readMisp(attributes, tally, take);
}

/** Types that are no indicators (comments, names of files, ports) are many in every event, and no mistakes. */
function readMisp(attributes: readonly MispAttribute[], tally: Tally, take: TakeIndicator): ReadList {
  for (const { type: name, value, label, number } of attributes) {
    const type = TYPE_NAMES.get(name);
    if (type === undefined) continue;
    const indicator = readTyped(type, value);
    if (indicator === undefined) tally.wrong(`attribute ${number}`);
    else tally.take(take, indicator, label);
  }
  return tally.result('misp');
}

/** Of STIX bundles the indicators with simple patterns; what excludes or follows one another is left out. */
function readStix(document: unknown, tally: Tally, take: TakeIndicator): ReadList {
  for (const [index, item] of stixObjects(document).entries()) {
    const number = index + 1;
    if (typeof item !== 'object' || item === null || !('pattern' in item)) continue;
    const { pattern } = item;
    const label = 'name' in item && typeof item.name === 'string' ? item.name : '';
    if (typeof pattern !== 'string' || pattern.length > MAX_LINE || /\b(NOT|FOLLOWEDBY|AND)\b/.test(pattern)) {
      tally.wrong(`object ${number}`);
      continue;
    }
    let count = 0;
    for (const [, object, property, value] of pattern.matchAll(COMPARISON)) {
      if (++count > MAX_COMPARISONS) break;
      const indicator = stixValue(object, property, value);
      if (indicator === undefined) tally.wrong(`object ${number}`);
      else tally.take(take, indicator, label);
    }
    if (count === 0) tally.wrong(`object ${number}`);
  }
  return tally.result('stix');
}

function stixValue(object: string, property: string, value: string): IndicatorValue | undefined {
  const type = STIX_TYPES.get(object);
  if (type !== undefined) return property === 'value' ? readTyped(type, value) : undefined;
  const hashes = property.startsWith('hashes.') ? property.slice(7).replaceAll(/['"]/g, '').toLowerCase() : undefined;
  if (hashes === undefined) return undefined;
  const hash = TYPE_NAMES.get(hashes);
  if (object === 'x509-certificate') return readTyped('certificate', value);
  return object === 'file' && hash !== undefined ? readTyped(hash, value) : undefined;
}

function stixObjects(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  if (typeof document === 'object' && document !== null && 'objects' in document && Array.isArray(document.objects)) {
    return document.objects;
  }
  return [document];
}
