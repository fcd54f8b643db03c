import type { FlowView, TrafficObserver } from '../../../contract/traffic.ts';

const INITIAL_ENTRIES = 1 << 13;
/** 64-bit fingerprints: two different hosts among a million share one with a probability of 3 in 100 million. */
const FIRST_MULTIPLIERS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;
const SECOND_MULTIPLIERS = [0x165667b1, 0x2c1b3c6d, 0x297a2d39, 0x1b873593] as const;

/** Counts the different addresses that took part in flows, exactly up to a limit. */
export class HostCounter implements TrafficObserver {
  readonly #limit: number;
  #entries = new Int32Array(INITIAL_ENTRIES * 2);
  #mask = INITIAL_ENTRIES - 1;
  #size = 0;
  #isFull = false;
  /** All zero is no responder yet: "::" is not counted when it comes first, and is no host. */
  readonly #lastResponder = new Int32Array(4);

  /** @param limit count stops here; 16 bytes of memory for each host counted, at the most. */
  constructor(limit = 4_000_000) {
    this.#limit = limit;
  }

  /** How many different hosts there were; when `isAtLeast`, there may have been more. */
  get size(): number {
    return this.#size;
  }

  get isAtLeast(): boolean {
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
    const first = mix(w0, w1, w2, w3, FIRST_MULTIPLIERS);
    // Zero marks an empty entry.
    const second = mix(w0, w1, w2, w3, SECOND_MULTIPLIERS) || 1;
    const entries = this.#entries;
    let i = first & this.#mask;
    while (entries[2 * i + 1] !== 0) {
      if (entries[2 * i] === first && entries[2 * i + 1] === second) return;
      i = (i + 1) & this.#mask;
    }
    if (this.#size >= this.#limit) {
      this.#isFull = true;
      return;
    }
    entries[2 * i] = first;
    entries[2 * i + 1] = second;
    this.#size++;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  #grow(): void {
    const old = this.#entries;
    this.#entries = new Int32Array(old.length * 2);
    this.#mask = this.#entries.length / 2 - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let at = old[i] & this.#mask;
      while (this.#entries[2 * at + 1] !== 0) at = (at + 1) & this.#mask;
      this.#entries[2 * at] = old[i];
      this.#entries[2 * at + 1] = old[i + 1];
    }
  }
}

function mix(w0: number, w1: number, w2: number, w3: number, m: readonly number[]): number {
  let hash = Math.imul(w3 ^ (w3 >>> 16), m[0]);
  hash = Math.imul(hash ^ (hash >>> 15) ^ w2, m[1]);
  hash = Math.imul(hash ^ (hash >>> 13) ^ w1, m[2]);
  hash = Math.imul(hash ^ (hash >>> 16) ^ w0, m[3]);
  return hash ^ (hash >>> 15);
}
