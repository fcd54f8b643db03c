import { startsWith, startsWithAnyCase, u32At, u32leAt } from '../bytes.ts';

/** So many bytes of a file are looked at. */
export const SNIFFED_BYTES = 1_024;

interface Magic {
  readonly kind: string;
  /** Offset of the mark. */
  readonly at?: number;
  /** One byte a character. */
  readonly mark: string;
  /** What must hold besides; or gives a more precise kind. */
  readonly refine?: (bytes: Uint8Array) => string | undefined;
}

/**
 * Marks that files begin with, after the specifications of the formats. The order counts where one mark is the
 * beginning of another.
 */
const MAGIC: readonly Magic[] = [
  { kind: 'elf', mark: '\x7fELF' },
  { kind: 'pe', mark: 'MZ', refine: windowsExecutable },
  { kind: 'mach-o', mark: '\xfe\xed\xfa\xce' },
  { kind: 'mach-o', mark: '\xfe\xed\xfa\xcf' },
  { kind: 'mach-o', mark: '\xce\xfa\xed\xfe' },
  { kind: 'mach-o', mark: '\xcf\xfa\xed\xfe' },
  { kind: 'class', mark: '\xca\xfe\xba\xbe', refine: fatOrClass },
  { kind: 'dex', mark: 'dex\n' },
  { kind: 'wasm', mark: '\0asm' },
  { kind: 'script', mark: '#!' },
  { kind: 'script', mark: '<?php' },
  { kind: 'zip', mark: 'PK\x03\x04', refine: zipContent },
  { kind: 'zip', mark: 'PK\x05\x06' },
  { kind: 'gzip', mark: '\x1f\x8b\x08' },
  { kind: 'bzip2', mark: 'BZh' },
  { kind: 'xz', mark: '\xfd7zXZ\0' },
  { kind: 'zstd', mark: '\x28\xb5\x2f\xfd' },
  { kind: 'lz4', mark: '\x04\x22\x4d\x18' },
  { kind: '7z', mark: '7z\xbc\xaf\x27\x1c' },
  { kind: 'rar', mark: 'Rar!\x1a\x07' },
  { kind: 'cab', mark: 'MSCF\0\0\0\0' },
  { kind: 'deb', mark: '!<arch>\ndebian-binary' },
  { kind: 'archive', mark: '!<arch>\n' },
  { kind: 'rpm', mark: '\xed\xab\xee\xdb' },
  { kind: 'cpio', mark: '070701' },
  { kind: 'tar', at: 257, mark: 'ustar' },
  { kind: 'pdf', mark: '%PDF-' },
  { kind: 'postscript', mark: '%!PS' },
  { kind: 'ole', mark: '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1' },
  { kind: 'rtf', mark: '{\\rtf' },
  { kind: 'shortcut', mark: 'L\0\0\0\x01\x14\x02\0' },
  { kind: 'chm', mark: 'ITSF' },
  { kind: 'image', mark: '\x89PNG\r\n\x1a\n' },
  { kind: 'image', mark: '\xff\xd8\xff' },
  { kind: 'image', mark: 'GIF87a' },
  { kind: 'image', mark: 'GIF89a' },
  { kind: 'image', mark: 'II*\0' },
  { kind: 'image', mark: 'MM\0*' },
  { kind: 'image', mark: '\0\0\x01\0', refine: iconImage },
  { kind: 'image', mark: 'BM', refine: bitmapImage },
  { kind: 'image', at: 8, mark: 'WEBP' },
  { kind: 'audio', at: 8, mark: 'WAVE' },
  { kind: 'video', at: 8, mark: 'AVI ' },
  { kind: 'audio', mark: 'ID3' },
  { kind: 'audio', mark: 'fLaC' },
  { kind: 'audio', mark: 'OggS' },
  { kind: 'video', at: 4, mark: 'ftyp' },
  { kind: 'video', mark: '\x1a\x45\xdf\xa3' },
  { kind: 'video', mark: 'FLV\x01' },
  { kind: 'flash', mark: 'FWS' },
  { kind: 'flash', mark: 'CWS' },
  { kind: 'flash', mark: 'ZWS' },
  { kind: 'font', mark: 'wOFF' },
  { kind: 'font', mark: 'wOF2' },
  { kind: 'font', mark: 'OTTO' },
  { kind: 'font', mark: '\0\x01\0\0\0' },
  { kind: 'sqlite', mark: 'SQLite format 3\0' },
  { kind: 'java-object', mark: '\xac\xed\0\x05' },
  { kind: 'pem', mark: '-----BEGIN ' },
];

/** Pictures, sound and letters: most of what is transferred in clear text, and next to never what is looked for. */
const MEDIA: ReadonlySet<string> = new Set(['image', 'audio', 'video', 'font']);

export function isMedia(kind: string): boolean {
  return MEDIA.has(kind);
}

/** Marks by their first byte, for those that stand at the beginning. */
const BY_FIRST_BYTE: readonly (readonly Magic[])[] = Array.from({ length: 256 }, (_, byte) =>
  MAGIC.filter((magic) => magic.at === undefined && magic.mark.charCodeAt(0) === byte),
);
const ELSEWHERE = MAGIC.filter((magic) => magic.at !== undefined);

/** Marks of text formats, lower case, behind white space and a byte order mark. They begin with "<" or "@". */
const TEXT_MARKS: readonly (readonly [kind: string, mark: string])[] = [
  ['html', '<!doctype html'],
  ['html', '<html'],
  ['html', '<head'],
  ['html', '<body'],
  ['html', '<script'],
  ['html', '<title'],
  ['html', '<table'],
  ['html', '<div'],
  ['html', '<iframe'],
  ['html', '<meta'],
  ['script', '<?php'],
  ['script', '@echo off'],
  ['xml', '<?xml'],
  ['image', '<svg'],
];

/**
 * What a file is by its first bytes (at most SNIFFED_BYTES of them count): a name of the table above, "html", "xml",
 * "json", "text", or "unknown".
 */
export function kindOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'unknown';
  for (const magic of BY_FIRST_BYTE[bytes[0]]) {
    const kind = matched(magic, bytes);
    if (kind !== undefined) return kind;
  }
  for (const magic of ELSEWHERE) {
    const kind = matched(magic, bytes);
    if (kind !== undefined) return kind;
  }
  return textKind(bytes);
}

function matched(magic: Magic, bytes: Uint8Array): string | undefined {
  if (!startsWith(bytes, magic.mark, magic.at ?? 0)) return undefined;
  return magic.refine === undefined ? magic.kind : magic.refine(bytes);
}

/** "MZ" also begins programs for DOS and words: the header that it points to tells (Microsoft PE format). */
function windowsExecutable(bytes: Uint8Array): string | undefined {
  if (bytes.length < 0x40) return isText(bytes) ? undefined : 'pe';
  const header = u32leAt(bytes, 0x3c);
  // The header of a file of which only the beginning is known may lie behind it.
  if (header + 4 > bytes.length) return isText(bytes) ? undefined : 'pe';
  return startsWith(bytes, 'PE\0\0', header) ? 'pe' : 'dos';
}

/** Java classes and Mach-O files for several processors share a mark: versions of classes begin at 45. */
function fatOrClass(bytes: Uint8Array): string | undefined {
  if (bytes.length < 8) return undefined;
  return u32At(bytes, 4) < 45 ? 'mach-o' : 'class';
}

/** What the first entries' names say (APPNOTE 4.3.7). */
function zipContent(bytes: Uint8Array): string {
  const sniffed = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SNIFFED_BYTES)).toString('latin1');
  if (sniffed.includes('AndroidManifest.xml') || sniffed.includes('classes.dex')) return 'apk';
  if (sniffed.includes('META-INF/')) return 'jar';
  if (sniffed.includes('[Content_Types].xml') || sniffed.includes('_rels/')) return 'office';
  return sniffed.includes('mimetypeapplication/vnd.oasis') ? 'office' : 'zip';
}

function iconImage(bytes: Uint8Array): string | undefined {
  return bytes.length >= 6 && bytes[4] > 0 && bytes[5] === 0 ? 'image' : undefined;
}

/** Reserved fields of a bitmap's header are zero. */
function bitmapImage(bytes: Uint8Array): string | undefined {
  return bytes.length >= 14 && u32leAt(bytes, 6) === 0 ? 'image' : undefined;
}

function textKind(bytes: Uint8Array): string {
  const at = textStart(bytes);
  const isMarked = bytes[at] === 0x3c || bytes[at] === 0x40;
  if (isMarked) for (const [kind, mark] of TEXT_MARKS) if (startsWithAnyCase(bytes, mark, at)) return kind;
  if (!isText(bytes)) return 'unknown';
  return isJson(bytes, at) ? 'json' : 'text';
}

function textStart(bytes: Uint8Array): number {
  let at = startsWith(bytes, '\xef\xbb\xbf') ? 3 : 0;
  const end = Math.min(bytes.length, SNIFFED_BYTES);
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** An object or list, by what stands behind its opening bracket (RFC 8259). */
function isJson(bytes: Uint8Array, at: number): boolean {
  const open = bytes[at];
  if (open !== 0x7b && open !== 0x5b) return false;
  let next = at + 1;
  while (next < bytes.length && isSpace(bytes[next])) next++;
  const byte = bytes[next];
  if (open === 0x7b) return byte === 0x22 || byte === 0x7d;
  return byte !== undefined && (startsAValue(byte) || byte === 0x5d);
}

function startsAValue(byte: number): boolean {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  return isDigit || byte === 0x7b || byte === 0x5b || byte === 0x22 || byte === 0x2d;
}

/** No control characters but those of text. Bytes above 0x7f may be of any encoding. */
function isText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, SNIFFED_BYTES);
  for (let i = 0; i < end; i++) {
    const byte = bytes[i];
    if ((byte < 0x20 && !isSpace(byte) && byte !== 0x1b) || byte === 0x7f) return false;
  }
  return true;
}
