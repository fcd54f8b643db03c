import type { InterfaceCounters } from '../../sensors/index.ts';
import type { TrafficMinute } from '../../store/index.ts';

/** What the capture says of an interface: totals since the engine began to watch it. */
export interface WatchedInterface {
  readonly name: string;
  readonly state: string;
  readonly received: number;
  readonly dropped: number;
}

const MINUTE_MS = 60_000;
/** Looks further apart than this have a time between them in which nothing was watched. */
const LONGEST_GAP_MS = 10_000;

interface Pair {
  readonly first: number;
  readonly second: number;
}

type Totals = ReadonlyMap<string, Pair>;
const NOTHING: Pair = { first: 0, second: 0 };

/**
 * Adds up the traffic of the present minute from totals that are looked at once a second. Bytes in and out are the
 * kernel's counts of the watched interfaces, which are exact whether or not a packet was lost on the way to us; an
 * interface on top of another one (a bridge, a VPN) counts the same bytes again when both are watched.
 */
export class MinuteTally {
  readonly #onMinute: (minute: TrafficMinute) => void;
  #minute: TrafficMinute | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #packets: Totals = new Map();
  #bytes: Totals = new Map();

  /** @param onMinute told of every minute that is over and in which something was watched */
  constructor(onMinute: (minute: TrafficMinute) => void) {
    this.#onMinute = onMinute;
  }

  /** @param nowMs wall clock; `monotonicMs` never jumps. */
  look(
    nowMs: number,
    monotonicMs: number,
    interfaces: readonly WatchedInterface[],
    counters: ReadonlyMap<string, InterfaceCounters>,
  ): void {
    const elapsedMs = monotonicMs - this.#lastMs;
    this.#lastMs = monotonicMs;
    const up = interfaces.filter(({ state }) => state === 'up');
    const packets: Totals = new Map(up.map(({ name, received, dropped }) => [name, pair(received, dropped)]));
    const bytes: Totals = new Map(
      [...counters].map(([name, { receivedBytes, sentBytes }]) => [name, pair(receivedBytes, sentBytes)]),
    );
    let [received, dropped, receivedBytes, sentBytes] = [0, 0, 0, 0];
    for (const { name } of up) {
      // The capture's totals begin at 0 when it begins to watch; the kernel's have a past that is not ours.
      const ofCapture = growth(packets.get(name), this.#packets.get(name), NOTHING);
      const ofKernel = growth(bytes.get(name), this.#bytes.get(name), undefined);
      received += ofCapture.first;
      dropped += ofCapture.second;
      receivedBytes += ofKernel.first;
      sentBytes += ofKernel.second;
    }
    this.#packets = packets;
    this.#bytes = bytes;
    if (up.length === 0 || elapsedMs > LONGEST_GAP_MS) return;
    const startMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    if (this.#minute !== undefined && this.#minute.startMs !== startMs) this.flush();
    const sum = this.#minute ?? { startMs, receivedBytes: 0, sentBytes: 0, packets: 0, dropped: 0, watchedSeconds: 0 };
    this.#minute = {
      startMs,
      receivedBytes: sum.receivedBytes + receivedBytes,
      sentBytes: sum.sentBytes + sentBytes,
      packets: sum.packets + received,
      dropped: sum.dropped + dropped,
      watchedSeconds: sum.watchedSeconds + elapsedMs / 1_000,
    };
  }

  /** The present minute so far. */
  present(): TrafficMinute | undefined {
    return this.#minute;
  }

  /** Hands on what there is: at the end of a minute and of the watching. */
  flush(): void {
    const minute = this.#minute;
    this.#minute = undefined;
    if (minute !== undefined) this.#onMinute(minute);
  }
}

function pair(first: number, second: number): Pair {
  return { first, second };
}

/** How much totals have grown since `before`; since `beginning` when they are new or began again. */
function growth(now: Pair | undefined, before: Pair | undefined, beginning: Pair | undefined): Pair {
  const isContinued = now && before && now.first >= before.first && now.second >= before.second;
  const from = isContinued ? before : beginning;
  return now && from ? pair(now.first - from.first, now.second - from.second) : NOTHING;
}
