/**
 * Which program has a flow: what the sensor of sockets tells of connections and of ports that are waited on, kept for the
 * flows that the capture tells of. The engine calls `take(events)` with what the host tells, `attach(flows)` before ended
 * flows are stored, and `programOf(flow)` for open ones.
 */
import type { Flow, FlowProgram } from '../../../../contract/api-flows.ts';
import type { HealthEntry } from '../../../../contract/domain.ts';
import type { HostEvent, HostEventOf, HostProcess } from '../../../../contract/events.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';

/** The ends of a flow; addresses in their canonical form. */
export interface FlowEnds {
  /** IP protocol number. */
  readonly protocol: number;
  readonly initiator: string;
  readonly initiatorPort: number;
  readonly responder: string;
  readonly responderPort: number;
}

export interface FlowProgramsOptions {
  /** Addresses of this computer. Asked at most once in OWN_ADDRESSES_MS. */
  ownAddresses(): ReadonlySet<string>;
  /** Why programs are not watched; empty when they are. */
  obstacle(): string;
  /** Milliseconds that only go up. */
  monotonicMs(): number;
}

/** Connections remembered; about 300 bytes each. A workstation makes some ten thousand a day. */
export const MAX_CONNECTIONS = 32_768;
export const MAX_LISTENERS = 8_192;
/** A new address of this computer is known after so long. */
const OWN_ADDRESSES_MS = 5_000;
const ANY_ADDRESSES: readonly string[] = ['0.0.0.0', '::'];
const LOOPBACK = /^(?:127\.|::1$)/;
/** Names as they are in events. */
const PROTOCOLS: ReadonlyMap<number, 'tcp' | 'udp' | 'icmp'> = new Map([
  [PROTOCOL.tcp, 'tcp'],
  [PROTOCOL.udp, 'udp'],
  [PROTOCOL.icmp, 'icmp'],
  [PROTOCOL.icmpv6, 'icmp'],
]);

type Connection = HostEventOf<'network-connection'>;
type ListenerEvent = HostEventOf<'listener-opened'> | HostEventOf<'listener-closed'>;

/** One end of a conversation on this computer, and who is at the other. */
interface Ends {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
}

export class FlowPrograms {
  readonly #options: FlowProgramsOptions;
  /** The one used longest ago first. */
  readonly #connections = new Map<string, FlowProgram>();
  readonly #listeners = new Map<string, FlowProgram>();
  #own: ReadonlySet<string> = new Set();
  #ownMs = Number.NEGATIVE_INFINITY;

  constructor(options: FlowProgramsOptions) {
    this.#options = options;
  }

  /** Conversations whose program is known. */
  get size(): number {
    return this.#connections.size;
  }

  /** What happened on the host; of other kinds than connections and listeners nothing is kept. */
  take(events: readonly HostEvent[]): void {
    for (const event of events) {
      if (event.type === 'network-connection') this.#connected(event);
      else if (event.type === 'listener-opened' || event.type === 'listener-closed') this.#listens(event);
    }
  }

  /** The program on this computer that has the flow: the initiator's where both are. Undefined: not known. */
  programOf(flow: FlowEnds): FlowProgram | undefined {
    const protocol = PROTOCOLS.get(flow.protocol);
    if (protocol === undefined) return undefined;
    const ends: readonly Ends[] = [
      endsOf(protocol, flow.initiator, flow.initiatorPort, flow.responder, flow.responderPort),
      endsOf(protocol, flow.responder, flow.responderPort, flow.initiator, flow.initiatorPort),
    ];
    for (const end of ends) {
      const program = this.#connectionOf(end);
      if (program !== undefined) return program;
    }
    // Waiting for others is what the responder does; over UDP its answers may be met first.
    const waiting = protocol === 'udp' ? [ends[1], ends[0]] : [ends[1]];
    for (const end of waiting) {
      const program = this.#listenerOf(end);
      if (program !== undefined) return program;
    }
    return undefined;
  }

  /** The same flows, each with its program where that is known. */
  attach<T extends FlowEnds>(flows: readonly T[]): readonly (T & { readonly program?: FlowProgram })[] {
    return flows.map((flow) => {
      const program = this.programOf(flow);
      return program === undefined ? flow : { ...flow, program };
    });
  }

  /** In words, why a flow has no program. */
  whyUnknown({ initiator, responder, startMs }: Pick<Flow, 'initiator' | 'responder' | 'startMs'>): string {
    const own = this.#ownAddresses();
    const isOwn = [initiator, responder].some((address) => own.has(address) || LOOPBACK.test(address));
    if (!isOwn) return 'Neither end is this computer: which program another one runs cannot be seen from here.';
    const obstacle = this.#options.obstacle();
    if (obstacle !== '') return obstacle;
    return (
      `No program was seen with this conversation of ${new Date(startMs).toISOString()}: it belongs to the kernel itself or ` +
      'to a container behind this computer, or it was over before Holdfast watched sockets.'
    );
  }

  #connected(event: Connection): void {
    const { process, protocol, networkNamespace } = event;
    if (process === undefined || protocol === 'other') return;
    // In another namespace these are somebody else's.
    if (networkNamespace !== undefined && LOOPBACK.test(event.localAddress)) return;
    const ends = endsOf(protocol, event.localAddress, event.localPort, event.remoteAddress, event.remotePort);
    const isAnywhere = ANY_ADDRESSES.includes(ends.local);
    if (isAnywhere && networkNamespace !== undefined) return;
    remember(this.#connections, keyOf(isAnywhere ? { ...ends, local: '' } : ends), programOf(process), MAX_CONNECTIONS);
  }

  #listens(event: ListenerEvent): void {
    const { type, protocol, address, port, process, networkNamespace } = event;
    const isEverywhere = ANY_ADDRESSES.includes(address);
    if (networkNamespace !== undefined && (isEverywhere || LOOPBACK.test(address))) return;
    const key = `${protocol} ${isEverywhere ? '' : address} ${port}`;
    if (type === 'listener-closed') this.#listeners.delete(key);
    else if (process !== undefined) remember(this.#listeners, key, programOf(process), MAX_LISTENERS);
  }

  #connectionOf(ends: Ends): FlowProgram | undefined {
    for (const key of [keyOf(ends), keyOf({ ...ends, local: '' })]) {
      const program = this.#connections.get(key);
      if (program === undefined) continue;
      remember(this.#connections, key, program, MAX_CONNECTIONS);
      return program;
    }
    return undefined;
  }

  #listenerOf({ protocol, local, localPort }: Ends): FlowProgram | undefined {
    const exact = this.#listeners.get(`${protocol} ${local} ${localPort}`);
    if (exact !== undefined) return exact;
    const everywhere = this.#listeners.get(`${protocol}  ${localPort}`);
    // Another computer may have the same port open.
    const isOwn = everywhere !== undefined && (LOOPBACK.test(local) || this.#ownAddresses().has(local));
    return isOwn ? everywhere : undefined;
  }

  #ownAddresses(): ReadonlySet<string> {
    const nowMs = this.#options.monotonicMs();
    if (nowMs - this.#ownMs >= OWN_ADDRESSES_MS) {
      this.#ownMs = nowMs;
      this.#own = this.#options.ownAddresses();
    }
    return this.#own;
  }
}

/** Why the sensor of sockets tells nothing, with what helps, from what Health says of it; empty when it works. */
export function socketObstacle(health: readonly Pick<HealthEntry, 'part' | 'state' | 'detail' | 'hint'>[]): string {
  const entry = health.find(({ part }) => part === 'sockets');
  if (entry === undefined) return 'Sockets are not watched: the sensors of this computer do not run at the moment.';
  return entry.state === 'ok' || entry.state === 'degraded' ? '' : `${entry.detail} ${entry.hint ?? ''}`.trim();
}

/** Of ICMP the two numbers of a flow are its type and code, which its socket does not have. */
function endsOf(
  protocol: Ends['protocol'],
  local: string,
  localPort: number,
  remote: string,
  remotePort: number,
): Ends {
  return protocol === 'icmp'
    ? { protocol, local, localPort: 0, remote, remotePort: 0 }
    : { protocol, local, localPort, remote, remotePort };
}

function keyOf({ protocol, local, localPort, remote, remotePort }: Ends): string {
  return `${protocol} ${local} ${localPort} ${remote} ${remotePort}`;
}

/** Puts an entry last, and removes the first where there are too many. */
function remember<T>(map: Map<string, T>, key: string, value: T, capacity: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= capacity) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** The kernel's own threads have no executable; they are named as ps(1) names them. */
function programOf({ pid, image, name, user }: HostProcess): FlowProgram {
  return { path: image === '' ? `[${name ?? 'not known'}]` : image, pid, ...(user !== undefined && { user }) };
}
