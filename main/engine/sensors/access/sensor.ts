/**
 * Who reaches into other programs and into the kernel: keeps `sense access` running, makes events of what it tells, and
 * says in Health what of it this kernel lets be seen, and what is lost.
 */
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { HealthRegistry } from '../../runtime/health.ts';
import type { ChildExit, SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH, HELPER_EXIT } from '../helper.ts';
import { HelperSensor, type SensorState, type StreamDecoder } from '../helper-sensor.ts';
import { UserNames } from '../processes/users.ts';
import {
  ACCESS_COUNTS,
  type AccessCount,
  type AccessCounts,
  type AccessGreeting,
  AccessRecordDecoder,
} from './records.ts';
import { accessEvents } from './tell.ts';

export interface AccessSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** Signals to this process and its children are told: the engine's. */
  readonly ownPid?: number;
  /** The process that has this number now, with its parents: that of the process sensor. */
  processOf?(pid: number): HostProcessWithParents | undefined;
  /** What happened. Called in the event loop. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

const SUBJECT = 'Which program reaches into another one';
const EBPF_HINT =
  'It needs Linux 5.17 or later, and a helper that was built where clang, bpftool and libbpf-dev are installed: install ' +
  'them and run "make -C native-helpers/sense".';

export class AccessSensor {
  readonly name = 'access';
  readonly #options: AccessSensorOptions;
  readonly #helper: HelperSensor<AccessCount>;
  readonly #knowledge: Parameters<typeof accessEvents>[2];
  #greeting: AccessGreeting | undefined;
  #bootMs = 0;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];

  constructor(options: AccessSensorOptions) {
    this.#options = options;
    const users = new UserNames(options.clock ?? systemClock);
    this.#knowledge = {
      processOf: (pid) => options.processOf?.(pid),
      userName: (uid) => users.nameOf(uid),
    };
    this.#helper = new HelperSensor({
      helperPath: options.helperPath ?? DEFAULT_HELPER_PATH,
      health: options.health,
      clock: options.clock,
      timing: options.timing,
      part: 'access',
      name: 'access helper',
      cannot: `${SUBJECT} cannot be watched`,
      counts: ACCESS_COUNTS,
      args: () => ['access', '--own', String(options.ownPid ?? process.pid)],
      decoder: () => this.#decoder(),
      onPiece: () => this.#tell(),
      describe: () => this.#describe(),
      describeLoss: (dropped) => ({
        state: 'degraded',
        detail: `${SUBJECT} is watched, but news was lost in the last minute (${dropped} in all).`,
        hint: 'The machine cannot keep up; the lost ones are counted.',
      }),
      isFinal: (exit) => this.#isHopeless(exit),
      onEnd: (exit, reason) =>
        this.#isHopeless(exit)
          ? { state: 'off', detail: `${SUBJECT} cannot be watched here: ${reason}.`, hint: EBPF_HINT }
          : undefined,
      onMessage: options.onMessage,
    });
  }

  /** Begins to watch. May be called again after a stop. Where it is not possible it says so in Health and does nothing. */
  start(): void {
    this.#helper.start();
  }

  stop(): Promise<void> {
    return this.#helper.stop();
  }

  /** What the helper said of itself when it last began; undefined before it ever did. */
  get greeting(): AccessGreeting | undefined {
    return this.#greeting;
  }

  /** Totals over all runs. */
  get counts(): AccessCounts {
    return this.#helper.counts;
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#helper.pid;
  }

  #decoder(): StreamDecoder {
    return new AccessRecordDecoder({
      hello: (greeting) => {
        this.#greeting = greeting;
        // As the first run said it: a clock that was set since must not give processes another start.
        if (this.#bootMs === 0) this.#bootMs = Math.round(greeting.bootMs);
        this.#options.onMessage?.('info', `${SUBJECT} is watched. ${greeting.detail}`.trim());
      },
      record: (record) => this.#events.push(...accessEvents(record, this.#bootMs, this.#knowledge)),
      statistics: (counts) => this.#helper.observe(counts),
    });
  }

  #tell(): void {
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) this.#options.onEvents(events);
  }

  #describe(): SensorState | undefined {
    return this.#greeting === undefined ? undefined : { state: 'ok', detail: describeParts(this.#greeting) };
  }

  /** No eBPF here, and none will come by trying again. */
  #isHopeless(exit: ChildExit): boolean {
    return exit.code === HELPER_EXIT.system && this.#greeting === undefined;
  }
}

function describeParts({ seesMemory, seesModules, detail }: AccessGreeting): string {
  const seen = ['tracing', ...(seesMemory ? ['memory'] : []), 'signals to Holdfast'];
  const modules = seesModules ? ', and what is loaded into the kernel' : '';
  const unseen = [
    ...(seesMemory ? [] : [`memory that is read or written (${detail})`]),
    ...(seesModules ? [] : ['kernel modules (this kernel tells of none)']),
  ];
  return (
    `${SUBJECT} is seen (eBPF: ${seen.join(', ')})${modules}.` +
    (unseen.length === 0 ? '' : ` Not seen: ${unseen.join('; ')}.`)
  );
}
