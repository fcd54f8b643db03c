/** What `holdfast processes` and `holdfast listeners` print. Pure; names and arguments are whoever's who runs them. */
import type { ListenerRow, ProcessDetail, ProcessRow } from '../../../contract/api-processes.ts';
import { formatBytes, formatCount, formatDate, formatDuration, formatTime } from '../../../contract/format.ts';
import { processForest } from '../../../contract/process-forest.ts';
import { plainText } from '../../../contract/text.ts';
import { type Column, cut, hanging, pad, table } from '../terminal/layout.ts';
import { type Paint, SEVERITY_SHAPES, severityLabel } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

export interface ProcessTextOptions {
  readonly width: number;
  readonly paint: Paint;
}

/** Steps to the right that are drawn. */
const MAX_INDENT = 12;
const MAX_NAME = 32;
const MAX_USER = 16;
const MAX_OWNER = 32;
/** Least room for the command line: where there is less, columns at the right are left out. */
const LEAST_COMMAND = 24;
const MAX_PATH = 4_096;
const MAX_COMMAND = 16_384;
/** Of children, sockets and files; --json has all. */
const SHOWN_PARTS = 20;

const COLUMNS: readonly Column[] = [
  { title: 'PID', align: 'right' },
  { title: 'USER' },
  { title: 'CPU', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'CONN', align: 'right' },
  { title: 'LISTEN', align: 'right' },
  { title: 'UNIT' },
];

/** One line each: what it uses, then the program with its arguments, in the tree to the right of its parent. */
export function processesText(
  processes: readonly ProcessRow[],
  { width, paint, isTree = false }: ProcessTextOptions & { readonly isTree?: boolean },
): string[] {
  const rows = isTree ? processForest(processes) : processes.map((process) => ({ process, depth: 0 }));
  const [title, ...facts] = table(
    COLUMNS,
    rows.map(({ process }) => factsOf(process)),
    width - LEAST_COMMAND - GAP.length,
  );
  const longest = Math.max(title.length, ...facts.map((line) => line.length));
  const room = Math.max(LEAST_COMMAND, width - longest - GAP.length);
  const lines = rows.map(({ process, depth }, at) => {
    const indent = '  '.repeat(Math.min(depth, MAX_INDENT));
    const mark = process.risk === null ? '' : `${SEVERITY_SHAPES[process.risk]} ${process.risk.toUpperCase()} `;
    const program = cut(indent + mark + programText(process), room);
    const painted =
      process.risk === null || !program.startsWith(indent + mark)
        ? program
        : `${indent}${paint(process.risk, mark)}${program.slice(indent.length + mark.length)}`;
    return `${pad(facts[at], longest)}${GAP}${painted}`;
  });
  const risky = processes.filter(({ risk }) => risk !== null).length;
  const total = `${formatCount(processes.length, 'program')}${risky === 0 ? '' : `, ${risky} named by alerts`}.`;
  return [paint('quiet', `${pad(title, longest)}${GAP}PROGRAM`), ...lines, '', total];
}

const GAP = '  ';

function factsOf(process: ProcessRow): readonly string[] {
  const { pid, user, cpu, memoryBytes, connections, listeners } = process;
  return [
    String(pid),
    cut(plainText(user), MAX_USER),
    cpu === null ? '–' : `${(cpu * 100).toFixed(1)} %`,
    memoryBytes === null || memoryBytes === 0 ? '–' : formatBytes(memoryBytes),
    connections === 0 ? '–' : String(connections),
    listeners === 0 ? '–' : String(listeners),
    cut(plainText(ownerOf(process)) || '–', MAX_OWNER),
  ];
}

/** What it belongs to: its container or its unit. */
function ownerOf({ container, unit }: ProcessRow): string {
  return container || unit;
}

/** The command line where there is one; what it calls itself stands before it where that is something else. */
function programText({ name, commandLine, isKernelThread }: ProcessRow): string {
  const own = cut(plainText(name), MAX_NAME);
  if (commandLine === '') return isKernelThread ? `[${own}]` : own;
  const [first = ''] = commandLine.split(' ', 1);
  const isSame = first
    .slice(first.lastIndexOf('/') + 1)
    .replace(/^-/, '')
    .startsWith(name);
  return isSame ? plainText(commandLine) : `${own}: ${plainText(commandLine)}`;
}

/** One process in full. */
export function processText(detail: ProcessDetail, { width, paint }: ProcessTextOptions): string[] {
  const { process, commandLine, workingDirectory, terminal, session, sha256, alerts, unknown } = detail;
  const isRunning = detail.endedMs === null && process.memoryBytes !== null;
  const kind = process.isKernelThread ? 'a thread of the kernel, ' : '';
  const facts: readonly (readonly [string, string])[] = [
    ['Command line', commandLine],
    ['Path', process.image],
    ['Folder', workingDirectory],
    ['User', process.user === String(process.uid) ? process.user : `${process.user} (${process.uid})`],
    ['Package', process.package],
    ['Unit', process.unit],
    ['Container', process.container],
    ['Terminal', terminal],
    ['Session', session === null || session === 0 ? '' : String(session)],
    ['SHA-256', sha256],
    ['Started', momentText(process.startedMs)],
    ['Ended', isRunning ? '' : endText(detail)],
    ['Uses', isRunning ? usageText(process) : ''],
  ];
  return [
    `${paint('bold', plainText(process.name))} ${process.pid} ${paint('quiet', `${kind}${isRunning ? 'running' : 'ended'}`)}`,
    ...facts.flatMap(([name, value]) =>
      value === '' ? [] : hanging(`  ${paint('quiet', name.padEnd(NAME_WIDTH))}`, plainText(value, MAX_COMMAND), width),
    ),
    ...part(
      'Alerts that name it',
      alerts.map(
        ({ id, title, severity }) => `${severityLabel(paint, severity)}  ${plainText(title)}  ${paint('quiet', id)}`,
      ),
      alerts.length,
      paint,
    ),
    ...part('Started by', lineageLines(detail, width), detail.lineage.length, paint),
    ...part(
      'Started by it',
      detail.children.map((row) => familyLine(row, width)),
      detail.childCount,
      paint,
    ),
    ...part('Connections and ports', detail.sockets.map(socketLine), detail.socketCount, paint),
    ...part('Files touched', detail.files.map(fileLine), detail.fileCount, paint),
    ...part(
      'What is not known',
      unknown.flatMap((text) => hanging('', plainText(text), width - INDENT)),
      unknown.length,
      paint,
    ),
  ];
}

const NAME_WIDTH = 14;
const INDENT = 2;

function part(title: string, lines: readonly string[], total: number, paint: Paint): readonly string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, SHOWN_PARTS);
  const left = Math.max(total, lines.length) - shown.length;
  return [
    '',
    paint('bold', title),
    ...shown.map((line) => `  ${line}`),
    ...(left > 0 ? [`  ${paint('quiet', `… ${left} more: --json has them`)}`] : []),
  ];
}

/** From the first program down to the one that started it. */
function lineageLines({ lineage }: ProcessDetail, width: number): readonly string[] {
  return lineage.toReversed().map((row, depth) => {
    const indent = '  '.repeat(Math.min(depth, MAX_INDENT));
    return indent + familyLine(row, width - indent.length);
  });
}

function familyLine(row: ProcessRow, width: number): string {
  return cut(
    `${row.pid} ${programText(row)}${row.memoryBytes === null ? ' (ended)' : ''}`,
    Math.max(LEAST_COMMAND, width - INDENT),
  );
}

function socketLine(socket: ProcessDetail['sockets'][number]): string {
  const { kind, protocol, localAddress, localPort, remoteAddress, remotePort, direction, sinceMs } = socket;
  const since = `${protocol}, since ${momentText(sinceMs)}`;
  if (kind === 'listener') return `listens on ${hostText(localAddress, localPort)}  ${since}`;
  return `${direction === 'outbound' ? 'to' : 'from'} ${hostText(remoteAddress, remotePort)}  ${since}`;
}

function hostText(address: string, port: number): string {
  const text = plainText(address);
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

const ACTIONS: Readonly<Record<ProcessDetail['files'][number]['action'], string>> = {
  created: 'made',
  written: 'written',
  renamed: 'renamed',
  deleted: 'deleted',
  attributes: 'changed',
  executed: 'executed',
  opened: 'opened',
};

function fileLine({ timeMs, path, action, previousPath }: ProcessDetail['files'][number]): string {
  const from = previousPath === '' ? '' : ` from ${plainText(previousPath, MAX_PATH)}`;
  return `${formatTime(localMs(timeMs))}  ${ACTIONS[action].padEnd(8)}  ${plainText(path, MAX_PATH)}${from}`;
}

function momentText(timeMs: number): string {
  return `${formatDate(localMs(timeMs))} ${formatTime(localMs(timeMs))}`;
}

function endText({ endedMs, exitCode, process }: ProcessDetail): string {
  if (endedMs === null) return 'it runs no more; when it ended was not seen';
  const after = `after ${formatDuration(Math.max(0, endedMs - process.startedMs))}`;
  return `${momentText(endedMs)}, ${after}${exitCode === null ? '' : `, with status ${exitCode}`}`;
}

function usageText({ cpu, memoryBytes }: ProcessRow): string {
  return [
    ...(cpu === null ? [] : [`${(cpu * 100).toFixed(1)} % of one core`]),
    ...(memoryBytes === null ? [] : [formatBytes(memoryBytes)]),
  ].join(', ');
}

/** One line each, by port. */
export function listenersText(listeners: readonly ListenerRow[], { width, paint }: ProcessTextOptions): string[] {
  const open = listeners.filter(({ isOpenToOthers }) => isOpenToOthers).length;
  const lines = table(
    [
      { title: 'PORT', align: 'right' },
      { title: 'PROTOCOL' },
      { title: 'REACHABLE BY' },
      { title: 'ADDRESS' },
      { title: 'PROGRAM' },
      { title: 'PID', align: 'right' },
      { title: 'USER' },
      { title: 'UNIT OR PACKAGE' },
      { title: 'SINCE' },
    ],
    listeners.map(({ port, protocol, isOpenToOthers, address, process, sinceMs }) => [
      String(port),
      protocol,
      isOpenToOthers ? 'others' : 'this computer',
      plainText(address),
      process === null ? 'not known' : cut(plainText(process.name), MAX_NAME),
      process === null ? '–' : String(process.pid),
      process === null ? '–' : cut(plainText(process.user), MAX_USER),
      process === null ? '–' : cut(plainText(ownerOf(process) || process.package) || '–', MAX_OWNER),
      momentText(sinceMs),
    ]),
    width,
    (text) => paint('quiet', text),
  );
  return [...lines, '', `${formatCount(listeners.length, 'port')}, ${open} reachable by others.`];
}
