/** Archives and packed files, opened in memory. Everything in them is hostile. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type ArchivePart, TOO_MUCH, type UnpackBudget } from './entry.ts';
import { isAr, isTar, openAr, openTar } from './tar.ts';
import { isZip, openZip } from './zip.ts';

export { type ArchiveEntry, type ArchivePart, isUnopened, type Unopened, UnpackBudget } from './entry.ts';

interface Format {
  readonly isOne: (bytes: Buffer) => boolean;
  readonly open: (bytes: Buffer, budget: UnpackBudget, name: string) => Iterable<ArchivePart>;
}

const hasMagic =
  (...magic: readonly number[]) =>
  (bytes: Buffer): boolean =>
    magic.every((byte, at) => bytes[at] === byte);

/** One packed file, whose name is the archive's without its last ending. */
function packed(unpack: (bytes: Buffer, most: number) => Buffer): Format['open'] {
  return function* (bytes, budget, name) {
    const inner = name.replace(/\.tgz$/i, '.tar').replace(/\.(gz|zst)$/i, '');
    if (budget.room === 0) {
      yield { name: inner, reason: TOO_MUCH };
      return;
    }
    try {
      const content = unpack(bytes, budget.room);
      budget.take(content.length);
      yield { name: inner, content };
    } catch (error) {
      budget.takeDamaged(bytes.length);
      yield { name: inner, reason: error instanceof RangeError ? TOO_MUCH : 'damaged' };
    }
  };
}

/** Known by their first bytes, and not opened: Node has nothing that unpacks them. */
function closed(reason: string): Format['open'] {
  return (_bytes, _budget, name) => [{ name, reason }];
}

const FORMATS: readonly Format[] = [
  { isOne: isZip, open: openZip },
  { isOne: isTar, open: openTar },
  { isOne: isAr, open: openAr },
  { isOne: hasMagic(0x1f, 0x8b), open: packed((bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })) },
  {
    isOne: hasMagic(0x28, 0xb5, 0x2f, 0xfd),
    open: packed((bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength })),
  },
  { isOne: hasMagic(0xfd, 0x37, 0x7a, 0x58, 0x5a), open: closed('packed with xz, which is not opened') },
  { isOne: hasMagic(0x42, 0x5a, 0x68), open: closed('packed with bzip2, which is not opened') },
  { isOne: hasMagic(0x37, 0x7a, 0xbc, 0xaf), open: closed('a 7z archive, which is not opened') },
  { isOne: hasMagic(0x52, 0x61, 0x72, 0x21), open: closed('a RAR archive, which is not opened') },
];

/** What is inside, or undefined where it is no archive. The parts are read as they are asked for. Never throws. */
export function openArchive(bytes: Buffer, name: string, budget: UnpackBudget): Iterable<ArchivePart> | undefined {
  return FORMATS.find(({ isOne }) => isOne(bytes))?.open(bytes, budget, name);
}
