import { Worker } from 'node:worker_threads';
import type { Failure } from '../../../../contract/domain.ts';
import type { RecordedFlow } from '../../network/index.ts';
import { TRAFFIC_YOUNG_GENERATION_MB } from '../../runtime/heap.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type { CaptureMessage, CaptureWorkerData } from './capture-messages.ts';

/** The heap of the thread. Flows and packets are outside of it; what a capture makes of it is far below. */
const HEAP_MEBIBYTES = 512;
/** So long a thread that still works says something. */
const SILENCE_MS = 120_000;
/** A small file can unpack to days of work. */
const LONGEST_MS = 2 * 3_600_000;
/** Between two batches of flows the store and everybody else have the thread. */
const BREATH_MS = 5;

export interface AnalysisOptions {
  readonly data: Omit<CaptureWorkerData, 'unstored'>;
  readonly onProgress: (progress: number | null) => void;
  /** Stores them. What it throws ends the analysis. */
  readonly onFlows: (flows: readonly RecordedFlow[]) => void;
  /** Once, and nothing after it. */
  readonly onEnd: (end: Exclude<CaptureMessage, { readonly type: 'progress' | 'flows' }>) => void;
  /** For tests. */
  readonly silenceMs?: number;
  readonly heapMebibytes?: number;
  readonly worker?: URL;
}

/** One capture being analysed in a thread of its own, which may crash or hang without harm to anybody else. */
export class CaptureAnalysis {
  readonly #options: AnalysisOptions;
  readonly #unstored = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #worker: Worker;
  readonly #batches: (readonly RecordedFlow[])[] = [];
  #isStoring = false;
  #isOver = false;
  #result: Extract<CaptureMessage, { readonly type: 'done' }> | undefined;
  #silence: NodeJS.Timeout | undefined;
  readonly #longest: NodeJS.Timeout;

  constructor(options: AnalysisOptions) {
    this.#options = options;
    const data: CaptureWorkerData = { ...options.data, unstored: this.#unstored.buffer as SharedArrayBuffer };
    this.#worker = new Worker(options.worker ?? new URL('./capture-worker.ts', import.meta.url), {
      workerData: data,
      env: workerEnvironment(),
      resourceLimits: {
        maxOldGenerationSizeMb: options.heapMebibytes ?? HEAP_MEBIBYTES,
        maxYoungGenerationSizeMb: TRAFFIC_YOUNG_GENERATION_MB,
      },
    });
    this.#worker.on('message', (message: CaptureMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(crashOf(error)));
    this.#worker.on('exit', (code) => {
      if (this.#result === undefined) this.#fail(crashOf(new Error(`the thread ended with code ${code}`)));
    });
    this.#longest = setTimeout(() => this.#fail(TOO_LONG), LONGEST_MS).unref();
    this.#heard();
  }

  /** Ends the thread; nothing is told any more. */
  async stop(): Promise<void> {
    this.#over();
    await this.#worker.terminate();
  }

  #heard(): void {
    clearTimeout(this.#silence);
    if (this.#isOver) return;
    this.#silence = setTimeout(() => this.#fail(SILENT), this.#options.silenceMs ?? SILENCE_MS).unref();
  }

  #receive(message: CaptureMessage): void {
    if (this.#isOver) return;
    this.#heard();
    if (message.type === 'progress') this.#options.onProgress(message.progress);
    else if (message.type === 'failed') this.#fail(message.failure);
    else if (message.type === 'done') {
      this.#result = message;
      this.#finishIfStored();
    } else {
      this.#batches.push(message.flows);
      if (!this.#isStoring) this.#storeNext();
    }
  }

  #storeNext(): void {
    const flows = this.#batches.shift();
    this.#isStoring = flows !== undefined;
    if (flows === undefined || this.#isOver) {
      this.#finishIfStored();
      return;
    }
    try {
      this.#options.onFlows(flows);
    } catch (error) {
      this.#fail(failureIn(error));
      return;
    }
    Atomics.sub(this.#unstored, 0, 1);
    Atomics.notify(this.#unstored, 0);
    this.#heard();
    setTimeout(() => this.#storeNext(), BREATH_MS);
  }

  #finishIfStored(): void {
    if (this.#result === undefined || this.#isStoring || this.#isOver) return;
    this.#over();
    void this.#worker.terminate();
    this.#options.onEnd(this.#result);
  }

  #fail(failure: Failure): void {
    if (this.#isOver) return;
    this.#over();
    void this.#worker.terminate();
    this.#options.onEnd({ type: 'failed', failure });
  }

  #over(): void {
    this.#isOver = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#longest);
  }
}

const ANALYZE_HINT = 'Please report this. "holdfast analyze FILE" may get further.';

const SILENT: Failure = {
  code: 'analysis-hung',
  message: 'The analysis stood still and was stopped.',
  hint: ANALYZE_HINT,
};

const TOO_LONG: Failure = {
  code: 'analysis-too-long',
  message: 'The analysis was stopped after two hours.',
  hint: 'Use "holdfast analyze FILE", which has no limit, or split the capture.',
};

function crashOf(error: unknown): Failure {
  const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  const message = isMemory
    ? 'The analysis needed more memory than it may have, and was stopped.'
    : 'The analysis failed and was stopped. Watching was not touched by it.';
  return { code: isMemory ? 'analysis-memory' : 'analysis-crashed', message, hint: ANALYZE_HINT };
}

function failureIn(error: unknown): Failure {
  const isFailure = error instanceof Error && 'failure' in error;
  if (isFailure) return error.failure as Failure;
  return { code: 'flows-not-stored', message: `Its flows could not be stored: ${String(error)}.`, hint: ANALYZE_HINT };
}
