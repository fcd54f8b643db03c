import type { HttpRequestFact } from '../../../../contract/facts.ts';
import type { AttackId } from './attack-kinds.ts';
import { findJndi, type JndiLookup } from './jndi.ts';
import { findAddedLine, findFilter } from './lines-and-filters.ts';
import { findScript } from './markup.ts';
import { findNosqlInJson, findNosqlInName } from './nosql-injection.ts';
import { findPackedBody, findPackedValue, findTypedObject } from './packed-objects.ts';
import { findTraversalInPath, findTraversalInValue } from './paths.ts';
import { MAX_PLAIN_TEXT, type PlainForm, plainForm } from './plain-form.ts';
import { findPlacement, findUpload, isScriptPath } from './planted-scripts.ts';
import { findCodeInName, findInvocation, findPhpOptions, findProgramCode, findShellshock } from './program-code.ts';
import { eachCookie, eachJsonText, eachPair, eachPart, type RequestValue } from './request-values.ts';
import { findCommand, findNamedCommand } from './shell-commands.ts';
import { certaintyRank, type Sighting } from './sighting.ts';
import { SIGN, signsIn } from './signs.ts';
import { findSqlInjection } from './sql-injection.ts';
import { findExternalEntity } from './xml-entities.ts';

/** A sign of an attack, and where in the request it is. */
export interface Spotted extends Sighting {
  /** "parameter id", "header user-agent", "path", "body". */
  readonly place: string;
  /** The value as it came, bounded. */
  readonly value: string;
  /** Decoded, in lower case: what a page would print if it sent it back. */
  readonly plain: string;
  readonly lookup?: JndiLookup;
}

/** Longest value that is shown. */
const SHOWN_VALUE = 160;
/** Texts of more lines, longer ones, and those with closing tags are something that a person wrote or pasted. */
const PROSE_LINES = 2;
const PROSE_TEXT = 384;
/** Texts of most languages have fewer bytes beyond ASCII where code stands among them. */
const BINARY_SHARE = 0.35;
/** Shortest object in base64 that says what it is. */
const MIN_PACKED = 12;
/** First characters of packed objects in base64 or as text. */
const PACKED_STARTS = 'rAgYBTHOa%';

/** Headers that applications log, store, or look up in their database. */
const LOOKED_INTO = new Set([
  ...[
    'user-agent',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-real-ip',
    'client-ip',
    'true-client-ip',
    'x-client-ip',
    'forwarded',
  ],
  ...[
    'x-originating-ip',
    'x-remote-addr',
    'x-remote-ip',
    'via',
    'accept-language',
    'content-type',
    'x-api-version',
    'from',
  ],
  ...[
    'authorization',
    'x-forwarded-proto',
    'soapaction',
    'host',
    'origin',
    'x-cmd',
    'cmd',
    'x-wap-profile',
    'x-requested-with',
  ],
]);

const QUERY_SIGNS = ~SIGN.slash;
const SQL_SIGNS = SIGN.quote | SIGN.paren | SIGN.comment | SIGN.space | SIGN.nested | SIGN.binary;
const SCRIPT_SIGNS = SIGN.angle | SIGN.quote | SIGN.nested | SIGN.backslash | SIGN.colon | SIGN.binary;
const PATH_SIGNS = SIGN.climb | SIGN.slash | SIGN.backslash | SIGN.colon | SIGN.nested | SIGN.binary;
const COMMAND_SIGNS = SIGN.separator | SIGN.paren | SIGN.nested;
const CODE_SIGNS = SIGN.paren | SIGN.brace | SIGN.angle | SIGN.nested | SIGN.backslash;

/** How a value came. */
interface Origin {
  readonly place: string;
  readonly isPlusSpace: boolean;
  /** In the body, where editors send pages and people write texts. */
  readonly isBody: boolean;
  /** In JSON, XML or without a form: programs talk to programs. */
  readonly isStructured: boolean;
}

/**
 * Looks into one request for attacks: at most one sign of each kind, the surest. Requests without the signs that
 * attacks need cost one pass over their target.
 */
export function readRequest(request: HttpRequestFact): readonly Spotted[] {
  const spotted = new SpottedList();
  if (request.method !== 'CONNECT') readTarget(request, spotted);
  readHeaders(request, spotted);
  if (request.bodyStart !== '') readBody(request, spotted);
  return spotted.list;
}

/** The surest sign of each kind. */
class SpottedList {
  #byAttack: Map<AttackId, Spotted> | undefined;

  get list(): readonly Spotted[] {
    return this.#byAttack === undefined ? NOTHING : [...this.#byAttack.values()];
  }

  add(found: Sighting | undefined, place: string, value: string, plain: string, lookup?: JndiLookup): void {
    if (found === undefined) return;
    this.#byAttack ??= new Map();
    const known = this.#byAttack.get(found.attack);
    if (known !== undefined && certaintyRank(known.certainty) >= certaintyRank(found.certainty)) return;
    const shown = value.length > SHOWN_VALUE ? `${value.slice(0, SHOWN_VALUE)}…` : value;
    this.#byAttack.set(found.attack, {
      ...found,
      place,
      value: shown,
      plain,
      ...(lookup === undefined ? {} : { lookup }),
    });
  }
}

const NOTHING: readonly Spotted[] = [];

function readTarget({ uri, method, headers, bodyStart }: HttpRequestFact, spotted: SpottedList): void {
  const pathStart = startOfPath(uri);
  const query = uri.indexOf('?', pathStart);
  const pathEnd = query < 0 ? uri.length : query;
  readPath(uri.slice(pathStart, pathEnd), spotted);
  if (method === 'PUT' || method === 'MOVE' || method === 'COPY') {
    const destination = headers.find(([name]) => name === 'destination')?.[1] ?? '';
    const path = uri.slice(pathStart, pathEnd);
    spotted.add(findPlacement(method, path, destination, bodyStart), 'path', path, '');
  }
  if (query < 0) return;
  eachPair(uri, query + 1, (pair) => {
    readPair(pair, { place: 'parameter', isPlusSpace: true, isBody: false, isStructured: false }, spotted);
  });
  if (uri.includes('invokefunction') || uri.includes('prepend_file') || uri.includes('allow_url')) {
    const plain = plainForm(uri.slice(query + 1), true).text;
    spotted.add(findInvocation(plain) ?? findPhpOptions(plain), 'query', uri.slice(query + 1), plain);
  }
}

/** Requests to proxies name the whole address. */
function startOfPath(uri: string): number {
  if (uri.startsWith('/')) return 0;
  const scheme = uri.indexOf('://');
  if (scheme < 0 || scheme > 8) return 0;
  const slash = uri.indexOf('/', scheme + 3);
  return slash < 0 ? uri.length : slash;
}

function readPath(path: string, spotted: SpottedList): void {
  const signs = signsIn(path, 0, path.length);
  if ((signs & ~(SIGN.slash | SIGN.colon | SIGN.space | SIGN.comment)) === 0) return;
  const plain = plainForm(path, true);
  if ((signs & (SIGN.climb | SIGN.binary | SIGN.nested | SIGN.backslash)) !== 0) {
    spotted.add(findTraversalInPath(plain.text, plain), 'path', path, plain.text);
  }
  if ((signs & (SIGN.brace | SIGN.nested)) !== 0) readLookup(plain, 'path', path, spotted);
  if ((signs & (SIGN.quote | SIGN.angle | SIGN.paren | SIGN.separator | SIGN.brace | SIGN.nested)) === 0) return;
  // What is handed on begins in the segment where the first sign stands.
  const first = firstSign(plain.text);
  const value = plain.text.slice(plain.text.lastIndexOf('/', first) + 1);
  if ((signs & SCRIPT_SIGNS & ~SIGN.colon) !== 0)
    spotted.add(findScript(value, { isBody: false }), 'path', path, value);
  if ((signs & (SIGN.quote | SIGN.paren)) !== 0) spotted.add(withoutWeak(findSqlInjection(value)), 'path', path, value);
  if ((signs & COMMAND_SIGNS) !== 0) spotted.add(findCommand(plain.text, false), 'path', path, value);
  if ((signs & (SIGN.brace | SIGN.nested)) !== 0) spotted.add(findProgramCode(value), 'path', path, value);
}

function firstSign(text: string): number {
  for (let at = 0; at < text.length; at++) if ('\'"<(;|&`${ '.includes(text[at]!)) return at;
  return text.length;
}

function withoutWeak(found: Sighting | undefined): Sighting | undefined {
  return found?.certainty === 'weak' ? undefined : found;
}

function readPair({ name, value }: RequestValue, origin: Origin, spotted: SpottedList): void {
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
    add(findCommand(text, isProse || isAddress || (origin.isStructured && text.includes('\n'))));
  if (!origin.isBody && text.includes('\n')) add(findAddedLine(text));
  if (isAddress || isBinary(text)) return;
  if ((signs & SIGN.paren) !== 0 && text.includes(')(')) add(findFilter(text));
  if ((signs & SQL_SIGNS) !== 0 && !isProse) add(onlySure(findSqlInjection(text), origin.isStructured));
  if ((signs & CODE_SIGNS) !== 0 && !(isProse && origin.isStructured)) add(findProgramCode(text));
  if (text[0] === '(') add(findShellshock(text));
}

function namedCommand(name: string, value: string, signs: number): Sighting | undefined {
  if (name.length > 10) return undefined;
  const plain = signs === 0 ? value.toLowerCase() : plainForm(value, true).text;
  return findNamedCommand(name, plain);
}

function onlySure(found: Sighting | undefined, isWanted: boolean): Sighting | undefined {
  return isWanted && found?.certainty !== 'sure' ? undefined : found;
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

function isLong(text: string): boolean {
  if (text.length > PROSE_TEXT || text.includes('</')) return true;
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines >= PROSE_LINES;
}

function readLookup(plain: PlainForm, place: string, value: string, spotted: SpottedList): void {
  const lookup = findJndi(plain.original);
  if (lookup === undefined) return;
  const aim = lookup.host === '' ? 'looks something up over the network' : `calls ${lookup.host} by ${lookup.scheme}`;
  spotted.add({ attack: 'jndi-lookup', certainty: 'sure', aim }, place, value, plain.text, lookup);
}

function readHeaders({ headers }: HttpRequestFact, spotted: SpottedList): void {
  for (const [name, value] of headers) {
    if (value.includes('${') || value.includes('%24%7') || value.includes('%{')) readExpression(name, value, spotted);
    if (value.startsWith('(')) spotted.add(findShellshock(value), `header ${name}`, value, '');
    if (name === 'cookie') {
      eachCookie(value, (pair) => {
        if (pair.value.length < 2) return;
        readPair(pair, { place: 'cookie', isPlusSpace: false, isBody: false, isStructured: true }, spotted);
      });
    } else if (LOOKED_INTO.has(name)) readLoggedHeader(name, value, spotted);
  }
}

function readExpression(name: string, value: string, spotted: SpottedList): void {
  const plain = plainForm(value, false);
  readLookup(plain, `header ${name}`, value, spotted);
  spotted.add(withoutWeak(findProgramCode(plain.text)), `header ${name}`, value, plain.text);
}

/** Names of browsers have brackets and semicolons, so only quotes and angles begin anything here. */
function readLoggedHeader(name: string, value: string, spotted: SpottedList): void {
  const place = `header ${name}`;
  const isQuoted = value.includes("'") || value.includes('"');
  const hasCall =
    value.includes('sleep(') || value.includes('SLEEP(') || value.includes('select') || value.includes('SELECT');
  const isFree = name === 'user-agent' || name === 'content-type' || name === 'host' || name === 'authorization';
  const text = value.toLowerCase();
  if ((isQuoted && !isFree) || hasCall || (isQuoted && value.includes("'"))) {
    const found = findSqlInjection(text);
    if (found?.certainty === 'sure') spotted.add(found, place, value, text);
  }
  if (value.includes('<')) {
    spotted.add(withoutWeak(findScript(text, { isBody: false })), place, value, text);
    spotted.add(findProgramCode(text), place, value, text);
  }
  if (!isFree && signsIn(value, 0, value.length) & SIGN.separator)
    spotted.add(sureOnly(findCommand(text, name === 'accept-language')), place, value, text);
  else if (value.includes('`') || value.includes('$(') || value.includes('wget '))
    spotted.add(sureOnly(findCommand(text, true)), place, value, text);
  if (name === 'cmd' || name === 'x-cmd') spotted.add(findNamedCommand('cmd', text), place, value, text);
}

function sureOnly(found: Sighting | undefined): Sighting | undefined {
  return onlySure(found, true);
}

function readBody(request: HttpRequestFact, spotted: SpottedList): void {
  const { bodyStart, contentType } = request;
  const type = contentType.toLowerCase();
  const first = bodyStart.trimStart()[0] ?? '';
  if (bodyStart.includes('${') || bodyStart.includes('%24%7') || bodyStart.includes('\\u0024')) {
    readLookup(plainForm(bodyStart, type.includes('urlencoded')), 'body', bodyStart, spotted);
  }
  if (type.startsWith('multipart/')) readParts(bodyStart, spotted);
  else if (type.includes('json') || first === '{' || first === '[') readJson(bodyStart, spotted);
  else if (type.includes('xml') || first === '<') readMarkup(bodyStart, spotted);
  else if (type.includes('urlencoded') || (type === '' && bodyStart.includes('='))) {
    const origin: Origin = { place: 'form field', isPlusSpace: true, isBody: true, isStructured: false };
    eachPair(bodyStart, 0, (pair) => readPair(pair, origin, spotted));
  } else readOther(bodyStart, spotted);
  const query = request.uri.indexOf('?');
  const path = (query < 0 ? request.uri : request.uri.slice(0, query)).toLowerCase();
  if (isScriptPath(path)) readPlantedCall(bodyStart, spotted);
}

function readParts(body: string, spotted: SpottedList): void {
  const origin: Origin = { place: 'form field', isPlusSpace: false, isBody: true, isStructured: false };
  eachPart(body, ({ name, value, fileName }) => {
    if (fileName === undefined) readPair({ name, value }, origin, spotted);
    else {
      spotted.add(findUpload(fileName, value), `file ${fileName.slice(0, 64)}`, value, '');
      const text = fileName.toLowerCase();
      if (text.includes('..'))
        spotted.add(findTraversalInValue('file', text, plainForm(text, false)), 'file name', fileName, text);
    }
  });
}

function readJson(body: string, spotted: SpottedList): void {
  if (body.includes('"$')) spotted.add(findNosqlInJson(body.toLowerCase()), 'body', body, '');
  spotted.add(findTypedObject(body.toLowerCase()), 'body', body, '');
  const origin: Origin = { place: 'JSON member', isPlusSpace: false, isBody: true, isStructured: true };
  eachJsonText(body, (member) => readPair(member, origin, spotted));
}

function readMarkup(body: string, spotted: SpottedList): void {
  const text = body.toLowerCase();
  if (text.includes('<!entity') || text.includes('xi:include'))
    spotted.add(findExternalEntity(text), 'body', body, text);
  spotted.add(findTypedObject(text), 'body', body, text);
  if (text.startsWith('<?php') || text.startsWith('<?=')) spotted.add(findProgramCode(text), 'body', body, text);
  if (text.includes('`') || text.includes('$(') || text.includes(';'))
    spotted.add(sureOnly(findCommand(text, true)), 'body', body, text);
}

function readOther(body: string, spotted: SpottedList): void {
  const packed = findPackedBody(body);
  if (packed !== undefined) {
    spotted.add(packed, 'body', '', '');
    return;
  }
  const isText = (signsIn(body, 0, Math.min(body.length, 256)) & SIGN.binary) === 0;
  if (!isText) return;
  const { text } = plainForm(body, false);
  spotted.add(findCommand(text, isLong(text)), 'body', body, text);
  spotted.add(findTypedObject(text), 'body', body, text);
  if (!isLong(text)) spotted.add(withoutWeak(findProgramCode(text)), 'body', body, text);
}

/** What is sent to a planted page: code of its language, plain or in base64, as a form field. */
function readPlantedCall(body: string, spotted: SpottedList): void {
  eachPair(body, 0, ({ name, value }) => {
    const plain = plainForm(value, true);
    const isEncoded = plain.original.length >= 24 && isBase64(plain.original);
    const text = isEncoded ? decoded(plain.original) : plain.text;
    const found = findProgramCode(text);
    if (found?.certainty !== 'sure') return;
    const isCall =
      isEncoded || text.startsWith('@') || text.includes('eval(base64_decode(') || text.includes('frombase64string');
    if (isCall) {
      spotted.add(
        { attack: 'web-shell', certainty: 'sure', aim: 'runs code that comes with the request' },
        `form field ${name.slice(0, 48)}`,
        value,
        text,
      );
    }
  });
}

function isBase64(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    // Spaces were plus signs.
    if (!isLetter && !(code >= 0x2f && code <= 0x39) && code !== 0x2b && code !== 0x3d && code !== 0x20) return false;
  }
  return true;
}

function decoded(text: string): string {
  return Buffer.from(text.replaceAll(' ', '+'), 'base64').toString('latin1').toLowerCase();
}
