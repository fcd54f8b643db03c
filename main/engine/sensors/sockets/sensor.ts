/**
 * Sockets as the engine sees them: keeps `sense sockets` running, finds out who has the sockets that it met in a list,
 * makes events, and says in Health by which method, how much is attributed, and what is lost.
 */
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { HealthRegistry } from '../../runtime/health.ts';
import type { SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH } from '../helper.ts';
import { HelperSensor, SENSOR_RIGHTS_HINT, type SensorState, type StreamDecoder } from '../helper-sensor.ts';
import { UserNames } from '../processes/users.ts';
import { SocketHistory } from './history.ts';
import { SocketOwners } from './owners.ts';
import {
  SOCKET_COUNTS,
  type SocketCount,
  type SocketCounts,
  type SocketGreeting,
  type SocketMethod,
  type SocketRecord,
  SocketRecordDecoder,
} from './records.ts';

export interface SocketSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** `best` is what else than a test wants. */
  readonly method?: 'best' | SocketMethod;
  /** The process that has this number now, with its parents: that of the process sensor. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  /** What happened. Called in the event loop, some hundred events at most at a time under load. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

const LISTS_HINT =
  'Complete are only kernels from 5.17 on with a helper that was built where clang, bpftool and libbpf-dev are installed, ' +
  'and that runs as root: install them and run "make -C native-helpers/sense".';

export class SocketSensor {
  readonly name = 'sockets';
  readonly #options: SocketSensorOptions;
  readonly #clock: Clock;
  readonly #helper: HelperSensor<SocketCount>;
  readonly #users: UserNames;
  readonly #owners: SocketOwners;
  readonly #history: SocketHistory;
  #greeting: SocketGreeting | undefined;
  #isStopping = false;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];
  #isReading = false;

  constructor(options: SocketSensorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#users = new UserNames(this.#clock);
    this.#owners = new SocketOwners({ clock: this.#clock });
    this.#history = new SocketHistory({
      processOf: (pid) => options.processOf?.(pid),
      userName: (uid) => this.#users.nameOf(uid),
    });
    this.#helper = new HelperSensor({
      helperPath: options.helperPath ?? DEFAULT_HELPER_PATH,
      health: options.health,
      clock: options.clock,
      timing: options.timing,
      part: 'sockets',
      name: 'socket helper',
      cannot: 'Sockets cannot be watched',
      counts: SOCKET_COUNTS,
      args: () => ['sockets', '--method', options.method ?? 'best'],
      decoder: () => this.#decoder(),
      onPiece: () => {
        this.#isReading = false;
        this.#tell([]);
      },
      describe: () => this.#describe(),
      describeLoss: (dropped) => ({
        state: 'degraded',
        detail: `Sockets are watched (${this.method}), but news of some was lost in the last minute (${dropped} in all).`,
        hint: 'The machine cannot keep up; the lost ones are counted, and their flows have no program.',
      }),
      onEnd: () => {
        this.#greeting = undefined;
        return undefined;
      },
      counters: () => ({
        attributed: this.#history.attributed,
        unattributed: this.#history.unattributed,
        listeners: this.#history.listeners,
        ownersNotFound: this.#owners.unanswered,
      }),
      onMessage: options.onMessage,
    });
  }

  /**
   * Begins to watch; connections and listeners that are there already are told first. May be called again after a stop.
   * Where it is not possible it says so in Health and does nothing.
   */
  start(): void {
    this.#isStopping = false;
    this.#helper.start();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#helper.stop();
    this.#owners.close();
  }

  /** Which method is in use; undefined before the helper has said so. */
  get method(): SocketMethod | undefined {
    return this.#greeting?.method;
  }

  /** Totals over all runs. */
  get counts(): SocketCounts {
    return this.#helper.counts;
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#helper.pid;
  }

  #decoder(): StreamDecoder {
    return new SocketRecordDecoder({
      hello: (greeting) => {
        this.#greeting = greeting;
        this.#history.begin(greeting);
        this.#options.onMessage?.('info', `Sockets are watched by ${greeting.method}. ${greeting.detail}`.trim());
      },
      record: (record) => {
        this.#isReading = true;
        this.#take(record);
      },
      listed: () => {
        this.#isReading = true;
        this.#events.push(...this.#history.listed(this.#clock.nowMs()));
      },
      statistics: (counts) => this.#helper.observe(counts),
    });
  }

  #take(record: SocketRecord): void {
    if (!this.#history.note(record)) return;
    // What closed needs no owner: it is told with that of its opening.
    if (record.owner !== undefined || record.inode === 0 || record.kind === 'unlisten') {
      this.#tell(this.#history.tell(record));
      return;
    }
    this.#owners.ask(record.inode, (owner) => {
      if (!this.#isStopping) this.#tell(this.#history.tell(record, owner));
    });
  }

  /** Events of one piece go together. */
  #tell(events: readonly HostEvent[]): void {
    this.#events.push(...events);
    if (this.#isReading || this.#events.length === 0) return;
    const told = this.#events;
    this.#events = [];
    this.#options.onEvents(told);
  }

  #describe(): SensorState | undefined {
    if (this.#greeting === undefined) return undefined;
    const { method, detail } = this.#greeting;
    if (method === 'ebpf') {
      const seen = 'Every connection is seen with its program (eBPF); ports waited on over UDP within a second.';
      return { state: 'ok', detail: seen };
    }
    return {
      state: 'degraded',
      detail:
        'Sockets are watched by lists four times a second: a connection shorter than that may have no program ' +
        `(${this.#history.unattributed} so far). No eBPF: ${detail === '' ? 'it was not wanted' : detail}.`,
      hint: process.geteuid?.() === 0 ? LISTS_HINT : SENSOR_RIGHTS_HINT,
    };
  }
}
