/**
 * The engine's face for the command line and the shell. Light to import: what takes time to load is loaded
 * by the functions that need it.
 */
import type { AnalysisDocument } from '../../contract/analysis.ts';
import type { AttackCatalogue } from '../../contract/attack.ts';
import type { AlertKind } from '../../contract/domain.ts';
import type { Engine, EngineOptions } from './engine.ts';
import type { HttpServer } from './http/index.ts';
import type { FlowFacts } from './network/index.ts';
import type { ReportContext } from './report/index.ts';
import type { Config, ConfigReport, ConfigRequest } from './runtime/config.ts';
import type { ShownSetting } from './runtime/config-text.ts';
import type { Logger } from './runtime/log.ts';
import type { Paths } from './runtime/paths.ts';
import type { Supervisor, SupervisorOptions } from './runtime/supervise.ts';
import type { AnalysisResult, AnalyzeOptions } from './services/captures/analyze.ts';
import type { CaptureProfile } from './services/captures/capture-anomalies.ts';
import type { ExportOptions, FlowSummary, FlowsOptions, FlowsResult } from './services/captures/flows.ts';
import type { ConsoleOptions } from './services/control/console.ts';
import type { TrainedProfile, TrainOptions } from './services/learning/train.ts';
import type { LocalResponse } from './services/response/local-response.ts';
import type { IndicatorDesk } from './services/rules/indicator-desk.ts';
import type { LocalRules } from './services/rules/rule-desk.ts';
import type { ReadRuleList } from './services/rules/rule-reading.ts';
import type { ScanOptions, ScanResult } from './services/rules/scan.ts';
import type { IntegrityDesk } from './services/system/integrity-desk.ts';
import type { SystemDesk } from './services/system/system-desk.ts';

export type { AnalysisContext, AnalysisResult, AnalyzeOptions } from './services/captures/analyze.ts';
export type { CaptureProfile } from './services/captures/capture-anomalies.ts';
export type BeaconReview = typeof import('./services/captures/beacon-review.ts');
export type { Engine, EngineEvents, EngineOptions } from './engine.ts';
export type { ConsoleLink, HttpServer } from './http/index.ts';
export type { ExportOptions, FlowSummary, FlowsOptions, FlowsResult } from './services/captures/flows.ts';
export type { ConsoleOptions } from './services/control/console.ts';
export type AnomalyModels = typeof import('./models/index.ts');
export type HostReview = typeof import('./services/host/host-review.ts');
export type HostRules = typeof import('./rules/index.ts');
export type { CaptureProgress, CaptureSummary, FlowFacts } from './network/index.ts';
export type { Config, ConfigReport } from './runtime/config.ts';
export { FailureError } from './runtime/failure.ts';
export type { Logger } from './runtime/log.ts';
export { type Paths, resolvePaths } from './runtime/paths.ts';
export type { Backend } from './runtime/session/backend.ts';
export type { Supervisor, SupervisorOptions } from './runtime/supervise.ts';

export type { FoundFile, ScanHit, ScanOptions, ScanProgress, ScanResult } from './services/rules/scan.ts';

type TrainedProfileFile = typeof import('./services/learning/train.ts').trainedProfileFile;

export type { TrainedProfile, TrainOptions, WorkSource } from './services/learning/train.ts';

/** See analyze.ts. */
export async function analyzeCapture(path: string, options?: AnalyzeOptions): Promise<AnalysisResult> {
  return (await import('./services/captures/analyze.ts')).analyzeCapture(path, options);
}

/** See report/render.ts: one self-contained HTML page about one analysed capture. */
export async function renderReport(document: AnalysisDocument, context: ReportContext): Promise<string> {
  return (await import('./report/index.ts')).renderReport(document, context);
}

/** See indicators/files.ts: the name that a list of indicators gets when it is taken in. */
export async function ownListName(path: string): Promise<string> {
  return (await import('./indicators/index.ts')).ownListName(path);
}

/** See beacon-review.ts: how much like beacons the calls of logs and captures are. */
export async function loadBeaconReview(): Promise<BeaconReview> {
  return import('./services/captures/beacon-review.ts');
}

/** See models/index.ts. */
export async function loadAnomalyModels(): Promise<AnomalyModels> {
  return import('./models/index.ts');
}

/** See train.ts: learns what is usual from captures and tables of flows. */
export async function trainFromFiles(options: TrainOptions): Promise<TrainedProfile> {
  return (await import('./services/learning/train.ts')).trainFromFiles(options);
}

/** See train.ts: what was learnt as a file. */
export async function trainedProfileFile(...given: Parameters<TrainedProfileFile>): Promise<Buffer> {
  return (await import('./services/learning/train.ts')).trainedProfileFile(...given);
}

/** See capture-profile.ts: what `analyzeCapture` judges by. */
export async function openCaptureProfile(bytes: Uint8Array, source: string): Promise<CaptureProfile> {
  return (await import('./services/captures/capture-profile.ts')).profileOfFile(bytes, source);
}

/** See capture-profile.ts. */
export async function trainedCaptureProfile(
  trained: TrainedProfile,
  paths: readonly string[],
  nowMs: number,
): Promise<CaptureProfile> {
  return (await import('./services/captures/capture-profile.ts')).profileOfTraining(trained, paths, nowMs);
}

/** Makes sure that a directory is there and this user's own. @throws FailureError */
export async function ensureDirectory(path: string): Promise<void> {
  const { ensureOwnDirectory } = await import('./runtime/paths.ts');
  ensureOwnDirectory(path);
}

/** See rules/index.ts: Sigma rules without an engine. */
export async function loadHostRules(): Promise<HostRules> {
  return import('./rules/index.ts');
}

/** See rule-reading.ts: rules in Sigma and YARA of Holdfast and those that were taken in, where no engine runs. */
export async function readRulesInUse(dataDirectory: string): Promise<ReadRuleList> {
  const { readRuleList } = await import('./services/rules/rule-reading.ts');
  return readRuleList({ kind: 'all', dataDirectory, userId: process.geteuid?.() ?? 0 });
}

/** See rule-desk.ts: the folder of rules that were taken in, where no engine runs. */
export async function openLocalRules(dataDirectory: string): Promise<LocalRules> {
  return (await import('./services/rules/rule-desk.ts')).openLocalRules(dataDirectory);
}

/** See host-review.ts: recorded events of a computer, replayed. */
export async function loadHostReview(): Promise<HostReview> {
  return import('./services/host/host-review.ts');
}

/** See scan.ts: files looked through with rules in YARA. */
export async function scanFiles(options: ScanOptions): Promise<ScanResult> {
  return (await import('./services/rules/scan.ts')).scanFiles(options);
}

/** See local-response.ts: what was done, and undoing it, where no engine runs. */
export async function openResponse(paths: Paths, config: Config): Promise<LocalResponse> {
  return (await import('./services/response/local-response.ts')).openLocalResponse(paths, config);
}

/** The computer itself without an engine: what starts by itself, and what it is. */
export type LocalSystem = Pick<SystemDesk, 'persistence' | 'inventory' | 'stop'>;

/** See system-desk.ts. */
export async function openSystem(dataDirectory: string): Promise<LocalSystem> {
  return (await import('./services/system/system-desk.ts')).openLocalSystem(dataDirectory);
}

/** The integrity baseline without an engine. */
export type LocalIntegrity = Pick<
  IntegrityDesk,
  'accept' | 'cancel' | 'changes' | 'check' | 'init' | 'state' | 'watch'
>;

/** See integrity-desk.ts. There is no journal where no engine runs. */
export async function openIntegrity(dataDirectory: string, config: Config): Promise<LocalIntegrity> {
  const [{ IntegrityDesk }, { integritySettings }, { DEFAULT_HELPER_PATH }] = await Promise.all([
    import('./services/system/integrity-desk.ts'),
    import('./integrity/index.ts'),
    import('./sensors/index.ts'),
  ]);
  return new IntegrityDesk({
    directory: dataDirectory,
    helper: DEFAULT_HELPER_PATH,
    settings: () => config.section('integrity', integritySettings),
    nowMs: () => Date.now(),
    journal: () => {},
  });
}

/** See flows.ts. */
export async function exportFlows(path: string, options: ExportOptions): Promise<FlowsResult> {
  return (await import('./services/captures/flows.ts')).exportFlows(path, options);
}

/** See flows.ts. */
export async function summarizeFlows(path: string, options?: FlowsOptions): Promise<FlowSummary> {
  return (await import('./services/captures/flows.ts')).summarizeFlows(path, options);
}

/** See inspect.ts. */
export async function inspectCapture(path: string): Promise<readonly FlowFacts[]> {
  return (await import('./services/captures/inspect.ts')).inspectCapture(path);
}

/** The lists of indicators without an engine. */
export type LocalIndicators = Pick<IndicatorDesk, 'check' | 'compiled' | 'importText' | 'lists' | 'remove' | 'size'>;

/**
 * Reads the lists of indicators below a data directory, those of the settings, and `files`.
 *
 * @throws FailureError of the first of `files` that cannot be read
 */
export async function openIndicators(
  dataDirectory: string,
  config: Config,
  files: readonly string[] = [],
): Promise<LocalIndicators> {
  const { openLocalIndicators } = await import('./services/rules/indicator-desk.ts');
  return openLocalIndicators(dataDirectory, config, files);
}

/** The live engine, not yet started. See engine.ts. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  return new (await import('./engine.ts')).Engine(options);
}

/** The console over HTTP, not yet listening. See console.ts. */
export async function createConsole(options: ConsoleOptions): Promise<HttpServer> {
  return (await import('./services/control/console.ts')).createConsole(options);
}

/** What can be told beside alerts: the meaning of techniques, and what the detectors look for. */
export interface Knowledge {
  readonly catalogue: AttackCatalogue;
  readonly detectors: readonly { readonly id: string; readonly kind: AlertKind; readonly summary: string }[];
}

export async function loadKnowledge(): Promise<Knowledge> {
  const [{ attackCatalogue }, { DETECTORS }] = await Promise.all([
    import('./alerts/index.ts'),
    import('./detect/index.ts'),
  ]);
  return { catalogue: attackCatalogue(), detectors: DETECTORS.map(({ id, kind, summary }) => ({ id, kind, summary })) };
}

/** Where the layers of the configuration are found; the sections are the engine's own. */
export type EngineConfigRequest = Omit<ConfigRequest, 'sections'>;

/** The effective configuration. @throws FailureError `bad-config`, naming every error with its line */
export async function loadEngineConfig(request: EngineConfigRequest): Promise<Config> {
  const [{ loadConfig }, { CONFIG_SECTIONS }] = await Promise.all([
    import('./runtime/config.ts'),
    import('./services/control/configuration.ts'),
  ]);
  return loadConfig({ ...request, sections: CONFIG_SECTIONS });
}

/** The same with everything that is wrong as data, for `config check`. */
export async function checkEngineConfig(
  request: EngineConfigRequest,
): Promise<ConfigReport & { readonly problemTexts: readonly string[] }> {
  const [{ readConfig, problemText }, { CONFIG_SECTIONS }] = await Promise.all([
    import('./runtime/config.ts'),
    import('./services/control/configuration.ts'),
  ]);
  const report = await readConfig({ ...request, sections: CONFIG_SECTIONS });
  return { ...report, problemTexts: report.problems.map(problemText) };
}

/** A complete configuration file with every default, unit and reason, commented out. */
export async function exampleConfig(): Promise<string> {
  const [{ configExample }, { CONFIG_SECTIONS }] = await Promise.all([
    import('./runtime/config-text.ts'),
    import('./services/control/configuration.ts'),
  ]);
  return configExample(CONFIG_SECTIONS);
}

/** The effective configuration for people and as data. */
export async function showConfig(
  config: Config,
): Promise<{ readonly text: string; readonly settings: readonly ShownSetting[] }> {
  const { configShow, shownSettings } = await import('./runtime/config-text.ts');
  return { text: configShow(config), settings: shownSettings(config) };
}

/** The engine's log by the settings of the configuration; `directory` left out is standard error. */
export async function openLog(config: Config, directory: string | undefined): Promise<Logger> {
  const { createLogger, logSettings } = await import('./runtime/log.ts');
  return createLogger({ settings: config.section('log', logSettings), directory });
}

/** Keeps a child process running. See runtime/supervise.ts. */
export async function createSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  return new (await import('./runtime/supervise.ts')).Supervisor(options);
}
