import { type BeaconCall, pairKey } from './call.ts';
import { CallPair } from './pair.ts';
import { RecentMap } from './recent-map.ts';
import { BURST_SECONDS } from './score.ts';

/** Most pairs that are measured, and most of one host: whoever calls the whole world pushes out only its own. */
export const MAX_PAIRS = 4_096;
export const MAX_PAIRS_OF_ONE = 512;
/** Pairs that called once, and that called twice or three times: most of them never call again. */
export const MAX_CALLED_ONCE = 16_384;
export const MAX_CALLED_AGAIN = 8_192;
/** A pair is worth its memory from this call on. */
const CALLS_FOR_A_PLACE = 4;
/** Hosts of one destination that are told apart. */
const MAX_CROWD = 8;
const MAX_DESTINATIONS = 8_192;

const BURST_US = BURST_SECONDS * 1e6;

/** Who calls whom, and when. Bounded whatever comes: see the constants above. */
export class CallBook {
  /** Time of the only call. */
  readonly #once = new RecentMap<number>(MAX_CALLED_ONCE);
  /** Times of two or three calls. */
  readonly #again = new RecentMap<number[]>(MAX_CALLED_AGAIN);
  readonly #pairs = new Map<string, CallPair>();
  /** By host, the least recently used pair first. */
  readonly #ofClient = new Map<string, Map<string, CallPair>>();
  readonly #crowds = new RecentMap<string[]>(MAX_DESTINATIONS);

  get size(): number {
    return this.#pairs.size;
  }

  pairs(): IterableIterator<CallPair> {
    return this.#pairs.values();
  }

  find(key: string): CallPair | undefined {
    return this.#pairs.get(key);
  }

  pairsOf(client: string): Iterable<CallPair> {
    return this.#ofClient.get(client)?.values() ?? [];
  }

  /** How many hosts call a name, up to MAX_CROWD. */
  crowd(name: string): number {
    return this.#crowds.get(name)?.length ?? 0;
  }

  clear(): void {
    this.#once.clear();
    this.#again.clear();
    this.#pairs.clear();
    this.#ofClient.clear();
    this.#crowds.clear();
  }

  /** Takes a call in; the pair that it belongs to, once that has called often enough. */
  add(call: BeaconCall): CallPair | undefined {
    const key = pairKey(call.destination);
    if (call.destination.name !== '') this.#joinCrowd(call.destination.name, call.destination.client);
    const known = this.#pairs.get(key);
    if (known !== undefined) {
      const isNew = Math.abs(call.timeUs - known.lastUs) >= BURST_US;
      known.add(call, isNew);
      const mine = this.#ofClient.get(call.destination.client);
      mine?.delete(key);
      mine?.set(key, known);
      return known;
    }
    const times = this.#timesBefore(key, call.timeUs);
    if (times === undefined) return undefined;
    const pair = new CallPair(call.destination, times[0]!);
    for (const time of times) pair.addTime(time);
    pair.add(call, true);
    this.#place(key, pair);
    return pair;
  }

  /** The earlier calls of a pair that this one earns a place; else the call is only noted. */
  #timesBefore(key: string, timeUs: number): number[] | undefined {
    const times = this.#again.get(key);
    if (times !== undefined) {
      if (timeUs - times.at(-1)! < BURST_US) return undefined;
      if (times.length + 1 < CALLS_FOR_A_PLACE) {
        times.push(timeUs);
        return undefined;
      }
      this.#again.delete(key);
      return times;
    }
    const first = this.#once.get(key);
    if (first === undefined) {
      this.#once.set(key, timeUs);
    } else if (timeUs - first >= BURST_US) {
      this.#once.delete(key);
      this.#again.set(key, [first, timeUs]);
    }
    return undefined;
  }

  #place(key: string, pair: CallPair): void {
    const { client } = pair.destination;
    const mine = this.#ofClient.get(client) ?? new Map<string, CallPair>();
    if (mine.size >= MAX_PAIRS_OF_ONE) this.#dropOldest(client, mine);
    else if (this.#pairs.size >= MAX_PAIRS) this.#dropOfBusiest();
    this.#ofClient.set(client, mine);
    mine.set(key, pair);
    this.#pairs.set(key, pair);
  }

  /** The host with the most pairs gives one. */
  #dropOfBusiest(): void {
    let busiest = '';
    let most: Map<string, CallPair> | undefined;
    for (const [client, pairs] of this.#ofClient) {
      if (pairs.size <= (most?.size ?? 0)) continue;
      busiest = client;
      most = pairs;
    }
    if (most !== undefined) this.#dropOldest(busiest, most);
  }

  #dropOldest(client: string, pairs: Map<string, CallPair>): void {
    const oldest = pairs.keys().next();
    if (oldest.done) return;
    pairs.delete(oldest.value);
    this.#pairs.delete(oldest.value);
    if (pairs.size === 0) this.#ofClient.delete(client);
  }

  #joinCrowd(name: string, client: string): void {
    const crowd = this.#crowds.getOrInsert(name, () => []);
    if (crowd.length < MAX_CROWD && !crowd.includes(client)) crowd.push(client);
  }
}
