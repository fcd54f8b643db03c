/** HTML reports: of one analysed capture, and of alerts with their stories. */
export type { ProtocolShare, ReportContext, Talker, TrafficBucket } from './context.ts';
export { renderReport } from './render.ts';
export { renderStories, type StoriesContext } from './stories.ts';
