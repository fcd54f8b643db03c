/** Who reaches into other programs, and into the kernel: what eBPF alone sees. */
export type { AccessCounts, AccessGreeting } from './records.ts';
export { AccessSensor, type AccessSensorOptions } from './sensor.ts';
