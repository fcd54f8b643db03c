/**
 * Follows plain log files. A file may come late, be renamed and made anew (logrotate's default: what was still written
 * to the old one is read to its end), be copied and truncated, or grow past its old size again after that, which the
 * bytes before the position tell. Changes of directories wake it (inotify); a slow poll finds what inotify does not
 * tell (directories that come later). What lies on file systems that others serve is not read: it could wait for ever.
 */
import { closeSync, type FSWatcher, fstatSync, readdirSync, readSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HostEvent } from '../../../../contract/events.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { ForeignFileSystemError, localFiles } from '../../runtime/local-files.ts';
import { LOG_PARSERS, type LogFile } from './formats.ts';
import { LineSplitter } from './line-splitter.ts';
import { digestBefore, type LogPosition, type LogPositionStore } from './position.ts';
import { RateLimit } from './rate-limit.ts';
import { openLog } from './safe-open.ts';
import type { LogParser } from './types.ts';

export interface LogTailOptions {
  readonly files: readonly LogFile[];
  /** Nothing outside of them is opened, whatever links say. */
  readonly directories?: readonly string[];
  readonly positions: LogPositionStore;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly limits?: Partial<LogTailLimits>;
  /** What the lines of one reading tell, in their order. */
  onEvents(events: readonly HostEvent[]): void;
}

export interface LogTailLimits {
  readonly maxLineBytes: number;
  readonly linesPerSecond: number;
  /** Lines that may come at once, such as after a restart. */
  readonly burstLines: number;
  readonly pollMs: number;
}

/** auditd's records are up to 9 kB, request lines 8 kB. A busy server writes some hundred lines a second. */
export const DEFAULT_TAIL_LIMITS: LogTailLimits = {
  maxLineBytes: 65_536,
  linesPerSecond: 5_000,
  burstLines: 50_000,
  pollMs: 5_000,
};

const LOG_DIRECTORIES = ['/var/log'];
const CHUNK_BYTES = 65_536;
/** Read of one file before others get their turn: some milliseconds of work. */
const CHUNKS_PER_TURN = 16;
/** Several changes within this are read at once. */
const GATHER_MS = 50;
/** A position is kept so often at most: after a crash so much of a log is read again. */
const KEEP_MS = 1_000;
/** Of a rotated file so much is read at once, its end; it holds everything else up for a second. */
const MAX_REMAINDER_BYTES = 16_777_216;
/** Files next to a log in which its rotated remainder is looked for. */
const MAX_SIBLINGS = 1_000;

/** What is known of one followed file. */
export interface FollowedFile {
  readonly path: string;
  readonly state: 'following' | 'absent' | 'refused';
  /** Why it is not followed. */
  readonly detail: string;
  readonly lines: number;
  /** Lines beyond the rate, which were skipped. */
  readonly dropped: number;
  /** Lines that were too long, of which the beginning was told. */
  readonly cut: number;
  /** Bytes of rotated files that were too many to read. */
  readonly skippedBytes: number;
}

interface Followed {
  readonly file: LogFile;
  readonly parser: LogParser;
  readonly splitter: LineSplitter;
  readonly rate: RateLimit;
  state: FollowedFile['state'];
  detail: string;
  /** It is refused for where it lies. */
  isForeign: boolean;
  lines: number;
  skippedBytes: number;
  open: Open | undefined;
  /** Not yet looked at since the start: what is in it then is history. */
  isFirstLook: boolean;
  /** A position that is not kept yet. */
  unsaved: LogPosition | undefined;
  savedMs: number;
}

interface Open {
  readonly fd: number;
  readonly device: number;
  readonly inode: number;
  /** Bytes handed to the splitter. */
  offset: number;
  /** Of the bytes before the position; undefined where it must be taken anew. */
  digest: string | undefined;
}

export class LogTail {
  readonly name = 'logs';
  readonly #options: LogTailOptions;
  readonly #limits: LogTailLimits;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #followed: readonly Followed[];
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #directories: readonly string[] = [];
  #poll: Timer | undefined;
  #wake: Timer | undefined;

  constructor(options: LogTailOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_TAIL_LIMITS, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#followed = options.files.map((file) => ({
      file,
      parser: LOG_PARSERS[file.format](),
      splitter: new LineSplitter(this.#limits.maxLineBytes),
      rate: new RateLimit(this.#limits.linesPerSecond, this.#limits.burstLines, this.#clock.monotonicMs()),
      state: 'absent',
      detail: '',
      isForeign: false,
      lines: 0,
      skippedBytes: 0,
      open: undefined,
      isFirstLook: true,
      unsaved: undefined,
      savedMs: Number.NEGATIVE_INFINITY,
    }));
    this.#health = options.health.part('logs', () => ({
      files: this.#followed.filter(({ state }) => state === 'following').length,
      lines: this.#sum(({ lines }) => lines),
      dropped: this.#sum(({ rate }) => rate.dropped),
      cut: this.#sum(({ splitter }) => splitter.cut),
      skippedBytes: this.#sum(({ skippedBytes }) => skippedBytes),
    }));
  }

  /** Begins where reading ended before; at the end of a file that was never read. */
  start(): void {
    if (this.#poll !== undefined) return;
    this.#directories = (this.#options.directories ?? LOG_DIRECTORIES).flatMap(realDirectory);
    for (const followed of this.#followed) followed.isFirstLook = true;
    this.#look();
    this.#poll = this.#clock.every(this.#limits.pollMs, () => this.#look());
  }

  /** Reads what is there, keeps the positions and closes the files. */
  stop(): void {
    if (this.#poll === undefined) return;
    this.#poll.cancel();
    this.#poll = undefined;
    this.#wake?.cancel();
    this.#wake = undefined;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    for (const followed of this.#followed) {
      this.#guarded(followed, () => this.#read(followed));
      this.#tell(followed.parser.flush(Number.POSITIVE_INFINITY));
      this.#close(followed);
    }
    this.#health.off('Not reading logs.');
  }

  /** Every file that is to be followed, as it is now. */
  status(): readonly FollowedFile[] {
    return this.#followed.map(({ file, state, detail, lines, rate, splitter, skippedBytes }) => ({
      path: file.path,
      state,
      detail,
      lines,
      dropped: rate.dropped,
      cut: splitter.cut,
      skippedBytes,
    }));
  }

  #sum(count: (followed: Followed) => number): number {
    return this.#followed.reduce((sum, followed) => sum + count(followed), 0);
  }

  #look(): void {
    for (const followed of this.#followed) {
      this.#watch(dirname(followed.file.path));
      this.#guarded(followed, () => this.#follow(followed));
      this.#save(followed, KEEP_MS);
      this.#tell(followed.parser.flush(this.#clock.nowMs()));
    }
    this.#describe();
  }

  /** A file that fails (an error of its disk, rights taken away) stops neither the others nor the next look. */
  #guarded(followed: Followed, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#drop(followed);
      followed.state = 'refused';
      followed.isForeign = error instanceof ForeignFileSystemError;
      followed.detail = followed.isForeign
        ? messageOf(error)
        : `${followed.file.path} cannot be read: ${messageOf(error)}.`;
    }
  }

  #watch(directory: string): void {
    if (this.#watchers.has(directory)) return;
    try {
      const watcher = localFiles.reach(directory, 'all', (entry) =>
        watch(entry, { persistent: false }, (_, name) => {
          if (name === null || this.#isFollowed(directory, name)) this.#woken();
        }),
      );
      if (watcher === undefined) return;
      const forget = (): void => {
        watcher.close();
        if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
      };
      watcher.on('error', forget);
      this.#watchers.set(directory, watcher);
    } catch {
      // Others serve it, or no more watches: the poll looks, and tries again.
    }
  }

  #isFollowed(directory: string, name: string): boolean {
    return this.#followed.some(({ file }) => file.path === join(directory, name));
  }

  #woken(): void {
    this.#wake ??= this.#clock.after(GATHER_MS, () => {
      this.#wake = undefined;
      this.#look();
    });
  }

  #follow(followed: Followed): void {
    if (followed.open !== undefined) this.#read(followed);
    if (followed.open !== undefined && followed.state === 'following' && isStillAt(followed.file.path, followed.open))
      return;
    const result = openLog(followed.file.path, this.#directories);
    const isFirst = followed.isFirstLook;
    // A file that nobody may read yet is as old when it may be read.
    followed.isFirstLook = isFirst && result.state === 'refused';
    followed.state = result.state === 'open' ? 'following' : result.state;
    followed.detail = result.state === 'refused' ? result.detail : '';
    followed.isForeign = result.state === 'refused' && result.isForeign;
    if (result.state !== 'open') {
      // Between being renamed and being made anew the old file may still be written to.
      if (isFirst) this.#resumeRotated(followed);
      return;
    }
    const { fd, stats } = result.log;
    const { open } = followed;
    if (open !== undefined && open.device === stats.dev && open.inode === stats.ino) {
      closeSync(fd);
      return;
    }
    const next: Open = { fd, device: stats.dev, inode: stats.ino, offset: 0, digest: undefined };
    try {
      this.#finish(followed);
      if (isFirst) next.offset = this.#firstOffset(followed, next, stats.size);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    followed.open = next;
    this.#read(followed);
    this.#keep(followed, next);
  }

  /** Where to begin in a file that was there at the start. */
  #firstOffset(followed: Followed, { fd, device, inode }: Open, size: number): number {
    const kept = this.#options.positions.load(followed.file.path);
    if (kept === undefined) return size;
    if (kept.device === device && kept.inode === inode) {
      return kept.offset <= size && digestBefore(fd, kept.offset) === kept.digest ? kept.offset : 0;
    }
    this.#resumeRotated(followed);
    this.#finish(followed);
    return 0;
  }

  /** Finds the file of the kept position under the name that rotation gave it, and reads the rest of it. */
  #resumeRotated(followed: Followed): void {
    const kept = this.#options.positions.load(followed.file.path);
    if (kept === undefined) return;
    const directory = dirname(followed.file.path);
    const start = basename(followed.file.path);
    for (const name of siblings(directory, start)) {
      const result = openLog(join(directory, name), this.#directories);
      if (result.state !== 'open') continue;
      const { fd, stats } = result.log;
      const isIt = stats.dev === kept.device && stats.ino === kept.inode && stats.size >= kept.offset;
      if (!isIt || digestBefore(fd, kept.offset) !== kept.digest) {
        closeSync(fd);
        continue;
      }
      followed.open = { fd, device: stats.dev, inode: stats.ino, offset: kept.offset, digest: kept.digest };
      this.#read(followed);
      return;
    }
  }

  /** Reads what was appended, for one turn; comes again soon where there is more. */
  #read(followed: Followed): void {
    const { open } = followed;
    if (open === undefined) return;
    const { size } = fstatSync(open.fd);
    if (size === open.offset) return;
    if (size < open.offset || !isSameText(open, followed.splitter.pendingBytes)) {
      // Emptied, and perhaps written again since: what is in it now was never read.
      open.offset = 0;
      open.digest = undefined;
      followed.splitter.reset();
    }
    for (let chunk = 0; chunk < CHUNKS_PER_TURN; chunk += 1) {
      if (this.#readChunk(followed, open) < CHUNK_BYTES) {
        this.#keep(followed, open);
        return;
      }
    }
    this.#keep(followed, open);
    this.#woken();
  }

  #readChunk(followed: Followed, open: Open): number {
    const count = readSync(open.fd, this.#buffer, 0, CHUNK_BYTES, open.offset);
    open.offset += count;
    const events: HostEvent[] = [];
    followed.splitter.push(this.#buffer.subarray(0, count), (line) => this.#line(followed, line, events));
    this.#tell(events);
    return count;
  }

  #line(followed: Followed, line: string, events: HostEvent[]): void {
    if (line === '' && followed.file.format !== 'apt-history') return;
    if (!followed.rate.take(this.#clock.monotonicMs())) return;
    followed.lines += 1;
    events.push(...followed.parser.parse(line, { nowMs: this.#clock.nowMs(), file: followed.file.path }));
  }

  #tell(events: readonly HostEvent[]): void {
    if (events.length > 0) this.#options.onEvents(events);
  }

  /** Keeps the position at the end of the last whole line. */
  #keep(followed: Followed, open: Open): void {
    const offset = open.offset - followed.splitter.pendingBytes;
    const digest = digestBefore(open.fd, offset);
    open.digest = digest;
    if (digest === undefined) return;
    const { device, inode } = open;
    followed.unsaved = { device, inode, offset, digest };
  }

  /** Hands the position to the store, unless that was done less than `pauseMs` ago. */
  #save(followed: Followed, pauseMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    const { unsaved } = followed;
    if (unsaved === undefined || nowMs - followed.savedMs < pauseMs) return;
    followed.unsaved = undefined;
    followed.savedMs = nowMs;
    this.#options.positions.save(followed.file.path, unsaved);
  }

  /** Reads a file that has got a successor to its end, its last line too, and closes it. */
  #finish(followed: Followed): void {
    const { open } = followed;
    if (open === undefined) return;
    const { size } = fstatSync(open.fd);
    const beyond = size - open.offset - MAX_REMAINDER_BYTES;
    if (beyond > 0) {
      followed.skippedBytes += beyond;
      open.offset += beyond;
      followed.splitter.reset();
    }
    while (open.offset < size && this.#readChunk(followed, open) > 0);
    const events: HostEvent[] = [];
    const rest = followed.splitter.end();
    if (rest !== undefined) this.#line(followed, rest, events);
    this.#tell(events);
    this.#drop(followed);
  }

  #close(followed: Followed): void {
    const { open } = followed;
    if (open !== undefined) this.#guarded(followed, () => this.#keep(followed, open));
    this.#save(followed, 0);
    this.#drop(followed);
  }

  #drop(followed: Followed): void {
    if (followed.open !== undefined) closeSync(followed.open.fd);
    followed.open = undefined;
    followed.splitter.reset();
  }

  #describe(): void {
    const following = this.#followed.filter(({ state }) => state === 'following');
    const refused = this.#followed.filter(({ state }) => state === 'refused');
    const [first] = refused;
    if (first !== undefined) {
      const others = refused.length > 1 ? ` And ${refused.length - 1} more.` : '';
      const hint = first.isForeign
        ? 'Holdfast waits for no other computer and no other program: keep logs on a disk of this computer.'
        : 'Start Holdfast as root, or let it read these files.';
      this.#health.degraded(`${first.detail}${others}`, hint);
    } else if (following.length === 0) {
      this.#health.ok('No log file is there; they are followed as soon as they appear.');
    } else this.#health.ok(`Reading ${following.length} log ${following.length === 1 ? 'file' : 'files'}.`);
  }
}

/** Whether the name still leads to the open file: only then nothing has to be opened. @throws ForeignFileSystemError */
function isStillAt(path: string, { device, inode }: Open): boolean {
  const stats = localFiles.stat(path);
  return stats?.dev === device && stats.ino === inode;
}

/** Whether the bytes before the position are still those that were read. */
function isSameText(open: Open, pendingBytes: number): boolean {
  return open.digest === undefined || digestBefore(open.fd, open.offset - pendingBytes) === open.digest;
}

function realDirectory(path: string): readonly string[] {
  try {
    return localFiles.reach(path, 'all', (_entry, real) => [real]) ?? [];
  } catch {
    // Others serve it: nothing in it is read, and each of the files says so.
    return [];
  }
}

/** Names next to a log that begin like it: "auth.log.1", "auth.log-20261121". */
function siblings(directory: string, start: string): readonly string[] {
  try {
    const names = localFiles.reach(directory, 'all', (entry) => readdirSync(entry)) ?? [];
    return names.filter((name) => name.startsWith(start) && name !== start).slice(0, MAX_SIBLINGS);
  } catch {
    return [];
  }
}
