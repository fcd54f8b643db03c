/** What a request of HTTP shows of the one who asks. */
import type { HttpRequestFact } from '../../../../contract/facts.ts';
import { type BeaconCall, callableName, type Destination, markBits } from './call.ts';

/** The part of a request that counts here; logs have it too. */
export interface HttpCallFacts {
  readonly method: string;
  readonly host: string;
  readonly hostPort: number;
  readonly uri: string;
  readonly userAgent: string;
  readonly referrer: string;
  readonly contentType: string;
  readonly contentLength: number;
  /** Left out where a log does not say. */
  readonly headers?: HttpRequestFact['headers'];
  readonly index: number;
  readonly isUsualPort: boolean;
}

/** Longest path that is told apart from others. */
const MAX_PATH = 64;
const HTTP_PORT = 80;

/** Libraries, command line tools and script engines, as they name themselves where nobody changes it. */
const LIBRARY_AGENTS = [
  'curl/',
  'wget/',
  'python',
  'aiohttp/',
  'go-http-client',
  'java/',
  'apache-httpclient',
  'okhttp/',
  'libwww-perl',
  'lwp',
  'ruby',
  'node',
  'axios/',
  'undici',
  'php',
  'guzzlehttp',
  'rust',
  'reqwest',
  'hyper/',
  'dart/',
  'winhttp',
  'httpie/',
  'powershell',
  'nim',
];
/** Says PowerShell in the middle of a browser's name. */
const DISGUISED_LIBRARY = 'windowspowershell';

/** Whether a request asks about certificates: whoever meets one asks, as often as it is met (RFC 6960). */
export function isCertificateCheck(request: HttpCallFacts): boolean {
  return request.contentType === 'application/ocsp-request';
}

/** "GET /news.php": the query and what follows is different each time. */
export function requestShape(method: string, uri: string): string {
  const scheme = uri.indexOf('://');
  const start = scheme > 0 && scheme < 8 ? Math.max(uri.indexOf('/', scheme + 3), 0) : 0;
  let end = Math.min(uri.length, start + MAX_PATH);
  for (const stop of ['?', ';', '#']) {
    const place = uri.indexOf(stop, start);
    if (place >= 0 && place < end) end = place;
  }
  return `${method} ${uri.slice(start, end)}`;
}

/** Whom a request is for. What goes through a proxy is for who stands in the request, at an address that nobody sees. */
export function httpDestination(client: string, server: string, port: number, request: HttpCallFacts): Destination {
  const isTunnel = request.method === 'CONNECT';
  const isProxied = isTunnel || request.uri.startsWith('http://');
  const said = request.hostPort > 0 ? request.hostPort : HTTP_PORT;
  return {
    client,
    server,
    name: isProxied ? callableName(request.host) || request.host : callableName(request.host),
    port: isProxied ? said : port,
    channel: isTunnel ? 'tls' : 'http',
    isProxied,
  };
}

export function httpCall(destination: Destination, timeUs: number, request: HttpCallFacts): BeaconCall {
  const sent = request.uri.length + Math.max(request.contentLength, 0);
  return {
    destination,
    timeUs,
    shape: requestShape(request.method, request.uri),
    agent: request.userAgent,
    marks: httpMarks(request),
    sentBytes: sent,
    answeredBytes: -1,
  };
}

const POST = markBits('post');
const BROWSER = markBits('browser-agent');
const LIBRARY = markBits('library-agent');
const NO_MANNERS = markBits('no-manners');
const REFERRED = markBits('referred');
const UNUSUAL_PORT = markBits('unusual-port');
const NEW_CONNECTION = markBits('new-connection');

function httpMarks(request: HttpCallFacts): number {
  let marks = agentMark(request.userAgent);
  if (request.method === 'POST' || request.method === 'PUT') marks |= POST;
  if (request.referrer !== '') marks |= REFERRED;
  if (!request.isUsualPort) marks |= UNUSUAL_PORT;
  if (request.index === 0) marks |= NEW_CONNECTION;
  if (request.headers !== undefined && !hasManners(request.headers)) marks |= NO_MANNERS;
  return marks;
}

function agentMark(userAgent: string): number {
  const agent = userAgent.slice(0, 200).toLowerCase();
  if (agent === '' || agent === '-' || agent.includes(DISGUISED_LIBRARY)) return LIBRARY;
  if (agent.startsWith('mozilla/') || agent.startsWith('opera/')) return BROWSER;
  return LIBRARY_AGENTS.some((name) => agent.startsWith(name)) ? LIBRARY : 0;
}

/** Every browser says which languages its user reads (RFC 9110 12.5.4). */
function hasManners(headers: HttpRequestFact['headers']): boolean {
  return headers.some(([name]) => name === 'accept-language');
}
