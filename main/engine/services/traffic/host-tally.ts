import { SERVICES } from '../../../../contract/traffic.ts';
import type { RecordedFlow } from '../../network/index.ts';
import { isBroadcast, isMulticast, isUnspecified, parseAddress } from '../../runtime/address.ts';
import type { Draft } from '../../runtime/draft.ts';
import type { HostTally } from '../../store/index.ts';

/** What is known of a flow that matters for its hosts. */
export type HostFlow = Pick<
  RecordedFlow,
  | 'firstUs'
  | 'lastUs'
  | 'initiator'
  | 'responder'
  | 'initiatorPackets'
  | 'responderPackets'
  | 'initiatorBytes'
  | 'responderBytes'
  | 'service'
>;

type Sums = Draft<HostTally>;

const HOUR_MS = 3_600_000;
const MICROSECONDS = 1_000;
/** Hosts that wait to be written, some 3 MB; those that never proved to be there get a share of it. */
const MAX_WAITING = 10_000;
const MAX_UNPROVEN = 1_000;

/**
 * Adds up what hosts did, from ended flows.
 *
 * A forged sender costs an attacker nothing, so hosts come in two kinds, and the forged cannot displace the real. A
 * host is *proven* when it did what only one can do who gets our packets: it is this computer; or it answered; or it
 * began and went on after it was answered. The others are remembered as well, but have a tenth of the room, here and in the
 * store, and displace only one another.
 */
export class HostTallies {
  readonly #proven = new Map<string, Sums>();
  readonly #unproven = new Map<string, Sums>();
  /** Flows' ends that there was no room for. */
  leftOut = 0;

  get size(): number {
    return this.#proven.size + this.#unproven.size;
  }

  /** @param own the addresses of this computer */
  add(flow: HostFlow, own: ReadonlySet<string>): void {
    const isAnswered = flow.responderPackets > 0;
    const isInitiatorProven = own.has(flow.initiator) || (isAnswered && flow.initiatorPackets > 1);
    const isResponderProven = own.has(flow.responder) || (isAnswered && isInitiatorProven);
    this.#count(flow.initiator, flow, flow.initiatorBytes, flow.responderBytes, isInitiatorProven);
    this.#count(flow.responder, flow, flow.responderBytes, flow.initiatorBytes, isResponderProven);
  }

  /** What has been added since the last call. */
  take(): HostTally[] {
    const tallies = [...this.#proven.values(), ...this.#unproven.values()];
    this.#proven.clear();
    this.#unproven.clear();
    return tallies;
  }

  #count(address: string, flow: HostFlow, sentBytes: number, receivedBytes: number, isProven: boolean): void {
    const lastSeenMs = flow.lastUs / MICROSECONDS;
    const hourMs = Math.floor(lastSeenMs / HOUR_MS) * HOUR_MS;
    const key = `${hourMs} ${address}`;
    const sums = this.#proven.get(key) ?? this.#unproven.get(key) ?? this.#begin(key, address, hourMs, isProven);
    if (sums === undefined) return;
    if (isProven && !sums.isProven) {
      sums.isProven = true;
      this.#unproven.delete(key);
      this.#proven.set(key, sums);
    }
    sums.firstSeenMs = Math.min(sums.firstSeenMs, flow.firstUs / MICROSECONDS);
    sums.lastSeenMs = Math.max(sums.lastSeenMs, lastSeenMs);
    sums.sentBytes += sentBytes;
    sums.receivedBytes += receivedBytes;
    sums.flows++;
    const service = SERVICES.indexOf(flow.service);
    if (service > 0) sums.services |= 1 << service;
  }

  #begin(key: string, address: string, hourMs: number, isProven: boolean): Sums | undefined {
    if (!isHost(address)) return undefined;
    const kind = isProven ? this.#proven : this.#unproven;
    if (kind.size >= (isProven ? MAX_WAITING : MAX_UNPROVEN)) {
      this.leftOut++;
      return undefined;
    }
    const sums = {
      address,
      hourMs,
      firstSeenMs: Number.POSITIVE_INFINITY,
      lastSeenMs: 0,
      sentBytes: 0,
      receivedBytes: 0,
      flows: 0,
      services: 0,
      isProven,
    };
    kind.set(key, sums);
    return sums;
  }
}

/** Groups and everybody are no hosts. */
function isHost(address: string): boolean {
  const words = parseAddress(address);
  return words !== null && !isMulticast(...words) && !isBroadcast(...words) && !isUnspecified(...words);
}

/** The names in a set of bits, in the order of SERVICES. */
export function servicesOf(bits: number): string[] {
  return SERVICES.filter((_, index) => (bits & (1 << index)) !== 0);
}
