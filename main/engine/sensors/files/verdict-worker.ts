/**
 * The thread that answers at once. It blocks in its reads: that is the shortest way from a question to its answer, and it
 * does not matter how busy the engine is.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { codeOf } from '../../runtime/failure.ts';
import { setNice } from '../../runtime/priority.ts';
import { QuickVerdicts } from './quick-verdicts.ts';
import { ALIGNMENT, VERDICT_AT, VERDICT_FIXED_BYTES, VERDICT_KIND, VERDICT_RECORD_TYPE } from './verdict-records.ts';
import type { VerdictWorkerData } from './verdict-thread.ts';

/** A program is waiting: ahead of ordinary ones, as the helper is. */
const ANSWERING_NICE = -10;
/** Code that ran so often is compiled for speed. Without it the first thousands of programs wait longer. */
const PRACTICE = 10_000;

const { readFd, writeFd, trusted }: VerdictWorkerData = workerData;

function take(quick: QuickVerdicts, fd: number): number {
  return readSync(fd, quick.buffer, quick.filled, quick.buffer.length - quick.filled, null);
}

function tell(fd: number, bytes: Uint8Array): void {
  try {
    writeSync(fd, bytes, 0, bytes.length);
  } catch (error) {
    // It has just ended, which the next read tells.
    if (codeOf(error) !== 'EPIPE') throw error;
  }
}

/** Answers made-up questions to nobody. */
function practise(): void {
  const nobody = openSync('/dev/null', 'r+');
  const quick = new QuickVerdicts({ trusted, answer: (bytes) => tell(nobody, bytes), leave: () => {} });
  const question = madeUpQuestion(`${trusted.folders[0] ?? '/'}practice`);
  for (let time = 0; time < PRACTICE; time++) {
    take(quick, nobody);
    question.copy(quick.buffer);
    quick.accept(question.length);
  }
  closeSync(nobody);
}

function madeUpQuestion(path: string): Buffer {
  const text = Buffer.from(path);
  const question = Buffer.alloc(Math.ceil((VERDICT_FIXED_BYTES.request + text.length) / ALIGNMENT) * ALIGNMENT);
  question.writeUInt32LE(question.length, 0);
  question.writeUInt16LE(VERDICT_RECORD_TYPE.request, 4);
  question.writeUInt32LE(VERDICT_KIND.execute, VERDICT_AT.kind);
  question.writeUInt32LE(text.length, VERDICT_AT.pathBytes);
  text.copy(question, VERDICT_FIXED_BYTES.request);
  return question;
}

setNice(ANSWERING_NICE);
practise();
const quick = new QuickVerdicts({
  trusted,
  answer: (bytes) => tell(writeFd, bytes),
  leave: (bytes) => parentPort?.postMessage(bytes, [bytes.buffer]),
});
for (let count = take(quick, readFd); count > 0; count = take(quick, readFd)) quick.accept(count);
