/**
 * What a browser tells about where a request comes from, judged before anything else looks at it. Pure.
 *
 * A page of somebody else's may make a browser send requests here, and may point a name of its own at this computer
 * (DNS rebinding). So the name that was asked for must be one of ours, and a request that comes from a page must come
 * from a page of ours: `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch Metadata). A port is part of an origin but
 * not of a site, and cookies know neither: another program's page on 127.0.0.1 is a stranger here.
 */
import type { Failure } from '../../../contract/domain.ts';

/** What is looked at of a request. Header names are in small letters. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly isUpgrade: boolean;
  /** The address of this computer that the connection came to; empty where it is not known. */
  readonly localAddress: string;
}

/** Where the console can be asked for. */
export interface Place {
  readonly scheme: 'http' | 'https';
  /** Values of `Host` that are ours, in small letters. */
  readonly hosts: ReadonlySet<string>;
  readonly port: number;
}

const WRONG_HOST: Failure = {
  code: 'wrong-host',
  message: 'This name is not one of the console’s.',
  hint: 'Use the address that "holdfast serve" prints, or add the name to http.hostNames.',
};

const FORBIDDEN_ORIGIN: Failure = {
  code: 'forbidden-origin',
  message: 'A page of another origin asks, and is not answered.',
  hint: 'Programs use a token and send no Origin; pages of other origins cannot use this interface.',
};

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];
const DEFAULT_PORTS: Readonly<Record<Place['scheme'], number>> = { http: 80, https: 443 };

/** The values of `Host` under which a server at this address may be asked. @param names from the settings */
export function ownHosts(
  scheme: Place['scheme'],
  address: string,
  port: number,
  names: readonly string[],
): ReadonlySet<string> {
  const literal = address.includes(':') ? `[${address}]` : address;
  const hosts = new Set<string>();
  for (const name of [...LOOPBACK_NAMES, literal.toLowerCase(), ...names]) {
    // A name with a port of its own stands behind something that forwards to us.
    if (/[^:\]]:\d+$/.test(name)) hosts.add(name);
    else hosts.add(`${name}:${port}`);
    if (port === DEFAULT_PORTS[scheme]) hosts.add(name);
  }
  return hosts;
}

/**
 * The value of `Host`, in small letters, where it is one of ours: a known name, or the very address that the
 * connection came to, which no name can be pointed at in its stead.
 */
export function ownHostOf({ headers, localAddress }: Asked, { hosts, port }: Place): string | undefined {
  const host = one(headers.host)?.toLowerCase();
  if (host === undefined) return undefined;
  const address = localAddress.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  const isAddress = address !== '' && host === `${address.includes(':') ? `[${address}]` : address}:${port}`;
  return isAddress || hosts.has(host) ? host : undefined;
}

/** Undefined when the request may go on. */
export function judge(asked: Asked, place: Place): Failure | undefined {
  const { headers, method } = asked;
  const host = ownHostOf(asked, place);
  if (host === undefined) return WRONG_HOST;
  const origin = headers.origin === undefined ? undefined : (one(headers.origin) ?? '');
  if (origin !== undefined && origin !== `${place.scheme}://${host}`) return FORBIDDEN_ORIGIN;
  const site = one(headers['sec-fetch-site']);
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined;
  // A link that leads here from elsewhere is followed; what it shows stays in its own window.
  return SAFE_METHODS.has(method) && !asked.isUpgrade && isNavigation(headers) ? undefined : FORBIDDEN_ORIGIN;
}

/** Whether a request that a cookie speaks for was made by a page of ours: only then may it change anything. */
export function isFromOwnPage({ headers, method, isUpgrade }: Asked): boolean {
  // Browsers send Origin with everything but GET and HEAD, and with every WebSocket; `judge` has compared it.
  return headers.origin !== undefined || (SAFE_METHODS.has(method) && !isUpgrade);
}

/** Whether a program on this computer asks, by a loopback name and with nobody in between. */
export function isLocal(asked: Asked, remoteAddress: string): boolean {
  const { headers } = asked;
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
  const name = one(headers.host)?.toLowerCase().replace(/:\d+$/, '') ?? '';
  return !isForwarded && isLoopbackAddress(remoteAddress) && LOOPBACK_NAMES.includes(name);
}

/** 127.0.0.0/8 and ::1 (RFC 6890), also as IPv4 in IPv6. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(address);
}

function isNavigation(headers: Asked['headers']): boolean {
  return one(headers['sec-fetch-mode']) === 'navigate' && one(headers['sec-fetch-dest']) === 'document';
}

/** A header that came twice is as good as a wrong one. */
function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
