/** Packets in, flows and their features out. */
export {
  CaptureError,
  type CaptureNote,
  type CaptureProgress,
  type CaptureSummary,
} from './capture/read.ts';
export { FEATURE_MEANINGS } from './feature-meanings.ts';
export { FEATURES, type Feature } from './features.ts';
export { CSV_COLUMNS, FeatureTable, FlowCsvExporter, FlowJsonExporter } from './flow-export.ts';
export { type FlowNote, FlowNotes, NO_NOTE } from './flow-notes.ts';
export { FEATURES_VERSION, FlowRecorder, type RecordedFlow } from './flow-recorder.ts';
export { flowSettings } from './flow-settings.ts';
export { HostCounter } from './host-counter.ts';
export {
  LIVE_OPEN,
  LIVE_ROW,
  LIVE_ROW_WORDS,
  type LiveFlowDetail,
  LiveFlows,
  type LiveSnapshot,
} from './live-flows.ts';
export { FactCollector, type FlowFacts } from './protocols/fact-collector.ts';
export { readTraffic } from './read-traffic.ts';
export { type RecentFlow, RecentFlows } from './recent-flows.ts';
export { REPEATABLE_SEED, type TrafficCounters, TrafficEngine, type TrafficEngineOptions } from './traffic-engine.ts';
export { type ProtocolShare, type Talker, type TrafficBucket, TrafficSummary } from './traffic-summary.ts';
export { transportName } from './transport-name.ts';
