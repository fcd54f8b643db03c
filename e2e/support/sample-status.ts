/** A status as an engine that watches one network gives it, for tests that need any. */
import type { Status } from '../../contract/api-schemas.ts';

/** @param change what is other than usual */
export function sampleStatus(change: Partial<Status> = {}): Status {
  return {
    version: '0.1.0',
    startedMs: Date.now() - 3 * 3_600_000,
    uptimeSeconds: 3 * 3_600,
    mode: 'observe',
    health: [
      { part: 'capture', state: 'ok', detail: 'eth0 is watched.', counters: { received: 184_233, dropped: 0 } },
      { part: 'store', state: 'ok', detail: 'Everything is kept.', counters: { queued: 0 } },
    ],
    interfaces: [
      {
        name: 'eth0',
        state: 'up',
        detail: '',
        packetsPerSecond: 312,
        bytesPerSecond: 241_000,
        received: 184_233,
        dropped: 0,
        bytes: 98_234_112,
      },
    ],
    traffic: { packetsPerSecond: 312, bytesPerSecond: 241_000, openFlows: 41 },
    pause: null,
    abilities: [],
    alerts: { info: 0, low: 2, medium: 0, high: 0, critical: 0 },
    cost: { pid: 4_242, cpuPercent: 0.4, memoryBytes: 164_000_000 },
    ...change,
  };
}
