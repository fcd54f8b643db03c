/** Tape archives (POSIX.1-1988 ustar, with the long names of GNU and pax) and those of ar (Debian packages). */
import { type ArchivePart, entryName, TOO_MUCH, type UnpackBudget } from './entry.ts';

const BLOCK = 512;
const MAGIC_AT = 257;
const NAME_LENGTH = 100;
const PREFIX = { at: 345, length: 155 } as const;
const SIZE = { at: 124, length: 12 } as const;
const CHECKSUM = { at: 148, length: 8 } as const;
/** Kinds of entries that carry a file: '0', NUL of old archives, and contiguous files. */
const FILES: ReadonlySet<string> = new Set(['0', '\0', '7']);

/** By the name of the format, or where it is older than that by the checksum of the first header. */
export function isTar(bytes: Buffer): boolean {
  if (bytes.length < BLOCK) return false;
  return bytes.toString('latin1', MAGIC_AT, MAGIC_AT + 5) === 'ustar' || isHeader(bytes.subarray(0, BLOCK));
}

export function* openTar(bytes: Buffer, budget: UnpackBudget): Generator<ArchivePart> {
  let longName = '';
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (!isHeader(header)) return;
    const size = numberAt(header, SIZE.at, SIZE.length);
    const from = at + BLOCK;
    const kind = String.fromCharCode(header[156]!);
    if (size === undefined || from + size > bytes.length) {
      yield { name: nameOf(header), reason: 'damaged' };
      return;
    }
    const content = bytes.subarray(from, from + size);
    if (kind === 'L') longName = entryName(content);
    else if (kind === 'x') longName = paxPath(content) ?? longName;
    else {
      if (FILES.has(kind)) {
        const name = longName || nameOf(header);
        if (size > budget.room || budget.room === 0) {
          yield { name, reason: TOO_MUCH };
          return;
        }
        budget.take(size);
        yield { name, content };
      }
      longName = '';
    }
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** The sum of all bytes of the header, those of the sum counted as spaces. */
function isHeader(header: Buffer): boolean {
  const said = numberAt(header, CHECKSUM.at, CHECKSUM.length);
  if (said === undefined || said === 0) return false;
  let sum = CHECKSUM.length * 0x20;
  for (let at = 0; at < BLOCK; at++) {
    if (at < CHECKSUM.at || at >= CHECKSUM.at + CHECKSUM.length) sum += header[at]!;
  }
  return sum === said;
}

/** Octal digits; or, of very large files, binary with the first bit set. */
function numberAt(header: Buffer, at: number, length: number): number | undefined {
  if ((header[at]! & 0x80) !== 0) {
    const value = header.readUIntBE(at + length - 6, 6);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = entryName(header.subarray(at, at + length)).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function nameOf(header: Buffer): string {
  const name = entryName(header.subarray(0, NAME_LENGTH));
  const prefix = entryName(header.subarray(PREFIX.at, PREFIX.at + PREFIX.length));
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** "27 path=some/long/name\n" among other such lines. */
function paxPath(content: Buffer): string | undefined {
  return /(?:^|\n)\d{1,6} path=([^\n]{1,1024})/.exec(content.toString('utf8', 0, 65_536))?.[1];
}

const AR_MAGIC = '!<arch>\n';
const AR_HEADER = 60;

export function isAr(bytes: Buffer): boolean {
  return bytes.length > AR_MAGIC.length && bytes.toString('latin1', 0, AR_MAGIC.length) === AR_MAGIC;
}

/** Debian packages are such archives, of a tape archive each for control and data. */
export function* openAr(bytes: Buffer, budget: UnpackBudget): Generator<ArchivePart> {
  for (let at = AR_MAGIC.length; at + AR_HEADER <= bytes.length; ) {
    const name = bytes
      .toString('latin1', at, at + 16)
      .trim()
      .replace(/\/$/, '');
    const digits = bytes.toString('latin1', at + 48, at + 58).trim();
    const size = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
    const from = at + AR_HEADER;
    if (!(from + size <= bytes.length)) {
      yield { name, reason: 'damaged' };
      return;
    }
    if (size > budget.room || budget.room === 0) {
      yield { name, reason: TOO_MUCH };
      return;
    }
    budget.take(size);
    yield { name, content: bytes.subarray(from, from + size) };
    // Entries begin at even places.
    at = from + size + (size % 2);
  }
}
