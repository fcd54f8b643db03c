import { MAX_FACT_LIST, MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { bounded } from '../text-lines.ts';
import { redactedHeader } from './secrets.ts';

/** Fields whose values parsers need as they are: the first of each, in full. */
const NEEDED = new Set([
  ':authority',
  ':method',
  ':path',
  ':scheme',
  ':status',
  ':protocol',
  'authorization',
  'connection',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'location',
  'proxy-authorization',
  'referer',
  'server',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/** Names as they are sent and in lower case: a few hundred are seen again and again. */
const LOWER_CASE = new Map<string, string>();
const MAX_REMEMBERED_NAMES = 1_024;
/** A value that goes on over many lines does not grow beyond this. */
const MAX_FOLDED_TEXT = 8_192;

function lowerCase(name: string): string {
  const known = LOWER_CASE.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (LOWER_CASE.size < MAX_REMEMBERED_NAMES && name.length <= 40) LOWER_CASE.set(name, lower);
  return lower;
}

/** The fields of one message (RFC 9110 5): all names in order, bounded, and in full the few that parsers need. */
export class Headers {
  readonly #list: [name: string, value: string][] = [];
  readonly #needed = new Map<string, string>();
  #lastNeeded = '';
  #count = 0;

  /** Fields so far, also those beyond what is kept. */
  get count(): number {
    return this.#count;
  }

  add(name: string, value: string): void {
    this.#count++;
    this.#lastNeeded = '';
    if (NEEDED.has(name)) {
      const before = this.#needed.get(name);
      if (before === undefined) this.#needed.set(name, value);
      // Several lines of it are one list (RFC 9110 5.2); of all others the first counts.
      else if (name === 'transfer-encoding') this.#needed.set(name, bounded(`${before},${value}`, MAX_FOLDED_TEXT));
      this.#lastNeeded = name;
    }
    if (this.#list.length < MAX_FACT_LIST) this.#list.push([name, value]);
  }

  /** Takes a field line (RFC 9112 5), or one that goes on with the field before it. False for what is neither. */
  addLine(line: string): boolean {
    const first = line.charCodeAt(0);
    if (first === 0x20 || first === 0x09) return this.#fold(line.trim());
    const colon = line.indexOf(':');
    if (colon <= 0) return false;
    this.add(lowerCase(line.slice(0, colon).trimEnd()), line.slice(colon + 1).trim());
    return true;
  }

  /** The value of one of NEEDED; empty without it. */
  get(name: string): string {
    return this.#needed.get(name) ?? '';
  }

  has(name: string): boolean {
    return this.#needed.has(name);
  }

  /** For facts: bounded, without secrets. */
  told(): (readonly [name: string, value: string])[] {
    return this.#list.map(([name, value]) => [
      bounded(name, MAX_FACT_TEXT),
      bounded(redactedHeader(name, value), MAX_FACT_TEXT),
    ]);
  }

  #fold(text: string): boolean {
    if (this.#count === 0) return false;
    const last = this.#list.at(-1);
    if (last !== undefined && this.#list.length === this.#count) {
      last[1] = bounded(`${last[1]} ${text}`, MAX_FOLDED_TEXT);
    }
    if (this.#lastNeeded !== '') {
      const value = `${this.get(this.#lastNeeded)} ${text}`.trim();
      this.#needed.set(this.#lastNeeded, bounded(value, MAX_FOLDED_TEXT));
    }
    return true;
  }
}
