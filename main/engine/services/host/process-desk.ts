/** Programs of this computer, for people: who runs, what each has open, what is said of it. */
import {
  type ListenerRow,
  MAX_PROCESS_PARTS,
  MAX_PROCESSES_PER_ITEM,
  MAX_ROW_COMMAND,
  type ProcessDetail,
  type ProcessRow,
} from '../../../../contract/api-processes.ts';
import { type Alert, type HealthEntry, SEVERITIES } from '../../../../contract/domain.ts';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { ProcessLife, Store } from '../../store/index.ts';
import type { SeenProcess } from './process-snapshot.ts';
import { isOpenToOthers, type KnownSocket, openConnections, ProcessSockets } from './process-sockets.ts';

export interface ProcessDeskOptions {
  readonly clock: Clock;
  readonly store: () => Store;
  /** Everything that runs now. */
  readonly snapshot: () => Promise<readonly SeenProcess[]>;
  /** Open alerts that name processes. */
  readonly alerts: () => readonly Alert[];
  /** Why not everything is seen, in plain sentences; none where all is. */
  readonly limits: () => readonly string[];
}

export interface ProcessNews {
  readonly isFirst: boolean;
  readonly changed: readonly ProcessRow[];
  readonly ended: readonly { readonly pid: number; readonly startedMs: number }[];
  readonly limits: string;
}

const WATCH_MS = 1_000;
/** A snapshot may be so old for those who ask at the same time. */
const FRESH_MS = 500;
/** Of one process in full; the list beside it says how many there were. */
const FILE_TYPES = [
  'file-created',
  'file-written',
  'file-renamed',
  'file-deleted',
  'file-attributes',
  'file-executed',
  'file-opened',
] as const;
/** A start is known exactly from the sensor, and by the second from /proc. */
const SAME_START_MS = 2_000;
const MAX_COMMAND = 16_384;

/** Answers about processes. Samples only while somebody asks or watches. */
export class ProcessDesk {
  readonly #options: ProcessDeskOptions;
  readonly #sockets = new ProcessSockets();
  readonly #watchers = new Set<(news: ProcessNews) => void>();
  #timer: Timer | undefined;
  #shown = new Map<string, ProcessRow>();
  #latest: Promise<readonly SeenProcess[]> | undefined;
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(options: ProcessDeskOptions) {
    this.#options = options;
  }

  /** What happens on the host. */
  take(events: readonly HostEvent[]): void {
    this.#sockets.take(events);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#watchers.clear();
  }

  async list({ search, onlyRisky, limit }: { search: string; onlyRisky: boolean; limit: number }) {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const rows = (await this.#rows()).filter(
      (row) => (!onlyRisky || row.risk !== null) && words.every((word) => textOf(row).includes(word)),
    );
    return { processes: rows.slice(0, limit), total: rows.length, limits: this.#limits() };
  }

  /** Tells all that run, then once a second what changed; gives the function that ends it. */
  watch(listener: (news: ProcessNews) => void): () => void {
    let isWelcomed = false;
    const own = (news: ProcessNews): void => {
      if (isWelcomed) listener(news);
    };
    this.#watchers.add(own);
    const welcome = (rows: readonly ProcessRow[]): void => {
      if (!this.#watchers.has(own)) return;
      // Those who watch already hear what changed before the new one is told all.
      this.#announce(rows);
      for (const [index, part] of pieces(rows).entries()) {
        listener({ isFirst: index === 0, changed: part, ended: [], limits: this.#limits() });
      }
      isWelcomed = true;
      this.#timer ??= this.#options.clock.every(WATCH_MS, () => void this.#tell());
    };
    // Nobody waits for this, so a failure would end the engine: it is tried again instead.
    const begin = (): void => {
      if (!this.#watchers.has(own)) return;
      this.#rows()
        .then(welcome)
        .catch(() => this.#options.clock.after(WATCH_MS, begin));
    };
    begin();
    return () => {
      this.#watchers.delete(own);
      if (this.#watchers.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  /** @throws FailureError `no-such-process` */
  async get(pid: number, startedMs: number | undefined, signal: AbortSignal): Promise<ProcessDetail> {
    const rows = await this.#rows();
    const seen = await this.#snapshot();
    const running = seen.find((each) => each.process.pid === pid && isSameStart(each.startedMs, startedMs));
    const life = await this.#life(pid, running?.startedMs ?? startedMs, signal);
    const process = running?.process ?? life?.process;
    if (process === undefined) {
      const hint = 'It may have ended before Holdfast watched, or its events were removed after a time.';
      throw new FailureError({ code: 'no-such-process', message: `There is no process ${pid}.`, hint });
    }
    const start = running?.startedMs ?? life?.startedMs ?? startedMs ?? 0;
    const own = (row: ProcessRow): boolean => row.pid === pid && isSameStart(row.startedMs, start);
    const risks = risksOf(this.#options.alerts());
    const row = rows.find(own) ?? this.#endedRow(process, start, life?.process.parent?.pid ?? 0, risks);
    const sockets = (this.#sockets.byProcess().get(pid) ?? []).filter((each) => isSameStart(each.startedMs, start));
    const files = await this.#files(pid, start, signal);
    const children = await this.#children(row, rows, risks, signal);
    return {
      process: row,
      commandLine: process.commandLine.slice(0, MAX_COMMAND),
      workingDirectory: process.currentDirectory ?? '',
      terminal: process.terminal ?? '',
      session: process.sessionId ?? running?.session ?? null,
      sha256: process.hashes?.sha256 ?? '',
      endedMs: running === undefined ? (life?.endedMs ?? null) : null,
      exitCode: running === undefined ? (life?.exitCode ?? null) : null,
      lineage: this.#lineage(row, rows, risks, life),
      children: children.slice(0, MAX_PROCESS_PARTS),
      childCount: children.length,
      sockets: sockets.slice(0, MAX_PROCESS_PARTS).map(socketRow),
      socketCount: sockets.length,
      files,
      fileCount: files.length,
      alerts: this.#alertsOf(row)
        .slice(0, MAX_PROCESS_PARTS)
        .map(({ id, title, severity, lastSeenMs }) => ({
          id,
          title,
          severity,
          lastSeenMs,
        })),
      unknown: this.#options.limits(),
    };
  }

  async listeners(): Promise<{ listeners: readonly ListenerRow[]; limits: string }> {
    const rows = new Map((await this.#rows()).map((row) => [row.pid, row]));
    const risks = risksOf(this.#options.alerts());
    const listeners = this.#sockets.listeners.map(
      ({ protocol, localAddress, localPort, sinceMs, pid, startedMs, process }): ListenerRow => {
        const running = rows.get(pid);
        const isSame = running !== undefined && isSameStart(running.startedMs, startedMs);
        const ended =
          process === undefined ? null : this.#endedRow(process, startedMs ?? 0, process.parent?.pid ?? 0, risks);
        return {
          protocol,
          address: localAddress,
          port: localPort,
          isOpenToOthers: isOpenToOthers(localAddress),
          sinceMs,
          process: isSame ? running : ended,
        };
      },
    );
    listeners.sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
    return { listeners, limits: this.#limits() };
  }

  #limits(): string {
    return this.#options.limits().join(' ');
  }

  #snapshot(): Promise<readonly SeenProcess[]> {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#latest === undefined || nowMs - this.#latestMs > FRESH_MS) {
      this.#latestMs = nowMs;
      this.#latest = this.#options.snapshot();
    }
    return this.#latest;
  }

  async #rows(): Promise<readonly ProcessRow[]> {
    const seen = await this.#snapshot();
    this.#sockets.keep(openConnections());
    const sockets = this.#sockets.byProcess();
    const risks = risksOf(this.#options.alerts());
    return seen.map((each) => rowOf(each, sockets.get(each.process.pid) ?? [], risks));
  }

  /** Never rejects. */
  async #tell(): Promise<void> {
    try {
      this.#announce(await this.#rows());
    } catch {
      // The next second's look makes up for one that failed.
    }
  }

  /** To those who were welcomed: what is different from what they were told last. */
  #announce(rows: readonly ProcessRow[]): void {
    const before = this.#shown;
    this.#shown = new Map(rows.map((row) => [keyOf(row), row]));
    const changed = rows.filter((row) => isNews(before.get(keyOf(row)), row));
    const ended = [...before.values()]
      .filter((row) => !this.#shown.has(keyOf(row)))
      .map(({ pid, startedMs }) => ({ pid, startedMs }));
    if (changed.length === 0 && ended.length === 0) return;
    const limits = this.#limits();
    const [first = [], ...others] = pieces(changed);
    const items = [{ isFirst: false, changed: first, ended, limits }];
    for (const part of others) items.push({ isFirst: false, changed: part, ended: [], limits });
    for (const watcher of this.#watchers) for (const item of items) watcher(item);
  }

  async #life(pid: number, startedMs: number | undefined, signal: AbortSignal): Promise<ProcessLife | null> {
    if (startedMs === undefined) return null;
    return this.#options.store().events.process({ pid, startedMs }, signal);
  }

  async #files(pid: number, startedMs: number, signal: AbortSignal): Promise<ProcessDetail['files']> {
    const filter = { types: FILE_TYPES, pid, startedMs, limit: MAX_PROCESS_PARTS };
    const { events } = await this.#options.store().events.list(filter, signal);
    return events.flatMap(({ event }) => {
      if (!('path' in event) || event.path === undefined) return [];
      const action = event.type.slice('file-'.length) as ProcessDetail['files'][number]['action'];
      const previousPath = event.type === 'file-renamed' ? event.previousPath : '';
      return [{ timeMs: event.timeMs, path: event.path, action, previousPath }];
    });
  }

  /** Those that run, then those that are remembered. */
  async #children(
    row: ProcessRow,
    rows: readonly ProcessRow[],
    risks: Risks,
    signal: AbortSignal,
  ): Promise<readonly ProcessRow[]> {
    const running = rows.filter(({ parentPid, startedMs }) => parentPid === row.pid && startedMs >= row.startedMs);
    const known = new Set(running.map(keyOf));
    const name = { pid: row.pid, startedMs: row.startedMs };
    const lives = await this.#options.store().events.children(name, MAX_PROCESS_PARTS, signal);
    const ended = lives
      .map(({ process, startedMs }) => this.#endedRow(process, startedMs ?? 0, row.pid, risks))
      .filter((each) => !known.has(keyOf(each)) && !running.some((other) => isSame(other, each)));
    return [...running.toReversed(), ...ended];
  }

  #lineage(
    row: ProcessRow,
    rows: readonly ProcessRow[],
    risks: Risks,
    life: ProcessLife | null,
  ): readonly ProcessRow[] {
    const { parent, ancestors = [] }: Partial<HostProcessWithParents> = life?.process ?? {};
    const told = parent === undefined ? [] : [parent, ...ancestors];
    if (told.length > 0) {
      return told.map((process, index) => {
        const running = rows.find((each) => each.pid === process.pid && isSameStart(each.startedMs, process.startedMs));
        return running ?? this.#endedRow(process, process.startedMs ?? 0, told[index + 1]?.pid ?? 0, risks);
      });
    }
    const lineage: ProcessRow[] = [];
    const byPid = new Map(rows.map((each) => [each.pid, each]));
    for (let at = byPid.get(row.parentPid); at !== undefined && !lineage.includes(at); at = byPid.get(at.parentPid)) {
      lineage.push(at);
    }
    return lineage;
  }

  /** @param risks of all alerts, worked out once for all rows of an answer */
  #endedRow(process: HostProcess, startedMs: number, parentPid: number, risks: Risks): ProcessRow {
    const facts = {
      process,
      startedMs,
      parentPid,
      name: process.name ?? '',
      uid: process.euid ?? process.uid ?? 0,
      isKernelThread: false,
      cpu: null,
      memoryBytes: null,
    };
    return rowOf(facts, [], risks);
  }

  #alertsOf({ pid, startedMs }: ProcessRow): readonly Alert[] {
    const naming = this.#options
      .alerts()
      .filter(({ processes = [] }) =>
        processes.some((each) => each.pid === pid && isSameStart(each.startedMs, startedMs)),
      );
    return naming.toSorted((a, b) => rank(b) - rank(a) || b.lastSeenMs - a.lastSeenMs);
  }
}

function rank({ severity }: Pick<Alert, 'severity'>): number {
  return SEVERITIES.indexOf(severity);
}

type Risks = ReadonlyMap<
  number,
  readonly { readonly startedMs: number | undefined; readonly severity: Alert['severity'] }[]
>;

/** By number: who acted, which is not everybody above. */
function risksOf(alerts: readonly Alert[]): Risks {
  const risks = new Map<number, { startedMs: number | undefined; severity: Alert['severity'] }[]>();
  for (const { processes = [], severity } of alerts) {
    const parents = new Set(processes.map(({ parentPid }) => parentPid));
    for (const { pid, startedMs } of processes) {
      if (parents.has(pid)) continue;
      const known = risks.get(pid) ?? [];
      known.push({ startedMs, severity });
      risks.set(pid, known);
    }
  }
  return risks;
}

type Facts = Omit<SeenProcess, 'memoryBytes' | 'session'> & { readonly memoryBytes: number | null };

function rowOf(facts: Facts, sockets: readonly KnownSocket[], risks: Risks): ProcessRow {
  const { process, startedMs, parentPid, name, uid, isKernelThread, cpu, memoryBytes } = facts;
  const own = sockets.filter((each) => isSameStart(each.startedMs, startedMs));
  const listeners = own.filter(({ kind }) => kind === 'listener').length;
  const worst = (risks.get(process.pid) ?? [])
    .filter((risk) => isSameStart(risk.startedMs, startedMs))
    .reduce<Alert['severity'] | null>((found, { severity }) => {
      return found === null || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(found) ? severity : found;
    }, null);
  const { commandLine } = process;
  return {
    pid: process.pid,
    startedMs,
    parentPid,
    name: name || process.image.slice(process.image.lastIndexOf('/') + 1),
    image: process.image,
    commandLine: commandLine.length > MAX_ROW_COMMAND ? `${commandLine.slice(0, MAX_ROW_COMMAND - 1)}…` : commandLine,
    user: process.user ?? String(uid),
    uid,
    package: process.package ?? '',
    unit: process.unit ?? '',
    container: process.container ?? '',
    isKernelThread,
    connections: own.length - listeners,
    listeners,
    cpu: cpu === null ? null : Math.round(cpu * 1_000) / 1_000,
    memoryBytes,
    risk: worst,
  };
}

/** Sensors without which something of a process is not known. */
const NEEDED = { processes: 'Programs', sockets: 'Connections', files: 'Files' } as const;

/** What of processes is not seen and why, from what Health says of the sensors. */
export function processLimits(health: readonly HealthEntry[]): readonly string[] {
  return Object.entries(NEEDED)
    .flatMap(([part, name]) => {
      const entry = health.find((each) => each.part === part);
      if (entry === undefined) return ['The sensors of this computer do not run at the moment.'];
      return entry.state === 'ok' || entry.state === 'degraded'
        ? []
        : [`${name}: ${entry.detail} ${entry.hint ?? ''}`.trim()];
    })
    .filter((text, index, all) => all.indexOf(text) === index);
}

/** What is not told of either fits. */
function isSameStart(first: number | undefined, second: number | undefined): boolean {
  return first === undefined || second === undefined || Math.abs(first - second) <= SAME_START_MS;
}

function isSame(first: ProcessRow, second: ProcessRow): boolean {
  return first.pid === second.pid && isSameStart(first.startedMs, second.startedMs);
}

function keyOf({ pid, startedMs }: Pick<ProcessRow, 'pid' | 'startedMs'>): string {
  return `${pid} ${startedMs}`;
}

/** Least change of the CPU's share and of memory that is told: numbers that everybody has are no news. */
const CPU_STEP = 0.01;
const MEMORY_STEP = 0.05;

function isNews(before: ProcessRow | undefined, row: ProcessRow): boolean {
  if (before === undefined) return true;
  const { cpu, memoryBytes, ...rest } = row;
  if (Math.abs((cpu ?? 0) - (before.cpu ?? 0)) >= CPU_STEP || (cpu === null) !== (before.cpu === null)) return true;
  const memory = before.memoryBytes ?? 0;
  if (Math.abs((memoryBytes ?? 0) - memory) > memory * MEMORY_STEP) return true;
  return Object.entries(rest).some(([name, value]) => before[name as keyof ProcessRow] !== value);
}

function textOf({ name, image, commandLine, user, package: owner, unit, container, pid }: ProcessRow): string {
  return [name, image, commandLine, user, owner, unit, container, pid].join('\n').toLowerCase();
}

function pieces(rows: readonly ProcessRow[]): readonly (readonly ProcessRow[])[] {
  const parts: ProcessRow[][] = [];
  for (let at = 0; at < rows.length; at += MAX_PROCESSES_PER_ITEM)
    parts.push(rows.slice(at, at + MAX_PROCESSES_PER_ITEM));
  return parts.length === 0 ? [[]] : parts;
}

function socketRow({ process: _process, pid: _pid, startedMs: _startedMs, ...socket }: KnownSocket) {
  return socket;
}
