/** Sockets of this computer: who connects, who is connected to, and who waits on which port. */
export type { SocketCounts, SocketMethod } from './records.ts';
export { SocketSensor, type SocketSensorOptions } from './sensor.ts';
