/** Files of this computer: what is created, written, renamed, removed, changed and executed. */
export type { ProcessLookup } from './events.ts';
export { FILE_MAGICS, type FileMagic } from './magic.ts';
export type { FileCounts, FileSystem, FileSystemState } from './records.ts';
export { FileSensor, type FileSensorOptions } from './sensor.ts';
