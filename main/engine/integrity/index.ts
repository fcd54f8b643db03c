/** Whether files of the system are still as they were when somebody trusted them. */
export { hasBaseline } from './baseline-file.ts';
export { ASPECTS, CHANGE_KINDS, ENTRY_KINDS, type IntegrityChange } from './entry.ts';
export {
  acceptChanges,
  type BaselineSummary,
  checkBaseline,
  INTEGRITY_STEPS,
  type IntegrityProgress,
  type IntegrityReport,
  type IntegrityRun,
  type IntegrityScope,
  initBaseline,
} from './integrity.ts';
export { integritySettings } from './settings.ts';
