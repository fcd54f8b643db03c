import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { ApiHandlers } from '../../contract/api.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { Finding } from '../../contract/domain.ts';
import { AlertDesk, type RecordedChange } from './alert-record.ts';
import { AlertBook, alertSettings } from './alerts/index.ts';
import { ApiServer, apiSettings } from './api/index.ts';
import { CaptureJobs } from './capture-jobs.ts';
import { captureSettings } from './capture-settings.ts';
import { CONFIG_SECTIONS } from './configuration.ts';
import { countBySeverity, createHandlers } from './handlers.ts';
import { openBySeverity } from './handlers-alerts.ts';
import { LiveFlowView } from './live-flows.ts';
import { LiveTraffic } from './live-traffic.ts';
import { CostMeter, LiveView } from './live-view.ts';
import { Bus } from './runtime/bus.ts';
import { systemClock } from './runtime/clock.ts';
import type { Config } from './runtime/config.ts';
import { HealthRegistry } from './runtime/health.ts';
import { Lifecycle } from './runtime/lifecycle.ts';
import type { Logger } from './runtime/log.ts';
import { ensureOwnDirectory, type Paths } from './runtime/paths.ts';
import { readHostNetwork } from './sensors/index.ts';
import { openStore, type Store, storeSettings } from './store/index.ts';
import { type TokenBearer, TokenBook } from './tokens.ts';
import { TrafficMemory } from './traffic-memory.ts';
import type { TrafficSnapshot } from './traffic-messages.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly paths: Paths;
  readonly logger: Logger;
  readonly version: string;
  /** Nothing is acted on, only said; shown wherever the engine's state is. */
  readonly simulate: boolean;
  /** For tests: the command before the capture helper's, such as ['ip', 'netns', 'exec', 'name']. */
  readonly helperPrefix?: readonly string[];
}

/** What happens inside, for transports and views. */
export interface EngineEvents extends Record<string, unknown> {
  readonly alert: RecordedChange;
  readonly traffic: TrafficSnapshot;
}

/** The seed is a signed 32-bit word. */
const SEED_LIMIT = 2 ** 31;

/**
 * The live engine: capture and its thread, alert joining, the store, health. Everything is wired here and
 * nowhere else. Start and stop once.
 */
export class Engine {
  readonly options: EngineOptions;
  readonly health: HealthRegistry;
  readonly events: Bus<EngineEvents>;
  readonly #lifecycle: Lifecycle;
  readonly #traffic: LiveTraffic;
  readonly book: AlertBook;
  readonly desk: AlertDesk;
  readonly captures: CaptureJobs;
  readonly view = new LiveView();
  readonly liveFlows = new LiveFlowView((isWatched) => this.#traffic.watchFlows(isWatched), systemClock);
  readonly #memory: TrafficMemory;
  readonly handlers: ApiHandlers;
  readonly #api: ApiServer;
  readonly #cost = new CostMeter();
  #store: Store | undefined;
  #tokens: TokenBook | undefined;
  #startedMs = 0;

  constructor(options: EngineOptions) {
    this.options = options;
    const { config, logger } = options;
    this.health = new HealthRegistry((error) => logger.error('A health listener failed', { error: String(error) }));
    this.events = new Bus((error, name) => logger.error(`A listener of ${name} failed`, { error: String(error) }));
    const alerts = config.section('alerts', alertSettings);
    this.book = new AlertBook(alerts);
    this.desk = new AlertDesk({
      store: () => this.#store,
      nowMs: () => systemClock.nowMs(),
      maxAlerts: alerts.maxAlerts,
      onChange: (change) => this.#alertChanged(change),
    });
    this.book.onChange = (alert, change) => this.desk.record(alert, change);
    this.#traffic = new LiveTraffic({
      config,
      health: this.health,
      logger,
      seed: randomInt(SEED_LIMIT),
      helperPrefix: options.helperPrefix,
      onFinding: (finding) => this.#found(finding),
      onFlows: (flows) => {
        this.#store?.insertFlows(flows);
        this.liveFlows.remember(flows);
        this.#memory.add(flows);
      },
      onLiveFlows: (live) => this.liveFlows.take(live),
      onSnapshot: (snapshot) => {
        this.view.add(snapshot, this.#traffic.interfaces());
        this.#memory.look(this.#traffic.interfaces());
        this.events.emit('traffic', snapshot);
      },
    });
    this.#memory = new TrafficMemory({
      clock: systemClock,
      health: this.health,
      store: () => this.store,
      helperPid: () => this.#traffic.helperPid,
    });
    this.captures = new CaptureJobs({
      directory: join(options.paths.dataDirectory, 'captures'),
      settings: () => config.section('captures', captureSettings),
      sections: () => Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, config.section(path, table)])),
      store: () => this.store,
      recordAlerts: (id, found, trailOf) => this.desk.recordCapture(id, found, trailOf),
      clock: systemClock,
      onProblem: (message) => logger.error(message),
    });
    this.#lifecycle = new Lifecycle(
      [
        { name: 'alone', start: () => this.#api.assertAlone() },
        { name: 'store', start: () => this.#openStore(), stop: () => this.#closeStore() },
        { name: 'history', start: () => this.#memory.start(), stop: () => this.#memory.stop() },
        { name: 'captures', start: () => this.captures.start(), stop: () => this.captures.stop() },
        { name: 'traffic', start: () => this.#traffic.start(), stop: () => this.#traffic.stop() },
        { name: 'api', start: () => this.#api.start(), stop: () => this.#api.stop() },
      ],
      systemClock,
    );
    this.handlers = createHandlers({
      config,
      store: () => this.store,
      status: () => this.status(),
      traffic: () => this.view.traffic(Date.now()),
      liveFlows: this.liveFlows,
      memory: this.#memory,
      askFlow: (number) => this.#traffic.askFlow(number),
      version: options.version,
      desk: this.desk,
      captures: () => this.captures,
      nowMs: () => systemClock.nowMs(),
      mode: () => (options.simulate ? 'simulate' : 'observe'),
      ownAddresses: () => readHostNetwork().addresses,
      onAlert: (listener) => this.events.on('alert', listener),
      onTraffic: (listener) => this.events.on('traffic', listener),
      onHealth: (listener) => this.health.onChange(listener),
    });
    this.#api = new ApiServer({
      handlers: this.handlers,
      directory: options.paths.runtimeDirectory,
      settings: config.section('api', apiSettings),
      health: this.health,
      logger,
      version: options.version,
      checkAnswers: config.profile !== 'production',
    });
  }

  /** The open store. Throws before the start and after the stop. */
  get store(): Store {
    if (!this.#store) throw new Error('the store is not open');
    return this.#store;
  }

  /** The tokens of the HTTP interface. Throws before the start. */
  get tokens(): TokenBook {
    if (!this.#tokens) throw new Error('the store is not open');
    return this.#tokens;
  }

  /** Who a token of the HTTP interface belongs to; undefined for anything that is no valid token. Never throws. */
  verifyToken(secret: string): TokenBearer | undefined {
    return this.#tokens?.verify(secret);
  }

  status(): Status {
    return {
      version: this.options.version,
      startedMs: this.#startedMs,
      uptimeSeconds: (Date.now() - this.#startedMs) / 1000,
      mode: this.options.simulate ? 'simulate' : 'observe',
      health: this.health.report().entries,
      interfaces: this.#traffic.interfaces().map((state) => this.view.interfaceStatus(state)),
      traffic: this.view.rates(),
      alerts: this.#openAlerts(),
      cost: this.#cost.measure(this.#traffic.helperPid),
    };
  }

  async start(): Promise<void> {
    this.#startedMs = Date.now();
    await this.#lifecycle.start();
    this.options.logger.info('The engine started', { version: this.options.version });
  }

  /** Stops everything in reverse; what failed to stop is logged and does not keep the rest up. */
  async stop(): Promise<void> {
    for (const problem of await this.#lifecycle.stop()) {
      this.options.logger.error(`${problem.module} did not stop`, { error: String(problem.error) });
    }
    this.options.logger.info('The engine stopped');
  }

  async #openStore(): Promise<void> {
    const { paths, config } = this.options;
    ensureOwnDirectory(paths.dataDirectory);
    this.#store = await openStore({
      path: paths.databaseFile,
      clock: systemClock,
      health: this.health,
      settings: config.section('store', storeSettings),
    });
    this.#tokens = new TokenBook(this.#store.control, systemClock);
    this.#store.appendJournal({ actor: 'engine', action: 'engine-started', subject: this.options.version });
  }

  #closeStore(): void {
    this.#store?.appendJournal({ actor: 'engine', action: 'engine-stopped', subject: this.options.version });
    this.#store?.close();
  }

  #found(finding: Finding): void {
    const alert = this.book.add(finding);
    this.#store?.insertFinding(finding, alert.id);
  }

  #alertChanged({ alert, change }: RecordedChange): void {
    const { id, severity, title, state } = alert;
    this.options.logger.info(`Alert ${change}`, { id, severity, state, title });
    this.events.emit('alert', { alert, change });
  }

  #openAlerts(): Status['alerts'] {
    return this.#store === undefined ? countBySeverity(this.book.list()) : openBySeverity(this.#store);
  }
}
