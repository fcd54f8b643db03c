/** What the first bytes of a file say it is: signatures as in file(1) and the formats' own specifications. */

/** Names of what is recognised. */
export const FILE_MAGICS = [
  'elf',
  'script',
  'pdf',
  'zip',
  'gzip',
  'bzip2',
  'xz',
  'zstd',
  '7z',
  'rar',
  'png',
  'jpeg',
  'gif',
  'webp',
  'wav',
  'avi',
  'ogg',
  'mp3',
  'flac',
  'matroska',
  'mp4',
  'tiff',
  'ole',
  'rtf',
  'xml',
  'sqlite',
  'pe',
] as const;
export type FileMagic = (typeof FILE_MAGICS)[number];

interface Signature {
  readonly magic: FileMagic;
  readonly bytes: readonly number[];
  /** Where they stand. */
  readonly at: number;
}

function text(magic: FileMagic, signature: string, at = 0): Signature {
  return { magic, bytes: [...Buffer.from(signature, 'latin1')], at };
}

/** The more particular ones first. */
const SIGNATURES: readonly Signature[] = [
  text('elf', '\x7fELF'),
  text('script', '#!'),
  text('pdf', '%PDF-'),
  text('zip', 'PK\x03\x04'),
  text('zip', 'PK\x05\x06'),
  text('gzip', '\x1f\x8b'),
  text('bzip2', 'BZh'),
  text('xz', '\xfd7zXZ\0'),
  text('zstd', '\x28\xb5\x2f\xfd'),
  text('7z', '7z\xbc\xaf\x27\x1c'),
  text('rar', 'Rar!\x1a\x07'),
  text('png', '\x89PNG\r\n\x1a\n'),
  text('jpeg', '\xff\xd8\xff'),
  text('gif', 'GIF8'),
  text('webp', 'WEBP', 8),
  text('wav', 'WAVE', 8),
  text('avi', 'AVI ', 8),
  text('ogg', 'OggS'),
  text('mp3', 'ID3'),
  text('flac', 'fLaC'),
  text('matroska', '\x1a\x45\xdf\xa3'),
  text('mp4', 'ftyp', 4),
  text('tiff', 'II*\0'),
  text('tiff', 'MM\0*'),
  text('ole', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
  text('rtf', '{\\rtf'),
  text('xml', '<?xml'),
  text('sqlite', 'SQLite format 3'),
  text('pe', 'MZ'),
];

/** The kind of content; undefined when the first bytes fit none. */
export function magicOf(head: Uint8Array): FileMagic | undefined {
  return SIGNATURES.find(({ bytes, at }) => bytes.every((byte, index) => head[at + index] === byte))?.magic;
}
