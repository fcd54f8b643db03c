import type { InterfaceStatus, Status, Traffic } from '../../../../contract/api-schemas.ts';
import type { InterfaceState } from '../../sensors/index.ts';
import type { TrafficSnapshot } from './traffic-messages.ts';

/** Points of the history: a minute. */
const HISTORY_POINTS = 60;
const MS_PER_SECOND = 1_000;

/** An interface's totals at a moment, and its rates up to there. */
interface Measured {
  readonly timeMs: number;
  readonly packets: number;
  readonly bytes: number;
  readonly packetsPerSecond: number;
  readonly bytesPerSecond: number;
}

function perSecond(later: number, earlier: number, seconds: number): number {
  return seconds > 0 ? Math.max(0, later - earlier) / seconds : 0;
}

/** Turns the snapshots of the traffic thread, which are totals, into rates and a history. */
export class LiveView {
  #latest: TrafficSnapshot | undefined;
  #previous: TrafficSnapshot | undefined;
  readonly #history: { packets: number; bytes: number }[] = [];
  #interfaces = new Map<string, Measured>();

  /** To be called once a second with the newest totals. */
  add(snapshot: TrafficSnapshot, interfaces: readonly InterfaceState[]): void {
    this.#previous = this.#latest;
    this.#latest = snapshot;
    const packets = snapshot.packets - (this.#previous?.packets ?? 0);
    const bytes = snapshot.bytes - (this.#previous?.bytes ?? 0);
    this.#history.push({ packets: Math.max(0, packets), bytes: Math.max(0, bytes) });
    if (this.#history.length > HISTORY_POINTS) this.#history.shift();
    this.#measureInterfaces(snapshot.timeMs, interfaces);
  }

  /** Watching stopped: what was measured is not of this moment any more. */
  clear(): void {
    this.#latest = undefined;
    this.#previous = undefined;
    this.#history.length = 0;
    this.#interfaces.clear();
  }

  #measureInterfaces(timeMs: number, interfaces: readonly InterfaceState[]): void {
    const measured = new Map<string, Measured>();
    for (const { name, received, bytes } of interfaces) {
      const before = this.#interfaces.get(name);
      const seconds = before ? (timeMs - before.timeMs) / MS_PER_SECOND : 0;
      measured.set(name, {
        timeMs,
        packets: received,
        bytes,
        packetsPerSecond: before ? perSecond(received, before.packets, seconds) : 0,
        bytesPerSecond: before ? perSecond(bytes, before.bytes, seconds) : 0,
      });
    }
    this.#interfaces = measured;
  }

  interfaceStatus(state: InterfaceState): InterfaceStatus {
    const rates = this.#interfaces.get(state.name);
    return {
      name: state.name,
      state: state.state,
      detail: state.detail,
      packetsPerSecond: rates?.packetsPerSecond ?? 0,
      bytesPerSecond: rates?.bytesPerSecond ?? 0,
      received: state.received,
      dropped: state.dropped,
      bytes: state.bytes,
    };
  }

  rates(): Status['traffic'] {
    const [latest, previous] = [this.#latest, this.#previous];
    if (!latest) return { packetsPerSecond: 0, bytesPerSecond: 0, openFlows: 0 };
    const seconds = previous ? (latest.timeMs - previous.timeMs) / MS_PER_SECOND : 0;
    return {
      packetsPerSecond: previous ? perSecond(latest.packets, previous.packets, seconds) : 0,
      bytesPerSecond: previous ? perSecond(latest.bytes, previous.bytes, seconds) : 0,
      openFlows: latest.openFlows,
    };
  }

  /** Before the first packet everything is empty and 0. */
  traffic(nowMs: number): Traffic {
    const latest = this.#latest;
    return {
      timeMs: latest?.timeMs ?? nowMs,
      ...this.rates(),
      history: [...this.#history],
      windowSeconds: latest?.windowSeconds ?? 0,
      talkers: (latest?.talkers ?? []).map((talker) => ({
        address: talker.address,
        sentBytes: Math.round(talker.sentBytes),
        receivedBytes: Math.round(talker.receivedBytes),
        packets: Math.round(talker.packets),
      })),
      protocols: (latest?.protocols ?? [])
        .map(({ name, flows, bytes }) => ({ name, flows: Math.round(flows), bytes: Math.round(bytes) }))
        .filter(({ bytes }) => bytes > 0),
      recentFlows: latest?.recentFlows ?? [],
    };
  }
}
