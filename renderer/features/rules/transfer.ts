/**
 * Files of rules and lists on their way to the engine, piece by piece. Errors are data; what it is given to ask is all
 * that it touches.
 */
import type { IndicatorListEntry } from '../../../contract/api-indicators.ts';
import type { RuleEngine, RuleProblemRow } from '../../../contract/api-rules.ts';
import { LINK_FAILURES } from '../../../contract/bridge.ts';
import { CAPTURE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Answer } from '../../lib/client.ts';
import { type PieceFile, readPiece, toBase64 } from '../../lib/pieces.ts';
import { strings } from '../../strings/index.ts';

const { failures } = strings.rules.imports;

export type ImportKind = RuleEngine | 'indicators';

/** What the engine made of a file. */
export type Taken =
  | {
      readonly kind: RuleEngine;
      readonly rules: number;
      readonly problems: readonly RuleProblemRow[];
    }
  | { readonly kind: 'indicators'; readonly list: IndicatorListEntry };

export interface Piece {
  readonly name: string;
  readonly offset: number;
  readonly data: string;
  readonly isLast: boolean;
}

export interface ImportClient {
  send(
    kind: ImportKind,
    piece: Piece,
  ): Promise<Answer<{ readonly receivedBytes: number; readonly taken: Taken | null }>>;
  /** Resolves when the engine can be asked again, or the signal is aborted. */
  linked(signal: AbortSignal): Promise<void>;
}

const KINDS: Readonly<Record<string, ImportKind>> = {
  yml: 'sigma',
  yaml: 'sigma',
  yar: 'yara',
  yara: 'yara',
  txt: 'indicators',
  csv: 'indicators',
  json: 'indicators',
};

/** For `accept` of a file picker. */
export const ACCEPTED: string = Object.keys(KINDS)
  .map((ending) => `.${ending}`)
  .join(',');

/** What a file is by its name; undefined where the engine would not know. */
export function kindOf(name: string): ImportKind | undefined {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return Object.hasOwn(KINDS, ending) ? KINDS[ending] : undefined;
}

/** Names as the engine takes them. */
const LONGEST_NAME = 100;
/** An engine that is lost so often does not take this file. */
const MOST_RESTARTS = 3;

/** The name of a file as the engine keeps it: letters, digits, dots and dashes. */
export function nameFor(name: string): string {
  const dot = name.lastIndexOf('.');
  const ending = name.slice(dot).toLowerCase();
  const stem = name
    .slice(0, dot)
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, LONGEST_NAME - ending.length);
  return `${stem === '' ? 'rules' : stem}${ending}`;
}

/**
 * Sends one file. When the link is lost it begins again from the first byte, as the engine keeps nothing unfinished.
 *
 * @param tell how many bytes are there
 * @returns undefined where it was given up by the signal
 */
export async function importFile(
  file: PieceFile & { readonly name: string },
  client: ImportClient,
  signal: AbortSignal,
  tell: (sentBytes: number) => void,
): Promise<Answer<Taken> | undefined> {
  const kind = kindOf(file.name);
  if (kind === undefined) return failed('unknownKind');
  if (file.size === 0) return failed('empty');
  const name = nameFor(file.name);
  let restarts = 0;
  for (let offset = 0; ; ) {
    const piece = await readPiece(file, offset, CAPTURE_PIECE_BYTES);
    if (signal.aborted) return undefined;
    if (piece === undefined) return failed('unreadable');
    const until = offset + piece.length;
    const isLast = until === file.size;
    const answer = await client.send(kind, { name, offset, data: toBase64(piece), isLast });
    if (answer.ok) {
      const { receivedBytes, taken } = answer.value;
      if (isLast) return taken === null ? failed('notTaken') : { ok: true, value: taken };
      if (receivedBytes !== until) return failed('notTaken');
      offset = until;
    } else if (LINK_FAILURES.has(answer.failure.code) && restarts < MOST_RESTARTS) {
      restarts += 1;
      offset = 0;
      await client.linked(signal);
      if (signal.aborted) return undefined;
    } else return { ok: false, failure: answer.failure };
    tell(offset);
  }
}

function failed(code: keyof typeof failures): { readonly ok: false; readonly failure: Failure } {
  return { ok: false, failure: { code, ...failures[code] } };
}
