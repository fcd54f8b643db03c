import { jsonText } from '../../../../contract/text.ts';
import { SERVICES, type TrafficObserver } from '../../../../contract/traffic.ts';
import {
  type CaptureProgress,
  type CaptureSummary,
  FEATURES,
  FeatureTable,
  FlowCsvExporter,
  FlowJsonExporter,
  flowSettings,
  HostCounter,
  readTraffic,
  type Talker,
  type TrafficCounters,
  TrafficEngine,
  TrafficSummary,
} from '../../network/index.ts';
import { DEFAULT_SETTINGS } from '../traffic/default-settings.ts';
import type { SectionSource } from '../traffic/watch.ts';

export interface FlowsOptions {
  readonly config?: SectionSource;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CaptureProgress) => void;
  readonly stdin?: NodeJS.ReadableStream;
}

export interface ExportOptions extends FlowsOptions {
  readonly format: 'csv' | 'json';
  /** Given the output piece by piece; the bytes are valid during the call. */
  readonly write: (bytes: Uint8Array) => void;
}

export interface FlowsResult {
  readonly capture: CaptureSummary;
  readonly traffic: TrafficCounters;
}

/** Where a feature lies between the flows: a quarter is below `low`, half below `median`, a quarter above `high`. */
export interface FeatureSpread {
  readonly feature: string;
  readonly unit: string;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** What the flows of a service have in common. */
export interface ServiceSummary {
  readonly service: string;
  readonly flows: number;
  readonly bytes: number;
  readonly spreads: readonly FeatureSpread[];
}

export interface FlowSummary extends FlowsResult {
  readonly hosts: number;
  readonly talkers: readonly Talker[];
  /** Most bytes first. */
  readonly services: readonly ServiceSummary[];
}

/** Features whose spread tells a person most about a kind of traffic. */
const SHOWN_FEATURES = ['Flow Duration', 'Fwd Wire Bytes', 'Bwd Wire Bytes', 'Flow IAT Mean', 'Round Trip Time'];
const LISTED_TALKERS = 10;

/** Writes every flow of a capture with all its features, as CSV or as one JSON document. */
export async function exportFlows(path: string, options: ExportOptions): Promise<FlowsResult> {
  const run = new FlowRun(options);
  const { format, write } = options;
  if (format === 'csv') {
    const exporter = new FlowCsvExporter(run.source, write);
    exporter.start();
    const result = await run.read(path, [exporter]);
    exporter.finish();
    return result;
  }
  const exporter = new FlowJsonExporter(run.source, write);
  exporter.start();
  const result = await run.read(path, [exporter]);
  exporter.finish(`"capture":${jsonText(result.capture)}`);
  return result;
}

/** Computes every flow with all its features, keeps them, and sums them up by service. */
export async function summarizeFlows(path: string, options: FlowsOptions = {}): Promise<FlowSummary> {
  const run = new FlowRun(options);
  const table = new FeatureTable(run.source);
  const services = new ServiceTally();
  const hosts = new HostCounter();
  const talkers = new TrafficSummary('by-flow');
  const result = await run.read(path, [table, services, hosts, talkers]);
  return {
    ...result,
    hosts: hosts.size,
    talkers: talkers.topTalkers(LISTED_TALKERS),
    services: services.summarize(table),
  };
}

/** One pass over a capture with flows and no detectors. */
class FlowRun {
  readonly #options: FlowsOptions;
  #engine: TrafficEngine | undefined;

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /** For exporters, which are made before the engine that they watch. */
  readonly source = () => {
    if (!this.#engine) throw new Error('flows are asked for before the first packet');
    return this.#engine.flowSource;
  };

  async read(path: string, observers: readonly TrafficObserver[]): Promise<FlowsResult> {
    const { config = DEFAULT_SETTINGS, signal, onProgress, stdin } = this.#options;
    const engine = new TrafficEngine({ settings: config.section('network', flowSettings), observers });
    this.#engine = engine;
    const capture = await readTraffic(path, engine, { signal, onProgress, stdin });
    engine.finish();
    return { capture, traffic: engine.counters() };
  }
}

/** Remembers the service of each flow, in the order in which flows end: the order of the feature table. */
class ServiceTally implements TrafficObserver {
  #services = new Uint8Array(1024);
  #flows = 0;
  readonly #bytes = new Float64Array(SERVICES.length);

  flowEnd(flow: Parameters<NonNullable<TrafficObserver['flowEnd']>>[0]): void {
    if (this.#flows === this.#services.length) {
      const longer = new Uint8Array(this.#flows * 2);
      longer.set(this.#services);
      this.#services = longer;
    }
    this.#services[this.#flows++] = flow.service;
    this.#bytes[flow.service] += flow.initiatorWireBytes + flow.responderWireBytes;
  }

  summarize(table: FeatureTable): ServiceSummary[] {
    const shown = SHOWN_FEATURES.map((name) => FEATURES.findIndex((feature) => feature.name === name));
    const counts = new Uint32Array(SERVICES.length);
    for (let flow = 0; flow < this.#flows; flow++) counts[this.#services[flow]]++;
    const members = Array.from(counts, (count) => new Uint32Array(count));
    for (let flow = this.#flows - 1; flow >= 0; flow--) {
      const service = this.#services[flow];
      members[service][--counts[service]] = flow;
    }
    return SERVICES.map((service, index) => ({
      service,
      flows: members[index].length,
      bytes: this.#bytes[index],
      spreads: shown.map((feature) => spreadOf(table, members[index], feature)),
    }))
      .filter((summary) => summary.flows > 0)
      .sort((a, b) => b.bytes - a.bytes);
  }
}

/** So many flows of a service, evenly spread over it, tell its quartiles within a percent. */
const SPREAD_SAMPLE = 10_000;

function spreadOf(table: FeatureTable, flows: Uint32Array, feature: number): FeatureSpread {
  const step = Math.ceil(flows.length / SPREAD_SAMPLE);
  const values = new Float32Array(Math.ceil(flows.length / step));
  for (let i = 0; i < values.length; i++) values[i] = table.value(flows[i * step], feature);
  values.sort();
  const quantile = (share: number) => values[Math.floor(share * (values.length - 1))] ?? 0;
  const { name, unit } = FEATURES[feature];
  return { feature: name, unit, low: quantile(0.25), median: quantile(0.5), high: quantile(0.75) };
}
