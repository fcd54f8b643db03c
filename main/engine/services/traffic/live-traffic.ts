import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Finding } from '../../../../contract/domain.ts';
import type { CompiledIndicators } from '../../indicators/index.ts';
import type { LiveSnapshot, RecordedFlow } from '../../network/index.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { Config } from '../../runtime/config.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { TRAFFIC_YOUNG_GENERATION_MB } from '../../runtime/heap.ts';
import type { Logger } from '../../runtime/log.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import { CaptureSensor, type InterfaceState, readHostNetwork, sensorSettings } from '../../sensors/index.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { type FlowAnswer, FlowQuestions } from './flow-questions.ts';
import {
  SHARED,
  SHARED_BYTES,
  type StreamMessage,
  type TrafficMessage,
  type TrafficSnapshot,
  type TrafficWorkerData,
} from './traffic-messages.ts';

export interface LiveTrafficOptions {
  readonly config: Config;
  readonly health: HealthRegistry;
  readonly logger: Logger;
  /** Random, so that nobody outside can prepare colliding flows. */
  readonly seed: number;
  /** What is known to be bad, asked for whenever the thread begins. */
  readonly indicators: () => CompiledIndicators;
  readonly onFinding: (finding: Finding) => void;
  readonly onFlows: (flows: readonly RecordedFlow[]) => void;
  readonly onSnapshot: (snapshot: TrafficSnapshot) => void;
  /** The open flows, once a second while `watchFlows` is on. */
  readonly onLiveFlows: (live: LiveSnapshot) => void;
  /** For tests: the command before the helper's, such as ['ip', 'netns', 'exec', 'name']. */
  readonly helperPrefix?: readonly string[];
}

/** Flows of one thread: more than it can number in a century, and room for eight thousand threads. */
const FLOWS_PER_THREAD = 2 ** 40;

/** Said in Health after a change of settings: what it costs. */
const ANEW =
  ' It began anew when settings were changed: conversations that were open count as two, and detectors learn afresh.';

/** How long a stopping engine waits for the traffic thread to read what the helper still sent. */
const DRAIN_MS = 3_000;

/**
 * Live capture with its traffic thread. The helper writes into a pipe; the thread reads it. When either dies
 * the other is brought back with it, and Health says so.
 */
export class LiveTraffic {
  readonly name = 'traffic';
  readonly #options: LiveTrafficOptions;
  readonly #sensor: CaptureSensor;
  readonly #health: HealthPart;
  readonly #shared = new Int32Array(new SharedArrayBuffer(SHARED_BYTES));
  readonly #questions = new FlowQuestions(this.#shared, systemClock);
  #worker: Worker | undefined;
  /** Pipes handed to the thread that it has not yet finished with. */
  readonly #openStreams = new Map<number, number>();
  #config: Config;
  /** Threads begun so far. */
  #threads = 0;
  #restarts = 0;
  #isAnew = false;
  #snapshot: TrafficSnapshot | undefined;
  #drained: (() => void) | undefined;

  constructor(options: LiveTrafficOptions) {
    this.#options = options;
    const { config, health, logger } = options;
    this.#health = health.part('traffic', () => ({
      packets: this.#snapshot?.packets ?? 0,
      malformed: this.#snapshot?.malformedPackets ?? 0,
      detectorFailures: this.#snapshot?.detectorFailures ?? 0,
      openFlows: this.#snapshot?.openFlows ?? 0,
      evictedFlows: this.#snapshot?.evictedFlows ?? 0,
      droppedRecords: this.#snapshot?.droppedRecords ?? 0,
      restarts: this.#restarts,
    }));
    this.#config = config;
    this.#sensor = new CaptureSensor({
      ...config.section('sensors', sensorSettings),
      prefix: options.helperPrefix,
      health,
      onStream: (stream) => this.#read(stream),
      onMessage: (level, message) => logger[level](message),
    });
  }

  /** May be called again after a stop. */
  start(): void {
    Atomics.store(this.#shared, SHARED.stop, 0);
    this.#worker = this.#startWorker();
    this.#health.ok(`Following flows and looking for attacks.${this.#isAnew ? ANEW : ''}`);
    this.#sensor.start();
  }

  /** Other settings, from the next start on. */
  configure(config: Config): void {
    this.#config = config;
    this.#sensor.configure(config.section('sensors', sensorSettings));
    const openFlows = this.#snapshot?.openFlows ?? 0;
    this.#isAnew = this.#threads > 0;
    if (this.#isAnew) this.#options.logger.info('Watching begins anew with other settings', { openFlows });
  }

  /** Ends the helper, lets the thread read what it left, then ends the thread. */
  async stop(): Promise<void> {
    Atomics.store(this.#shared, SHARED.stop, 1);
    await this.#sensor.stop();
    if (this.#openStreams.size > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
        setTimeout(resolve, DRAIN_MS).unref();
      });
    }
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#closeStreams();
    this.#health.off('Stopped.');
  }

  interfaces(): readonly InterfaceState[] {
    return this.#sensor.interfaces();
  }

  /** The capture helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#sensor.helperPid;
  }

  /** Whether `onLiveFlows` is called. */
  watchFlows(isWatched: boolean): void {
    Atomics.store(this.#shared, SHARED.watch, isWatched ? 1 : 0);
  }

  /** About the open flow with this number. */
  askFlow(flow: number): Promise<FlowAnswer> {
    return this.#questions.ask(flow);
  }

  #startWorker(): Worker {
    const { seed, logger } = this.#options;
    const config = this.#config;
    const host = readHostNetwork();
    const data: TrafficWorkerData = {
      settings: Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, config.section(path, table)])),
      landscape: {
        gateways: host.gateways,
        dnsServers: [...host.dnsServers, ...host.dhcpServers],
        ownAddresses: host.addresses,
        neverAttackers: [],
      },
      indicators: this.#options.indicators(),
      seed,
      shared: this.#shared.buffer as SharedArrayBuffer,
      flowIdBase: this.#threads++ * FLOWS_PER_THREAD,
    };
    const worker = new Worker(new URL('./traffic-worker.ts', import.meta.url), {
      workerData: data,
      env: workerEnvironment(),
      // The pipes are opened here and closed there.
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: TRAFFIC_YOUNG_GENERATION_MB },
    });
    worker.on('message', (message: TrafficMessage) => this.#receive(message));
    worker.on('error', (error) => logger.error('The traffic thread failed', { error: String(error) }));
    worker.on('exit', () => this.#exited(worker));
    return worker;
  }

  #read(stream: StreamMessage): void {
    this.#openStreams.set(stream.run, stream.fd);
    this.#worker?.postMessage(stream);
  }

  #receive(message: TrafficMessage): void {
    if (message.type === 'finding') this.#options.onFinding(message.finding);
    else if (message.type === 'flows') this.#options.onFlows(message.flows);
    else if (message.type === 'live') this.#options.onLiveFlows(message.live);
    else if (message.type === 'flow') this.#questions.take(message.question, message.detail);
    else if (message.type === 'interfaces') this.#sensor.observe(message.run, message.interfaces);
    else if (message.type === 'ended') this.#ended(message.run, message.end);
    else {
      this.#snapshot = message.snapshot;
      this.#options.onSnapshot(message.snapshot);
    }
  }

  #ended(run: number, end: { readonly reason: string; readonly detail: string }): void {
    // pumpCapture has closed the descriptor; it may already be another file's.
    this.#openStreams.delete(run);
    if (end.reason === 'damaged' || end.reason === 'unreadable') {
      this.#options.logger.warn('The stream of packets was given up', { reason: end.reason, detail: end.detail });
    }
    if (this.#openStreams.size === 0) this.#drained?.();
  }

  #exited(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#restarts++;
    this.#health.degraded(
      'The traffic thread failed and was started again; open flows were lost.',
      'The log says more; please report this.',
    );
    this.#worker = this.#startWorker();
    // Nobody reads the helper's pipe any more: closing it ends the helper, and its supervisor starts a new one.
    this.#closeStreams();
  }

  #closeStreams(): void {
    for (const fd of this.#openStreams.values()) closeSync(fd);
    this.#openStreams.clear();
  }
}
