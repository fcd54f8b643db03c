/**
 * Files as the engine sees them: keeps `sense files` running, makes events of what it says, and says in Health which file
 * systems are watched, what was lost, and what it cannot see. Where a `verdict` is given, `sense verdicts` asks before
 * programs start (gate.ts).
 */
import { accessSync, constants } from 'node:fs';
import type { HostEvent } from '../../../../contract/events.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { ChildExit, SupervisorOptions } from '../../runtime/supervise.ts';
import { DEFAULT_HELPER_PATH, HELPER_EXIT } from '../helper.ts';
import { HelperStream } from '../helper-stream.ts';
import type { ProcessLookup } from './events.ts';
import { type FileVerdict, VerdictGate } from './gate.ts';
import { Openings, type WatchedOpenings } from './openings.ts';
import {
  type FileCounts,
  FileRecordDecoder,
  type FileRecordEvents,
  type FileSystem,
  NO_FILE_COUNTS,
} from './records.ts';
import { type FileVerdictRequest, NO_VERDICT_COUNTS, type VerdictCounts } from './verdict-records.ts';

export interface FileSensorOptions {
  readonly helperPath?: string;
  readonly health: HealthRegistry;
  readonly clock?: Clock;
  readonly timing?: SupervisorOptions['timing'];
  /** `best` is what else than a test wants; `basic` is what kernels before 5.17 offer. */
  readonly method?: 'best' | 'basic';
  /** Mount points to watch, and no others; without it those of all real file systems, later ones too. */
  readonly onlyMountPoints?: readonly string[];
  /** Mount points to watch as well, though they are on other machines or in programs (NFS, FUSE). */
  readonly moreMountPoints?: readonly string[];
  /** Files and folders of which nothing is told: what Holdfast writes itself. At most 64. */
  readonly excludedPaths?: readonly string[];
  /** Processes of which nothing is told, besides this one; at most 15. */
  readonly ownProcesses?: readonly number[];
  /** Who has this number now. */
  readonly processOf?: ProcessLookup;
  /**
   * Whether a file may be executed, or a guarded one opened (see `guard`). Whoever wants to waits meanwhile: be quick, and
   * answer what is known at once. Without it nothing is asked, and nothing is kept waiting.
   */
  verdict?(request: FileVerdictRequest): FileVerdict | Promise<FileVerdict>;
  /** After so long whoever waits goes on without a verdict; 200 unless told. */
  readonly verdictDeadlineMs?: number;
  /** Files whose opening is told (file-opened), whoever does it; without it there are none. */
  readonly openings?: WatchedOpenings;
  /** What happened, in order for each file system. Called in the event loop, some hundred events at a time under load. */
  onEvents(events: readonly HostEvent[]): void;
  /** Something that belongs into the log. */
  onMessage?(level: 'info' | 'warn', message: string): void;
}

/** How long lost events stay shown. */
const LOSS_SHOWN_MS = 60_000;
/** File systems that Health names. */
const MAX_NAMED = 3;
const RIGHTS_HINT = 'Start Holdfast as root, or install its service.';
const BUILD_HINT =
  'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).';
/** A first look reads the file; longer nobody should wait for a program to start. */
const VERDICT_DEADLINE_MS = 200;
const NO_PROCESS: ProcessLookup = () => undefined;

export class FileSensor {
  readonly name = 'files';
  readonly #options: FileSensorOptions;
  readonly #helperPath: string;
  readonly #clock: Clock;
  readonly #health: HealthPart;
  readonly #stream: HelperStream;
  readonly #gate: VerdictGate | undefined;
  readonly #openings: Openings | undefined;
  readonly #processOf: ProcessLookup;
  readonly #fileSystems = new Map<string, FileSystem>();
  #decoder: FileRecordDecoder;
  #greeting: { readonly method: 'complete' | 'basic'; readonly detail: string } | undefined;
  #base: FileCounts = NO_FILE_COUNTS;
  #counts: FileCounts = NO_FILE_COUNTS;
  #lastLossMs = Number.NEGATIVE_INFINITY;
  #runs = 0;
  /** What one piece of the stream told. */
  #events: HostEvent[] = [];

  constructor(options: FileSensorOptions) {
    this.#options = options;
    this.#helperPath = options.helperPath ?? DEFAULT_HELPER_PATH;
    this.#clock = options.clock ?? systemClock;
    this.#processOf = options.processOf ?? NO_PROCESS;
    this.#decoder = this.#newDecoder();
    this.#health = options.health.part('files', () => ({
      ...this.counts,
      restarts: Math.max(0, this.#runs - 1),
      ...(this.#gate && verdictCounters(this.#gate.counts)),
    }));
    this.#gate = this.#newGate();
    this.#openings = this.#newOpenings();
    this.#stream = new HelperStream({
      helperPath: this.#helperPath,
      name: 'file helper',
      clock: options.clock,
      timing: options.timing,
      args: () => this.#args(),
      hasInput: options.openings !== undefined,
      onBegin: () => this.#began(),
      onPiece: (piece) => this.#take(piece),
      onEnd: (exit) => this.#ended(exit),
      onMessage: (message) => options.onMessage?.('warn', message),
    });
  }

  /** Begins to watch. May be called again after a stop. Where it is not possible it says so in Health and does nothing. */
  start(): void {
    try {
      accessSync(this.#helperPath, constants.X_OK);
    } catch {
      this.#health.failed(`Files cannot be watched: the helper is not there (${this.#helperPath}).`, BUILD_HINT);
      return;
    }
    this.#stream.start();
    this.#gate?.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#stream.stop(), this.#gate?.stop()]);
    this.#health.off('Not watching.');
  }

  /** File systems that were found, watched or not. */
  get fileSystems(): readonly FileSystem[] {
    return [...this.#fileSystems.values()];
  }

  /** Totals over all runs. */
  get counts(): FileCounts {
    const [base, run] = [this.#base, this.#counts];
    return {
      events: base.events + run.events,
      told: base.told + run.told,
      coalesced: base.coalesced + run.coalesced,
      excluded: base.excluded + run.excluded,
      unresolved: base.unresolved + run.unresolved,
      overflows: base.overflows + run.overflows,
      sampled: base.sampled + run.sampled,
      dropped: base.dropped + run.dropped,
      opens: run.opens,
      watched: run.watched,
    };
  }

  /** Of the questions before programs start; all zero where nothing is asked. */
  get verdictCounts(): VerdictCounts {
    return this.#gate?.counts ?? NO_VERDICT_COUNTS;
  }

  /** Whether programs wait for a verdict now. */
  get isAsking(): boolean {
    return this.#gate?.isAsking ?? false;
  }

  /** From now on `verdict` is asked whenever this file is opened: what is in quarantine. It must be there. */
  guard(path: string): void {
    this.#gate?.guard(path);
  }

  unguard(path: string): void {
    this.#gate?.unguard(path);
  }

  /** Call it when something is denied that was not: what was allowed is asked about again. */
  forgetVerdicts(): void {
    this.#gate?.forget();
  }

  /** The helper's process, while it runs. */
  get helperPid(): number | undefined {
    return this.#stream.supervisor.status.pid;
  }

  #args(): readonly string[] {
    const { method, onlyMountPoints = [], moreMountPoints = [], excludedPaths = [], ownProcesses = [] } = this.#options;
    return [
      'files',
      ...['--method', method ?? 'best', '--own', String(process.pid)],
      ...ownProcesses.flatMap((pid) => ['--own', String(pid)]),
      ...onlyMountPoints.flatMap((path) => ['--only', path]),
      ...moreMountPoints.flatMap((path) => ['--include', path]),
      ...excludedPaths.flatMap((path) => ['--exclude', path]),
    ];
  }

  #newGate(): VerdictGate | undefined {
    const { verdict, onlyMountPoints = [], ownProcesses = [], verdictDeadlineMs, clock, timing } = this.#options;
    if (verdict === undefined) return undefined;
    return new VerdictGate({
      helperPath: this.#helperPath,
      clock,
      timing,
      onlyMountPoints,
      ownProcesses,
      deadlineMs: verdictDeadlineMs ?? VERDICT_DEADLINE_MS,
      verdict: (request) => verdict(request),
      onChange: () => this.#describe(),
      onMessage: (level, message) => this.#options.onMessage?.(level, message),
    });
  }

  #newOpenings(): Openings | undefined {
    const { openings, onMessage } = this.#options;
    if (openings === undefined) return undefined;
    return new Openings({
      ...openings,
      clock: this.#clock,
      send: (bytes) => this.#stream.send(bytes),
      onMessage: (message) => onMessage?.('warn', message),
    });
  }

  #newDecoder(): FileRecordDecoder {
    const sink: FileRecordEvents = {
      hello: (method, detail) => {
        this.#greeting = { method, detail };
        this.#openings?.begin();
      },
      fileSystem: (fileSystem) => this.#found(fileSystem),
      event: (event) => this.#events.push(event),
      statistics: (counts) => this.#observe(counts),
    };
    return new FileRecordDecoder(sink, this.#processOf);
  }

  #began(): void {
    this.#runs++;
    this.#base = this.counts;
    this.#counts = NO_FILE_COUNTS;
    this.#fileSystems.clear();
    this.#decoder = this.#newDecoder();
  }

  #take(piece: Buffer): boolean {
    const isSound = this.#decoder.accept(piece);
    const events = this.#events;
    this.#events = [];
    if (events.length > 0) {
      this.#openings?.note(events);
      this.#options.onEvents(events);
    }
    if (!isSound) {
      this.#options.onMessage?.('warn', `The file helper's words make no sense: ${this.#decoder.problem}`);
    }
    return isSound;
  }

  #found(fileSystem: FileSystem): void {
    const { device, mountPoint, type, state } = fileSystem;
    if (state === 'gone') this.#fileSystems.delete(device);
    else this.#fileSystems.set(device, fileSystem);
    const words = {
      watched: 'is watched',
      gone: 'is gone',
      'not-wanted': 'is not watched',
      refused: 'cannot be watched',
    };
    this.#options.onMessage?.('info', `The file system ${JSON.stringify(mountPoint)} (${type}) ${words[state]}.`);
  }

  #observe(counts: FileCounts): void {
    const isLoss = counts.overflows > this.#counts.overflows || counts.dropped > this.#counts.dropped;
    if (isLoss) this.#lastLossMs = this.#clock.monotonicMs();
    this.#counts = counts;
    if (this.#stream.supervisor.status.state === 'running') this.#describe();
  }

  #describe(): void {
    if (this.#greeting === undefined) return;
    const { method, detail } = this.#greeting;
    const systems = this.fileSystems;
    const refused = systems.filter(({ state }) => state === 'refused');
    const watched = systems.filter(({ state }) => state === 'watched').length;
    if (watched === 0) {
      // Without root only single folders could be, and nobody could say which matter.
      const hint = process.geteuid?.() === 0 ? 'Nothing here can change that.' : RIGHTS_HINT;
      this.#health.failed(`No file system lets itself be watched${named(refused)}.`, hint);
    } else if (this.#clock.monotonicMs() - this.#lastLossMs < LOSS_SHOWN_MS) {
      this.#health.degraded(
        `Files are watched, but more happened in the last minute than could be read: ${this.counts.dropped} events were ` +
          `left out in all, and the kernel's queue was full ${this.counts.overflows} times (it does not count what it loses).`,
        'The machine cannot keep up. Raise the sysctl fs.fanotify.max_queued_events if this happens often.',
      );
    } else if (this.#gate !== undefined && !this.#gate.isAsking) {
      const why = this.#gate.problem === '' ? 'the helper is about to start' : this.#gate.problem;
      this.#health.degraded(
        `Files are watched on ${counted(watched)}, but programs start unasked: ${why}.`,
        'It takes a kernel with CONFIG_FANOTIFY_ACCESS_PERMISSIONS. It is tried again.',
      );
    } else if (this.#gate?.wasDeaf) {
      this.#health.degraded(
        `Files are watched on ${counted(watched)}, but programs started unasked for some seconds in the last minute: ` +
          `${this.verdictCounts.timeouts} verdicts came too late in all.`,
        'The machine cannot keep up. Programs go on whatever happens here.',
      );
    } else if (refused.length > 0) {
      this.#health.degraded(
        `Files are watched on ${counted(watched)}. The kernel refuses it on others${named(refused)}.`,
        'Some kinds of file systems need a newer kernel.',
      );
    } else if (method === 'basic') {
      this.#health.degraded(`Files are watched on ${counted(watched)}; ${detail}.`, 'A kernel from 5.17 on tells all.');
    } else {
      const others = systems.filter(({ state }) => state === 'not-wanted');
      const left = others.length === 0 ? '' : ` Not on those of other machines or programs${named(others)}.`;
      const asked = this.#gate === undefined ? '' : ' Programs are looked at before they start.';
      this.#health.ok(
        `Files are watched on ${counted(watched)} (fanotify).${asked}${left} What is written through mapped memory is seen when ` +
          'the file is closed; what another machine changes in a shared folder is not.',
      );
    }
  }

  #ended(exit: ChildExit): void {
    this.#greeting = undefined;
    this.#openings?.end();
    const { state, failuresInARow } = this.#stream.supervisor.status;
    if (state === 'stopped') return;
    const reason = exit.lastWords || `it ended with ${exit.signal ?? `code ${exit.code}`}`;
    this.#options.onMessage?.('warn', `The file helper ended: ${reason}`);
    if (exit.code === HELPER_EXIT.noRights) {
      this.#health.failed('Files cannot be watched: permission denied.', RIGHTS_HINT);
    } else if (state === 'failed') {
      this.#health.failed(
        `Files cannot be watched; the helper failed ${failuresInARow} times in a row: ${reason}.`,
        'It takes Linux 5.9 or newer with fanotify. It is tried again every minute.',
      );
    } else {
      this.#health.degraded(`The file helper ended and is started again: ${reason}.`, 'Nothing to do.');
    }
  }
}

function verdictCounters(counts: VerdictCounts): Readonly<Record<string, number>> {
  return {
    verdictsAsked: counts.asked,
    verdictsDenied: counts.denied,
    verdictTimeouts: counts.timeouts,
    verdictsSkipped: counts.crowded,
    verdictsExempt: counts.exempt,
    verdictsDeaf: counts.deaf,
    verdictMedianUs: counts.medianUs,
    guarded: counts.guarded,
  };
}

function counted(watched: number): string {
  return watched === 1 ? 'one file system' : `${watched} file systems`;
}

/** ": /mnt/nas (nfs4), /media/x (fuse) and 2 more"; empty for none. */
function named(systems: readonly FileSystem[]): string {
  if (systems.length === 0) return '';
  const names = systems.slice(0, MAX_NAMED).map(({ mountPoint, type }) => `${mountPoint} (${type})`);
  const rest = systems.length - names.length;
  return `: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
