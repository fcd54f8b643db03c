/** Which sockets each program of this computer has: as the sensor of sockets told, and as long as the kernel lists them. */
import { readFileSync } from 'node:fs';
import type { HostEvent, HostEventOf, HostProcessWithParents } from '../../../../contract/events.ts';
import { formatAddress } from '../../runtime/address.ts';

export interface KnownSocket {
  readonly kind: 'connection' | 'listener';
  readonly protocol: 'tcp' | 'udp';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly direction: 'outbound' | 'inbound';
  readonly sinceMs: number;
  readonly pid: number;
  readonly startedMs?: number;
  /** Who listens; of connections it is not kept. */
  readonly process?: HostProcessWithParents;
}

/** Some 300 bytes each. */
const MAX_CONNECTIONS = 16_384;
const MAX_LISTENERS = 4_096;
const ANY_ADDRESS = /^(?:0\.0\.0\.0|::)$/;
const LOOPBACK = /^(?:127\.|::1$)/;

/** Whether others can reach what listens there, as far as the address tells. */
export function isOpenToOthers(address: string): boolean {
  return !LOOPBACK.test(address);
}

/** Keeps what events tell. Bounded; the oldest is forgotten first. */
export class ProcessSockets {
  readonly #connections = new Map<string, KnownSocket>();
  readonly #listeners = new Map<string, KnownSocket>();

  take(events: readonly HostEvent[]): void {
    for (const event of events) {
      if (event.type === 'network-connection') this.#connected(event);
      else if (event.type === 'listener-opened') this.#listens(event);
      else if (event.type === 'listener-closed') this.#listeners.delete(listenerKey(event));
    }
  }

  get listeners(): readonly KnownSocket[] {
    return [...this.#listeners.values()];
  }

  /** Forgets what the kernel lists no longer. @param open keys of `openConnections`; left out: nobody knows */
  keep(open: ReadonlySet<string> | undefined): void {
    if (open === undefined) return;
    for (const key of this.#connections.keys()) if (!open.has(key)) this.#connections.delete(key);
  }

  /** By number of the process. */
  byProcess(): ReadonlyMap<number, readonly KnownSocket[]> {
    const found = new Map<number, KnownSocket[]>();
    for (const socket of [...this.#listeners.values(), ...this.#connections.values()]) {
      const known = found.get(socket.pid);
      if (known === undefined) found.set(socket.pid, [socket]);
      else known.push(socket);
    }
    return found;
  }

  #connected(event: HostEventOf<'network-connection'>): void {
    const { process, protocol, localAddress, localPort, remoteAddress, remotePort, networkNamespace } = event;
    // Of another network the kernel's list here says nothing.
    if (process === undefined || networkNamespace !== undefined || (protocol !== 'tcp' && protocol !== 'udp')) return;
    const ends = { protocol, localAddress, localPort, remoteAddress, remotePort } as const;
    remember(
      this.#connections,
      connectionKey(ends),
      { ...ends, kind: 'connection', direction: event.direction, sinceMs: event.timeMs, ...nameOf(process) },
      MAX_CONNECTIONS,
    );
  }

  #listens(event: HostEventOf<'listener-opened'>): void {
    const { process, protocol, address, port, timeMs } = event;
    remember(
      this.#listeners,
      listenerKey(event),
      {
        kind: 'listener',
        protocol,
        localAddress: address,
        localPort: port,
        remoteAddress: '',
        remotePort: 0,
        direction: 'inbound',
        sinceMs: timeMs,
        ...(process === undefined ? { pid: 0 } : { ...nameOf(process), process }),
      },
      MAX_LISTENERS,
    );
  }
}

function nameOf({ pid, startedMs }: HostProcessWithParents): Pick<KnownSocket, 'pid' | 'startedMs'> {
  return { pid, ...(startedMs !== undefined && { startedMs }) };
}

function listenerKey(event: HostEventOf<'listener-opened'> | HostEventOf<'listener-closed'>): string {
  return `${event.protocol} ${event.address} ${event.port} ${event.networkNamespace ?? ''}`;
}

type Ends = Pick<KnownSocket, 'protocol' | 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>;

/** A socket of UDP that is bound to any address has none of its own in the list. */
function connectionKey({ protocol, localAddress, localPort, remoteAddress, remotePort }: Ends): string {
  const local = ANY_ADDRESS.test(localAddress) ? '' : localAddress;
  return protocol === 'udp' ? `udp ${localPort}` : `${protocol} ${local} ${localPort} ${remoteAddress} ${remotePort}`;
}

function remember<T>(map: Map<string, T>, key: string, value: T, capacity: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > capacity) map.delete(map.keys().next().value!);
}

/** States of TCP in which nobody has the socket any more: TIME_WAIT and NEW_SYN_RECV. */
const NOBODYS: ReadonlySet<string> = new Set(['06', '0C']);
const LISTED = [
  ['tcp', 'tcp'],
  ['tcp', 'tcp6'],
  ['udp', 'udp'],
  ['udp', 'udp6'],
] as const;

/** Keys of the connections that the kernel has now in this network; undefined where it does not say. proc_net(5). */
export function openConnections(folder = '/proc/net'): ReadonlySet<string> | undefined {
  const open = new Set<string>();
  try {
    for (const [protocol, name] of LISTED) {
      for (const line of readFileSync(`${folder}/${name}`, 'latin1').split('\n').slice(1)) {
        const [, local, remote, state] = line.trim().split(/\s+/, 4);
        if (local === undefined || remote === undefined || state === undefined || NOBODYS.has(state)) continue;
        const [localAddress, localPort] = endOf(local);
        const [remoteAddress, remotePort] = endOf(remote);
        open.add(connectionKey({ protocol, localAddress, localPort, remoteAddress, remotePort }));
      }
    }
    return open;
  } catch {
    return undefined;
  }
}

/** "0100007F:1F90": 32-bit words in the order of the machine's bytes, and the port. */
function endOf(text: string): readonly [string, number] {
  const [words = '', port = ''] = text.split(':');
  const bytes = Buffer.from(words, 'hex');
  const word = (at: number): number => bytes.readUInt32LE(at);
  const address =
    bytes.length === 4 ? formatAddress(0, 0, IPV4_MAPPED, word(0)) : formatAddress(word(0), word(4), word(8), word(12));
  return [address, Number.parseInt(port, 16)];
}

const IPV4_MAPPED = 0xffff;
