/**
 * The engine's counts for Prometheus (text format 0.0.4; names by its naming conventions: base units, `_total` for
 * what only grows). No addresses and no names of programs: who may read counts need not know who talks to whom.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import { ACTION_KINDS, ACTION_STATES, actionCounter } from '../../../contract/actions.ts';
import type { Status } from '../../../contract/api-schemas.ts';
import { type Alert, HEALTH_STATES } from '../../../contract/domain.ts';
import { MODEL_ROWS, type ModelList } from './metrics-models.ts';
import type { MetricRow, Sample } from './metrics-row.ts';

export interface MetricsOptions {
  readonly version: string;
  /** Whether this process is the engine, so that what the process costs is what the engine costs. */
  readonly isEngineProcess: boolean;
}

type Row = MetricRow<Status>;

const MS_PER_SECOND = 1_000;
/** The part of Health that counts actions. */
const RESPONSE = 'response';
/** Counters of Health that count what was lost, and what waits. */
const DROPPED = /dropped|rejected|evicted|refused/i;
const QUEUED = /queue|pending|waiting/i;

function partCounters(status: Status, pattern: RegExp): readonly Sample[] {
  return status.health.flatMap(({ part, counters }) =>
    Object.entries(counters)
      .filter(([counter]) => pattern.test(counter))
      .map(([counter, value]): Sample => [value, { part, counter }]),
  );
}

function interfaces(value: (each: Status['interfaces'][number]) => number): Row['samples'] {
  return (status) => status.interfaces.map((each): Sample => [value(each), { interface: each.name }]);
}

/** What is read from the engine's status. */
const ROWS: readonly Row[] = [
  {
    name: 'holdfast_start_time_seconds',
    help: 'When the engine started, in seconds since the epoch.',
    type: 'gauge',
    labels: [],
    samples: ({ startedMs }) => [[startedMs / MS_PER_SECOND]],
  },
  {
    name: 'holdfast_sensor_up',
    help: 'Whether a network interface is being watched.',
    type: 'gauge',
    labels: ['interface'],
    samples: interfaces(({ state }) => (state === 'up' ? 1 : 0)),
  },
  {
    name: 'holdfast_sensor_packets_total',
    help: 'Packets received from an interface.',
    type: 'counter',
    labels: ['interface'],
    samples: interfaces(({ received }) => received),
  },
  {
    name: 'holdfast_sensor_bytes_total',
    help: 'Bytes received from an interface.',
    type: 'counter',
    labels: ['interface'],
    samples: interfaces(({ bytes }) => bytes),
  },
  {
    name: 'holdfast_sensor_dropped_packets_total',
    help: 'Packets that the kernel lost because the ring of an interface was full.',
    type: 'counter',
    labels: ['interface'],
    samples: interfaces(({ dropped }) => dropped),
  },
  {
    name: 'holdfast_flows_open',
    help: 'Conversations that are open.',
    type: 'gauge',
    labels: [],
    samples: ({ traffic }) => [[traffic.openFlows]],
  },
  {
    name: 'holdfast_alerts_open',
    help: 'Alerts that are open, by severity.',
    type: 'gauge',
    labels: ['severity'],
    samples: ({ alerts }) => Object.entries(alerts).map(([severity, value]): Sample => [value, { severity }]),
  },
  {
    name: 'holdfast_actions_total',
    help: 'How often an action came to a state since the engine started.',
    type: 'counter',
    labels: ['action', 'state'],
    samples: ({ health }) => {
      const counters = health.find(({ part }) => part === RESPONSE)?.counters ?? {};
      return ACTION_KINDS.flatMap((action) =>
        ACTION_STATES.map((state): Sample => [counters[actionCounter(action, state)] ?? 0, { action, state }]),
      );
    },
  },
  {
    name: 'holdfast_actions_in_force',
    help: 'Actions that hold something now.',
    type: 'gauge',
    labels: [],
    samples: ({ health }) =>
      health.flatMap(({ part, counters }) => (part === RESPONSE ? [[counters.inForce ?? 0]] : [])),
  },
  {
    name: 'holdfast_dropped_total',
    help: 'What a part of the engine gave up because it could not keep up, or would not take.',
    type: 'counter',
    labels: ['part', 'counter'],
    samples: (status) => partCounters(status, DROPPED),
  },
  {
    name: 'holdfast_events_stored_total',
    help: 'Events of the host that were stored.',
    type: 'counter',
    labels: [],
    samples: ({ health }) =>
      health.flatMap(({ part, counters }) => (part === 'store' ? [[counters.storedEvents ?? 0]] : [])),
  },
  {
    name: 'holdfast_queue_length',
    help: 'What waits in a part of the engine.',
    type: 'gauge',
    labels: ['part', 'counter'],
    samples: (status) => partCounters(status, QUEUED),
  },
  {
    name: 'holdfast_part_state',
    help: 'State of a part of the engine: 1 for the state that it is in, 0 for the others.',
    type: 'gauge',
    labels: ['part', 'state'],
    samples: ({ health }) =>
      health.flatMap(({ part, state }) =>
        HEALTH_STATES.map((each): Sample => [each === state ? 1 : 0, { part, state: each }]),
      ),
  },
  {
    name: 'holdfast_paused',
    help: 'Whether a person has paused the watch.',
    type: 'gauge',
    labels: [],
    samples: ({ pause }) => [[pause === null ? 0 : 1]],
  },
  {
    name: 'holdfast_cpu_usage_ratio',
    help: 'Processor time of the engine and its helpers over the last seconds; 1 is one core kept busy.',
    type: 'gauge',
    labels: [],
    samples: ({ cost }) => [[cost.cpuPercent / 100]],
  },
  {
    name: 'holdfast_resident_memory_bytes',
    help: 'Memory of the engine and its helpers.',
    type: 'gauge',
    labels: [],
    samples: ({ cost }) => [[cost.memoryBytes]],
  },
];

const MICROSECONDS_PER_SECOND = 1_000_000;

/**
 * The engine's own process, under the names that every Prometheus client uses. Not prom-client's own set, which wakes
 * the process a hundred times a second to measure its event loop.
 */
const PROCESS_ROWS: readonly Row[] = [
  {
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the engine itself, without its helpers.',
    type: 'counter',
    labels: [],
    samples: () => {
      const { user, system } = process.cpuUsage();
      return [[(user + system) / MICROSECONDS_PER_SECOND]];
    },
  },
  {
    name: 'process_resident_memory_bytes',
    help: 'Memory of the engine itself, without its helpers.',
    type: 'gauge',
    labels: [],
    samples: () => [[process.memoryUsage.rss()]],
  },
];

/** Metrics in a registry of their own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #opened: Counter<'kind' | 'severity'>;
  readonly #rows: readonly (readonly [Row, Gauge | Counter])[];
  readonly #modelRows: readonly (readonly [MetricRow<ModelList>, Gauge | Counter])[];

  constructor({ version, isEngineProcess }: MetricsOptions) {
    const registers = [this.#registry];
    const info = { name: 'holdfast_build_info', help: 'The version that runs; always 1.', labelNames: ['version'] };
    new Gauge({ ...info, registers }).set({ version }, 1);
    this.#opened = new Counter({
      name: 'holdfast_alerts_opened_total',
      help: 'Alerts that were opened since this console started, by kind and severity.',
      labelNames: ['kind', 'severity'],
      registers,
    });
    this.#rows = this.#metersOf(isEngineProcess ? [...ROWS, ...PROCESS_ROWS] : ROWS);
    this.#modelRows = this.#metersOf(MODEL_ROWS);
  }

  get mediaType(): string {
    return this.#registry.contentType;
  }

  alertOpened({ kind, severity }: Pick<Alert, 'kind' | 'severity'>): void {
    this.#opened.inc({ kind, severity });
  }

  /** @param models left out where the engine does not say */
  async text(status: Status, models?: ModelList): Promise<string> {
    fill(this.#rows, status);
    fill(this.#modelRows, models);
    return this.#registry.metrics();
  }

  #metersOf<T>(rows: readonly MetricRow<T>[]): (readonly [MetricRow<T>, Gauge | Counter])[] {
    return rows.map((row) => {
      const { name, help, labels } = row;
      const options = { name, help, labelNames: [...labels], registers: [this.#registry] };
      return [row, row.type === 'gauge' ? new Gauge(options) : new Counter(options)];
    });
  }
}

function fill<T>(rows: readonly (readonly [MetricRow<T>, Gauge | Counter])[], source: T | undefined): void {
  for (const [row, metric] of rows) {
    // What has gone, such as an interface, is not told any more; a total is told as the engine has it.
    metric.reset();
    const samples = source === undefined ? [] : row.samples(source);
    for (const [value, labels = {}] of samples) metric.inc(labels, value);
    // What has no labels would be told as 0 instead of not at all.
    if (samples.length === 0 && row.labels.length === 0) metric.remove();
  }
}
