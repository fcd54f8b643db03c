import { latin1Text } from '../../runtime/latin1.ts';

/** What the beginning of something that leaves says about it. */
export type ContentKind = 'secret' | 'archive' | 'document' | 'random' | 'other';

/** Kinds of FileFact that things are packed into before they leave. A lone gzip is how programs send their records. */
const ARCHIVE_KINDS = new Set(['zip', '7z', 'rar', 'tar', 'xz', 'bzip2', 'zstd', 'cab', 'cpio']);
const DOCUMENT_KINDS = new Set([
  'pdf',
  'ole',
  'rtf',
  'sqlite',
  'docx',
  'xlsx',
  'pptx',
  'ooxml',
  'odf',
  'office',
  'gzip',
]);

export function contentOfKind(kind: string): ContentKind {
  if (ARCHIVE_KINDS.has(kind)) return 'archive';
  return DOCUMENT_KINDS.has(kind) ? 'document' : 'other';
}

/** Text that only files of secrets have: accounts of Unix, private keys, keys of clouds, what password thieves write. */
const SECRET_TEXTS = [
  'root:x:0:0:',
  'root:$1$',
  'root:$5$',
  'root:$6$',
  'root:$y$',
  'PRIVATE KEY-----',
  'aws_secret_access_key',
  'BEGIN PGP PRIVATE KEY BLOCK',
  'PuTTY-User-Key-File-',
  ':::aad3b435b51404ee',
  ':aad3b435b51404eeaad3b435b51404ee:',
];

export function holdsSecret(text: string): boolean {
  return SECRET_TEXTS.some((secret) => text.includes(secret));
}

/**
 * Files that password thieves and keyloggers send home, by how their makers name them: a short mark of what is inside,
 * then user, host and time.
 */
const STOLEN_NAMES = [
  /^(PW|CO|KL|SC|CC)_[^/]{3,200}_?\d{4}[_-]\d\d[_-]\d\d/,
  /^(Passwords|Keystrokes|Screenshot|Clipboard|Cookies) ?[_-] ?ID[_ -]/i,
  /\b(Snake|HawkEye|Agent ?Tesla|Matiex|Phoenix) ?(Keylogger|Stealer)\b/i,
  /\b(Passwords? Recovered|Recovered Passwords?) (From|:)/i,
  /(^|[\\/_-])(lsass|ntds|sam|system32?_sam|shadow)\.(dmp|dit|hiv|save|zip|bak|txt)$/i,
];
const MAX_NAME = 256;

/** A name of a file or the subject of a mail. */
export function isStolenName(name: string): boolean {
  const start = name.slice(0, MAX_NAME);
  return STOLEN_NAMES.some((pattern) => pattern.test(start));
}

/** Archives in base64, which forms and JSON hold them in: ZIP, 7z, RAR. */
const BASE64_ARCHIVES = ['UEsDBB', 'N3q8ryc', 'UmFyIRoH'];
const FILE_NAME_MARK = 'filename="';
const PART_HEAD_END = '\r\n\r\n';

/** Of the beginning of a request's body (Latin-1): what it holds, in a part of a form or as it is. */
export function contentOfBody(bodyStart: string): { readonly content: ContentKind; readonly fileName: string } {
  if (bodyStart === '') return { content: 'other', fileName: '' };
  if (holdsSecret(bodyStart)) return { content: 'secret', fileName: fileNameOf(bodyStart) };
  const head = bodyStart.startsWith('--') ? bodyStart.indexOf(PART_HEAD_END) : -1;
  if (head >= 0) {
    const bytes = Buffer.from(bodyStart.slice(head + PART_HEAD_END.length), 'latin1');
    const content = contentOfBytes(bytes, 0, bytes.length);
    return { content: content === 'random' ? 'other' : content, fileName: fileNameOf(bodyStart) };
  }
  const isPacked = BASE64_ARCHIVES.some((mark) => bodyStart.includes(mark));
  return { content: isPacked ? 'archive' : 'other', fileName: '' };
}

function fileNameOf(bodyStart: string): string {
  const start = bodyStart.indexOf(FILE_NAME_MARK);
  if (start < 0) return '';
  const from = start + FILE_NAME_MARK.length;
  const end = bodyStart.indexOf('"', from);
  return bodyStart.slice(from, end < 0 || end - from > MAX_NAME ? from + MAX_NAME : end);
}

interface Magic {
  readonly content: ContentKind;
  readonly mark: readonly number[];
  readonly at?: number;
}

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** Beginnings of files, after the specifications of their formats: for what is sent without any protocol. */
const MAGIC: readonly Magic[] = [
  { content: 'archive', mark: [0x50, 0x4b, 0x03, 0x04] },
  { content: 'archive', mark: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { content: 'archive', mark: ascii('Rar!\x1a\x07') },
  { content: 'archive', mark: [0x1f, 0x8b, 0x08] },
  { content: 'archive', mark: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { content: 'archive', mark: ascii('BZh') },
  { content: 'archive', mark: [0x28, 0xb5, 0x2f, 0xfd] },
  { content: 'archive', mark: ascii('ustar'), at: 257 },
  { content: 'archive', mark: ascii('Salted__') },
  { content: 'document', mark: ascii('%PDF-') },
  { content: 'document', mark: [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] },
  { content: 'document', mark: ascii('SQLite format 3\0') },
];

const SNIFFED_BYTES = 1_024;
/** Bits per byte of so many bytes that are compressed or encrypted; text and records stay well below. */
const LEAST_RANDOM_BYTES = 256;
const RANDOM_SHARE = 0.9;

/** Of bytes that no protocol goes before. Reads SNIFFED_BYTES at the most. */
export function contentOfBytes(bytes: Uint8Array, start: number, end: number): ContentKind {
  const stop = Math.min(end, start + SNIFFED_BYTES);
  if (holdsSecret(latin1Text(bytes, start, stop))) return 'secret';
  for (const { content, mark, at = 0 } of MAGIC) {
    if (start + at + mark.length <= stop && mark.every((byte, index) => bytes[start + at + index] === byte)) {
      return content;
    }
  }
  return isRandom(bytes, start, stop) ? 'random' : 'other';
}

/** Close to the entropy that bytes drawn by lot would have in so few (at most log2 of their number). */
function isRandom(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < LEAST_RANDOM_BYTES) return false;
  const counts = new Uint16Array(256);
  for (let index = start; index < end; index++) counts[bytes[index]!]!++;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / length) * Math.log2(count / length);
  return bits >= RANDOM_SHARE * Math.min(8, Math.log2(length));
}
