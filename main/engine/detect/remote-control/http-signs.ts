import type { HttpRequestFact, HttpResponseFact } from '../../../../contract/facts.ts';
import { parseAddress } from '../../runtime/address.ts';
import type { SignId } from './signs.ts';
import {
  decoded,
  hasEncodedQuery,
  hasStagerSum,
  isEncoded,
  isEncodedForm,
  isHostReport,
  isOpaque,
  isRandomWord,
  isTasking,
  lastName,
} from './text-shape.ts';

/** A sign with what was seen. */
export type Seen = readonly [sign: SignId, value: string | number];

/** Where a request goes. */
export interface HttpPlace {
  readonly port: number;
  readonly isUsualPort: boolean;
  readonly isInside: boolean;
  /** The server has given cookies out, so that one that comes back is its own. */
  readonly hasSetCookie: boolean;
}

/** Ports at which everybody speaks TLS. */
const TLS_PORTS: ReadonlySet<number> = new Set([443, 8443, 9443]);
const SCRIPT_AGENTS =
  /^(curl|wget|python|go-http-client|powershell|winhttp|libwww-perl|okhttp|java|ruby|node|axios|reqwest|ureq|certutil|microsoft bits)|windowspowershell/i;
/** A cookie of so many characters is no session id: an encrypted block of RSA-1024 has 172 in base64. */
const LONG_COOKIE = 120;
const LEAST_COOKIE = 20;

/**
 * Signs in the path alone. A word list has many such by chance: they say something only where the server does not refuse
 * the request.
 */
const BY_CHANCE: ReadonlySet<SignId> = new Set(['checksum-path', 'random-path']);

export function isByChance([sign]: Seen): boolean {
  return BY_CHANCE.has(sign);
}

export function requestSigns(request: HttpRequestFact, place: HttpPlace): Seen[] {
  const seen: Seen[] = [];
  const names = new Set(request.headers.map(([name]) => name));
  addPlace(seen, request, place);
  const takesLanguage = names.has('accept-language');
  const takesEncoding = names.has('accept-encoding');
  // A real browser, with pages whose forms and cookies may hold anything.
  if (takesLanguage && takesEncoding) return seen;
  const { userAgent, method, uri } = request;
  if (userAgent.startsWith('Mozilla/') && !takesLanguage && !takesEncoding) {
    seen.push(['fake-browser', userAgent]);
  } else if (userAgent === '' || SCRIPT_AGENTS.test(userAgent)) {
    seen.push(['script-agent', userAgent || 'nothing said']);
  }
  addCookie(seen, request, place);
  const name = lastName(uri);
  if (method === 'GET' && hasStagerSum(uri)) seen.push(['checksum-path', uri]);
  if (isRandomWord(name)) seen.push([method === 'POST' ? 'random-post' : 'random-path', uri]);
  if (hasEncodedQuery(uri)) seen.push(['encoded-query', uri]);
  if (method === 'POST' || method === 'PUT') addBody(seen, request);
  return seen;
}

function addPlace(seen: Seen[], { host }: HttpRequestFact, place: HttpPlace): void {
  if (host === '' || parseAddress(host) !== null) {
    seen.push([place.isInside ? 'local-address' : 'raw-address', host || 'no host said']);
  }
  if (TLS_PORTS.has(place.port)) seen.push(['clear-web', place.port]);
  else if (!place.isUsualPort) seen.push(['odd-port', place.port]);
}

function addCookie(seen: Seen[], { cookieShape }: HttpRequestFact, { hasSetCookie }: HttpPlace): void {
  if (cookieShape === undefined || hasSetCookie) return;
  const colon = cookieShape.indexOf(':');
  const length = Number(cookieShape.slice(colon + 1));
  const form = cookieShape.slice(0, colon);
  const told = `${length} characters of ${form}`;
  if (length >= LONG_COOKIE) seen.push(['long-token-cookie', told]);
  else if (form === 'base64' && length >= LEAST_COOKIE) seen.push(['token-cookie', told]);
}

/** Types that say what the body is; of these nothing is expected to be readable. */
const BINARY_TYPES =
  /^(image|audio|video|font)\/|protobuf|grpc|ocsp|timestamp|msgpack|zip|gzip|pdf|x-7z|tar|cab|ipp|wbxml|sync/;

/** What an implant has to say fits; larger is a file that is carried away, which is told by itself. */
const MESSAGE_BYTES = 1_048_576;

function addBody(seen: Seen[], request: HttpRequestFact): void {
  const { bodyStart } = request;
  if (bodyStart === '' || request.contentLength > MESSAGE_BYTES) return;
  const type = request.contentType.toLowerCase();
  if (isHostReport(decoded(bodyStart))) seen.push(['host-report', 'account, computer and process']);
  if (isEncoded(bodyStart) || (!type.startsWith('multipart') && isEncodedForm(bodyStart))) {
    seen.push(['encoded-post', `${request.contentLength} B to ${request.uri}`]);
  } else if (isOpaque(bodyStart) && !isPacked(request)) {
    const isHonest = type.startsWith('application/octet-stream') || BINARY_TYPES.test(type);
    if (!isHonest && !type.startsWith('multipart')) seen.push(['opaque-post', type || 'no type said']);
    else if (!BINARY_TYPES.test(type)) seen.push(['opaque-octets', `${request.contentLength} B to ${request.uri}`]);
  }
}

function isPacked({ headers }: HttpRequestFact | HttpResponseFact): boolean {
  return headers.some(([name, value]) => name === 'content-encoding' && value !== 'identity');
}

/** Pictures, archives and programs whose type is named wrong are still what they are. */
const FILE_BEGINNINGS: readonly string[] = [
  '\u0089PNG',
  'GIF8',
  '\u00ff\u00d8\u00ff',
  'PK\u0003',
  '\u001f\u008b',
  '%PDF',
  'MZ',
  '\u007fELF',
  'RIFF',
  'CWS',
  'FWS',
  'ZWS',
  'wOF',
  'Rar!',
  '\u0000\u0000\u0001\u0000',
];
/** An answer of so many bytes may be a program. */
const STAGE_BYTES = 40_000;

export function responseSigns(response: HttpResponseFact): Seen[] {
  const { bodyStart, contentType, status } = response;
  if (status !== 200 || bodyStart === '') return [];
  const seen: Seen[] = [];
  const type = contentType.toLowerCase();
  const isText = type.startsWith('text/') || type === '';
  if (isOpaque(bodyStart)) {
    const isNamedWrong =
      isText && type !== '' && !isPacked(response) && !FILE_BEGINNINGS.some((start) => bodyStart.startsWith(start));
    if (isNamedWrong) seen.push(['disguised-answer', contentType]);
    else if (response.contentLength >= STAGE_BYTES && type.startsWith('application/octet-stream')) {
      seen.push(['web-stage', `${response.contentLength} B`]);
    }
    return seen;
  }
  if (isText && isEncoded(bodyStart)) seen.push(['encoded-answer', contentType || 'no type said']);
  if (isTasking(decoded(bodyStart))) seen.push(['orders-in-answer', 'tasks and a time to sleep']);
  return seen;
}
