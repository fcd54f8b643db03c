/** The processes that run already when the sensor starts, from /proc: proc_pid_stat(5). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessRecord } from './records.ts';

/** What a machine of ten thousand processes takes is a second; beyond it the rest is met when it acts. */
const MAX_RUNNING = 16_384;
const MAX_COMMAND_LINE = 16_384;
/** USER_HZ: part of the kernel's interface, 100 on every architecture that Node runs on. */
const TICK_NS = 10_000_000;
const UNSET_ID = 0xffffffff;
const DELETED = ' (deleted)';

/** One record of kind "exec" for each, as if it had just begun; parents before their children. */
export function readRunning(nowMs: number, folder = '/proc'): ProcessRecord[] {
  const records: ProcessRecord[] = [];
  for (const name of readdirSync(folder)) {
    if (records.length === MAX_RUNNING) break;
    if (!/^\d{1,10}$/.test(name)) continue;
    const record = readOne(`${folder}/${name}`, Number(name), nowMs);
    if (record !== undefined) records.push(record);
  }
  return records.sort((a, b) => a.startNs - b.startNs || a.pid - b.pid);
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    // It ended, or it is another user's: what cannot be read is left out.
    return otherwise;
  }
}

function readOne(folder: string, pid: number, nowMs: number): ProcessRecord | undefined {
  const stat = attempt(() => readFileSync(`${folder}/stat`, 'utf8'), '');
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = stat.slice(close + 2).split(' ');
  const status = attempt(() => readFileSync(`${folder}/status`, 'utf8'), '');
  const users = /^Uid:\t(\d+)\t(\d+)/m.exec(status);
  const groups = /^Gid:\t(\d+)\t(\d+)/m.exec(status);
  const capabilities = /^CapEff:\t([0-9a-f]{1,16})$/m.exec(status);
  const link = attempt(() => readlinkSync(`${folder}/exe`), '');
  const isImageDeleted = link.endsWith(DELETED);
  const loginUid = readId(`${folder}/loginuid`);
  const sessionId = readId(`${folder}/sessionid`);
  const text = attempt(() => readFileSync(`${folder}/cmdline`, 'utf8'), '');
  return {
    kind: 'exec',
    timeMs: nowMs,
    pid,
    parentPid: Number(fields[1]),
    startNs: Number(fields[19]) * TICK_NS,
    parentStartNs: 0,
    ...(users !== null && { users: { uid: Number(users[1]), euid: Number(users[2]) } }),
    ...(groups !== null && { groups: { gid: Number(groups[1]), egid: Number(groups[2]) } }),
    ...(capabilities !== null && { capabilities: BigInt(`0x${capabilities[1]}`) }),
    ...(loginUid !== undefined && { loginUid }),
    ...(sessionId !== undefined && { sessionId }),
    exitStatus: 0,
    isIncomplete: false,
    name: stat.slice(open + 1, close),
    terminal: terminalOf(Number(fields[4])),
    program: {
      fileName: '',
      image: isImageDeleted ? link.slice(0, -DELETED.length) : link,
      inode: 0,
      directory: attempt(() => readlinkSync(`${folder}/cwd`), ''),
      cgroup: /^0::(.*)$/m.exec(attempt(() => readFileSync(`${folder}/cgroup`, 'utf8'), ''))?.[1] ?? '',
      arguments: text.slice(0, MAX_COMMAND_LINE),
      areArgumentsCut: text.length > MAX_COMMAND_LINE,
      isImageDeleted,
      streams: [],
    },
  };
}

function readId(path: string): number | undefined {
  const id = Number.parseInt(
    attempt(() => readFileSync(path, 'utf8'), ''),
    10,
  );
  return Number.isNaN(id) || id === UNSET_ID ? undefined : id;
}

/** As the kernel names it, from the number in stat: devices.txt. */
function terminalOf(number: number): string {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts${((major - 136) << 8) | (minor & 0xff)}`;
  return major === 4 && minor < 64 ? `tty${minor}` : '';
}
