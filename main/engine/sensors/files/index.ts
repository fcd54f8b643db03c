/** Files of this computer: what is created, written, renamed, removed, changed and executed. */
export type { ProcessLookup } from './events.ts';
export { type FileVerdict, VerdictGate, type VerdictGateOptions } from './gate.ts';
export { FILE_MAGICS, type FileMagic } from './magic.ts';
export type { WatchedOpenings } from './openings.ts';
export type { FileCounts, FileSystem, FileSystemState } from './records.ts';
export { FileSensor, type FileSensorOptions } from './sensor.ts';
export type { FileVerdictRequest, VerdictCounts } from './verdict-records.ts';
export { VerdictCache, type VerdictCacheOptions } from './verdicts.ts';
