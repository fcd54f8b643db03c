/** The HTML report of one analysed capture. */
export type { ProtocolShare, ReportContext, Talker, TrafficBucket } from './context.ts';
export { renderReport } from './render.ts';
