import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { AlertTrail } from '../../../../contract/alert-trail.ts';
import type { Capture } from '../../../../contract/api-captures.ts';
import type { Alert, Failure } from '../../../../contract/domain.ts';
import { plainText } from '../../../../contract/text.ts';
import type { CompiledIndicators } from '../../indicators/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { FailureError, failureOf, messageOf } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';
import { type AnalysisOptions, CaptureAnalysis } from './capture-analysis.ts';
import { CaptureFiles, writePiece } from './capture-files.ts';
import type { CaptureMessage } from './capture-messages.ts';
import type { CaptureSettings } from './capture-settings.ts';

export interface CaptureJobsOptions {
  /** Private, for the files while they are received and analysed. */
  readonly directory: string;
  readonly settings: () => CaptureSettings;
  /** All settings by section, for the analysis. */
  readonly sections: () => AnalysisOptions['data']['settings'];
  /** What is known to be bad; the built-in alone where it is left out. */
  readonly indicators?: () => CompiledIndicators;
  /** Throws before the start and after the stop of the store. */
  readonly store: () => Store;
  /** Stores the alerts of a capture and tells whoever watches alerts. */
  readonly recordAlerts: (
    captureId: string,
    alerts: readonly Alert[],
    trailOf: (id: string) => AlertTrail | undefined,
  ) => void;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
  /** For tests. */
  readonly analysis?: Pick<AnalysisOptions, 'silenceMs' | 'heapMebibytes' | 'worker'>;
}

const MEBIBYTE = 1024 * 1024;
/** Captures that are received or wait; each may fill the disk a little further. */
const MAX_UNFINISHED = 8;
/** A person who went away with a half-sent capture does not come back. */
const IDLE_MS = 10 * 60_000;
const IDLE_CHECK_MS = 30_000;
const PROGRESS_MS = 200;
const MAX_NAME = 255;
/** Fewer than wait for the store at the most. */
const ALERTS_AT_ONCE = 1_000;
const ENGINE = 'engine';
/** Between two transactions that remove flows. */
const BREATH_MS = 10;

type Upload = { readonly file: FileHandle; receivedBytes: number; heardMs: number; last: Promise<void> };

const UNFINISHED: readonly Capture['state'][] = ['receiving', 'waiting', 'analysing'];
const isUnfinished = ({ state }: Capture): boolean => UNFINISHED.includes(state);

/** Captures that are given to the running engine: received, analysed one at a time, kept. Start and stop once. */
export class CaptureJobs {
  readonly #options: CaptureJobsOptions;
  readonly #files: CaptureFiles;
  readonly #captures = new Map<string, Capture>();
  readonly #uploads = new Map<string, Upload>();
  readonly #watchers = new Set<(capture: Capture) => void>();
  readonly #toldMs = new Map<string, number>();
  /** Being removed, in the background. */
  readonly #removals = new Set<Promise<void>>();
  #running: { readonly id: string; readonly analysis: CaptureAnalysis } | undefined;
  #idleTimer: Timer | undefined;
  #isStopped = false;
  /** Why no capture can be taken. */
  #unusable: Failure | undefined;

  constructor(options: CaptureJobsOptions) {
    this.#options = options;
    this.#files = new CaptureFiles(options.directory);
  }

  /** Brings back what is known from before; what was not finished then has failed. */
  async start(): Promise<void> {
    try {
      await this.#files.prepare();
    } catch (error) {
      // Watching matters more: the engine goes on, and says so to whoever gives it a capture.
      this.#unusable = failureOf(error, 'no-directory', 'Make the data directory writable, then restart the engine.');
      this.#options.onProblem(`Captures cannot be taken: ${this.#unusable.message}`);
    }
    for (const capture of [...this.#options.store().captures.list()].reverse()) {
      this.#captures.set(capture.id, capture);
      if (isUnfinished(capture)) {
        this.#discardRows(capture.id);
        this.#change(capture, { state: 'failed', progress: null, failure: INTERRUPTED });
      }
    }
    this.#idleTimer = this.#options.clock.every(IDLE_CHECK_MS, () => {
      this.#keep(this.#expireIdle().catch((error) => this.#options.onProblem(messageOf(error))));
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#idleTimer?.cancel();
    await this.#running?.analysis.stop();
    this.#running = undefined;
    for (const id of [...this.#uploads.keys()]) await this.#closeUpload(id);
    // One can begin another.
    while (this.#removals.size > 0) await Promise.allSettled(this.#removals);
    for (const capture of this.#captures.values()) if (isUnfinished(capture)) await this.#files.remove(capture.id);
  }

  get maximumBytes(): number {
    return this.#options.settings().maxMebibytes * MEBIBYTE;
  }

  /** The latest first. */
  list(): Capture[] {
    return [...this.#captures.values()].reverse();
  }

  /** @throws FailureError `no-such-capture` */
  get(id: string): Capture {
    const capture = this.#captures.get(id);
    if (capture !== undefined) return capture;
    const hint = 'The ids are in "holdfast captures list". The oldest go when newer ones come.';
    throw new FailureError({ code: 'no-such-capture', message: `There is no capture ${plainText(id, 40)}.`, hint });
  }

  /** Calls back for every change until the function that it gives is called. */
  watch(listener: (capture: Capture) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  /** @throws FailureError `capture-too-large`, `too-many-captures`, `no-room` */
  async begin(name: string, sizeBytes: number, actor: string): Promise<Capture> {
    this.#assertRunning();
    await this.#removeOldest();
    if (sizeBytes > this.maximumBytes) {
      const limit = `${this.#options.settings().maxMebibytes} MiB`;
      const message = `This capture is larger than ${limit}, the most that is taken.`;
      const hint = 'Raise captures.maxMebibytes, or use "holdfast analyze FILE", which has no limit.';
      throw new FailureError({ code: 'capture-too-large', message, hint });
    }
    const unfinished = [...this.#captures.values()].filter(isUnfinished);
    if (unfinished.length >= MAX_UNFINISHED) {
      const message = `${MAX_UNFINISHED} captures are being received or wait already.`;
      throw new FailureError({ code: 'too-many-captures', message, hint: 'Wait for one to be done, or cancel one.' });
    }
    const id = `c-${randomBytes(6).toString('hex')}`;
    const capture: Capture = {
      id,
      name: plainText(name, MAX_NAME),
      state: 'receiving',
      progress: 0,
      sizeBytes,
      receivedBytes: 0,
      addedMs: this.#options.clock.nowMs(),
      addedBy: actor,
      result: null,
      failure: null,
    };
    // Counted before anything is awaited, so that many at once do not pass together.
    this.#captures.set(id, capture);
    try {
      const coming = unfinished
        .filter(({ state }) => state === 'receiving')
        .reduce((sum, other) => sum + other.sizeBytes - (this.#uploads.get(other.id)?.receivedBytes ?? 0), 0);
      await this.#files.assertRoom(sizeBytes + coming);
      const file = await this.#files.create(id);
      this.#uploads.set(id, { file, receivedBytes: 0, heardMs: this.#monotonicMs(), last: Promise.resolve() });
      this.#assertRunning();
      // Whoever saw it in the list may have cancelled or removed it meanwhile.
      const now = this.#captures.get(id);
      if (now?.state !== 'receiving') throw notReceiving(id, now?.state ?? 'removed');
      this.#options.store().captures.add(capture);
    } catch (error) {
      if (this.#captures.get(id)?.state === 'receiving') this.#captures.delete(id);
      await this.#closeUpload(id);
      await this.#files.remove(id);
      throw error;
    }
    this.#tell(capture);
    return capture;
  }

  /** @throws FailureError `not-receiving`, `wrong-offset`, `too-much-data`, `no-room`, `not-written` */
  async append(id: string, offset: number, piece: Uint8Array): Promise<number> {
    const upload = this.#uploadOf(id);
    // Pieces of one capture one after the other, whoever sends them.
    const turn = upload.last.then(() => this.#appendNow(id, offset, piece));
    upload.last = turn.then(
      () => {},
      () => {},
    );
    return await turn;
  }

  /** Stops receiving or analysing; what was stored of it is removed. @throws FailureError `already-finished` */
  async cancel(id: string, actor: string): Promise<Capture> {
    const capture = this.get(id);
    if (!isUnfinished(capture)) {
      const message = `This capture is ${capture.state} already.`;
      throw new FailureError({ code: 'already-finished', message, hint: 'Remove it to forget it.' });
    }
    const cancelled = this.#change(capture, { state: 'cancelled', progress: null });
    const { name } = capture;
    this.#options.store().appendJournal({ actor, action: 'capture-cancelled', subject: id, detail: { name } });
    await this.#letGo(id);
    this.#discardRows(id);
    this.#next();
    return cancelled;
  }

  /** Forgets a capture with its alerts and flows. @throws FailureError */
  async remove(id: string, actor: string): Promise<void> {
    const capture = this.get(id);
    this.#options.store().captures.remove(capture, actor);
    this.#captures.delete(id);
    this.#toldMs.delete(id);
    await this.#letGo(id);
    await this.#discardRows(id);
    this.#next();
  }

  async #appendNow(id: string, offset: number, piece: Uint8Array): Promise<number> {
    const upload = this.#uploadOf(id);
    const capture = this.get(id);
    if (offset !== upload.receivedBytes) {
      const message = `The next byte that is expected is number ${upload.receivedBytes}, not ${offset}.`;
      throw new FailureError({ code: 'wrong-offset', message, hint: `Go on with offset ${upload.receivedBytes}.` });
    }
    if (offset + piece.length > capture.sizeBytes) {
      const message = `The capture was announced with ${capture.sizeBytes} bytes; this piece goes beyond them.`;
      throw new FailureError({ code: 'too-much-data', message, hint: 'Announce its real size and begin again.' });
    }
    try {
      await writePiece(upload.file, piece, offset);
    } catch (error) {
      await this.#failed(id, failureOf(error, 'not-written', 'Check the disk of the data directory.'));
      throw error;
    }
    upload.receivedBytes += piece.length;
    upload.heardMs = this.#monotonicMs();
    // It may have been cancelled while the piece was written.
    const now = this.#captures.get(id);
    if (now?.state !== 'receiving') throw notReceiving(id, now?.state ?? 'removed');
    if (upload.receivedBytes === capture.sizeBytes) {
      // Before anything is awaited: one that is cancelled meanwhile must not come back.
      this.#change(now, { state: 'waiting', progress: null, receivedBytes: upload.receivedBytes });
      await this.#closeUpload(id);
      this.#next();
    } else {
      const { receivedBytes } = upload;
      this.#progress(id, { progress: receivedBytes / capture.sizeBytes, receivedBytes });
    }
    return upload.receivedBytes;
  }

  #uploadOf(id: string): Upload {
    const { state } = this.get(id);
    const upload = this.#uploads.get(id);
    if (upload === undefined || state !== 'receiving') throw notReceiving(id, state);
    return upload;
  }

  /** Begins with the capture that waits longest, when none is being analysed. */
  #next(): void {
    if (this.#running !== undefined || this.#isStopped) return;
    const waiting = [...this.#captures.values()].find(({ state }) => state === 'waiting');
    if (waiting === undefined) return;
    const { id } = waiting;
    this.#change(waiting, { state: 'analysing', progress: 0 });
    const analysis = new CaptureAnalysis({
      ...this.#options.analysis,
      data: {
        path: this.#files.path(id),
        settings: this.#options.sections(),
        keptFlows: this.#options.settings().keptFlows,
        indicators: this.#options.indicators?.(),
      },
      onProgress: (progress) => this.#progress(id, { progress }),
      onFlows: (flows) => this.#options.store().captures.addFlows(id, flows),
      onEnd: (end) => void this.#ended(id, end).catch((error) => this.#options.onProblem(messageOf(error))),
    });
    this.#running = { id, analysis };
  }

  async #ended(id: string, end: Parameters<AnalysisOptions['onEnd']>[0]): Promise<void> {
    if (this.#running?.id === id) this.#running = undefined;
    const capture = this.#captures.get(id);
    if (capture?.state === 'analysing') {
      if (end.type === 'failed') await this.#failed(id, end.failure);
      else {
        this.#recordAlerts(id, end);
        // Before anything is awaited: one that is removed meanwhile must not come back.
        this.#change(capture, { state: 'done', progress: null, result: end.result });
        await this.#files.remove(id);
        await this.#removeOldest();
      }
    }
    this.#next();
  }

  #recordAlerts(id: string, { alerts, trails }: Extract<CaptureMessage, { readonly type: 'done' }>): void {
    for (let at = 0; at < alerts.length; at += ALERTS_AT_ONCE) {
      this.#options.recordAlerts(id, alerts.slice(at, at + ALERTS_AT_ONCE), (alertId) => trails.get(alertId));
      this.#options.store().flush();
    }
  }

  async #failed(id: string, failure: Failure): Promise<void> {
    const capture = this.#captures.get(id);
    // One that was cancelled meanwhile stays so.
    if (capture === undefined || !isUnfinished(capture)) return;
    this.#change(capture, { state: 'failed', progress: null, failure });
    await this.#letGo(id);
    this.#discardRows(id);
  }

  async #removeOldest(): Promise<void> {
    const finished = [...this.#captures.values()].filter((capture) => !isUnfinished(capture));
    for (const { id } of finished.slice(0, Math.max(0, finished.length - this.#options.settings().kept))) {
      // Another call may have come to the same oldest ones meanwhile.
      if (this.#captures.has(id)) await this.remove(id, ENGINE);
    }
  }

  async #expireIdle(): Promise<void> {
    const nowMs = this.#monotonicMs();
    for (const [id, { heardMs }] of this.#uploads) {
      if (nowMs - heardMs >= IDLE_MS) await this.#failed(id, EXPIRED);
    }
  }

  /** Ends the upload or the analysis, and removes the file. */
  async #letGo(id: string): Promise<void> {
    if (this.#running?.id === id) {
      const { analysis } = this.#running;
      this.#running = undefined;
      await analysis.stop();
    }
    await this.#closeUpload(id);
    await this.#files.remove(id);
  }

  async #closeUpload(id: string): Promise<void> {
    const upload = this.#uploads.get(id);
    this.#uploads.delete(id);
    await upload?.file.close();
  }

  /** Removes the alerts and flows of a capture, a bounded number at a time. */
  #discardRows(id: string): Promise<void> {
    const work = async (): Promise<void> => {
      try {
        this.#options.store().alerts.removeSource(id);
        while (this.#options.store().captures.removeFlows(id)) await this.#options.clock.sleep(BREATH_MS);
      } catch (error) {
        this.#options.onProblem(`What capture ${id} had stored could not be removed: ${messageOf(error)}`);
      }
    };
    return this.#keep(work());
  }

  /** `stop` waits for it. @param removal never rejects */
  #keep(removal: Promise<void>): Promise<void> {
    this.#removals.add(removal);
    return removal.finally(() => this.#removals.delete(removal));
  }

  #progress(id: string, changes: Partial<Pick<Capture, 'progress' | 'receivedBytes'>>): void {
    const capture = this.#captures.get(id);
    if (capture === undefined || !isUnfinished(capture)) return;
    const next = { ...capture, ...changes };
    this.#captures.set(id, next);
    if (this.#monotonicMs() - (this.#toldMs.get(id) ?? Number.NEGATIVE_INFINITY) >= PROGRESS_MS) this.#tell(next);
  }

  #change(capture: Capture, changes: Partial<Capture>): Capture {
    const next = { ...capture, ...changes };
    this.#captures.set(next.id, next);
    this.#options.store().captures.put(next);
    this.#tell(next);
    return next;
  }

  #tell(capture: Capture): void {
    this.#toldMs.set(capture.id, this.#monotonicMs());
    for (const watcher of this.#watchers) watcher(capture);
  }

  #monotonicMs(): number {
    return this.#options.clock.monotonicMs();
  }

  #assertRunning(): void {
    if (this.#isStopped) throw new FailureError(INTERRUPTED);
    if (this.#unusable !== undefined) throw new FailureError(this.#unusable);
  }
}

const INTERRUPTED: Failure = {
  code: 'interrupted',
  message: 'The engine was stopped before this capture was analysed.',
  hint: 'Give it to the engine again.',
};

const EXPIRED: Failure = {
  code: 'upload-expired',
  message: 'Nothing came for ten minutes; the capture was given up.',
  hint: 'Give it to the engine again.',
};

function notReceiving(id: string, state: string): FailureError {
  const message = `Capture ${id} takes no bytes: it is ${state}.`;
  return new FailureError({ code: 'not-receiving', message, hint: 'Begin a new capture.' });
}
