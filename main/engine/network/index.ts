/** Packets in, flows and their features out. */
export { FEATURES, type Feature } from './features.ts';
export { CSV_COLUMNS, FeatureTable, FlowCsvExporter, FlowJsonExporter } from './flow-export.ts';
export { flowSettings } from './flow-settings.ts';
export { HostCounter } from './host-counter.ts';
export { REPEATABLE_SEED, type TrafficCounters, TrafficEngine, type TrafficEngineOptions } from './traffic-engine.ts';
