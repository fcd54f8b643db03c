/** Conversations as every tool has them: what two endpoints sent each other over one protocol. */
import { formatAddress, parseAddress } from '../../runtime/address.ts';

/** What one side sent. */
export interface Sent {
  readonly packets: number;
  /** Bytes of its frames on the wire. */
  readonly wireBytes: number;
  /** Bytes of transport payload. */
  readonly payloadBytes: number;
  /** Bytes of its IP packets, headers included. */
  readonly ipBytes: number;
}

export type Measure = keyof Sent;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface Conversation {
  readonly protocol: number;
  /** Who began it, as far as the tool knows. */
  readonly initiator: Endpoint;
  readonly responder: Endpoint;
  readonly fromInitiator: Sent;
  readonly fromResponder: Sent;
  /** Some of its datagrams came in fragments: tools differ in which of the frames they count. */
  readonly hasFragments?: boolean;
}

/** A conversation in its capture. */
export interface Placed extends Conversation {
  /** Path relative to the test data. */
  readonly capture: string;
}

/** Only these have ports; what tools write there for others (ICMP types, identifiers) is no part of the key. */
const WITH_PORTS: ReadonlySet<number> = new Set([6, 17, 132]);

/** An endpoint with its address in the one spelling of RFC 5952. */
export function endpointOf(protocol: number, address: string, port: number): Endpoint {
  const words = parseAddress(address);
  if (!words) throw new Error(`not an address: ${address}`);
  return { address: formatAddress(...words), port: WITH_PORTS.has(protocol) ? port : 0 };
}

/** What one side sent; what a tool does not count stays 0. */
export function sent(packets: number, rest: Partial<Omit<Sent, 'packets'>> = {}): Sent {
  return { packets, wireBytes: 0, payloadBytes: 0, ipBytes: 0, ...rest };
}

/** The conversations of one capture or of many; what has the same five-tuple in the same capture is summed up. */
export class Conversations {
  readonly #byKey = new Map<string, Placed>();

  /** The first one added of a five-tuple says who the initiator is. */
  add(capture: string, added: Conversation): void {
    const ends = [added.initiator, added.responder].map((end) => `${end.address} ${end.port}`).sort();
    const key = `${capture} protocol ${added.protocol} ${ends.join(' - ')}`;
    const known = this.#byKey.get(key);
    const isSameWay = known === undefined || isSameEndpoint(known.initiator, added.initiator);
    this.#byKey.set(key, {
      capture,
      protocol: added.protocol,
      initiator: known?.initiator ?? added.initiator,
      responder: known?.responder ?? added.responder,
      fromInitiator: sum(known?.fromInitiator, isSameWay ? added.fromInitiator : added.fromResponder),
      fromResponder: sum(known?.fromResponder, isSameWay ? added.fromResponder : added.fromInitiator),
      hasFragments: known?.hasFragments || added.hasFragments,
    });
  }

  get(key: string): Placed | undefined {
    return this.#byKey.get(key);
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }
}

export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.address === b.address && a.port === b.port;
}

function sum(total: Sent | undefined, part: Sent): Sent {
  if (!total) return part;
  return {
    packets: total.packets + part.packets,
    wireBytes: total.wireBytes + part.wireBytes,
    payloadBytes: total.payloadBytes + part.payloadBytes,
    ipBytes: total.ipBytes + part.ipBytes,
  };
}
