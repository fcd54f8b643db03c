import type { HttpRequestFact } from '../../../../contract/facts.ts';
import { readBody } from './body-reader.ts';
import { findScript } from './markup.ts';
import { findTraversalInPath } from './paths.ts';
import { plainForm } from './plain-form.ts';
import { findPlacement } from './planted-scripts.ts';
import { findInvocation, findPhpOptions, findProgramCode, findShellshock } from './program-code.ts';
import { eachCookie, eachPair } from './request-values.ts';
import { findCommand, findNamedCommand } from './shell-commands.ts';
import { SIGN, signsIn } from './signs.ts';
import { type Spotted, SpottedList } from './spotted.ts';
import { findSqlInjection } from './sql-injection.ts';
import { COMMAND_SIGNS, onlySure, readLookup, readPair, SCRIPT_SIGNS, withoutWeak } from './value-reader.ts';

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
    spotted.add(onlySure(findCommand(text, name === 'accept-language'), true), place, value, text);
  else if (value.includes('`') || value.includes('$(') || value.includes('wget '))
    spotted.add(onlySure(findCommand(text, true), true), place, value, text);
  if (name === 'cmd' || name === 'x-cmd') spotted.add(findNamedCommand('cmd', text), place, value, text);
}
