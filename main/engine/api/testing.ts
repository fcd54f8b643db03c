/** A double of the engine behind the API, for tests of transports and clients. Everything in it is visibly made up. */
import { API, type ApiHandlers, type CallOutput, type StreamName } from '../../../contract/api.ts';
import type { AlertRecord, Status, Traffic } from '../../../contract/api-schemas.ts';
import { FailureError } from '../runtime/failure.ts';

export function testAlert(index: number, changes: Partial<AlertRecord> = {}): AlertRecord {
  return {
    id: `a-${String(index).padStart(12, '0')}`,
    kind: 'port-scan',
    title: `10.0.0.${index} scanned 1,000 ports of 10.0.0.200`,
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: [`10.0.0.${index}`],
    victims: ['10.0.0.200'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: 1_700_000_000_000 + index * 60_000,
    lastSeenMs: 1_700_000_005_000 + index * 60_000,
    findings: 2,
    explanation: 'It tried 1,000 ports within 5 seconds; a computer usually uses a handful.',
    evidence: [{ name: 'ports tried', value: 1000, unit: 'ports', usual: '1 to 5', meaning: 'Few programs use many.' }],
    detectors: ['port-scan'],
    related: [],
    state: 'open',
    review: null,
    source: 'live',
    ...changes,
  };
}

export const TEST_STATUS: Status = {
  version: '0.0.0-test',
  startedMs: 1_700_000_000_000,
  uptimeSeconds: 7_512,
  mode: 'observe',
  health: [
    { part: 'capture', state: 'ok', detail: 'Watching eth0.', counters: { received: 120_000, dropped: 0 } },
    { part: 'store', state: 'ok', detail: 'Writing.', counters: {} },
  ],
  interfaces: [
    {
      name: 'eth0',
      state: 'up',
      detail: '',
      packetsPerSecond: 1_204.4,
      bytesPerSecond: 913_000,
      received: 120_000,
      dropped: 0,
      bytes: 90_000_000,
    },
  ],
  traffic: { packetsPerSecond: 1_204.4, bytesPerSecond: 913_000, openFlows: 214 },
  pause: null,
  abilities: [{ id: 'isolate', isAvailable: false, why: 'This is a double.' }],
  alerts: { info: 0, low: 2, medium: 0, high: 0, critical: 0 },
  cost: { pid: 4_711, cpuPercent: 0.42, memoryBytes: 164_000_000 },
};

export const TEST_TRAFFIC: Traffic = {
  timeMs: 1_700_000_000_000,
  packetsPerSecond: 1_204.4,
  bytesPerSecond: 913_000,
  openFlows: 214,
  history: Array.from({ length: 60 }, (_, second) => ({ packets: second * 10, bytes: (second % 20) * 40_000 })),
  windowSeconds: 60,
  talkers: [
    { address: '10.0.0.5', sentBytes: 1_200_000, receivedBytes: 34_000_000, packets: 40_000 },
    { address: '2001:db8:0:1:aaaa:bbbb:cccc:dddd', sentBytes: 800, receivedBytes: 0, packets: 8 },
  ],
  protocols: [
    { name: 'tls', flows: 120, bytes: 30_000_000 },
    { name: 'dns', flows: 80, bytes: 20_000 },
  ],
  recentFlows: [],
};

type Emitters = { readonly [N in StreamName]: Set<(item: CallOutput<N>) => void> };

/** Every row of the table answers; those that no test has asked for yet say so. */
function unanswered(): ApiHandlers {
  const refuse = (name: string) => () => {
    const hint = 'Add it to the double, or give a handler of your own.';
    throw new FailureError({ code: 'not-in-double', message: `The double does not answer ${name}.`, hint });
  };
  return Object.fromEntries(Object.keys(API).map((name) => [name, refuse(name)])) as unknown as ApiHandlers;
}

function noWatchers(): Emitters {
  const streams = Object.entries(API).filter(([, { kind }]) => kind === 'stream');
  return Object.fromEntries(streams.map(([name]) => [name, new Set()])) as unknown as Emitters;
}

/** Handlers that answer from memory; items are sent to whoever watches by `emit`. */
export class TestEngine {
  alerts: AlertRecord[] = [];
  status: Status = TEST_STATUS;
  traffic: Traffic = TEST_TRAFFIC;
  readonly watchers: Emitters = noWatchers();

  readonly handlers: ApiHandlers = {
    ...unanswered(),
    status: () => this.status,
    traffic: () => this.traffic,
    'alerts.list': ({ limit, cursor }) => {
      const from = cursor === undefined ? 0 : Number(cursor);
      const next = from + limit < this.alerts.length ? String(from + limit) : null;
      return { alerts: this.alerts.slice(from, from + limit), total: this.alerts.length, next };
    },
    'alerts.get': ({ id }) => this.#alert(id),
    'alerts.story': ({ id }) => ({
      alert: this.#alert(id),
      timeline: [],
      series: [],
      traffic: { bucketMs: 1_000, points: [], flows: 0, isPartial: false },
      techniques: [],
      detectors: [],
      decisions: [],
      nextSteps: ['Nothing: this is a double.'],
      related: [],
      huntQuery: 'flows',
    }),
    'config.show': () => ({
      profile: 'testing',
      settings: [{ path: 'store.keepDays', value: 30, unit: 'd', origin: 'default' }],
    }),
    'alerts.watch': (_input, emit) => this.#watch('alerts.watch', emit),
    'traffic.watch': (_input, emit) => this.#watch('traffic.watch', emit),
    'health.watch': (_input, emit) => this.#watch('health.watch', emit),
    'status.watch': (_input, emit) => this.#watch('status.watch', emit),
  };

  emit<N extends StreamName>(name: N, item: CallOutput<N>): void {
    for (const watcher of this.watchers[name]) watcher(item);
  }

  #alert(id: string): AlertRecord {
    const alert = this.alerts.find((each) => each.id === id);
    if (alert !== undefined) return alert;
    throw new FailureError({ code: 'no-such-alert', message: `There is no alert ${id}.`, hint: 'List them.' });
  }

  #watch<N extends StreamName>(name: N, emit: (item: CallOutput<N>) => void): () => void {
    const watchers: Set<(item: CallOutput<N>) => void> = this.watchers[name];
    watchers.add(emit);
    return () => watchers.delete(emit);
  }
}
