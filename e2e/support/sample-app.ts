/** What a quiet, healthy engine says to every page, for tests that need pages with something in them. */
import type { CallOutput } from '../../contract/api.ts';
import { type Flow, MAX_FLOWS_PER_ITEM } from '../../contract/api-flows.ts';
import { modelScript } from './model-scripts.ts';
import { sampleStatus } from './sample-status.ts';
import type { Script } from './scripted-console.ts';

const DAY_MS = 86_400_000;
const SERVICES = ['tls', 'http', 'dns', 'ssh', 'quic', 'unknown'] as const;

type FlowItem = CallOutput<'flows.watch'>;

/** The open flow of this number; its amounts grow with the turn, by the second. */
export function sampleFlow(number: number, turn = 0, nowMs = Date.now()): Flow {
  // Each flow has a pace of its own, and most stand still at any moment, as in real traffic.
  const pace = (number * 7_919) % 97;
  const bytes = (pace + 1) * (400 + turn * 900);
  return {
    id: `o-${number}`,
    startMs: nowMs - ((number * 131) % 3_600) * 1_000,
    lastMs: nowMs,
    initiator: `10.${number % 4}.${(number >> 8) % 256}.${number % 256}`,
    initiatorPort: 32_768 + (number % 28_000),
    responder: `203.0.113.${number % 250}`,
    responderPort: [443, 80, 53, 22, 443, 9_000][number % 6],
    transport: number % 6 === 2 ? 'udp' : 'tcp',
    service: SERVICES[number % 6],
    application: SERVICES[number % 6],
    name: number % 6 === 3 ? '' : `host-${number % 500}.example.org`,
    initiatorPackets: pace + turn,
    responderPackets: 2 * pace + turn,
    initiatorBytes: bytes,
    responderBytes: 4 * bytes,
    initiatorBytesPerSecond: pace * 90,
    responderBytesPerSecond: pace * 360,
    end: null,
  };
}

/** So many open flows, in as many items as the engine would take. @param only flows whose numbers are so */
export function sampleFlowItems(
  total: number,
  turn: number,
  only: (number: number) => boolean = () => true,
): FlowItem[] {
  const timeMs = Date.now();
  const flows = Array.from({ length: total }, (_, number) => number)
    .filter(only)
    .map((number) => sampleFlow(number, turn, timeMs));
  const items: FlowItem[] = [];
  for (let from = 0; from === 0 || from < flows.length; from += MAX_FLOWS_PER_ITEM) {
    const isComplete = turn === 0 && from === 0;
    items.push({ timeMs, isComplete, open: total, flows: flows.slice(from, from + MAX_FLOWS_PER_ITEM), gone: [] });
  }
  return items;
}

function history({ sinceMs, untilMs, points }: { sinceMs: number; untilMs: number; points: number }) {
  const stepMs = (untilMs - sinceMs) / points;
  return {
    stepMs,
    points: Array.from({ length: points }, (_, index) => ({
      timeMs: sinceMs + index * stepMs,
      receivedBytes: Math.round(2e7 * (1 + Math.sin(index / 20)) + (index % 7) * 1e6),
      sentBytes: Math.round(4e6 * (1 + Math.cos(index / 17))),
      packets: 1_000,
      dropped: 0,
      // A computer that slept for a while.
      watchedSeconds: index > 100 && index < 130 ? 0 : stepMs / 1_000,
    })),
  };
}

const setting = (path: string, value: number | boolean | string | readonly string[]) => ({
  path,
  type: Array.isArray(value) ? ('list' as const) : (typeof value as 'number' | 'boolean' | 'string'),
  value,
  default: value,
  wanted: 'what it takes',
  reason: `What ${path} does. It is as it is because that is right for most computers, and can be another where it is not.`,
  origin: 'default',
  lockedBy: '',
  environmentName: `HOLDFAST_${path.toUpperCase()}`,
});

const SETTINGS = {
  profile: 'default',
  sections: [
    {
      path: 'sensors',
      title: 'What is watched',
      settings: [setting('sensors.interfaces', ['auto']), setting('sensors.promiscuous', false)],
    },
    {
      path: 'detect.port-scan',
      title: 'Finding port scans',
      settings: [{ ...setting('detect.port-scan.portsOfOneHost', 12), unit: 'ports', isInteger: true }],
    },
    {
      path: 'models',
      title: 'Learning what is usual',
      settings: [{ ...setting('models.alertsPerDay', 5), minimum: 0, maximum: 200 }],
    },
    { path: 'http', title: 'Console', settings: [setting('http.address', '127.0.0.1')] },
  ],
};

/** @param change what this test's engine says otherwise */
export function sampleScript(change: Script = {}): Script {
  const hosts = Array.from({ length: 40 }, (_, number) => ({
    address: number === 0 ? '10.0.0.5' : `203.0.113.${number}`,
    isOwn: number === 0,
    sentBytes: Math.round(4e9 / (number + 1)),
    receivedBytes: Math.round(9e9 / (number + 1)),
    flows: 4_000 - number * 90,
    firstSeenMs: Date.now() - DAY_MS,
    lastSeenMs: Date.now() - number * 60_000,
    isNew: number % 9 === 4,
    services: ['tls', 'dns', 'http'],
  }));
  return {
    status: () => sampleStatus(),
    'status.watch': () => [],
    'alerts.watch': () => [],
    'health.watch': () => [],
    'alerts.list': () => ({ alerts: [], total: 0, next: null }),
    'traffic.history': history,
    'hosts.list': ({ limit, search }) => {
      const found = hosts.filter(({ address }) => address.includes(search));
      return { hosts: found.slice(0, limit), total: found.length };
    },
    'flows.watch': () => sampleFlowItems(60, 0),
    'journal.list': () => ({
      entries: Array.from({ length: 30 }, (_, number) => ({
        id: 30 - number,
        timeMs: Date.now() - number * 3_600_000,
        actor: 'ada (uid 1000)',
        action: number % 3 === 0 ? 'setting-changed' : 'alert-dismissed',
        subject: number % 3 === 0 ? 'detect.port-scan.portsOfOneHost' : `a-${number}`,
        detail: { reason: 'expected' },
        hash: 'c0ffee'.padEnd(64, '0'),
      })),
      next: null,
    }),
    'config.describe': () => SETTINGS,
    'traffic.watch': () => [],
    'log.recent': () => ({ entries: [] }),
    'tokens.list': () => ({ tokens: [] }),
    ...modelScript('learning'),
    ...change,
  };
}
