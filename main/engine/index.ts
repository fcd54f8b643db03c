/**
 * The engine's face for the command line and the shell. Light to import: what takes time to load is loaded
 * by the functions that need it.
 */
import type { AnalysisResult, AnalyzeOptions } from './analyze.ts';
import type { ExportOptions, FlowSummary, FlowsOptions, FlowsResult } from './flows.ts';

export type { AnalysisContext, AnalysisResult, AnalyzeOptions } from './analyze.ts';
export type { ExportOptions, FlowSummary, FlowsOptions, FlowsResult } from './flows.ts';
export type { CaptureProgress, CaptureSummary } from './network/index.ts';
export { FailureError } from './runtime/failure.ts';

/** See analyze.ts. */
export async function analyzeCapture(path: string, options?: AnalyzeOptions): Promise<AnalysisResult> {
  return (await import('./analyze.ts')).analyzeCapture(path, options);
}

/** See flows.ts. */
export async function exportFlows(path: string, options: ExportOptions): Promise<FlowsResult> {
  return (await import('./flows.ts')).exportFlows(path, options);
}

/** See flows.ts. */
export async function summarizeFlows(path: string, options?: FlowsOptions): Promise<FlowSummary> {
  return (await import('./flows.ts')).summarizeFlows(path, options);
}
