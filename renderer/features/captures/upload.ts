/**
 * Sends one file to the engine, piece by piece. When the link is lost it waits until it is back, asks the engine how
 * much it has and goes on there. Errors are data; what it is given to ask and wait with is all that it touches.
 */
import type { Capture } from '../../../contract/api-captures.ts';
import { LINK_FAILURES } from '../../../contract/bridge.ts';
import { CAPTURE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Answer } from '../../lib/client.ts';
import { type PieceFile, readPiece, toBase64 } from '../../lib/pieces.ts';
import { strings } from '../../strings/index.ts';

export interface UploadFile extends PieceFile {
  readonly name: string;
}

export interface UploadClient {
  begin(name: string, sizeBytes: number): Promise<Answer<Capture>>;
  append(id: string, offset: number, data: string): Promise<Answer<{ readonly receivedBytes: number }>>;
  get(id: string): Promise<Answer<Capture>>;
  cancel(id: string): Promise<unknown>;
  /** Resolves when the engine can be asked again, or the signal is aborted. */
  linked(signal: AbortSignal): Promise<void>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export type UploadStep =
  /** Announced: from now on it is a capture of the engine. */
  | { readonly type: 'begun'; readonly capture: Capture }
  | { readonly type: 'sent'; readonly bytes: number }
  | { readonly type: 'no-link' }
  /** The engine has as many captures as it takes at once. */
  | { readonly type: 'no-place' };

export type UploadEnd =
  | { readonly type: 'done'; readonly id: string }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Between two tries when the engine has no place. */
const PLACE_RETRY_MS = 2_000;
/** Names as the call takes them; the engine makes plain text of what it gets. */
const LONGEST_NAME = 255;
/** Times that the engine may name another offset before a byte goes on: more is no lost link, but another file. */
const MAX_RESUMES_WITHOUT_PROGRESS = 3;

const CANCELLED: UploadEnd = { type: 'cancelled' };

export async function upload(
  file: UploadFile,
  client: UploadClient,
  signal: AbortSignal,
  tell: (step: UploadStep) => void,
): Promise<UploadEnd> {
  const begun = await begin(file, client, signal, tell);
  if ('type' in begun) return begun;
  const { id } = begun;
  tell({ type: 'begun', capture: begun });
  const end = await send(id, file, client, signal, tell);
  // What will not be finished need not wait for its time to run out.
  const isOurs = end.type === 'cancelled' || (end.type === 'failed' && FAILURES_OF_OURS.has(end.failure.code));
  if (isOurs) await client.cancel(id);
  return end;
}

async function begin(
  file: UploadFile,
  client: UploadClient,
  signal: AbortSignal,
  tell: (step: UploadStep) => void,
): Promise<Capture | UploadEnd> {
  const name = file.name.slice(0, LONGEST_NAME) || 'capture';
  for (;;) {
    if (signal.aborted) return CANCELLED;
    const answer = await client.begin(name, file.size);
    if (answer.ok) return answer.value;
    const { failure } = answer;
    if (LINK_FAILURES.has(failure.code)) {
      tell({ type: 'no-link' });
      await client.linked(signal);
    } else if (failure.code === 'too-many-captures') {
      tell({ type: 'no-place' });
      await client.sleep(PLACE_RETRY_MS, signal);
    } else return { type: 'failed', failure };
  }
}

async function send(
  id: string,
  file: UploadFile,
  client: UploadClient,
  signal: AbortSignal,
  tell: (step: UploadStep) => void,
): Promise<UploadEnd> {
  let offset = 0;
  let resumes = 0;
  while (offset < file.size) {
    if (signal.aborted) return CANCELLED;
    const piece = await readPiece(file, offset, CAPTURE_PIECE_BYTES);
    if (piece === undefined) return failed('unreadable', strings.captures.failures.unreadable);
    if (signal.aborted) return CANCELLED;
    const answer = await client.append(id, offset, toBase64(piece));
    if (answer.ok) {
      offset = answer.value.receivedBytes;
      resumes = 0;
      tell({ type: 'sent', bytes: offset });
      continue;
    }
    const isLinkLost = LINK_FAILURES.has(answer.failure.code);
    if (!isLinkLost && !LOOK_AGAIN.has(answer.failure.code)) {
      return signal.aborted ? CANCELLED : { type: 'failed', failure: answer.failure };
    }
    resumes += 1;
    if (!isLinkLost && resumes > MAX_RESUMES_WITHOUT_PROGRESS)
      return failed('changed', strings.captures.failures.changed);
    const resumed = await resume(id, file, client, signal, tell, isLinkLost);
    if (typeof resumed !== 'number') return resumed;
    offset = resumed;
    tell({ type: 'sent', bytes: offset });
  }
  return { type: 'done', id };
}

/** Where the engine wants to go on: its size where it has all. */
async function resume(
  id: string,
  file: UploadFile,
  client: UploadClient,
  signal: AbortSignal,
  tell: (step: UploadStep) => void,
  wasLost: boolean,
): Promise<number | UploadEnd> {
  let isLost = wasLost;
  for (;;) {
    if (isLost) {
      tell({ type: 'no-link' });
      await client.linked(signal);
    }
    if (signal.aborted) return CANCELLED;
    const answer = await client.get(id);
    if (answer.ok) return offsetOf(answer.value, file.size);
    if (answer.failure.code === 'no-such-capture') return CANCELLED;
    if (!LINK_FAILURES.has(answer.failure.code)) return { type: 'failed', failure: answer.failure };
    isLost = true;
  }
}

function offsetOf({ state, receivedBytes, failure }: Capture, size: number): number | UploadEnd {
  if (state === 'receiving') return receivedBytes;
  if (state === 'cancelled') return CANCELLED;
  return failure === null ? size : { type: 'failed', failure };
}

/** Somebody cancelled or removed it, or it is at another byte: the capture itself says which. */
const LOOK_AGAIN: ReadonlySet<string> = new Set(['wrong-offset', 'not-receiving', 'no-such-capture']);

const FAILURES_OF_OURS: ReadonlySet<string> = new Set(['unreadable', 'changed']);

function failed(code: string, words: Omit<Failure, 'code'>): UploadEnd {
  return { type: 'failed', failure: { code, ...words } };
}
