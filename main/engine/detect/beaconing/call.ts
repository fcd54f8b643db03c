/** One host calls one destination, once. Made of packets, and of logs where there are no packets. */
import { parseAddress } from '../../runtime/address.ts';

/** How a call is made. `tcp` and `udp` where nobody knows the protocol. */
export type Channel = 'http' | 'tls' | 'quic' | 'dns' | 'tcp' | 'udp';

/** What a call may show of the one who calls. A pair counts how many of its calls show each. */
export const CALL_MARKS = [
  /** HTTP: it sends something. */
  'post',
  /** HTTP: it says that it is a browser. */
  'browser-agent',
  /** HTTP: it says that it is a programmer's library or tool, or says nothing. */
  'library-agent',
  /** HTTP: it asks without what every browser sends along. */
  'no-manners',
  /** HTTP: a page led to it. */
  'referred',
  /** HTTP and TLS where the port is that of something else. */
  'unusual-port',
  /** It begins a connection, and does not go on with one. */
  'new-connection',
  /** Nobody took the call. */
  'refused',
  /** A few bytes in a connection that is open anyway. */
  'keep-alive',
  /** TLS: a hello as browsers send it (RFC 8701), or as they do not. */
  'browser-hello',
  'library-hello',
  /** DNS: the name below the domain looks like data. */
  'encoded-name',
  /** DNS: it asks for records that hold text or bytes. */
  'data-record',
] as const;
export type CallMark = (typeof CALL_MARKS)[number];

const BITS = new Map(CALL_MARKS.map((mark, index) => [mark, 1 << index]));

/** Marks as bits, so that a call costs no list. */
export function markBits(...marks: readonly CallMark[]): number {
  return marks.reduce((bits, mark) => bits | BITS.get(mark)!, 0);
}

export interface Destination {
  /** Address of the host that calls. */
  readonly client: string;
  /** Address that is called; of a proxy where there is one. */
  readonly server: string;
  /** Name by which it is called, lower case; empty where it is called by its address. For DNS the registered domain. */
  readonly name: string;
  readonly port: number;
  readonly channel: Channel;
  /** The server only passes on. */
  readonly isProxied: boolean;
}

export interface BeaconCall {
  readonly destination: Destination;
  /** Microseconds since the epoch. */
  readonly timeUs: number;
  /** What is asked for, without what changes: "GET /news.php". Empty where nobody can see. */
  readonly shape: string;
  /** User agent of HTTP; empty elsewhere. */
  readonly agent: string;
  /** See markBits. */
  readonly marks: number;
  /** −1 where it is not known. */
  readonly sentBytes: number;
  readonly answeredBytes: number;
}

/** One pair of host and destination. Addresses of one name are one destination; those without a name are themselves. */
export function pairKey(destination: Destination): string {
  const { client, server, name, port, channel } = destination;
  return `${client}>${name === '' ? server : name}:${port}/${channel}`;
}

/** A name as it is compared: lower case, no dot at the end; empty for an address, which is no name. */
export function callableName(text: string): string {
  if (text === '' || parseAddress(text) !== null) return '';
  return (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
}

/** A connection of which no more is known than its ends, as logs tell. */
export interface Connection {
  readonly timeUs: number;
  readonly client: string;
  readonly server: string;
  readonly port: number;
  readonly channel: Channel;
  /** By which it was called; an address or nothing where there is no name. */
  readonly name: string;
  /** Whether the port is one where the protocol is usual. */
  readonly isUsualPort: boolean;
  /** An attempt that was refused or not answered. */
  readonly isRefused?: boolean;
  /** −1 where it is not known. */
  readonly sentBytes: number;
  readonly answeredBytes: number;
}

export function connectionCall(connection: Connection): BeaconCall {
  const { timeUs, client, server, port, channel, name, isUsualPort, isRefused, sentBytes, answeredBytes } = connection;
  return {
    destination: { client, server, name: callableName(name), port, channel, isProxied: false },
    timeUs,
    shape: '',
    agent: '',
    marks: NEW_CONNECTION | (isUsualPort ? 0 : UNUSUAL_PORT) | (isRefused === true ? REFUSED : 0),
    sentBytes,
    answeredBytes,
  };
}

const NEW_CONNECTION = markBits('new-connection');
const UNUSUAL_PORT = markBits('unusual-port');
const REFUSED = markBits('refused');
