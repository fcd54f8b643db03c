import type { RecordedFlow } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { type InterfaceState, readInterfaceCounters, readOwnAddresses } from '../../sensors/index.ts';
import type { Store, TrafficMinute } from '../../store/index.ts';
import { HostTallies } from './host-tally.ts';
import { MinuteTally } from './minute-tally.ts';

export interface TrafficMemoryOptions {
  readonly clock: Clock;
  readonly health: HealthRegistry;
  store(): Store;
  /** Whose network namespace is watched; see `readInterfaceCounters`. */
  helperPid(): number | undefined;
}

/** How often hosts are written; what a crash costs. Addresses of this computer are looked up as often. */
const WRITE_MS = 60_000;
/** Written at once when so many wait. */
const MANY_HOSTS = 2_000;

/** Keeps the history of the traffic and the hosts: gathers by the second, writes by the minute. */
export class TrafficMemory {
  readonly #options: TrafficMemoryOptions;
  readonly #minutes: MinuteTally;
  readonly #hosts = new HostTallies();
  readonly #health: HealthPart;
  #own: ReadonlySet<string> = new Set();
  #helperPid: number | undefined;
  #timer: Timer | undefined;

  constructor(options: TrafficMemoryOptions) {
    this.#options = options;
    this.#minutes = new MinuteTally((minute) => options.store().addTrafficMinute(minute));
    this.#health = options.health.part('history', () => ({ waiting: this.#hosts.size, leftOut: this.#hosts.leftOut }));
  }

  start(): void {
    this.#timer = this.#options.clock.every(WRITE_MS, () => this.#write());
    this.#health.ok('Remembering traffic by the minute and hosts by the hour.');
  }

  /** Writes what there is. The store must still be open. */
  stop(): void {
    this.#timer?.cancel();
    this.#minutes.flush();
    this.#options.store().addHosts(this.#hosts.take());
    this.#health.off('Stopped.');
  }

  /** To be called once a second while the traffic is watched. */
  look(interfaces: readonly InterfaceState[]): void {
    const { clock } = this.#options;
    const pid = this.#options.helperPid();
    if (pid !== this.#helperPid || this.#own.size === 0) {
      this.#helperPid = pid;
      this.#own = readOwnAddresses(pid);
    }
    this.#minutes.look(clock.nowMs(), clock.monotonicMs(), interfaces, readInterfaceCounters(pid));
  }

  /** Ended flows. */
  add(flows: readonly RecordedFlow[]): void {
    for (const flow of flows) this.#hosts.add(flow, this.#own);
    if (this.#hosts.size >= MANY_HOSTS) this.writeHosts();
  }

  /** The minute that is not written yet. */
  presentMinute(): TrafficMinute | undefined {
    return this.#minutes.present();
  }

  /** Hands the hosts that wait to the store, so that a reader sees them. */
  writeHosts(): void {
    if (this.#hosts.size > 0) this.#options.store().addHosts(this.#hosts.take());
  }

  /** The addresses of this computer. */
  ownAddresses(): ReadonlySet<string> {
    return readOwnAddresses(this.#options.helperPid());
  }

  #write(): void {
    this.#own = readOwnAddresses(this.#options.helperPid());
    this.writeHosts();
  }
}
