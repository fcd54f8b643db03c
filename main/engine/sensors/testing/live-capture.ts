/** A capture sensor with a reading worker, wired as the engine wires them. */
import { Worker } from 'node:worker_threads';
import { HealthRegistry } from '../../runtime/health.ts';
import type { InterfaceState } from '../reader.ts';
import { CaptureSensor, type CaptureSensorOptions } from '../sensor.ts';
import type { Tally, WorkerOrder, WorkerReport } from './capture-worker.ts';

export interface LiveCaptureOptions
  extends Partial<Omit<CaptureSensorOptions, 'health' | 'onStream' | 'onMessage' | 'interfaces'>> {
  readonly interfaces: readonly string[];
  /** See WorkerOrder. */
  readonly stallMs?: number;
}

export class LiveCapture {
  readonly sensor: CaptureSensor;
  readonly health = new HealthRegistry();
  readonly messages: string[] = [];
  /** What came of every run that has ended, in order. */
  readonly runs: { reason: string; tally: Tally }[] = [];
  readonly #worker: Worker;

  constructor({ stallMs = 0, ...options }: LiveCaptureOptions) {
    this.#worker = new Worker(new URL('./capture-worker.ts', import.meta.url), { trackUnmanagedFds: false });
    this.sensor = new CaptureSensor({
      snapBytes: 65_535,
      ringMebibytes: 16,
      promiscuous: false,
      timing: { firstPauseMs: 20, longestPauseMs: 100 },
      ...options,
      health: this.health,
      onStream: (stream) => this.#worker.postMessage({ stream, stallMs } satisfies WorkerOrder),
      onMessage: (_level, message) => this.messages.push(message),
    });
    this.#worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'interfaces') this.sensor.observe(report.run, report.interfaces);
      else this.runs.push({ reason: report.end.reason, tally: report.tally });
    });
    this.sensor.start();
  }

  state(name: string): InterfaceState | undefined {
    return this.sensor.interfaces().find((state) => state.name === name);
  }

  /** Ends the helper, waits until the worker has read everything, and gives what the last run saw. */
  async finish(): Promise<Tally> {
    const before = this.runs.length;
    await this.sensor.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => (this.runs.length > before ? resolve() : void setTimeout(check, 5));
    check();
    await promise;
    return this.runs[this.runs.length - 1].tally;
  }

  /** Leaves nothing behind, whatever happened. */
  async dispose(): Promise<void> {
    await this.sensor.stop();
    await this.#worker.terminate();
  }
}
