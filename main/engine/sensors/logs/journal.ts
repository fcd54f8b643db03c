/**
 * Follows the journal: `journalctl --follow --output=json` as a supervised child, which reads the files of any version
 * of journald. Begins after the entry that was read last; without one, with what comes from now on.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostEvent } from '../../../../contract/events.ts';
import { type Clock, systemClock, type Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { type ChildExit, type ChildPlan, Supervisor, type SupervisorOptions } from '../../runtime/supervise.ts';
import { isCursor, JOURNAL_FIELDS, JournalParser, readJournalLine } from './journal-entry.ts';
import { LineSplitter } from './line-splitter.ts';
import { RateLimit } from './rate-limit.ts';

/** Where reading stands across restarts. Neither call may throw. */
export interface JournalCursorStore {
  load(): string | undefined;
  save(cursor: string): void;
}

export interface JournalReaderOptions {
  readonly cursors: JournalCursorStore;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** Path of journalctl; other values are for tests. */
  readonly command?: string;
  readonly entriesPerSecond?: number;
  onEvents(events: readonly HostEvent[]): void;
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** Whether there is a journal to read. */
export interface JournalAbility {
  readonly ok: boolean;
  /** One plain sentence. */
  readonly detail: string;
  readonly hint: string;
}

/** Where distributions put it. */
const COMMANDS = ['/usr/bin/journalctl', '/bin/journalctl'];
/** journald's own sockets: they are there while it runs. */
const JOURNALD_RUNS = '/run/systemd/journal/socket';

/** An entry as JSON: the message (MAX_EVENT_TEXT is far more than any real one) and some fields. */
const MAX_ENTRY_BYTES = 262_144;
/** As many as of a log file. */
const ENTRIES_PER_SECOND = 5_000;
const BURST_ENTRIES = 50_000;
/** A cursor is kept so often: after a crash so much is told again. */
const KEEP_MS = 1_000;
const SHORT_JOB_TIMEOUT_MS = 5_000;
/** journalctl with a cursor that it cannot find ends at once: after so many such runs the cursor is given up. */
const RUNS_UNTIL_CURSOR_IS_GIVEN_UP = 2;
const STEADY_MS = 2_000;

/** Whether the journal can be read here, and if not, why. */
export function canReadJournal(commands: readonly string[] = COMMANDS, socket = JOURNALD_RUNS): JournalAbility {
  if (!commands.some((command) => existsSync(command))) {
    return {
      ok: false,
      detail: 'The journal cannot be read: journalctl is not there.',
      hint: 'This system does not use systemd; log files are read instead.',
    };
  }
  if (!existsSync(socket)) {
    return {
      ok: false,
      detail: 'The journal cannot be read: journald is not running.',
      hint: 'Log files are read instead. Where systemd is used, see "systemctl status systemd-journald".',
    };
  }
  return { ok: true, detail: 'The journal can be read.', hint: '' };
}

/** What journalctl is told. Without `--no-tail` it would begin ten entries before the end. */
export function journalArguments(cursor: string | undefined): string[] {
  return [
    '--follow',
    '--output=json',
    '--all',
    '--quiet',
    '--no-pager',
    `--output-fields=${JOURNAL_FIELDS.join(',')}`,
    ...(cursor === undefined ? ['--lines=0'] : ['--no-tail', `--after-cursor=${cursor}`]),
  ];
}

export class JournalReader {
  readonly name = 'journal';
  readonly #options: JournalReaderOptions;
  readonly #command: string;
  readonly #clock: Clock;
  readonly #supervisor: Supervisor;
  readonly #health: HealthPart;
  readonly #splitter = new LineSplitter(MAX_ENTRY_BYTES);
  readonly #parser = new JournalParser();
  readonly #rate: RateLimit;
  #stream: Socket | undefined;
  #pendingFd: number | undefined;
  #cursor: string | undefined;
  #savedCursor: string | undefined;
  #shortRuns = 0;
  #startedMs = 0;
  #entries = 0;
  #unreadable = 0;
  #keeper: Timer | undefined;

  constructor(options: JournalReaderOptions) {
    this.#options = options;
    this.#command = options.command ?? COMMANDS.find((path) => existsSync(path)) ?? 'journalctl';
    this.#clock = options.clock ?? systemClock;
    const perSecond = options.entriesPerSecond ?? ENTRIES_PER_SECOND;
    this.#rate = new RateLimit(perSecond, Math.max(perSecond, BURST_ENTRIES), this.#clock.monotonicMs());
    this.#health = options.health.part('journal', () => ({
      entries: this.#entries,
      dropped: this.#rate.dropped,
      cut: this.#splitter.cut,
      unreadable: this.#unreadable,
    }));
    this.#supervisor = new Supervisor({
      plan: () => this.#plan(),
      onStart: () => this.#started(),
      onExit: (exit) => this.#ended(exit),
      timing: options.timing,
      clock: options.clock,
    });
  }

  /** Begins to read, or says in Health why that is not possible. */
  start(): void {
    if (this.#keeper !== undefined) return;
    const ability = this.#options.command === undefined ? canReadJournal() : { ok: true, detail: '', hint: '' };
    if (!ability.ok) {
      this.#health.off(ability.detail, ability.hint);
      return;
    }
    const kept = this.#options.cursors.load();
    this.#cursor = kept !== undefined && isCursor(kept) ? kept : undefined;
    this.#savedCursor = this.#cursor;
    this.#supervisor.start();
    this.#keeper = this.#clock.every(KEEP_MS, () => this.#look());
  }

  /** Ends journalctl and keeps the cursor. Never rejects. */
  async stop(): Promise<void> {
    this.#keeper?.cancel();
    this.#keeper = undefined;
    await this.#supervisor.stop();
    this.#stream?.destroy();
    this.#stream = undefined;
    this.#tell(this.#parser.flush(Number.POSITIVE_INFINITY));
    this.#keep();
    this.#health.off('Not reading the journal.');
  }

  #plan(): ChildPlan {
    const pipe = openPipe();
    this.#pendingFd = pipe.readFd;
    return {
      file: this.#command,
      args: journalArguments(this.#cursor),
      stdout: pipe.writeFd,
      release: () => closeSync(pipe.writeFd),
    };
  }

  #started(): void {
    const fd = this.#pendingFd;
    this.#pendingFd = undefined;
    if (fd === undefined) return;
    this.#splitter.reset();
    this.#stream?.destroy();
    const stream = new Socket({ fd, readable: true, writable: false });
    stream.on('data', (chunk) => this.#read(chunk));
    stream.on('error', (error) => this.#options.onMessage?.('warn', `The journal's pipe failed: ${messageOf(error)}`));
    this.#stream = stream;
    this.#startedMs = this.#clock.monotonicMs();
    // After a failure it is well again when it has run for a while.
    if (this.#shortRuns === 0) this.#health.ok('Reading the journal.');
  }

  #look(): void {
    this.#keep();
    this.#tell(this.#parser.flush(this.#clock.nowMs()));
    const isRunning = this.#supervisor.status.state === 'running';
    if (!isRunning || this.#clock.monotonicMs() - this.#startedMs < STEADY_MS) return;
    this.#shortRuns = 0;
    this.#health.ok('Reading the journal.');
  }

  #read(chunk: Buffer): void {
    const events: HostEvent[] = [];
    const nowMs = this.#clock.nowMs();
    this.#splitter.push(chunk, (line) => {
      if (line === '') return;
      if (!this.#rate.take(this.#clock.monotonicMs())) return;
      const read = readJournalLine(line);
      if (read === undefined) {
        this.#unreadable += 1;
        return;
      }
      this.#entries += 1;
      this.#cursor = read.cursor;
      events.push(...this.#parser.parse(read.raw, nowMs));
    });
    this.#tell(events);
  }

  #tell(events: readonly HostEvent[]): void {
    if (events.length > 0) this.#options.onEvents(events);
  }

  #keep(): void {
    if (this.#cursor === undefined || this.#cursor === this.#savedCursor) return;
    this.#savedCursor = this.#cursor;
    this.#options.cursors.save(this.#cursor);
  }

  #ended(exit: ChildExit): void {
    if (this.#pendingFd !== undefined) closeSync(this.#pendingFd);
    this.#pendingFd = undefined;
    const { state, failuresInARow } = this.#supervisor.status;
    if (state === 'stopped') return;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage?.('warn', `journalctl ended: ${reason}`);
    this.#shortRuns = exit.ranMs < STEADY_MS ? this.#shortRuns + 1 : 0;
    if (this.#shortRuns >= RUNS_UNTIL_CURSOR_IS_GIVEN_UP && this.#cursor !== undefined) {
      this.#options.onMessage?.('warn', 'The place in the journal was lost; reading goes on with new entries.');
      this.#cursor = undefined;
    }
    if (state === 'failed') {
      this.#health.failed(
        `journalctl failed ${failuresInARow} times in a row: ${reason}.`,
        'It is tried again every minute. Reading the journal needs root or the group systemd-journal.',
      );
    } else this.#health.degraded(`journalctl ended and is started again: ${reason}.`, 'Nothing to do.');
  }
}

/**
 * A pipe whose reading end the event loop reads and whose writing end a child gets: a named pipe in a private folder,
 * opened from both sides, and its name removed at once. Throws where the folder for temporary files cannot be written.
 */
function openPipe(): { readonly readFd: number; readonly writeFd: number } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  const path = join(folder, 'pipe');
  let readFd: number | undefined;
  try {
    const made = spawnSync('/usr/bin/mkfifo', ['-m', '600', path], {
      timeout: SHORT_JOB_TIMEOUT_MS,
      encoding: 'utf8',
      env: {},
    });
    if (made.status !== 0) throw new Error(made.error?.message ?? made.stderr.trim());
    readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { readFd, writeFd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    if (readFd !== undefined) closeSync(readFd);
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
