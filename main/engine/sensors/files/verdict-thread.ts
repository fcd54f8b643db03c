/** A thread of its own between `sense verdicts` and the engine; see quick-verdicts.ts. */
import { closeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../runtime/failure.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type { HelperPipes } from '../helper-stream.ts';
import type { TrustedFiles } from './quick-verdicts.ts';

export interface VerdictWorkerData extends HelperPipes {
  readonly trusted: TrustedFiles;
}

export interface VerdictThreadOptions {
  /** Closed when the thread has ended. */
  readonly pipes: HelperPipes;
  readonly trusted: TrustedFiles;
  /** What is not answered at once. */
  onPiece(piece: Buffer): void;
  /** It ended, because the helper did or for the reason that is told; nothing is answered at once any more. */
  onEnd(problem: string | undefined): void;
}

/** It keeps one buffer, and makes nothing but paths. */
const HEAP_LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16 };

/** Reads one run of the helper to its end. It cannot be ended from here: it stands in a read until the helper ends. */
export function beginVerdictThread({ pipes, trusted, onPiece, onEnd }: VerdictThreadOptions): void {
  const workerData: VerdictWorkerData = { ...pipes, trusted };
  const worker = new Worker(new URL('./verdict-worker.ts', import.meta.url), {
    workerData,
    env: workerEnvironment(),
    resourceLimits: HEAP_LIMITS,
  });
  let problem: string | undefined;
  worker.on('message', (piece: Uint8Array) => onPiece(Buffer.from(piece.buffer)));
  worker.on('error', (error) => {
    problem = messageOf(error);
  });
  worker.on('exit', () => {
    closeSync(pipes.readFd);
    closeSync(pipes.writeFd);
    onEnd(problem);
  });
}
