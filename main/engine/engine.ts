import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { ApiHandlers } from '../../contract/api.ts';
import type { ActionRecord } from '../../contract/api-actions.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { Finding } from '../../contract/domain.ts';
import type { HostEvent } from '../../contract/events.ts';
import { AlertBook, alertSettings } from './alerts/index.ts';
import { ApiServer, apiSettings } from './api/index.ts';
import { canarySettings } from './canaries/index.ts';
import { indicatorSettings, indicatorsDirectory } from './indicators/index.ts';
import { integritySettings } from './integrity/index.ts';
import { responseSettings } from './policy/index.ts';
import { Bus } from './runtime/bus.ts';
import { systemClock, type Timer } from './runtime/clock.ts';
import type { Config } from './runtime/config.ts';
import { type HealthPart, HealthRegistry } from './runtime/health.ts';
import { keepHeapTidy } from './runtime/heap.ts';
import { Lifecycle } from './runtime/lifecycle.ts';
import { type Logger, logSettings } from './runtime/log.ts';
import { ensureOwnDirectory, type Paths } from './runtime/paths.ts';
import { DEFAULT_HELPER_PATH, readHostNetwork, readOwnAddresses, UserNames } from './sensors/index.ts';
import { AlertDesk, type RecordedChange } from './services/alerts/alert-record.ts';
import { FindingPrograms } from './services/alerts/finding-programs.ts';
import { CaptureJobs } from './services/captures/capture-jobs.ts';
import { captureSettings } from './services/captures/capture-settings.ts';
import { CONFIG_SECTIONS } from './services/control/configuration.ts';
import { EngineConsole } from './services/control/console.ts';
import { CostMeter } from './services/control/cost-meter.ts';
import { type PauseState, ProtectionPause } from './services/control/protection-pause.ts';
import { type LivePart, SettingsDesk } from './services/control/settings-desk.ts';
import { StatusFeed } from './services/control/status-feed.ts';
import { type TokenBearer, TokenBook } from './services/control/tokens.ts';
import { openBySeverity } from './services/handlers/alerts.ts';
import { ABILITIES } from './services/handlers/control.ts';
import { countBySeverity, createHandlers } from './services/handlers/index.ts';
import { FileWatchScan } from './services/host/file-watch-scan.ts';
import { type HostMemory, LiveHost } from './services/host/live-host.ts';
import { ProcessDesk, processLimits } from './services/host/process-desk.ts';
import { ProcessSnapshots } from './services/host/process-snapshot.ts';
import { ModelDesk } from './services/learning/model-desk.ts';
import { modelSettings } from './services/learning/model-settings.ts';
import { type Trainer, trainInChild } from './services/learning/model-training.ts';
import { ResponseDesk } from './services/response/response-desk.ts';
import { IndicatorDesk } from './services/rules/indicator-desk.ts';
import { RuleDesk, ruleLimits } from './services/rules/rule-desk.ts';
import { scanSettings } from './services/rules/scan-settings.ts';
import { CanaryDesk } from './services/system/canary-desk.ts';
import { IntegrityDesk } from './services/system/integrity-desk.ts';
import { SystemDesk } from './services/system/system-desk.ts';
import { FlowPrograms, socketObstacle } from './services/traffic/flow-programs.ts';
import { LiveFlowView } from './services/traffic/live-flows.ts';
import { LiveTraffic } from './services/traffic/live-traffic.ts';
import { LiveView } from './services/traffic/live-view.ts';
import { TrafficMemory } from './services/traffic/traffic-memory.ts';
import type { TrafficSnapshot } from './services/traffic/traffic-messages.ts';
import { TrafficSwitch } from './services/traffic/traffic-switch.ts';
import { openStore, type Store, storeSettings } from './store/index.ts';

export interface EngineOptions {
  readonly config: Config;
  readonly paths: Paths;
  readonly logger: Logger;
  readonly version: string;
  /** Nothing is acted on, only said; shown wherever the engine's state is. */
  readonly simulate: boolean;
  /** For tests: the command before the capture helper's, such as ['ip', 'netns', 'exec', 'name']. */
  readonly helperPrefix?: readonly string[];
  /** For tests: fits profiles instead of a process of its own. */
  readonly trainer?: Trainer;
}

/** What happens inside, for transports and views. */
export interface EngineEvents extends Record<string, unknown> {
  readonly alert: RecordedChange;
  readonly traffic: TrafficSnapshot;
  readonly host: readonly HostEvent[];
  readonly action: ActionRecord;
}

const NO_ROWS = new Float64Array(0);
const NOT_PAUSED = 'Watching is not paused.';
/** The seed is a signed 32-bit word. */
const SEED_LIMIT = 2 ** 31;
const MS_PER_SECOND = 1_000;

/**
 * The live engine: capture and its thread, alert joining, the store, health. Everything is wired here and
 * nowhere else. Start and stop once.
 */
export class Engine {
  readonly options: EngineOptions;
  readonly health: HealthRegistry;
  readonly events: Bus<EngineEvents>;
  readonly #lifecycle: Lifecycle;
  /** What is in force, and where it is changed; `options.config` is what the engine began with. */
  readonly settings: SettingsDesk;
  readonly pause: ProtectionPause;
  readonly #pauseHealth: HealthPart;
  readonly indicators: IndicatorDesk;
  readonly models: ModelDesk;
  readonly system: SystemDesk;
  readonly integrity: IntegrityDesk;
  readonly canaries: CanaryDesk;
  readonly rules: RuleDesk;
  readonly #scanner: FileWatchScan;
  readonly processes: ProcessDesk;
  readonly #traffic: LiveTraffic;
  readonly #watching: TrafficSwitch;
  readonly host: LiveHost;
  readonly #hostWatching: TrafficSwitch;
  readonly #statusFeed = new StatusFeed(systemClock, () => this.status());
  readonly book: AlertBook;
  readonly desk: AlertDesk;
  readonly response: ResponseDesk;
  readonly captures: CaptureJobs;
  readonly view = new LiveView();
  readonly programs = new FlowPrograms({
    ownAddresses: () => readOwnAddresses(this.#traffic.helperPid),
    obstacle: () => socketObstacle(this.health.report().entries),
    monotonicMs: () => systemClock.monotonicMs(),
  });
  readonly #findingPrograms = new FindingPrograms({ ownAddresses: () => readHostNetwork().addresses });
  readonly liveFlows = new LiveFlowView(
    (isWatched) => this.#traffic.watchFlows(isWatched),
    systemClock,
    (flow) => this.programs.programOf(flow),
  );
  readonly #memory: TrafficMemory;
  readonly handlers: ApiHandlers;
  readonly #api: ApiServer;
  readonly console: EngineConsole;
  readonly #cost = new CostMeter();
  #store: Store | undefined;
  #tokens: TokenBook | undefined;
  #startedMs = 0;
  #tidying: Timer | undefined;

  constructor(options: EngineOptions) {
    this.options = options;
    const { config, logger } = options;
    this.health = new HealthRegistry((error) => logger.error('A health listener failed', { error: String(error) }));
    this.events = new Bus((error, name) => logger.error(`A listener of ${name} failed`, { error: String(error) }));
    this.settings = new SettingsDesk({
      config,
      file: options.paths.settingsFile,
      health: this.health,
      nowMs: () => systemClock.nowMs(),
      journal: (entry) => this.store.appendJournal(entry),
      apply: (part, next) => this.#apply(part, next),
    });
    this.#pauseHealth = this.health.part('pause');
    this.#pauseHealth.ok(NOT_PAUSED);
    this.pause = new ProtectionPause({
      clock: systemClock,
      marks: () => this.store.control,
      journal: (entry) => this.store.appendJournal(entry),
      onChange: (pause) => this.#pauseChanged(pause),
    });
    const alerts = config.section('alerts', alertSettings);
    this.book = new AlertBook(alerts);
    this.desk = new AlertDesk({
      store: () => this.#store,
      nowMs: () => systemClock.nowMs(),
      maxAlerts: alerts.maxAlerts,
      onAllowed: () => this.#responseChanged(),
      onChange: (change) => this.#alertChanged(change),
    });
    this.response = new ResponseDesk({
      helperPath: DEFAULT_HELPER_PATH,
      health: this.health,
      store: () => this.#store,
      settings: () => this.settings.config.section('response', responseSettings),
      isSimulating: options.simulate,
      allowed: () => this.desk.allowed(),
      onSettled: (pid, isKept) => this.host.settleHold(pid, isKept),
      onChange: (record) => this.events.emit('action', record),
      onMessage: (level, message) => logger[level](message),
    });
    this.book.onChange = (alert, change) => this.desk.record(alert, change);
    this.indicators = new IndicatorDesk({
      directory: indicatorsDirectory(options.paths.dataDirectory),
      settings: () => this.settings.config.section('indicators', indicatorSettings),
      seed: randomInt(SEED_LIMIT),
      userId: process.geteuid?.() ?? 0,
      health: this.health,
      journal: (entry) => this.store.appendJournal(entry),
      onChange: () => {
        this.#scanner.reload();
        return this.#watching.configure(this.settings.config);
      },
    });
    this.rules = new RuleDesk({
      dataDirectory: options.paths.dataDirectory,
      userId: process.geteuid?.() ?? 0,
      clock: systemClock,
      memory: () => this.store.control,
      journal: (entry) => this.store.appendJournal(entry),
      onChange: (engine) => {
        if (engine === 'yara') this.#scanner.reload();
        else this.host.reloadRules({ disabled: this.rules.disabled('sigma') });
      },
      limits: () => ruleLimits(this.health.report().entries),
    });
    this.#scanner = new FileWatchScan({
      dataDirectory: options.paths.dataDirectory,
      ownDirectories: [options.paths.dataDirectory, options.paths.runtimeDirectory],
      settings: () => this.settings.config.section('scan', scanSettings),
      clock: systemClock,
      health: this.health,
      isEnabled: (id) => this.rules.isEnabled('yara', id),
      indicatorOf: (type, hash) => this.indicators.hash(type, hash),
      onHit: (id, timeMs) => this.rules.count('yara', id, 1, timeMs),
      onFinding: (finding) => this.#found(finding),
      onMessage: (level, message) => logger[level](message),
    });
    const users = new UserNames(systemClock);
    const snapshots = new ProcessSnapshots({
      clock: systemClock,
      living: () => undefined,
      userName: (uid) => users.nameOf(uid),
    });
    this.processes = new ProcessDesk({
      clock: systemClock,
      store: () => this.store,
      // Where sensors are paused or fail, /proc still says who runs.
      snapshot: async () => (await this.host.processes()) ?? snapshots.take(),
      alerts: () => this.book.list().filter((alert) => alert.processes !== undefined && this.desk.isOpen(alert.id)),
      limits: () => processLimits(this.health.report().entries),
    });
    this.system = new SystemDesk({ clock: systemClock, dataDirectory: options.paths.dataDirectory });
    this.integrity = new IntegrityDesk({
      directory: options.paths.dataDirectory,
      helper: DEFAULT_HELPER_PATH,
      settings: () => this.settings.config.section('integrity', integritySettings),
      nowMs: () => systemClock.nowMs(),
      journal: (entry) => this.store.appendJournal(entry),
    });
    this.canaries = new CanaryDesk({
      dataDirectory: options.paths.dataDirectory,
      settings: () => this.settings.config.section('canaries', canarySettings),
      nowMs: () => systemClock.nowMs(),
      journal: (entry) => this.store.appendJournal(entry),
      onPaths: (paths) => this.host.takeCanaries(paths),
    });
    this.models = new ModelDesk({
      clock: systemClock,
      health: this.health,
      store: () => this.store,
      settings: () => this.settings.config.section('models', modelSettings),
      joinGapMs: () => this.settings.config.section('alerts', alertSettings).joinGapSeconds * MS_PER_SECOND,
      seed: randomInt(SEED_LIMIT),
      directory: join(options.paths.dataDirectory, 'models'),
      trainer: options.trainer ?? trainInChild,
      onFinding: (finding) => this.#found(finding),
      onProblem: (message) => logger.error(message),
      ownAddresses: () => readOwnAddresses(this.#traffic.helperPid),
    });
    this.#traffic = new LiveTraffic({
      config,
      indicators: () => this.indicators.compiled,
      health: this.health,
      logger,
      seed: randomInt(SEED_LIMIT),
      helperPrefix: options.helperPrefix,
      onFinding: (finding) => this.#found(finding),
      onFlows: (ended) => {
        const flows = this.programs.attach(ended);
        this.#store?.insertFlows(flows);
        this.liveFlows.remember(flows);
        this.#memory.add(flows);
        this.models.takeFlows(flows);
      },
      onLiveFlows: (live) => this.liveFlows.take(live),
      onSnapshot: (snapshot) => {
        this.view.add(snapshot, this.#traffic.interfaces());
        this.#memory.look(this.#traffic.interfaces());
        this.events.emit('traffic', snapshot);
      },
    });
    this.#watching = new TrafficSwitch(this.#traffic);
    this.host = new LiveHost({
      config,
      health: this.health,
      logger,
      dataDirectory: options.paths.dataDirectory,
      ownDirectories: [options.paths.dataDirectory, options.paths.runtimeDirectory],
      memory: () => hostMemory(this.store.control),
      disabledRules: () => this.rules.disabled('sigma'),
      canaries: () => this.canaries.paths,
      response: () => this.response.rules,
      onActivity: (activity, seen) => this.models.takeActivity(activity, seen),
      onPrograms: (programs) => this.models.takePrograms(programs),
      onRuleHits: (hits) => this.rules.takeHits(hits),
      onFinding: (finding) => this.#found(finding),
      onEvents: (events) => {
        this.programs.take(events);
        this.#findingPrograms.take(events);
        this.processes.take(events);
        this.#scanner.take(events);
        this.#store?.insertEvents(events);
        this.events.emit('host', events);
      },
    });
    this.#hostWatching = new TrafficSwitch(this.host);
    this.#memory = new TrafficMemory({
      clock: systemClock,
      health: this.health,
      store: () => this.store,
      helperPid: () => this.#traffic.helperPid,
    });
    this.captures = new CaptureJobs({
      directory: join(options.paths.dataDirectory, 'captures'),
      settings: () => this.settings.config.section('captures', captureSettings),
      sections: () => {
        const current = this.settings.config;
        return Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, current.section(path, table)]));
      },
      indicators: () => this.indicators.compiled,
      store: () => this.store,
      recordAlerts: (id, found, trailOf) => this.desk.recordCapture(id, found, trailOf),
      clock: systemClock,
      onProblem: (message) => logger.error(message),
    });
    this.#lifecycle = new Lifecycle(
      [
        { name: 'alone', start: () => this.#api.assertAlone() },
        { name: 'memory', start: () => this.#tidyUp(), stop: () => this.#tidying?.cancel() },
        { name: 'store', start: () => this.#openStore(), stop: () => this.#closeStore() },
        { name: 'response', start: () => this.response.start(), stop: () => this.response.stop() },
        { name: 'history', start: () => this.#memory.start(), stop: () => this.#memory.stop() },
        { name: 'indicators', start: () => this.indicators.load() },
        { name: 'rules', start: () => this.rules.start(), stop: () => this.rules.stop() },
        { name: 'processes', stop: () => this.processes.stop() },
        { name: 'scanner', start: () => this.#scanner.start(), stop: () => this.#scanner.stop() },
        { name: 'models', start: () => this.models.start(), stop: () => this.models.stop() },
        { name: 'system', stop: () => this.system.stop() },
        { name: 'integrity', stop: () => this.integrity.cancel() },
        { name: 'captures', start: () => this.captures.start(), stop: () => this.captures.stop() },
        { name: 'traffic', start: () => this.#watching.turn(true), stop: () => this.#watching.turn(false) },
        { name: 'host', start: () => this.#hostWatching.turn(true), stop: () => this.#hostWatching.turn(false) },
        { name: 'api', start: () => this.#api.start(), stop: () => this.#api.stop() },
        { name: 'http', start: () => this.console.start(), stop: () => this.console.stop() },
      ],
      systemClock,
    );
    this.handlers = createHandlers({
      settings: this.settings,
      pause: this.pause,
      logger,
      tokens: () => this.tokens,
      watchingSettled: async () => {
        await Promise.all([this.#watching.settled(), this.#hostWatching.settled()]);
      },
      watchStatus: (listener) => this.#statusFeed.watch(listener),
      store: () => this.store,
      status: () => this.status(),
      traffic: () => this.view.traffic(Date.now()),
      liveFlows: this.liveFlows,
      programs: this.programs,
      memory: this.#memory,
      askFlow: (number) => this.#traffic.askFlow(number),
      version: options.version,
      desk: this.desk,
      captures: () => this.captures,
      indicators: this.indicators,
      models: this.models,
      system: this.system,
      integrity: this.integrity,
      canaries: this.canaries,
      rules: this.rules,
      processes: this.processes,
      response: this.response,
      nowMs: () => systemClock.nowMs(),
      mode: () => this.response.mode,
      ownAddresses: () => readHostNetwork().addresses,
      onAlert: (listener) => this.events.on('alert', listener),
      onAction: (listener) => this.events.on('action', listener),
      onTraffic: (listener) => this.events.on('traffic', listener),
      onHostEvents: (listener) => this.events.on('host', listener),
      onHealth: (listener) => this.health.onChange(listener),
      console: () => this.console,
    });
    this.health.onChange(() => this.#statusFeed.poke());
    this.events.on('alert', () => this.#statusFeed.poke());
    this.#api = new ApiServer({
      handlers: this.handlers,
      directory: options.paths.runtimeDirectory,
      settings: config.section('api', apiSettings),
      health: this.health,
      logger,
      version: options.version,
      checkAnswers: config.profile !== 'production',
    });
    this.console = new EngineConsole({
      config,
      logger,
      version: options.version,
      health: this.health,
      backend: () => this.#api.dispatcher(),
      verifyToken: (secret) => this.verifyToken(secret),
      temporaryDirectory: options.paths.dataDirectory,
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
    const captureHelper = this.#traffic.helperPid;
    return {
      version: this.options.version,
      startedMs: this.#startedMs,
      uptimeSeconds: (Date.now() - this.#startedMs) / 1000,
      mode: this.response.mode,
      health: this.health.report().entries,
      interfaces: this.#interfaces(),
      traffic: this.view.rates(),
      pause: this.pause.current,
      abilities: ABILITIES,
      alerts: this.#openAlerts(),
      cost: this.#cost.measure([
        ...(captureHelper === undefined ? [] : [captureHelper]),
        ...this.host.helperPids,
        ...this.response.helperPids,
      ]),
    };
  }

  #tidyUp(): void {
    this.#tidying = keepHeapTidy(systemClock);
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
    this.pause.recover();
    this.#store.appendJournal({ actor: 'engine', action: 'engine-started', subject: this.options.version });
  }

  async #closeStore(): Promise<void> {
    // Before the database: whoever closes it last tidies its log up, which a reader cannot.
    await this.#store?.hunt.close();
    this.pause.stop();
    this.#store?.appendJournal({ actor: 'engine', action: 'engine-stopped', subject: this.options.version });
    this.#store?.close();
  }

  /** What is not watched during a pause is not up, whatever it was when the pause began. */
  #interfaces(): Status['interfaces'] {
    const all = this.#traffic.interfaces().map((state) => this.view.interfaceStatus(state));
    if (this.pause.current === null) return all;
    return all.map((each) => ({ ...each, state: 'down', detail: 'watching is paused' }));
  }

  async #apply(part: LivePart, config: Config): Promise<void> {
    if (part === 'traffic') await this.#watching.configure(config);
    else if (part === 'host') await this.#hostWatching.configure(config);
    else if (part === 'scan') this.#scanner.configure();
    else if (part === 'indicators') await this.indicators.reload();
    else if (part === 'alerts') this.book.configure(config.section('alerts', alertSettings));
    else if (part === 'response') this.#responseChanged();
    else if (part === 'models') this.models.configure();
    else if (part === 'store') this.store.configure(config.section('store', storeSettings));
    else if (part === 'log') this.options.logger.setLevel(config.section('log', logSettings).level);
    this.#statusFeed.poke();
  }

  #responseChanged(): void {
    this.response.showHealth();
    this.host.takeResponse(this.response.rules);
  }

  #pauseChanged(pause: PauseState | null): void {
    const isPaused = pause !== null;
    if (isPaused) {
      const hint = 'It goes on by itself; "holdfast resume" ends the pause now.';
      this.#pauseHealth.off(`Watching is paused by ${pause.actor}: ${pause.reason}`, hint);
    } else {
      this.#pauseHealth.ok(NOT_PAUSED);
    }
    this.models.setWatching(!isPaused);
    this.options.logger.info(isPaused ? 'Protection is paused' : 'Protection goes on');
    const done = Promise.all([this.#watching.turn(!isPaused), this.#hostWatching.turn(!isPaused)]).then(() => {
      this.view.clear();
      // Who watches the open flows hears that there are none, and not nothing.
      if (isPaused)
        this.liveFlows.take({ nowUs: Date.now() * 1_000, open: 0, rows: NO_ROWS, ended: NO_ROWS, names: [] });
    });
    done.catch((error: unknown) => this.options.logger.error('Watching could not be switched', { error }));
    this.#statusFeed.poke();
  }

  #found(found: Finding): void {
    const finding = this.#findingPrograms.attach(found);
    // First of all: every millisecond costs somebody a file.
    const linkAction = this.response.hear(finding);
    this.models.hear(finding);
    const alert = this.book.add(finding);
    linkAction?.(alert.id);
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

/** Texts of sensors as marks of the store, so that they are as old as everything else in it. */
function hostMemory(control: Store['control']): HostMemory {
  return {
    load: (name) => control.mark(`host.${name}`),
    save: (name, text) => control.setMark(`host.${name}`, text),
  };
}
