/** Zip archives, also jar, apk, docx and whatever else is one (PKWARE APPNOTE.TXT 6.3.10). */
import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { type ArchivePart, entryName, TOO_MUCH, type UnpackBudget } from './entry.ts';

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
const END_LENGTH = 22;
/** The record is followed by a comment of at most this length. */
const MAX_COMMENT = 65_535;
const CENTRAL_LENGTH = 46;
const LOCAL_LENGTH = 30;
const FLAG_ENCRYPTED = 1;
/** Sizes that stand in a ZIP64 field instead. */
const IN_ZIP64 = 0xffffffff;

const METHODS: Readonly<Record<number, (bytes: Buffer, most: number) => Buffer>> = {
  0: (bytes) => bytes,
  8: (bytes, maxOutputLength) => inflateRawSync(bytes, { maxOutputLength }),
  93: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength }),
};

export function isZip(bytes: Buffer): boolean {
  return bytes.length >= LOCAL_LENGTH && bytes.readUInt32LE(0) === LOCAL_HEADER;
}

interface Member {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly packedBytes: number;
  /** Of its local header. */
  readonly offset: number;
}

/**
 * The entries, by the directory at the end, or where it is missing by the headers before each entry. Never throws: what
 * cannot be read is told.
 */
export function* openZip(bytes: Buffer, budget: UnpackBudget): Generator<ArchivePart> {
  for (const member of directoryOf(bytes) ?? localMembers(bytes)) {
    const { name, flags, method, packedBytes, offset } = member;
    if (name.endsWith('/')) continue;
    if ((flags & FLAG_ENCRYPTED) !== 0) {
      yield { name, reason: 'encrypted' };
      continue;
    }
    const unpack = METHODS[method];
    if (unpack === undefined) {
      yield { name, reason: `packed by method ${method}, which is not known` };
      continue;
    }
    const packed = contentAt(bytes, offset, packedBytes);
    if (packed === undefined) {
      yield { name, reason: 'damaged' };
      continue;
    }
    if (budget.room === 0 || (method === 0 && packed.length > budget.room)) {
      yield { name, reason: TOO_MUCH };
      return;
    }
    try {
      const content = unpack(packed, budget.room);
      budget.take(content.length);
      yield { name, content };
    } catch (error) {
      const isLarge = error instanceof RangeError;
      yield { name, reason: isLarge ? TOO_MUCH : 'damaged' };
      if (isLarge) budget.take(budget.room);
      else budget.takeDamaged(packed.length);
    }
  }
}

/** Undefined where there is no directory; a damaged one ends where it is damaged. Read as it is asked for. */
function directoryOf(bytes: Buffer): Iterable<Member> | undefined {
  const end = endRecord(bytes);
  if (end === undefined) return undefined;
  const count = bytes.readUInt16LE(end + 10);
  const at = bytes.readUInt32LE(end + 16);
  return count > 0 && isCentral(bytes, at, end) ? centralMembers(bytes, at, end, count) : undefined;
}

function isCentral(bytes: Buffer, at: number, end: number): boolean {
  return at + CENTRAL_LENGTH <= end && bytes.readUInt32LE(at) === CENTRAL_HEADER;
}

function* centralMembers(bytes: Buffer, from: number, end: number, count: number): Generator<Member> {
  let at = from;
  for (let seen = 0; (seen < count || count === 0xffff) && isCentral(bytes, at, end); seen++) {
    const nameLength = bytes.readUInt16LE(at + 28);
    yield {
      name: entryName(bytes.subarray(at + CENTRAL_LENGTH, at + CENTRAL_LENGTH + nameLength)),
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      offset: bytes.readUInt32LE(at + 42),
    };
    at += CENTRAL_LENGTH + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
}

function endRecord(bytes: Buffer): number | undefined {
  const least = Math.max(0, bytes.length - END_LENGTH - MAX_COMMENT);
  for (let at = bytes.length - END_LENGTH; at >= least; at--) {
    if (bytes[at] === 0x50 && bytes.readUInt32LE(at) === END_RECORD) return at;
  }
  return undefined;
}

function* localMembers(bytes: Buffer): Generator<Member> {
  let at = 0;
  while (at + LOCAL_LENGTH <= bytes.length && bytes.readUInt32LE(at) === LOCAL_HEADER) {
    const packedBytes = bytes.readUInt32LE(at + 18);
    const nameLength = bytes.readUInt16LE(at + 26);
    const nameAt = at + LOCAL_LENGTH;
    yield {
      name: entryName(bytes.subarray(nameAt, nameAt + nameLength)),
      flags: bytes.readUInt16LE(at + 6),
      method: bytes.readUInt16LE(at + 8),
      packedBytes,
      offset: at,
    };
    at = nameAt + nameLength + bytes.readUInt16LE(at + 28) + packedBytes;
  }
}

/** The local header has lengths of its own for name and extra field. */
function contentAt(bytes: Buffer, offset: number, packedBytes: number): Buffer | undefined {
  if (packedBytes === IN_ZIP64 || offset + LOCAL_LENGTH > bytes.length) return undefined;
  if (bytes.readUInt32LE(offset) !== LOCAL_HEADER) return undefined;
  const from = offset + LOCAL_LENGTH + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28);
  const to = from + packedBytes;
  return to > bytes.length ? undefined : bytes.subarray(from, to);
}
