/** One file with everything that is packed inside of it. */
import { basename, extname } from 'node:path';
import { isUnopened, openArchive, UnpackBudget } from './archive/index.ts';
import type { ScanVerdict, YaraHit, YaraScanner } from './scanner.ts';

/** How far archives are opened. */
export interface UnpackLimits {
  /** Archives inside of archives. */
  readonly depth: number;
  /** Of all that is unpacked from one file. */
  readonly bytes: number;
  readonly entries: number;
  /** No further content is begun after this; left out: as long as it takes. In milliseconds. */
  readonly timeMs?: number;
}

/** What people pack, and not what bombs are made of. */
export const USUAL_UNPACK: UnpackLimits = { depth: 5, bytes: 256 * 2 ** 20, entries: 20_000 };

/** A hit, with the way to it inside of the file: empty for the file itself, "a.tar › b.sh" within archives. */
export interface ContentHit extends YaraHit {
  readonly inside: string;
}

export interface ContentVerdict {
  readonly hits: readonly ContentHit[];
  /** Contents that were looked at, the file itself among them. */
  readonly contents: number;
  /** What was not looked at and why, at most MAX_GAPS of them: "b.zip: encrypted". */
  readonly gaps: readonly string[];
}

/** While somebody waits: one archive, some parts of it, and the rest in a look that nobody waits for. */
export function unpackWithin(timeMs: number): UnpackLimits {
  return { depth: 1, bytes: 8 * 2 ** 20, entries: 200, timeMs };
}

const MAX_GAPS = 16;
const MAX_HITS = 200;
export const INSIDE = ' › ';

/**
 * Asks the rules about a content and all that is inside of it.
 *
 * @throws YaraFailure
 */
export function scanContent(
  scanner: Pick<YaraScanner, 'scan'>,
  content: Buffer,
  path: string,
  limits: UnpackLimits = USUAL_UNPACK,
): ContentVerdict {
  const budget = new UnpackBudget(limits.bytes, limits.entries);
  const endMs = performance.now() + (limits.timeMs ?? Number.POSITIVE_INFINITY);
  const hits: ContentHit[] = [];
  const gaps: string[] = [];
  let contents = 0;
  const gap = (place: string, reason: string): void => {
    if (gaps.length < MAX_GAPS) gaps.push(place === '' ? reason : `${place}: ${reason}`);
  };
  const look = (bytes: Buffer, name: string, inside: string, depth: number): void => {
    contents += 1;
    const verdict: ScanVerdict = scanner.scan(bytes, namesOf(path, name));
    for (const hit of verdict.hits) if (hits.length < MAX_HITS) hits.push({ ...hit, inside });
    if (verdict.failure !== '') gap(inside, verdict.failure);
    const parts = openArchive(bytes, name, budget);
    if (parts === undefined) return;
    if (depth >= limits.depth) {
      gap(inside, `archives inside of archives deeper than ${limits.depth}`);
      return;
    }
    for (const part of parts) {
      if (performance.now() > endMs) {
        gap(inside, 'no time for the rest of the archive');
        return;
      }
      const place = inside === '' ? part.name : `${inside}${INSIDE}${part.name}`;
      if (isUnopened(part)) gap(place, part.reason);
      else look(part.content, part.name, place, depth + 1);
    }
  };
  look(content, basename(path), '', 0);
  return { hits, contents, gaps };
}

function namesOf(path: string, name: string) {
  return { filename: basename(name), filepath: path, extension: extname(name) };
}
