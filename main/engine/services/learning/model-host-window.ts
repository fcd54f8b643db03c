import { readdirSync, statfsSync, statSync } from 'node:fs';
import { HOST_WINDOW_SECONDS, rowByName } from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { readKernelText } from '../../runtime/kernel-text.ts';
import type { HostActivity, SeenByHost } from '../host/host-activity.ts';

export interface HostWindowOptions {
  readonly clock: Clock;
  /** The addresses of this computer: of the traffic that is seen, only its own is its state. */
  readonly ownAddresses: () => ReadonlySet<string>;
  readonly onRow: (timeMs: number, values: Float64Array) => void;
  /** The length of a row. */
  readonly columns: number;
  /** For tests. */
  readonly procDirectory?: string;
}

const WINDOW_MS = HOST_WINDOW_SECONDS * 1_000;
/** A window that lasted much longer (the computer slept) is no window of ten seconds. */
const LONGEST_WINDOW_MS = 2 * WINDOW_MS;
/** Remote addresses that are told apart; more is "very many" all the same. */
const MAX_ADDRESSES = 10_000;
const PERCENT = 100;
const SECTOR_BYTES = 512;
/** /proc/net/tcp: connections that listen, and that are open. */
const LISTEN = '0A';
const ESTABLISHED = '01';
/**
 * Windows after which the lists of sockets are read at the latest. For each the kernel goes through tables of hundreds of
 * thousands of places, milliseconds on a machine with much memory: where its totals say that no connection was opened and
 * none ended, the lists are those of before, but for connections that the other side has closed and this one has not.
 */
const LONGEST_KNOWN_WINDOWS = 6;
/** Of the line "Tcp:" of /proc/net/snmp (RFC 4022): ActiveOpens, PassiveOpens, AttemptFails, EstabResets, CurrEstab. */
const TCP_TOTALS = /^Tcp: (?:-?\d+ ){4}((?:\d+ ){5})/m;
/** Of /proc/net/sockstat and sockstat6: sockets that wait for connections or have one. */
const TCP_IN_USE = /^TCP6?: inuse (\d+)/m;
/** Lines of one list of sockets that are read. */
const MAX_SOCKETS = 100_000;
const WHOLE_DISK = /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/;

/** What the sensors of the host told of a window, by the names of columns. */
type Told = Record<string, number>;

/** Which sensor counts which columns. */
const ACTIVITY: readonly (readonly [keyof SeenByHost, readonly (readonly [string, keyof HostActivity])[]])[] = [
  [
    'processes',
    [
      ['process_exits', 'processExits'],
      ['new_executables', 'newExecutables'],
      ['privileged_commands', 'privilegedCommands'],
    ],
  ],
  [
    'files',
    [
      ['file_writes', 'fileWrites'],
      ['file_renames', 'fileRenames'],
      ['file_deletions', 'fileDeletions'],
    ],
  ],
  [
    'logs',
    [
      ['logins', 'logins'],
      ['failed_logins', 'failedLogins'],
    ],
  ],
];

interface SocketCounts {
  readonly listening_sockets: number;
  readonly outgoing_sockets: number;
}

/** Counters that only grow, read at the beginning and at the end of a window. */
interface Counters {
  readonly atMs: number;
  readonly busyTicks: number;
  readonly allTicks: number;
  readonly forks: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/**
 * Ten seconds of the whole computer, as rows of the table "host": what /proc says (proc(5)) and the traffic that was
 * seen, with what the sensors of the host counted. What was not seen all the time is missing. Start and stop once.
 */
export class HostWindow {
  readonly #options: HostWindowOptions;
  readonly #proc: string;
  readonly #values: Float64Array;
  readonly #addresses = new Set<string>();
  /** Looked up once a window. */
  #own: ReadonlySet<string> = new Set();
  #before: Counters | undefined;
  #sentBytes = 0;
  #receivedBytes = 0;
  #sentPackets = 0;
  #receivedPackets = 0;
  /** Undefined before the sensors have told anything in this window. */
  #told: Told | undefined;
  /** Columns that a sensor did not see for a part of the window. */
  readonly #unseen = new Set<string>();
  /** By which totals the sockets were counted, how many, and for how many windows more that holds. */
  #socketTotals: string | undefined;
  #socketCounts: SocketCounts | undefined;
  #knownWindows = 0;
  #timer: Timer | undefined;

  constructor(options: HostWindowOptions) {
    this.#options = options;
    this.#proc = options.procDirectory ?? '/proc';
    this.#values = new Float64Array(options.columns);
  }

  start(): void {
    this.#own = this.#options.ownAddresses();
    this.#before = this.#counters();
    this.#timer = this.#options.clock.every(WINDOW_MS, () => this.#close());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#before = undefined;
  }

  /** Ended conversations; what they carried counts for the window in which they ended. */
  takeFlows(flows: readonly RecordedFlow[]): void {
    const own = this.#own;
    for (const flow of flows) {
      const isSender = own.has(flow.initiator);
      if (!isSender && !own.has(flow.responder)) continue;
      this.#sentBytes += isSender ? flow.initiatorBytes : flow.responderBytes;
      this.#receivedBytes += isSender ? flow.responderBytes : flow.initiatorBytes;
      this.#sentPackets += isSender ? flow.initiatorPackets : flow.responderPackets;
      this.#receivedPackets += isSender ? flow.responderPackets : flow.initiatorPackets;
      if (this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(isSender ? flow.responder : flow.initiator);
    }
  }

  /** What happened on the host since it was told last. */
  takeActivity(activity: HostActivity, seen: SeenByHost): void {
    const told: Told = {};
    for (const [sensor, columns] of ACTIVITY) {
      for (const [column, count] of columns) {
        if (!seen[sensor]) this.#unseen.add(column);
        told[column] = (this.#told?.[column] ?? 0) + activity[count];
      }
    }
    this.#told = told;
  }

  #takeTold(): Told {
    const seen = Object.entries(this.#told ?? {}).filter(([column]) => !this.#unseen.has(column));
    this.#told = undefined;
    this.#unseen.clear();
    return Object.fromEntries(seen);
  }

  #close(): void {
    this.#own = this.#options.ownAddresses();
    const before = this.#before;
    const now = this.#counters();
    this.#before = now;
    const traffic = {
      remote_addresses: this.#addresses.size,
      sent_bytes: this.#sentBytes,
      received_bytes: this.#receivedBytes,
      sent_packets: this.#sentPackets,
      received_packets: this.#receivedPackets,
    };
    const told = this.#takeTold();
    this.#addresses.clear();
    this.#sentBytes = 0;
    this.#receivedBytes = 0;
    this.#sentPackets = 0;
    this.#receivedPackets = 0;
    if (before === undefined || now === undefined || now.atMs - before.atMs > LONGEST_WINDOW_MS) return;
    const row = {
      cpu_percent: (PERCENT * (now.busyTicks - before.busyTicks)) / Math.max(1, now.allTicks - before.allTicks),
      process_starts: now.forks - before.forks,
      disk_read_bytes: now.readBytes - before.readBytes,
      disk_written_bytes: now.writtenBytes - before.writtenBytes,
      ...this.#state(),
      ...traffic,
      ...told,
    };
    rowByName('host', row, this.#values);
    this.#options.onRow(this.#options.clock.nowMs(), this.#values);
  }

  #counters(): Counters | undefined {
    try {
      const stat = this.#read('stat');
      const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').map(Number);
      // user nice system idle iowait irq softirq steal; guests are counted in user already.
      const all = ticks.slice(0, 8).reduce((sum, each) => sum + each, 0);
      const forks = Number(/^processes (\d+)$/m.exec(stat)?.[1] ?? Number.NaN);
      const disks = this.#disks();
      return {
        atMs: this.#options.clock.monotonicMs(),
        busyTicks: all - ticks[3] - ticks[4],
        allTicks: all,
        forks,
        ...disks,
      };
    } catch {
      return undefined; // No such /proc: another system, or none mounted.
    }
  }

  #disks(): Pick<Counters, 'readBytes' | 'writtenBytes'> {
    let read = 0;
    let written = 0;
    for (const line of this.#read('diskstats').split('\n')) {
      const fields = line.trim().split(/ +/);
      if (!WHOLE_DISK.test(fields[2] ?? '')) continue;
      read += Number(fields[5]);
      written += Number(fields[9]);
    }
    return { readBytes: read * SECTOR_BYTES, writtenBytes: written * SECTOR_BYTES };
  }

  /** What is so at the end of the window. */
  #state(): Readonly<Record<string, number>> {
    const memory = new Map(
      [...this.#read('meminfo').matchAll(/^(\w+): +(\d+)/gm)].map(([, name, kilobytes]) => [name, Number(kilobytes)]),
    );
    const share = (total = 0, free = 0) => (total > 0 ? (PERCENT * (total - free)) / total : Number.NaN);
    const disk = statfsSync('/');
    return {
      memory_percent: share(memory.get('MemTotal'), memory.get('MemAvailable')),
      swap_percent: share(memory.get('SwapTotal'), memory.get('SwapFree')),
      load_1m: Number(this.#read('loadavg').split(' ', 1)[0]),
      disk_used_percent: share(disk.blocks, disk.bavail),
      ...this.#processes(),
      ...this.#sockets(),
    };
  }

  #processes(): { readonly processes: number; readonly users: number } {
    const users = new Set<number>();
    let processes = 0;
    for (const name of readdirSync(this.#proc)) {
      if (!/^\d+$/.test(name)) continue;
      processes++;
      // Undefined for one that has just ended.
      const status = statSync(`${this.#proc}/${name}`, { throwIfNoEntry: false });
      if (status !== undefined) users.add(status.uid);
    }
    return { processes, users: users.size };
  }

  #sockets(): SocketCounts {
    const totals = this.#tcpTotals();
    const isSame = totals !== undefined && totals === this.#socketTotals;
    this.#knownWindows--;
    if (isSame && this.#knownWindows > 0 && this.#socketCounts !== undefined) return this.#socketCounts;
    this.#socketTotals = totals;
    this.#knownWindows = LONGEST_KNOWN_WINDOWS;
    this.#socketCounts = this.#countSockets();
    return this.#socketCounts;
  }

  /** Other ones when a connection or a port that is waited at came or went; undefined where the kernel does not tell. */
  #tcpTotals(): string | undefined {
    const totals = TCP_TOTALS.exec(this.#read('net/snmp'))?.[1];
    const inUse = TCP_IN_USE.exec(this.#read('net/sockstat'))?.[1];
    if (totals === undefined || inUse === undefined) return undefined;
    // A kernel without IPv6 has no sockets of it.
    return `${totals}${inUse} ${TCP_IN_USE.exec(this.#read('net/sockstat6'))?.[1] ?? ''}`;
  }

  #countSockets(): SocketCounts {
    const listened = new Set<string>();
    const open: string[] = [];
    for (const file of ['net/tcp', 'net/tcp6']) {
      for (const line of this.#read(file).split('\n', MAX_SOCKETS).slice(1)) {
        const [, local, , state] = line.trim().split(/ +/, 4);
        const port = local?.slice(local.lastIndexOf(':') + 1);
        if (port === undefined) continue;
        if (state === LISTEN) listened.add(port);
        else if (state === ESTABLISHED) open.push(port);
      }
    }
    // Those at a port that is listened at were called from outside.
    return { listening_sockets: listened.size, outgoing_sockets: open.filter((port) => !listened.has(port)).length };
  }

  #read(file: string): string {
    try {
      return readKernelText(`${this.#proc}/${file}`);
    } catch (error) {
      // A kernel without IPv6, a container without disks.
      if (file === 'stat') throw error;
      return '';
    }
  }
}
