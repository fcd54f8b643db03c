/**
 * Versions as files: taken in and given out piece by piece. Errors are data; what it is given to ask is all that it
 * touches.
 */
import type { Profile } from '../../../contract/api-models.ts';
import { LINK_FAILURES } from '../../../contract/bridge.ts';
import { PROFILE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Answer } from '../../lib/client.ts';
import { fromBase64, type PieceFile, readPiece, toBase64 } from '../../lib/pieces.ts';
import { strings } from '../../strings/index.ts';

const { failures } = strings.models;

export interface ImportClient {
  send(input: {
    readonly name: string;
    readonly offset: number;
    readonly data: string;
    readonly isLast: boolean;
  }): Promise<Answer<{ readonly receivedBytes: number; readonly profile: Profile | null }>>;
  /** Resolves when the engine can be asked again. */
  linked(): Promise<void>;
}

/** Names as the call takes them. */
const LONGEST_NAME = 100;
/** An engine that is lost so often does not take this file. */
const MOST_RESTARTS = 3;

/**
 * Sends one file. When the link is lost it begins again from the first byte, as the engine keeps nothing unfinished.
 *
 * @param tell how many bytes are there
 */
export async function importProfile(
  file: PieceFile & { readonly name: string },
  client: ImportClient,
  tell: (sentBytes: number) => void,
): Promise<Answer<Profile>> {
  if (file.size === 0) return failed('empty');
  const name = file.name.slice(0, LONGEST_NAME) || 'profile';
  let restarts = 0;
  for (let offset = 0; ; ) {
    const piece = await readPiece(file, offset, PROFILE_PIECE_BYTES);
    if (piece === undefined) return failed('unreadable');
    const until = offset + piece.length;
    const answer = await client.send({ name, offset, data: toBase64(piece), isLast: until === file.size });
    if (answer.ok) {
      if (until === file.size)
        return answer.value.profile === null ? failed('notKept') : { ok: true, value: answer.value.profile };
      if (answer.value.receivedBytes !== until) return failed('notTaken');
      offset = until;
    } else if (LINK_FAILURES.has(answer.failure.code) && restarts < MOST_RESTARTS) {
      restarts += 1;
      offset = 0;
      await client.linked();
    } else return { ok: false, failure: answer.failure };
    tell(offset);
  }
}

/** A file of a version is some megabytes; an engine that never comes to an end is none. */
const LARGEST_EXPORT = 1024 ** 3;

/** All bytes of a version, in pieces. @param ask for the piece that begins at a byte */
export async function exportProfile(
  ask: (offset: number) => Promise<Answer<{ readonly bytes: number; readonly data: string }>>,
): Promise<Answer<readonly Uint8Array<ArrayBuffer>[]>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  let total: number | null = null;
  while (total === null || offset < total) {
    const answer = await ask(offset);
    if (!answer.ok) return answer;
    const { bytes, data } = answer.value;
    const piece = fromBase64(data);
    const isSound = bytes === (total ?? bytes) && bytes <= LARGEST_EXPORT;
    if (piece === undefined || piece.length === 0 || offset + piece.length > bytes || !isSound)
      return failed('changed');
    total = bytes;
    pieces.push(piece);
    offset += piece.length;
  }
  return { ok: true, value: pieces };
}

function failed(code: keyof typeof failures): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { code, ...failures[code] } };
}
