import type { FlowView, TrafficInterest, TrafficObserver } from '../../../contract/traffic.ts';
import { ANALYSIS_HASH_SEED, hashAddress } from '../runtime/address.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DistinctCounters } from '../runtime/counters.ts';

/** Counted one by one up to here: beyond any network that one capture shows, unless senders are made up. */
const EXACT_HOSTS = 65_536;
/** Beyond it, HyperLogLog with 2^14 registers: right within about 1 %, in 16 kB that stay in the cache. */
const REGISTER_BITS = 14;

/** Counts the different addresses that took part in flows: exactly up to EXACT_HOSTS, nearly beyond. */
export class HostCounter implements TrafficObserver {
  readonly interest: TrafficInterest = { tcpBytes: false };
  readonly #exact = new AddressTable(EXACT_HOSTS);
  readonly #nearly = new DistinctCounters(1, REGISTER_BITS);
  #isFull = false;
  /** All zero is no responder yet: "::" is not counted when it comes first, and is no host. */
  readonly #lastResponder = new Int32Array(4);

  /** How many different hosts there were; nearly, when `isEstimate`. */
  get size(): number {
    return this.#isFull ? Math.max(EXACT_HOSTS, this.#nearly.estimate(0)) : this.#exact.size;
  }

  get isEstimate(): boolean {
    return this.#isFull;
  }

  flowStart(flow: FlowView): void {
    const { responder0, responder1, responder2, responder3 } = flow;
    this.#add(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    // Scans and floods go on and on about one host.
    const last = this.#lastResponder;
    if (last[3] === responder3 && last[2] === responder2 && last[1] === responder1 && last[0] === responder0) return;
    last[0] = responder0;
    last[1] = responder1;
    last[2] = responder2;
    last[3] = responder3;
    this.#add(responder0, responder1, responder2, responder3);
  }

  #add(w0: number, w1: number, w2: number, w3: number): void {
    this.#nearly.add(0, hashAddress(w0, w1, w2, w3, ANALYSIS_HASH_SEED));
    if (this.#isFull) return;
    if (this.#exact.size < EXACT_HOSTS) this.#exact.findOrInsert(w0, w1, w2, w3);
    else if (this.#exact.find(w0, w1, w2, w3) < 0) this.#isFull = true;
  }
}
