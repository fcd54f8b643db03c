import { fromBase64 } from '../base64-text.ts';
import { latin1, NO_BYTES } from '../bytes.ts';
import { headerParameter, percentDecoded } from '../file/name.ts';
import { ntlmMessage } from '../ntlm.ts';
import type { Headers } from './headers.ts';
import { isPasswordName, isUserName, nextMember } from './secrets.ts';
import { xmlRpcUser } from './xml-rpc.ts';

/** Somebody logs in over HTTP. The secret is read by nobody. */
export interface LoginAttempt {
  /** "basic", "digest", "ntlm", "negotiate", "bearer", "form". */
  readonly method: string;
  readonly user: string;
  readonly domain: string;
  readonly host: string;
  readonly isCleartext: boolean;
  /** False for a step on the way, whose refusal is no failure. */
  readonly isComplete: boolean;
}

/** What an answer looks like to whoever logs in. */
export interface LoginAnswer {
  readonly status: number;
  readonly location: string;
  /** The beginning of the page. */
  readonly body: string;
}

const NO_DETAILS = { domain: '', host: '' } as const;
const MAX_FORM_PARTS = 64;

/** What the Authorization or Proxy-Authorization field says (RFC 9110 11.4); undefined without one. */
export function headerLogin(headers: Headers): LoginAttempt | undefined {
  const value = headers.get('authorization') || headers.get('proxy-authorization');
  if (value === '') return undefined;
  const space = value.indexOf(' ');
  const scheme = (space < 0 ? value : value.slice(0, space)).toLowerCase();
  const rest = space < 0 ? '' : value.slice(space + 1);
  switch (scheme) {
    case 'basic': {
      const text = latin1(fromBase64(rest) ?? NO_BYTES);
      const colon = text.indexOf(':');
      // Without a colon (RFC 7617 2) it is nobody's name, and may be a key.
      const user = colon < 0 ? '' : text.slice(0, colon);
      return { method: 'basic', user, ...NO_DETAILS, isCleartext: true, isComplete: true };
    }
    case 'digest': {
      // The parameters of RFC 7616 3.4 are separated by commas.
      const user = headerParameter(`;${rest.replaceAll(',', ';')}`, 'username');
      return { method: 'digest', user, ...NO_DETAILS, isCleartext: false, isComplete: true };
    }
    case 'ntlm':
    case 'negotiate':
      return ticketLogin(scheme, rest);
    case 'bearer':
      return { method: 'bearer', user: '', ...NO_DETAILS, isCleartext: true, isComplete: true };
    default:
      return undefined;
  }
}

function ticketLogin(scheme: string, text: string): LoginAttempt {
  const message = ntlmMessage(fromBase64(text) ?? NO_BYTES);
  if (message?.kind !== 'authenticate') {
    // A ticket of Kerberos says nothing that could be read; a first message of NTLM asks for the challenge.
    const isComplete = message === undefined && scheme === 'negotiate';
    return { method: scheme, user: '', ...NO_DETAILS, isCleartext: false, isComplete };
  }
  const { user, domain, host } = message;
  return { method: 'ntlm', user, domain, host, isCleartext: false, isComplete: true };
}

/**
 * A form, JSON text or call of XML-RPC that has both a user and a password (also in the query of a GET); undefined without.
 * @param body as it is on the wire, as far as it is known
 */
export function formLogin(method: string, uri: string, contentType: string, body: string): LoginAttempt | undefined {
  const query = uri.indexOf('?');
  if (query < 0 && body === '') return undefined;
  if (isXml(contentType, body)) {
    const caller = xmlRpcUser(body);
    if (caller !== undefined)
      return { method: 'form', user: caller, ...NO_DETAILS, isCleartext: true, isComplete: true };
  }
  const fields = [...pairsOf(query < 0 ? '' : uri.slice(query + 1))];
  if (method === 'POST' || method === 'PUT') fields.push(...bodyFields(contentType, body));
  let user: string | undefined;
  let hasPassword = false;
  for (const [name, value] of fields) {
    if (isPasswordName(name)) hasPassword ||= value !== '';
    else if (user === undefined && isUserName(name)) user = value;
  }
  if (user === undefined || !hasPassword) return undefined;
  return { method: 'form', user, ...NO_DETAILS, isCleartext: true, isComplete: true };
}

function isXml(contentType: string, body: string): boolean {
  return contentType.includes('xml') || body.startsWith('<');
}

function bodyFields(contentType: string, body: string): Iterable<readonly [name: string, value: string]> {
  if (contentType.includes('json') || body.trimStart()[0] === '{') return jsonMembers(body);
  return contentType.startsWith('application/x-www-form-urlencoded') || contentType === '' ? pairsOf(body) : [];
}

function* pairsOf(text: string): Generator<readonly [name: string, value: string]> {
  if (text === '') return;
  for (const part of text.split('&', MAX_FORM_PARTS)) {
    const equals = part.indexOf('=');
    if (equals > 0) yield [part.slice(0, equals), percentDecoded(part.slice(equals + 1).replaceAll('+', ' '))];
  }
}

function* jsonMembers(text: string): Generator<readonly [name: string, value: string]> {
  let at = 0;
  for (let count = 0; count < MAX_FORM_PARTS; count++) {
    const member = nextMember(text, at);
    if (member === undefined) return;
    yield [text.slice(member.nameStart, member.nameEnd), text.slice(member.valueStart, member.valueEnd)];
    at = member.valueEnd + 1;
  }
}

/** Words on a page, or in the address of one, that turn a login down. */
const REFUSALS = [
  'incorrect',
  'invalid',
  'failed',
  'failure',
  'wrong',
  'denied',
  'unauthorized',
  'try again',
  'bad cred',
];
const LOGIN_PAGES = ['login', 'signin', 'sign-in', 'log-in'];
const FAILURE_WORDS = ['error', 'fail', 'denied', 'invalid'];
/** What a service that speaks JSON or XML-RPC gives to those whom it lets in. */
const GRANTS = [
  '<name>isadmin</name>',
  '"token"',
  '"access_token"',
  '"success":true',
  '"success": true',
  '"authenticated":true',
];

/**
 * What became of a login. Status codes tell for those of the protocol. Forms have no standard: 4xx refuses; a
 * redirect elsewhere than to the login page accepts; a page with words of refusal refuses; all else says nothing.
 */
export function loginOutcome(
  attempt: LoginAttempt,
  uri: string,
  answer: LoginAnswer,
): 'attempt' | 'success' | 'failure' | undefined {
  const { status } = answer;
  if (status === 401 || status === 407) return attempt.isComplete ? 'failure' : undefined;
  if (attempt.method !== 'form') {
    if (!attempt.isComplete) return undefined;
    if (status === 403) return 'failure';
    return status >= 200 && status < 400 ? 'success' : 'attempt';
  }
  if (status === 403 || status === 422 || status === 400) return 'failure';
  if (status >= 300 && status < 400) return redirectOutcome(uri, answer.location);
  const page = answer.body.toLowerCase();
  if (REFUSALS.some((word) => page.includes(word))) return 'failure';
  return status === 200 && GRANTS.some((word) => page.includes(word)) ? 'success' : 'attempt';
}

function redirectOutcome(uri: string, location: string): 'attempt' | 'success' | 'failure' {
  const target = pathOf(location).toLowerCase();
  if (location === '') return 'attempt';
  if (target === pathOf(uri).toLowerCase()) return 'failure';
  const isRefused =
    LOGIN_PAGES.some((page) => target.includes(page)) ||
    FAILURE_WORDS.some((word) => location.toLowerCase().includes(word));
  return isRefused ? 'failure' : 'success';
}

function pathOf(uri: string): string {
  const scheme = uri.indexOf('://');
  const slash = scheme < 0 ? 0 : uri.indexOf('/', scheme + 3);
  const path = slash < 0 ? '/' : uri.slice(slash);
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}
