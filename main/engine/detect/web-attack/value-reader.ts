import { findJndi } from './jndi.ts';
import { findAddedLine, findFilter } from './lines-and-filters.ts';
import { findScript } from './markup.ts';
import { findNosqlInName } from './nosql-injection.ts';
import { findPackedValue } from './packed-objects.ts';
import { findTraversalInValue } from './paths.ts';
import { MAX_PLAIN_TEXT, type PlainForm, plainForm } from './plain-form.ts';
import { findCodeInName, findProgramCode, findShellshock } from './program-code.ts';
import type { RequestValue } from './request-values.ts';
import { findCommand, findNamedCommand } from './shell-commands.ts';
import type { Sighting } from './sighting.ts';
import { SIGN, signsIn } from './signs.ts';
import type { SpottedList } from './spotted.ts';
import { findSqlInjection } from './sql-injection.ts';

/** Texts of more lines, longer ones, and those with closing tags are something that a person wrote or pasted. */
const PROSE_LINES = 2;
const PROSE_TEXT = 384;
/** Texts of most languages have fewer bytes beyond ASCII where code stands among them. */
const BINARY_SHARE = 0.35;
/** Shortest object in base64 that says what it is. */
const MIN_PACKED = 12;
/** First characters of packed objects in base64 or as text. */
const PACKED_STARTS = 'rAgYBTHOa%';
/** What must be in a value before it is read for each kind of attack. */
const QUERY_SIGNS = ~SIGN.slash;
const SQL_SIGNS = SIGN.quote | SIGN.paren | SIGN.comment | SIGN.space | SIGN.nested | SIGN.binary;
export const SCRIPT_SIGNS = SIGN.angle | SIGN.quote | SIGN.nested | SIGN.backslash | SIGN.colon | SIGN.binary;
const PATH_SIGNS = SIGN.climb | SIGN.slash | SIGN.backslash | SIGN.colon | SIGN.nested | SIGN.binary;
export const COMMAND_SIGNS = SIGN.separator | SIGN.paren | SIGN.nested;
const CODE_SIGNS = SIGN.paren | SIGN.brace | SIGN.angle | SIGN.nested | SIGN.backslash;

/** How a value came. */
export interface Origin {
  readonly place: string;
  readonly isPlusSpace: boolean;
  /** In the body, where editors send pages and people write texts. */
  readonly isBody: boolean;
  /** In JSON, XML or without a form: programs talk to programs. */
  readonly isStructured: boolean;
}

export function readPair({ name, value }: RequestValue, origin: Origin, spotted: SpottedList): void {
  const plainName = name === '' ? '' : name.includes('%') ? plainForm(name, true).text : name.toLowerCase();
  const place = plainName === '' ? origin.place : `${origin.place} ${plainName.slice(0, 48)}`;
  if (plainName.length > 7) {
    spotted.add(findNosqlInName(plainName) ?? findCodeInName(plainName), place, `${name}=${value}`, plainName);
    // A list whose index is code (CVE-2014-3704).
    const bracket = plainName.indexOf('[');
    if (bracket > 0 && plainName.includes(' '))
      spotted.add(onlySure(findSqlInjection(plainName.slice(bracket + 1)), true), place, name, plainName);
  }
  if (plainName.includes('${')) readLookup(plainForm(name, true), place, name, spotted);
  readValue(plainName, value, { ...origin, place }, spotted);
}

function readValue(name: string, value: string, origin: Origin, spotted: SpottedList): void {
  if (value === '') return;
  const length = Math.min(value.length, MAX_PLAIN_TEXT);
  const signs = signsIn(value, 0, length);
  if (value.length >= MIN_PACKED && PACKED_STARTS.includes(value[0]!)) {
    spotted.add(findPackedValue(plainForm(value, false).original), origin.place, value, '');
  }
  if (!origin.isStructured) spotted.add(namedCommand(name, value, signs), origin.place, value, '');
  if ((signs & QUERY_SIGNS) === 0 && (signs & SIGN.slash) === 0) return;
  const plain = plainForm(value, origin.isPlusSpace);
  const { text } = plain;
  if ((signs & (SIGN.brace | SIGN.nested | SIGN.separator)) !== 0) readLookup(plain, origin.place, value, spotted);
  const add = (found: Sighting | undefined) => spotted.add(found, origin.place, value, text);
  const isProse = origin.isBody && isLong(text);
  // A whole address tells its own parameters on: statistics and redirections do nothing else.
  const isAddress = text.startsWith('http://') || text.startsWith('https://');
  if ((signs & PATH_SIGNS) !== 0 && !isProse)
    add(onlySure(findTraversalInValue(name, text, plain), origin.isStructured));
  if ((signs & SCRIPT_SIGNS) !== 0 && !(isAddress && !text.includes('<'))) {
    add(origin.isStructured ? undefined : findScript(text, { isBody: origin.isBody }));
  }
  if ((signs & COMMAND_SIGNS) !== 0)
    add(findCommand(text, isProse || isAddress || (origin.isBody && isSentence(text, origin))));
  if (!origin.isBody && text.includes('\n')) add(findAddedLine(text));
  if (isAddress || isBinary(text)) return;
  if ((signs & SIGN.paren) !== 0 && text.includes(')(')) add(findFilter(text));
  if ((signs & SQL_SIGNS) !== 0 && !isProse) add(onlySure(findSqlInjection(text), origin.isStructured));
  // Whoever writes about code pastes it.
  const isPasted = isProse && (origin.isStructured || text.includes('<?'));
  if ((signs & CODE_SIGNS) !== 0 && !isPasted) add(findProgramCode(text));
  if (text[0] === '(') add(findShellshock(text));
}

function namedCommand(name: string, value: string, signs: number): Sighting | undefined {
  if (name.length > 10) return undefined;
  const plain = signs === 0 ? value.toLowerCase() : plainForm(value, true).text;
  return findNamedCommand(name, plain);
}

export function withoutWeak(found: Sighting | undefined): Sighting | undefined {
  return found?.certainty === 'weak' ? undefined : found;
}

export function onlySure(found: Sighting | undefined, isWanted: boolean): Sighting | undefined {
  return isWanted && found?.certainty !== 'sure' ? undefined : found;
}

/** Words before the first sign, or code in backticks as Markdown has it: somebody wrote this. */
function isSentence(text: string, { isStructured }: Origin): boolean {
  if (text.includes(' `') || (isStructured && text.includes('\n'))) return true;
  let at = 0;
  while (at < text.length && !';|&`$\n'.includes(text[at]!)) at++;
  const before = text.slice(0, at);
  return (isStructured ? before : before.trim()).includes(' ');
}

/** Hashes and others that are no text hold any sign by chance. */
function isBinary(text: string): boolean {
  let binary = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character < 0x09 || (character >= 0x0e && character < 0x20) || (character >= 0x7f && character < 0x100))
      binary++;
  }
  return binary > text.length * BINARY_SHARE;
}

export function isLong(text: string): boolean {
  if (text.length > PROSE_TEXT || text.includes('</')) return true;
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines >= PROSE_LINES;
}

export function readLookup(plain: PlainForm, place: string, value: string, spotted: SpottedList): void {
  const lookup = findJndi(plain.original);
  if (lookup === undefined) return;
  const aim = lookup.host === '' ? 'looks something up over the network' : `calls ${lookup.host} by ${lookup.scheme}`;
  spotted.add({ attack: 'jndi-lookup', certainty: 'sure', aim }, place, value, plain.text, lookup);
}
