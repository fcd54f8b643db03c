/** The HTML report of one analysed capture. */
export type { ReportContext, Share, TrafficBucket } from './context.ts';
export { renderReport } from './render.ts';
