/** The files that are on their way to the engine, one after the other; they go on whatever page is open. */
import { create } from 'zustand';
import type { Failure } from '../../../contract/domain.ts';
import { request } from '../../lib/client.ts';
import { FileQueue, type QueuedFile } from '../../lib/file-queue.ts';
import { formatBytes } from '../../lib/format.ts';
import { linked, sleep } from '../../lib/linked.ts';
import { reloadQueries } from '../../lib/use-query.ts';
import { strings } from '../../strings/index.ts';
import { rateOf, type Sample, withSample } from './rate.ts';
import { type UploadClient, type UploadEnd, type UploadFile, type UploadStep, upload } from './upload.ts';

export interface Upload {
  readonly key: number;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sentBytes: number;
  /** Null until it can be told. */
  readonly bytesPerSecond: number | null;
  readonly state: 'queued' | 'beginning' | 'sending' | 'no-link' | 'no-place' | 'failed';
  /** The engine's id, once it is announced. */
  readonly id: string | null;
  readonly failure: Failure | null;
  /** It was given alone: the person waits for this one. */
  readonly isSingle: boolean;
}

export const useUploads = create<{ readonly uploads: readonly Upload[] }>(() => ({ uploads: [] }));

/** More are a mistake of the hand: a whole folder. */
const MOST_AT_ONCE = 200;

const queue = new FileQueue<UploadFile>(async (queued) => {
  const end = await sendOne(queued);
  if (end.type === 'failed') change(queued.key, { state: 'failed', failure: end.failure, bytesPerSecond: null });
  else take(queued.key);
  reloadQueries('captures.list');
});

function change(key: number, changes: Partial<Upload>): void {
  useUploads.setState(({ uploads }) => ({
    uploads: uploads.map((one) => (one.key === key ? { ...one, ...changes } : one)),
  }));
}

function take(key: number): void {
  useUploads.setState(({ uploads }) => ({ uploads: uploads.filter((one) => one.key !== key) }));
}

/** Puts files at the end of the queue. */
export function addFiles(files: readonly UploadFile[]): void {
  const taken = files.slice(0, MOST_AT_ONCE);
  const added = taken.map(
    (file): Upload => ({
      key: queue.add(file),
      name: file.name,
      sizeBytes: file.size,
      sentBytes: 0,
      bytesPerSecond: null,
      state: 'queued',
      id: null,
      failure: null,
      isSingle: taken.length === 1,
    }),
  );
  useUploads.setState(({ uploads }) => ({ uploads: [...uploads, ...added] }));
  void queue.work();
}

/** Ends an upload wherever it is; also takes a failed one off the list. */
export function cancelUpload(key: number): void {
  queue.cancel(key);
  take(key);
}

async function sendOne({ key, file, signal }: QueuedFile<UploadFile>): Promise<UploadEnd> {
  change(key, { state: 'beginning' });
  const refusal = await refusalOf(file);
  if (refusal !== null) return { type: 'failed', failure: refusal };
  let samples: readonly Sample[] = [];
  const tell = (step: UploadStep): void => {
    switch (step.type) {
      case 'begun':
        samples = [{ timeMs: Date.now(), bytes: 0 }];
        change(key, { id: step.capture.id, state: 'sending' });
        return;
      case 'sent':
        samples = withSample(samples, { timeMs: Date.now(), bytes: step.bytes });
        change(key, { sentBytes: step.bytes, bytesPerSecond: rateOf(samples), state: 'sending' });
        return;
      default:
        samples = [];
        change(key, { state: step.type, bytesPerSecond: null });
    }
  };
  return upload(file, CLIENT, signal, tell);
}

/** What is said before anything is sent. An engine that does not answer is the upload's to wait for. */
async function refusalOf(file: UploadFile): Promise<Failure | null> {
  const { failures } = strings.captures;
  if (file.size === 0) return { code: 'empty', ...failures.empty };
  const answer = await request('captures.list', {});
  if (!answer.ok || file.size <= answer.value.maximumBytes) return null;
  return {
    code: 'capture-too-large',
    ...failures.tooLarge(formatBytes(file.size), formatBytes(answer.value.maximumBytes)),
  };
}

const CLIENT: UploadClient = {
  begin: (name, sizeBytes) => request('captures.begin', { name, sizeBytes }),
  append: (id, offset, data) => request('captures.append', { id, offset, data }),
  get: (id) => request('captures.get', { id }),
  cancel: (id) => request('captures.cancel', { id }),
  linked,
  sleep,
};
