/**
 * New programs and scripts, looked at with rules in YARA before they run: whoever starts one waits until it was looked at,
 * but no longer than a moment. It fails open: what is not looked at in time runs, and is counted and looked at afterwards.
 */
import { formatCount } from '../../../../contract/format.ts';
import { RecentMap } from '../../behaviours/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type {
  FileVerdict as Answer,
  FileVerdictRequest,
  VerdictCounts,
  VerdictGateOptions,
} from '../../sensors/index.ts';
import type { FileVerdict } from '../rules/scan-messages.ts';
import type { FileScanner } from './file-watch-scan.ts';
import { NOT_OF_THE_SYSTEM, SYSTEM_FOLDERS } from './system-files.ts';

/** What asks before programs start; VerdictGate, or that of a test. */
export interface StartGate {
  readonly isAsking: boolean;
  readonly wasDeaf: boolean;
  readonly problem: string;
  readonly counts: VerdictCounts;
  start(): void;
  stop(): Promise<void>;
  /** What was allowed is asked about again. */
  forget(): void;
}

export interface ScanBeforeRunOptions {
  readonly clock: Clock;
  readonly health: HealthRegistry;
  /** How long somebody may be kept waiting. */
  readonly deadlineMs: number;
  readonly ownDirectories: readonly string[];
  /** A thread with rules, which is kept as long as programs are asked about. */
  begin(): FileScanner;
  gate(
    options: Pick<VerdictGateOptions, 'clock' | 'deadlineMs' | 'trusted' | 'verdict' | 'onChange' | 'onMessage'>,
  ): StartGate;
  /** Whether what was found is reason enough not to let it run. */
  isHarmful(verdict: FileVerdict): boolean;
  /** It was kept from running. */
  onRefused(request: FileVerdictRequest, verdict: FileVerdict): void;
  onMessage(level: 'info' | 'warn', message: string): void;
}

/** Contents that were looked at, by file and time of change; a desktop with a compiler runs some thousand. */
const MAX_SEEN = 16_384;
/** More of them at once would all be late: one thread looks at one after the other. */
const MAX_LOOKING = 16;
/** The time of change moves on by up to 10 ms at once: what is written right after a look may bear the same. */
const SETTLED_MS = 100;
const NS_PER_MS = 1_000_000n;
const HINT = 'Set scan.beforeRun to no to let programs start unasked.';

export class ScanBeforeRun {
  readonly #options: ScanBeforeRunOptions;
  readonly #health: HealthPart;
  readonly #gate: StartGate;
  #scanner: FileScanner;
  #seen = new RecentMap<string, FileVerdict | 'clean'>(MAX_SEEN);
  #looking = 0;
  #scanned = 0;
  #refused = 0;
  #notLooked = 0;
  /** Archives of which only a part was looked at in the time there was. The rest is looked at once it runs. */
  #partly = 0;
  #rules = 0;

  constructor(options: ScanBeforeRunOptions) {
    this.#options = options;
    this.#health = options.health.part('before-run', () => this.#counters());
    this.#scanner = this.#begin();
    this.#gate = options.gate({
      clock: options.clock,
      deadlineMs: options.deadlineMs,
      trusted: {
        folders: [...SYSTEM_FOLDERS, ...options.ownDirectories.map((folder) => `${folder}/`)],
        except: NOT_OF_THE_SYSTEM,
      },
      verdict: (request) => this.verdict(request),
      onChange: () => this.#describe(),
      onMessage: options.onMessage,
    });
  }

  start(): void {
    this.#health.degraded('About to ask before programs start.', 'Nothing to do.');
    this.#gate.start();
  }

  async stop(): Promise<void> {
    await this.#gate.stop();
    await this.#scanner.close();
    this.#health.off('Programs start unasked.', 'The setting scan.beforeRun turns it on.');
  }

  /** Other rules are in force: everything is looked at again. */
  reload(): void {
    this.#seen = new RecentMap(MAX_SEEN);
    const old = this.#scanner;
    this.#scanner = this.#begin();
    void old.close();
    this.#gate.forget();
  }

  /** At once where the content is known. Never rejects. */
  verdict(request: FileVerdictRequest): Answer | Promise<Answer> {
    const known = request.isBeingWritten === true ? undefined : this.#seen.get(keyOf(request));
    if (known !== undefined) return this.#answer(request, known);
    if (this.#looking >= MAX_LOOKING || request.openAt === undefined) {
      this.#notLooked++;
      return 'unknown';
    }
    return this.#look(request, request.openAt);
  }

  async #look(request: FileVerdictRequest, openAt: string): Promise<Answer> {
    const scanner = this.#scanner;
    const { path, device, inode, changeTimeNs } = request;
    const ageMs = this.#options.clock.nowMs() - Number(changeTimeNs / NS_PER_MS);
    this.#looking++;
    try {
      const outcome = await scanner.scan(path, openAt, { device, inode, changeTimeNs });
      if (!('verdict' in outcome) || scanner !== this.#scanner) {
        this.#notLooked++;
        return 'unknown';
      }
      this.#scanned++;
      if (outcome.verdict.gaps.length > 0) this.#partly++;
      const found = this.#options.isHarmful(outcome.verdict) ? outcome.verdict : 'clean';
      const isLasting = request.isBeingWritten !== true && ageMs >= SETTLED_MS && outcome.isChanged !== true;
      if (isLasting) this.#seen.set(keyOf(request), found);
      return this.#answer(request, found);
    } finally {
      this.#looking--;
    }
  }

  #answer(request: FileVerdictRequest, found: FileVerdict | 'clean'): Answer {
    // What only root may change the kernel asks about no more; others may change it through a mapping, unseen.
    if (found === 'clean') return 'allow';
    // A rule may have been switched off since.
    if (!this.#options.isHarmful(found)) return 'unknown';
    this.#refused++;
    this.#options.onRefused(request, found);
    return 'deny';
  }

  #begin(): FileScanner {
    const scanner = this.#options.begin();
    scanner.ready().then(
      ({ rules }) => {
        this.#rules = rules;
        this.#describe();
      },
      (error: unknown) => {
        if (scanner === this.#scanner) this.#health.failed(`Programs start unasked: ${messageOf(error)}`, HINT);
      },
    );
    return scanner;
  }

  #describe(): void {
    const gate = this.#gate;
    const { timeouts, crowded } = gate.counts;
    if (!gate.isAsking) {
      const why = gate.problem === '' ? 'the helper is about to start' : gate.problem;
      this.#health.degraded(
        `Programs start unasked: ${why}.`,
        'It takes a kernel with CONFIG_FANOTIFY_ACCESS_PERMISSIONS.',
      );
    } else if (gate.wasDeaf) {
      this.#health.degraded(
        `Programs started unasked for some seconds in the last minute: ${timeouts + crowded} were not looked at in time in all.`,
        HINT,
      );
    } else {
      const rules = this.#rules === 0 ? 'rules that are being loaded' : formatCount(this.#rules, 'rule');
      this.#health.ok(
        `New programs and scripts are looked at with ${rules} before they run, for at most ${this.#options.deadlineMs} ms. ` +
          'Not: scripts that are given to an interpreter by name, and what the system’s own folders hold.',
      );
    }
  }

  #counters(): Readonly<Record<string, number>> {
    const { asked, denied, timeouts, crowded, exempt, medianUs, known, knownMedianUs, overallMedianUs } =
      this.#gate.counts;
    const ofGate = { asked, denied, timeouts, skipped: crowded, exempt, known };
    const times = { medianUs, knownMedianUs, overallMedianUs };
    return {
      ...ofGate,
      ...times,
      scanned: this.#scanned,
      refused: this.#refused,
      notLooked: this.#notLooked,
      partly: this.#partly,
    };
  }
}

/** Names one content of one file: only the kernel sets the time of change. */
function keyOf({ device, inode, changeTimeNs }: FileVerdictRequest): string {
  return [device, inode, changeTimeNs].join('/');
}
