/** Whether files of the system are still as they were when somebody trusted them. */
export type { IntegrityChange } from './entry.ts';
export {
  acceptChanges,
  type BaselineSummary,
  baselineSummary,
  checkBaseline,
  type IntegrityProgress,
  type IntegrityReport,
  type IntegrityRun,
  type IntegrityScope,
  initBaseline,
} from './integrity.ts';
export { integritySettings } from './settings.ts';
