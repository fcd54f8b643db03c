/** New programs and scripts, looked at with rules in YARA and lists of hashes as they come. */
import { existsSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent } from '../../../../contract/events.ts';
import { formatCount } from '../../../../contract/format.ts';
import type { Indicator } from '../../../../contract/indicators.ts';
import { RecentMap } from '../../behaviours/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { failureOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import { localFiles } from '../../runtime/local-files.ts';
import { DEFAULT_HELPER_PATH, VerdictGate } from '../../sensors/index.ts';
import { importedYaraRules, OWN_YARA_RULES, type UnpackLimits, unpackWithin } from '../../yara/index.ts';
import { yaraId } from '../rules/rule-reading.ts';
import type { FileIdentity, FileVerdict, ScanWorkerData } from '../rules/scan-messages.ts';
import type { ScanSettings } from '../rules/scan-settings.ts';
import { type LoadedYara, type ScanOutcome, ScanThread } from '../rules/scan-thread.ts';
import { findingOf, isHarmfulSeverity } from './file-watch-finding.ts';
import { type WantedFile, type Wants, wantedOf } from './file-watch-wants.ts';
import { ScanBeforeRun, type ScanBeforeRunOptions } from './scan-before-run.ts';

/** A thread that looks at files; ScanThread, or that of a test. */
export interface FileScanner {
  ready(): Promise<LoadedYara>;
  /**
   * @param openAt what opens it where `path` does not
   * @param only no other file is looked at
   */
  scan(path: string, openAt?: string | Uint8Array, only?: FileIdentity): Promise<ScanOutcome>;
  close(): Promise<void>;
}

export interface FileWatchScanOptions {
  readonly dataDirectory: string;
  /** What Holdfast keeps there quotes what rules look for. */
  readonly ownDirectories: readonly string[];
  readonly settings: () => ScanSettings;
  readonly clock: Clock;
  readonly health: HealthRegistry;
  readonly isEnabled: (ruleId: string) => boolean;
  /** A list that knows one of these hashes. */
  readonly indicatorOf: (type: 'sha256' | 'sha1' | 'md5', hash: string) => Indicator | undefined;
  readonly onHit: (ruleId: string, timeMs: number) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly begin?: (data: ScanWorkerData) => FileScanner;
  /** Asks before programs start, where the settings say so. */
  readonly gate?: ScanBeforeRunOptions['gate'];
  readonly onMessage?: (level: 'info' | 'warn', message: string) => void;
}

/** Files that wait; more of them at once are an unpacked archive or a build, and are counted. */
const MAX_WAITING = 2_000;
/** Contents that were looked at since the rules were loaded, by where they are and when they changed. */
const MAX_SEEN = 20_000;
/**
 * Programs that were run: they are asked after again when so much time has passed, or when they were written. Their contents
 * are kept apart from the others, so that a flood of new files does not have every program looked at anew.
 */
const MAX_RUN = 5_000;
const RUN_AGAIN_MS = 60_000;
/** A file that is written is often renamed or made executable in the next moment. */
const SETTLE_MS = 100;
/** Compiled rules hold more than 60 MB: they are let go where nothing new came for so long. */
const IDLE_MS = 60_000;
/** A scanner that could not begin is tried again then. */
const RETRY_MS = 60_000;
/** A rule that takes longer about one file is stopped: other files wait. */
const RULE_TIMEOUT_MS = 10_000;
/** How long it stays shown that files were left out. */
const DROPS_SHOWN_MS = 60_000;
const HASHES = ['sha256', 'sha1', 'md5'] as const;
const MEBIBYTE = 2 ** 20;
const IDLE = 'Waits for new programs and scripts.';
const BLIND =
  'Not seen: programs that containers came with, what others serve (network, FUSE), what never was a file (memfd), ' +
  'encrypted archives.';
const FAILED_HINT = '"holdfast rules list --engine yara" says what is wrong with rules. It is tried again in a minute.';

/** Looks at one file at a time, in a thread that is there only while there is something to do. */
export class FileWatchScan {
  readonly #options: FileWatchScanOptions;
  readonly #health: HealthPart;
  /** What runs goes first. */
  readonly #run = new Map<string, WantedFile>();
  readonly #written = new Map<string, WantedFile>();
  #seen = new SeenContents();
  readonly #lastRunMs = new RecentMap<string, number>(MAX_RUN);
  #wants: Wants;
  #scanner: FileScanner | undefined;
  #pump: Timer | undefined;
  #idle: Timer | undefined;
  #beforeRun: { readonly scan: ScanBeforeRun; readonly deadlineMs: number } | undefined;
  #isBusy = false;
  #isStarted = false;
  #scanned = 0;
  #found = 0;
  #dropped = 0;
  #lastDropMs = Number.NEGATIVE_INFINITY;
  /** What Health says while nothing was dropped lately. */
  #rules: LoadedYara | undefined;
  #unread = 0;

  constructor(options: FileWatchScanOptions) {
    this.#options = options;
    this.#wants = this.#wantsNow();
    this.#health = options.health.part('scanner', () => ({
      // The one that is looked at included.
      waiting: this.#run.size + this.#written.size + (this.#isBusy ? 1 : 0),
      scanned: this.#scanned,
      found: this.#found,
      dropped: this.#dropped,
      unread: this.#unread,
    }));
  }

  start(): void {
    this.#isStarted = true;
    this.configure();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#forget();
    this.#health.off('Stopped.');
    await Promise.all([this.#letGo(), this.#configureBeforeRun()]);
  }

  /** Other settings are in force. */
  configure(): void {
    this.#wants = this.#wantsNow();
    if (!this.#isStarted) return;
    if (this.#options.settings().enabled) this.#describe();
    else {
      this.#forget();
      this.#health.off('New files are not looked at.', 'The setting scan.enabled turns it on.');
    }
    void this.#letGo();
    void this.#configureBeforeRun();
  }

  /** Other rules or lists are in force: what was looked at may be judged differently now. */
  reload(): void {
    this.#seen = new SeenContents();
    void this.#letGo();
    this.#beforeRun?.scan.reload();
  }

  /** Never throws, and is cheap: all events go through it. */
  take(events: readonly HostEvent[]): void {
    if (!this.#isStarted || !this.#options.settings().enabled) return;
    for (const event of events) {
      const wanted = wantedOf(event, this.#wants);
      if (wanted !== undefined && this.#isNews(wanted)) this.#add(wanted);
    }
    if (!this.#isBusy && this.#pump === undefined && this.#run.size + this.#written.size > 0) {
      this.#pump = this.#options.clock.after(SETTLE_MS, () => {
        this.#pump = undefined;
        void this.#work();
      });
    }
  }

  /** A program that is run a thousand times a minute is asked after once. */
  #isNews({ path, how, timeMs }: WantedFile): boolean {
    if (how === 'written') {
      if (this.#lastRunMs.get(path) !== undefined) this.#lastRunMs.set(path, Number.NEGATIVE_INFINITY);
      return true;
    }
    const lastMs = this.#lastRunMs.get(path);
    if (lastMs !== undefined && timeMs - lastMs < RUN_AGAIN_MS) return false;
    this.#lastRunMs.set(path, timeMs);
    return true;
  }

  #add(wanted: WantedFile): void {
    const queue = wanted.how === 'run' ? this.#run : this.#written;
    const name = wanted.pathBytes ?? wanted.path;
    if (queue.has(name) || queue.size < MAX_WAITING) queue.set(name, wanted);
    else {
      this.#dropped++;
      this.#lastDropMs = this.#options.clock.monotonicMs();
      this.#describe();
    }
  }

  #next(): WantedFile | undefined {
    for (const queue of [this.#run, this.#written]) {
      for (const [name, wanted] of queue) {
        queue.delete(name);
        return wanted;
      }
    }
    return undefined;
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#idle?.cancel();
    try {
      for (let wanted = this.#next(); wanted !== undefined && this.#isStarted; wanted = this.#next()) {
        await this.#look(wanted);
      }
    } catch (error) {
      this.#forget();
      this.#health.failed(failureOf(error, 'scanner-failed', FAILED_HINT).message, FAILED_HINT);
      await this.#letGo();
      this.#pump ??= this.#options.clock.after(RETRY_MS, () => {
        this.#pump = undefined;
        this.configure();
      });
    } finally {
      this.#isBusy = false;
      this.#idle = this.#options.clock.after(IDLE_MS, () => void this.#letGo());
    }
  }

  /** @throws FailureError where the scanner cannot begin */
  async #look(wanted: WantedFile): Promise<void> {
    const bytes = wanted.pathBytes === undefined ? undefined : Buffer.from(wanted.pathBytes, 'hex');
    // Others would decide how long all other files wait.
    if (localFiles.isForeign(wanted.path)) {
      this.#unread++;
      return;
    }
    const key = await keyOf(bytes ?? wanted.path);
    if (key === undefined) return;
    const known = this.#seen.get(key, wanted.how);
    if (known !== undefined) {
      // What was found when it was written is told again when it is run: it is at work now.
      if (known !== 'clean' && wanted.how === 'run') this.#judge(wanted, known);
      return;
    }
    const scanner = this.#scanner ?? this.#begin();
    const outcome = await this.#ask(scanner, wanted.path, bytes);
    if (scanner !== this.#scanner) {
      // Other rules meanwhile: the next thread is asked.
      this.#add(wanted);
      return;
    }
    if (!('verdict' in outcome)) {
      this.#unread++;
      return;
    }
    this.#scanned++;
    const { verdict } = outcome;
    const isClean = verdict.hits.length === 0 && this.#knownOf(verdict).length === 0;
    this.#seen.set(key, wanted.how, isClean ? 'clean' : verdict);
    if (!isClean) this.#judge(wanted, verdict);
  }

  #judge(wanted: WantedFile, verdict: FileVerdict): void {
    const { onHit, onFinding } = this.#options;
    const hits = this.#hitsOf(verdict);
    for (const { id } of hits) onHit(id, wanted.timeMs);
    const known = this.#knownOf(verdict);
    if (hits.length === 0 && known.length === 0) return;
    this.#found++;
    onFinding(findingOf({ wanted, verdict, hits, known }));
  }

  /** Of rules that are on. */
  #hitsOf(verdict: FileVerdict) {
    return verdict.hits
      .map((hit) => ({ id: this.#idOf(hit.source, hit.rule), hit }))
      .filter(({ id }) => this.#options.isEnabled(id));
  }

  #knownOf(verdict: FileVerdict): readonly Indicator[] {
    return HASHES.flatMap((type) => this.#options.indicatorOf(type, verdict[type]) ?? []);
  }

  /** As lists of rules have it: the file within its folder, and the name. */
  #idOf(source: string, rule: string): string {
    const imported = importedYaraRules(this.#options.dataDirectory);
    const folder = source.startsWith(`${imported}/`) ? imported : OWN_YARA_RULES;
    return yaraId(relative(folder, source), rule);
  }

  #begin(): FileScanner {
    this.#scanner = this.#newScanner(RULE_TIMEOUT_MS, true);
    return this.#scanner;
  }

  #newScanner(timeoutMs: number, isGentle: boolean, unpack?: UnpackLimits): FileScanner {
    const { dataDirectory, settings, begin = (data) => new ScanThread(data) } = this.#options;
    return begin({
      rules: [OWN_YARA_RULES, importedYaraRules(dataDirectory)].filter((path) => existsSync(path)),
      userId: process.geteuid?.() ?? 0,
      timeoutMs,
      maxFileBytes: settings().largestMebibytes * MEBIBYTE,
      isGentle,
      staysSmall: true,
      ...(unpack !== undefined && { unpack }),
    });
  }

  /** Begins or ends to ask before programs start, as the settings say. */
  async #configureBeforeRun(): Promise<void> {
    const { enabled, beforeRun, beforeRunMs } = this.#options.settings();
    const isWanted = this.#isStarted && enabled && beforeRun;
    const running = this.#beforeRun;
    if (isWanted && running?.deadlineMs === beforeRunMs) return;
    this.#beforeRun = isWanted ? { scan: this.#newBeforeRun(beforeRunMs), deadlineMs: beforeRunMs } : undefined;
    await running?.scan.stop();
    this.#beforeRun?.scan.start();
  }

  #newBeforeRun(deadlineMs: number): ScanBeforeRun {
    const { clock, health, ownDirectories, gate = usualGate, onMessage = () => {} } = this.#options;
    return new ScanBeforeRun({
      clock,
      health,
      deadlineMs,
      ownDirectories: ownDirectories.map(withoutSlash),
      // Somebody waits: a thread of its own, which is never at an archive for long, and goes before other work.
      begin: () => this.#newScanner(deadlineMs, false, unpackWithin(deadlineMs)),
      gate,
      isHarmful: (verdict) =>
        this.#knownOf(verdict).length > 0 || this.#hitsOf(verdict).some(({ hit }) => isHarmfulSeverity(hit.severity)),
      onRefused: ({ path, inode }, verdict) =>
        this.#judge({ path: path === '' ? `inode ${inode}` : path, how: 'refused', timeMs: clock.nowMs() }, verdict),
      onMessage,
    });
  }

  /** @throws FailureError where the scanner cannot begin, unless another one took its place */
  async #ask(scanner: FileScanner, path: string, bytes: Buffer | undefined): Promise<ScanOutcome> {
    try {
      const rules = await scanner.ready();
      // A build brings some hundred new programs a second, of which Health has nothing new to say.
      const isSaid = rules === this.#rules && this.#lastDropMs === Number.NEGATIVE_INFINITY;
      this.#rules = rules;
      if (!isSaid) this.#describe();
    } catch (error) {
      if (scanner === this.#scanner) throw error;
    }
    return scanner.scan(path, bytes);
  }

  #describe(): void {
    const rules = this.#rules;
    const inUse = rules && `Looks at new programs and scripts with ${formatCount(rules.rules, 'rule')}. ${BLIND}`;
    if (this.#options.clock.monotonicMs() - this.#lastDropMs < DROPS_SHOWN_MS) {
      this.#health.degraded(
        `More new programs and scripts came in the last minute than could wait: ${this.#dropped} were left out in all.`,
        'Look at the folder that they came into with "holdfast scan".',
      );
    } else if (rules !== undefined && rules.problems.length > 0) {
      const wrong = formatCount(rules.problems.length, 'problem');
      this.#health.degraded(`${inUse} ${wrong} with others.`, '"holdfast rules list" names them by file and line.');
    } else this.#health.ok(inUse ?? `${IDLE} ${BLIND}`);
  }

  #forget(): void {
    this.#pump?.cancel();
    this.#pump = undefined;
    this.#run.clear();
    this.#written.clear();
  }

  /** Ends the thread; the next file begins another. */
  async #letGo(): Promise<void> {
    this.#idle?.cancel();
    const scanner = this.#scanner;
    this.#scanner = undefined;
    this.#rules = undefined;
    await scanner?.close();
  }

  #wantsNow(): Wants {
    const { settings, ownDirectories } = this.#options;
    return {
      places: settings().places.map(withoutSlash),
      ownDirectories: ownDirectories.map(withoutSlash),
      ownPid: process.pid,
    };
  }
}

type HowMet = WantedFile['how'];

/** What was found in which content. */
class SeenContents {
  readonly #written = new RecentMap<string, FileVerdict | 'clean'>(MAX_SEEN);
  readonly #run = new RecentMap<string, FileVerdict | 'clean'>(MAX_RUN);

  get(key: string, how: HowMet): FileVerdict | 'clean' | undefined {
    const known = this.#run.get(key) ?? this.#written.get(key);
    if (known !== undefined && how === 'run') this.#run.set(key, known);
    return known;
  }

  set(key: string, how: HowMet, found: FileVerdict | 'clean'): void {
    (how === 'run' ? this.#run : this.#written).set(key, found);
  }
}

const usualGate: ScanBeforeRunOptions['gate'] = (options) =>
  new VerdictGate({ ...options, helperPath: DEFAULT_HELPER_PATH, onlyMountPoints: [], ownProcesses: [] });

const withoutSlash = (path: string): string => (path.endsWith('/') ? path.slice(0, -1) : path);

/** Names one content of one file; undefined where there is no regular file any more. */
async function keyOf(path: string | Buffer): Promise<string | undefined> {
  try {
    const { dev, ino, ctimeMs, size, mode } = await lstat(path);
    const isRegular = (mode & FILE_KIND) === REGULAR_FILE;
    // In one piece: what is put together by a template stays many small ones, for as long as it is a key.
    return isRegular && size > 0 ? [dev, ino, ctimeMs, size].join(':') : undefined;
  } catch {
    // Gone, or not for us: nothing to look at.
    return undefined;
  }
}

const FILE_KIND = 0o170000;
const REGULAR_FILE = 0o100000;
