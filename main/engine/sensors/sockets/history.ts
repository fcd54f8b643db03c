/**
 * From what the helper says of sockets to events of the host: which connections begin, which ports are waited on, by
 * whom. Knows nothing of how the records came.
 */
import type { HostEvent, HostEventOf, HostProcessWithParents } from '../../../../contract/events.ts';
import { knownProcess, type ProcessKnowledge } from '../told-process.ts';
import type { SocketGreeting, SocketOwner, SocketRecord } from './records.ts';

/** Ports that are waited on at once; a workstation has some fifty. Beyond it the oldest is forgotten. */
export const MAX_LISTENERS = 8_192;
const PROTOCOLS: ReadonlyMap<number, HostEventOf<'network-connection'>['protocol']> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmp'],
]);
const ANY_ADDRESS: readonly string[] = ['0.0.0.0', '::'];

interface Listener {
  readonly network: number;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Sockets of this address and port: several may share it (SO_REUSEPORT). */
  readonly inodes: Set<number>;
  process: HostProcessWithParents | undefined;
  isTold: boolean;
  /** The run of the helper that spoke of it last. */
  run: number;
}

export class SocketHistory {
  readonly #knowledge: ProcessKnowledge;
  readonly #listeners = new Map<string, Listener>();
  #bootMs = 0;
  #network = 0;
  #run = 0;
  #attributed = 0;
  #unattributed = 0;

  constructor(knowledge: ProcessKnowledge = {}) {
    this.#knowledge = knowledge;
  }

  /** Connections whose program is known. */
  get attributed(): number {
    return this.#attributed;
  }

  /** Connections whose program could not be found out. */
  get unattributed(): number {
    return this.#unattributed;
  }

  /** Ports that are waited on. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** A run of the helper begins: it tells anew what there is. */
  begin({ bootMs, network }: Pick<SocketGreeting, 'bootMs' | 'network'>): void {
    if (this.#bootMs === 0) this.#bootMs = Math.round(bootMs);
    this.#network = network;
    this.#run++;
  }

  /** All that was there has been told: what an earlier run knew and this one did not meet has been closed meanwhile. */
  listed(timeMs: number): HostEvent[] {
    const events: HostEvent[] = [];
    for (const [key, listener] of this.#listeners) {
      if (listener.run === this.#run || listener.network !== this.#network) continue;
      this.#listeners.delete(key);
      if (listener.isTold) events.push(this.#listenerEvent('listener-closed', listener, timeMs));
    }
    return events;
  }

  /** Takes in at once what decides about others: who waits on what. True: `tell` is to be called when the owner is known. */
  note(record: SocketRecord): boolean {
    if (record.kind !== 'listen' && record.kind !== 'found-listener') return true;
    const protocol = PROTOCOLS.get(record.protocol);
    // A port of another namespace that was chosen after the kernel told of the socket.
    if (record.localPort === 0 || (protocol !== 'tcp' && protocol !== 'udp')) return false;
    const { network, localAddress: address, localPort: port } = record;
    const key = keyOf(record);
    const known = this.#listeners.get(key);
    if (known !== undefined) {
      const isNew = known.run !== this.#run && !known.isTold;
      known.run = this.#run;
      known.inodes.add(record.inode);
      return isNew || known.process === undefined;
    }
    if (this.#listeners.size >= MAX_LISTENERS) {
      const oldest = this.#listeners.keys().next();
      if (!oldest.done) this.#listeners.delete(oldest.value);
    }
    const inodes = new Set([record.inode]);
    this.#listeners.set(key, {
      network,
      protocol,
      address,
      port,
      inodes,
      process: undefined,
      isTold: false,
      run: this.#run,
    });
    return true;
  }

  /** What a record means. `owner`: who has the socket, where the record did not say it itself. */
  tell(record: SocketRecord, owner: SocketOwner | undefined = record.owner): HostEvent[] {
    switch (record.kind) {
      case 'listen':
      case 'found-listener':
        return this.#opened(record, owner);
      case 'unlisten':
        return this.#closed(record);
      default:
        return this.#connected(record, owner);
    }
  }

  #opened(record: SocketRecord, owner: SocketOwner | undefined): HostEvent[] {
    const listener = this.#listeners.get(keyOf(record));
    // Closed again before its owner was found.
    if (listener === undefined) return [];
    listener.process ??= this.#processOf(owner);
    if (listener.isTold) return [];
    listener.isTold = true;
    return [this.#listenerEvent('listener-opened', listener, record.timeMs)];
  }

  #closed(record: SocketRecord): HostEvent[] {
    const key = keyOf(record);
    const listener = this.#listeners.get(key);
    if (listener === undefined) return [];
    listener.inodes.delete(record.inode);
    if (listener.inodes.size > 0) return [];
    this.#listeners.delete(key);
    return listener.isTold ? [this.#listenerEvent('listener-closed', listener, record.timeMs)] : [];
  }

  #connected(record: SocketRecord, owner: SocketOwner | undefined): HostEvent[] {
    const { timeMs, localAddress, localPort, remoteAddress, remotePort } = record;
    const direction = this.#directionOf(record);
    // What nobody has taken on yet, or nobody any more, is for whoever waits on its port.
    const process = this.#processOf(owner) ?? (direction === 'inbound' ? this.#listenerOf(record)?.process : undefined);
    if (process === undefined) this.#unattributed++;
    else this.#attributed++;
    return [
      {
        type: 'network-connection',
        timeMs,
        direction,
        protocol: PROTOCOLS.get(record.protocol) ?? 'other',
        localAddress,
        localPort,
        remoteAddress,
        remotePort,
        ...(process !== undefined && { process }),
        ...this.#networkOf(record.network),
      },
    ];
  }

  #directionOf(record: SocketRecord): 'inbound' | 'outbound' {
    if (record.kind === 'accept') return 'inbound';
    if (record.kind === 'connect') return 'outbound';
    // Of two ends the one with the higher port asks; a socket whose port was not asked for can only have begun.
    if (record.kind === 'send') return record.isBound && record.remotePort > record.localPort ? 'inbound' : 'outbound';
    return this.#listenerOf(record) === undefined ? 'outbound' : 'inbound';
  }

  #listenerOf({ network, protocol, localAddress, localPort }: SocketRecord): Listener | undefined {
    for (const address of [localAddress, ...ANY_ADDRESS]) {
      const listener = this.#listeners.get(`${network} ${protocol} ${address} ${localPort}`);
      if (listener !== undefined) return listener;
    }
    return undefined;
  }

  #listenerEvent(
    type: 'listener-opened' | 'listener-closed',
    { protocol, address, port, process, network }: Listener,
    timeMs: number,
  ): HostEvent {
    return {
      type,
      timeMs,
      protocol,
      address,
      port,
      ...(process !== undefined && { process }),
      ...this.#networkOf(network),
    };
  }

  #networkOf(network: number): { networkNamespace?: number } {
    return network === this.#network || network === 0 ? {} : { networkNamespace: network };
  }

  #processOf(owner: SocketOwner | undefined): HostProcessWithParents | undefined {
    return owner === undefined ? undefined : knownProcess(owner, this.#bootMs, this.#knowledge);
  }
}

function keyOf({ network, protocol, localAddress, localPort }: SocketRecord): string {
  return `${network} ${protocol} ${localAddress} ${localPort}`;
}
