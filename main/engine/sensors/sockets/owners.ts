/**
 * Who has a socket open: the kernel's lists name a socket by its inode, and /proc/PID/fd says which process has it
 * (proc_pid_fd(5)). Looking through all of them takes a moment on a busy machine: it is done in short turns, only while
 * somebody is looked for, and begins with processes that had sockets before and with the youngest.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { SocketOwner } from './records.ts';

export interface SocketOwnersOptions {
  readonly clock: Clock;
  readonly folder?: string;
}

/** Whoever is found; undefined where nobody has it (any more) or it may not be seen. */
export type OwnerAnswer = (owner: SocketOwner | undefined) => void;

/** A turn looks at so many descriptors, some 4 ms, and the next comes after a pause: at most a tenth of a core. */
const DESCRIPTORS_PER_TURN = 1_000;
const PAUSE_MS = 40;
/** Asked for at once. A machine with more new sockets in a moment has more than anybody reads: the oldest go without. */
const MAX_ASKED = 8_192;
/** Processes that had sockets, looked at first. */
const MAX_REMEMBERED = 512;
/** A process that holds more descriptors is looked at to here. */
const MAX_DESCRIPTORS = 65_536;
const SOCKET_LINK = /^socket:\[(\d{1,15})\]$/;
/** USER_HZ: part of the kernel's interface. */
const TICK_NS = 10_000_000;

export class SocketOwners {
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #asked = new Map<number, OwnerAnswer[]>();
  /** Had sockets when last looked at, the latest last. */
  readonly #holders = new Set<number>();
  #timer: Timer | undefined;
  #sweep: Sweep | undefined;
  #unanswered = 0;

  constructor({ clock, folder = '/proc' }: SocketOwnersOptions) {
    this.#clock = clock;
    this.#folder = folder;
  }

  /** Asked for and not found in time. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Answers once, soon, never during the call. */
  ask(inode: number, answer: OwnerAnswer): void {
    const waiting = this.#asked.get(inode);
    if (waiting !== undefined) {
      waiting.push(answer);
      return;
    }
    if (this.#asked.size >= MAX_ASKED) {
      const oldest = this.#asked.keys().next();
      if (!oldest.done) this.#answer(oldest.value, undefined);
    }
    this.#asked.set(inode, [answer]);
    this.#timer ??= this.#clock.after(0, () => this.#turn());
  }

  /** Everybody who waits is told that nobody was found. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sweep = undefined;
    for (const inode of [...this.#asked.keys()]) this.#answer(inode, undefined);
  }

  #answer(inode: number, owner: SocketOwner | undefined): void {
    const waiting = this.#asked.get(inode) ?? [];
    this.#asked.delete(inode);
    if (owner === undefined) this.#unanswered += waiting.length;
    for (const answer of waiting) answer(owner);
  }

  #turn(): void {
    this.#timer = undefined;
    this.#sweep ??= { wanted: new Set(this.#asked.keys()), left: this.#order() };
    const isOver = this.#go(this.#sweep);
    if (isOver) {
      // Only what was asked for before it began was looked for everywhere.
      for (const inode of this.#sweep.wanted) if (this.#asked.has(inode)) this.#answer(inode, undefined);
      this.#sweep = undefined;
    }
    if (this.#asked.size > 0) this.#timer = this.#clock.after(PAUSE_MS, () => this.#turn());
    else this.#sweep = undefined;
  }

  /** Numbers of processes, the next to look at last. */
  #order(): number[] {
    const others = new Set(
      attempt(() => readdirSync(this.#folder), [])
        .filter((name) => /^\d{1,10}$/.test(name))
        .map(Number)
        .sort((a, b) => a - b),
    );
    const known = [...this.#holders].filter((pid) => others.delete(pid));
    return [...others, ...known];
  }

  /** True when all have been looked at, or nobody is looked for any more. */
  #go(sweep: Sweep): boolean {
    let budget = DESCRIPTORS_PER_TURN;
    while (this.#asked.size > 0 && budget > 0) {
      const pid = sweep.left.pop();
      if (pid === undefined) return true;
      budget -= 1 + this.#look(pid);
    }
    return this.#asked.size === 0;
  }

  /** How many descriptors were looked at. */
  #look(pid: number): number {
    const folder = `${this.#folder}/${pid}/fd`;
    const descriptors = attempt(() => readdirSync(folder), []).slice(0, MAX_DESCRIPTORS);
    let owner: SocketOwner | undefined;
    let hasSockets = false;
    for (const descriptor of descriptors) {
      const inode = SOCKET_LINK.exec(attempt(() => readlinkSync(`${folder}/${descriptor}`), ''))?.[1];
      if (inode === undefined) continue;
      hasSockets = true;
      if (!this.#asked.has(Number(inode))) continue;
      owner ??= readOwner(this.#folder, pid);
      if (owner !== undefined) this.#answer(Number(inode), owner);
    }
    this.#holders.delete(pid);
    if (hasSockets) this.#holders.add(pid);
    if (this.#holders.size > MAX_REMEMBERED) {
      const oldest = this.#holders.values().next();
      if (!oldest.done) this.#holders.delete(oldest.value);
    }
    return descriptors.length;
  }
}

/** One walk through all processes. */
interface Sweep {
  readonly wanted: ReadonlySet<number>;
  readonly left: number[];
}

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    // It ended, or it is another user's: what cannot be read is left out.
    return otherwise;
  }
}

const DELETED = ' (deleted)';

function readOwner(folder: string, pid: number): SocketOwner | undefined {
  const stat = attempt(() => readFileSync(`${folder}/${pid}/stat`, 'utf8'), '');
  const open = stat.indexOf('(');
  const close = stat.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = stat.slice(close + 2).split(' ');
  const status = attempt(() => readFileSync(`${folder}/${pid}/status`, 'utf8'), '');
  const users = /^Uid:\t(\d+)\t(\d+)/m.exec(status);
  const link = attempt(() => readlinkSync(`${folder}/${pid}/exe`), '');
  const isImageDeleted = link.endsWith(DELETED);
  return {
    pid,
    parentPid: Number(fields[1]),
    startNs: Number(fields[19]) * TICK_NS,
    ...(users !== null && { users: { uid: Number(users[1]), euid: Number(users[2]) } }),
    name: stat.slice(open + 1, close),
    image: isImageDeleted ? link.slice(0, -DELETED.length) : link,
    isImageDeleted,
  };
}
