/** Processes of this computer: what begins, executes, becomes somebody else and ends. */
export { isOfSystemPackage } from './packages.ts';
export type { ProcessCounts, ProcessMethod } from './records.ts';
export { ProcessSensor, type ProcessSensorOptions } from './sensor.ts';
export { UserNames } from './users.ts';
