/**
 * Processes as the engine sees them: keeps `sense processes` running, makes events of what it says, and says in Health
 * by which method, what it costs in drops, and what it cannot see.
 */
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { HealthRegistry } from '../../runtime/health.ts';
import type { SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH } from '../helper.ts';
import { HelperSensor, SENSOR_RIGHTS_HINT, type SensorState, type StreamDecoder } from '../helper-sensor.ts';
import { AppImages } from './app-images.ts';
import { HashCache } from './hashes.ts';
import { ProcessHistory } from './history.ts';
import { MountViews } from './mount-views.ts';
import { PackageIndex } from './packages.ts';
import {
  PROCESS_COUNTS,
  type ProcessCount,
  type ProcessCounts,
  type ProcessMethod,
  ProcessRecordDecoder,
} from './records.ts';
import { readRunning } from './running.ts';
import { SharedLooks } from './shared-looks.ts';
import { withParents } from './table.ts';
import { UserNames } from './users.ts';

export interface ProcessSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** `best` is what else than a test wants. */
  readonly method?: 'best' | ProcessMethod;
  /**
   * Whether the helper may add one rule to those of the audit system while it runs: only where eBPF is not to be had,
   * auditing is on and not locked, and no audit daemon runs. It never changes what others set.
   */
  readonly mayAddAuditRule?: boolean;
  /** What happened, in order. Called in the event loop, some hundred events at most at a time under load. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

const CONNECTOR_HINT =
  'Complete are only kernels from 5.17 on with a helper that was built where clang, bpftool and libbpf-dev are installed: ' +
  'install them and run "make -C native-helpers/sense". Or, where auditing is on and no auditd runs, let Holdfast add a ' +
  'rule to the audit system: host.auditRule.';

/** What Health says while the helper runs. */
interface Greeting {
  readonly method: ProcessMethod;
  readonly detail: string;
}

function helperArguments({ method = 'best', mayAddAuditRule = false }: ProcessSensorOptions): readonly string[] {
  return ['processes', '--method', method, ...(mayAddAuditRule ? ['--audit-rule', 'allowed'] : [])];
}

export class ProcessSensor {
  readonly name = 'processes';
  readonly #options: ProcessSensorOptions;
  readonly #clock: Clock;
  readonly #helper: HelperSensor<ProcessCount>;
  readonly #users: UserNames;
  readonly #packages: PackageIndex;
  #hashes: HashCache;
  readonly #looks = new SharedLooks();
  readonly #views = new MountViews();
  readonly #history: ProcessHistory;
  #greeting: Greeting | undefined;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];

  constructor(options: ProcessSensorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#users = new UserNames(this.#clock);
    this.#packages = new PackageIndex(this.#clock, { appImages: new AppImages(undefined, this.#looks) });
    this.#hashes = new HashCache(this.#looks);
    this.#history = new ProcessHistory({
      userName: (uid) => this.#users.nameOf(uid),
      packageOf: (image) => this.#packages.ownerOf(image),
      hashesOf: (image, inode, later, link) => this.#hashes.hashesOf(image, inode, later, link),
      mountNamespaceOf: (pid) => this.#views.namespaceOf(pid),
      pathOwnerOf: (path, pid, namespace) => this.#views.ownerOf(path, pid, namespace),
    });
    this.#helper = new HelperSensor({
      helperPath: options.helperPath ?? DEFAULT_HELPER_PATH,
      health: options.health,
      clock: options.clock,
      timing: options.timing,
      part: 'processes',
      name: 'process helper',
      cannot: 'Processes cannot be watched',
      counts: PROCESS_COUNTS,
      args: () => helperArguments(options),
      decoder: () => this.#decoder(),
      onPiece: () => this.#tell(),
      describe: () => this.#describe(),
      describeLoss: (dropped) => ({
        state: 'degraded',
        detail: `Processes are watched (${this.method}), but news of some was lost in the last minute (${dropped} in all).`,
        hint: 'The machine cannot keep up; the lost ones are counted, not guessed.',
      }),
      onEnd: () => {
        this.#greeting = undefined;
        return undefined;
      },
      counters: () => ({
        known: this.#history.table.size,
        forgotten: this.#history.table.forgotten,
        notHashed: this.#hashes.dropped,
        notLookedAt: this.#hashes.notLookedAt,
      }),
      onMessage: options.onMessage,
    });
  }

  /**
   * Begins to watch; what runs already is known before the first event is told. May be called again after a stop. Where
   * it is not possible it says so in Health and does nothing.
   */
  start(): void {
    this.#hashes = new HashCache(this.#looks);
    this.#helper.start();
  }

  async stop(): Promise<void> {
    await this.#helper.stop();
    this.#hashes.close();
  }

  /** Which method is in use; undefined before the helper has said so. */
  get method(): ProcessMethod | undefined {
    return this.#greeting?.method;
  }

  /** The process that has this number now, with where it comes from; also one that is a mere fork. */
  processOf(pid: number): HostProcessWithParents | undefined {
    const entry = this.#history.table.get(pid);
    return entry === undefined ? undefined : withParents(entry);
  }

  /** Totals over all runs. */
  get counts(): ProcessCounts {
    return this.#helper.counts;
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#helper.pid;
  }

  /** Some thousand events a second are no load for the event loop; the pipe and the kernel's ring hold what comes faster. */
  #decoder(): StreamDecoder {
    return new ProcessRecordDecoder({
      hello: (method, bootMs, detail) => {
        this.#greeting = { method, detail };
        this.#history.begin(bootMs, readRunning(this.#clock.nowMs()));
        this.#options.onMessage?.('info', `Processes are watched by ${method}. ${detail}`.trim());
      },
      record: (record) => this.#events.push(...this.#history.take(record)),
      statistics: (counts) => this.#helper.observe(counts),
    });
  }

  #tell(): void {
    this.#looks.forget();
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#options.onEvents(events);
  }

  #describe(): SensorState | undefined {
    if (this.#greeting === undefined) return undefined;
    const { method, detail } = this.#greeting;
    if (method === 'ebpf') {
      const seen = `Every process is seen with its arguments (eBPF)${detail === '' ? '' : `; ${detail}`}.`;
      return { state: 'ok', detail: seen };
    }
    if (method === 'audit') {
      const seen =
        'Every process is seen with its arguments (audit system); not seen is what its standard streams are, and of what ' +
        `other architectures execute only what lives long enough; ${detail || 'eBPF was not wanted'}.`;
      return { state: 'ok', detail: seen };
    }
    return {
      state: 'degraded',
      detail:
        'Processes are watched by the proc connector: of one that ends within milliseconds the arguments may be missing ' +
        `(${this.counts.incomplete} so far). No eBPF: ${detail === '' ? 'it was not wanted' : detail}.`,
      hint: process.geteuid?.() === 0 ? CONNECTOR_HINT : SENSOR_RIGHTS_HINT,
    };
  }
}
