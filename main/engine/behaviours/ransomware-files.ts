/** What ransomware does to files: which it takes, what becomes of them, and what notes it leaves. */
import type {
  FileCreatedEvent,
  FileDeletedEvent,
  FileFacts,
  FileRenamedEvent,
  FileWrittenEvent,
} from '../../../contract/events.ts';

/** What happens to a file that may be taken. */
export type Change = FileCreatedEvent | FileWrittenEvent | FileRenamedEvent | FileDeletedEvent;

/** What people keep, and ransomware takes. */
const DOCUMENTS = new Set([
  'doc',
  'docx',
  'odt',
  'xls',
  'xlsx',
  'ods',
  'ppt',
  'pptx',
  'odp',
  'pdf',
  'txt',
  'rtf',
  'csv',
  'md',
  'jpg',
  'jpeg',
  'png',
  'gif',
  'tif',
  'tiff',
  'raw',
  'svg',
  'psd',
  'mp3',
  'flac',
  'wav',
  'mp4',
  'mov',
  'avi',
  'mkv',
  'zip',
  'tar',
  'gz',
  '7z',
  'rar',
  'sql',
  'db',
  'sqlite',
  'mdb',
  'kdbx',
  'pst',
  'eml',
  'py',
  'js',
  'ts',
  'c',
  'cpp',
  'h',
  'java',
  'go',
  'rs',
  'php',
  'html',
  'css',
  'xml',
  'json',
  'yaml',
  'yml',
  'key',
  'pem',
  'vmdk',
  'qcow2',
  'vdi',
  'bak',
  'tex',
  'epub',
  'dwg',
]);
/** Endings that programs give to what they make of documents, and take away again. */
const USUAL_ENDINGS = new Set([
  ...DOCUMENTS,
  'tmp',
  'temp',
  'part',
  'crdownload',
  'swp',
  'old',
  'orig',
  'bz2',
  'xz',
  'zst',
  'lz4',
  'gpg',
  'asc',
  'sig',
  'o',
  'pyc',
  'map',
  'lock',
  'log',
  'dpkg-new',
  'dpkg-tmp',
  'webp',
  'avif',
  'heic',
  'mjs',
  'cjs',
  'tsx',
  'jsx',
  'br',
  'new',
  'rej',
  'patch',
]);
/** Words of the names of ransom notes: at least two of them, as one alone is in many names. */
const NOTE_WORDS: readonly string[] = [
  'readme',
  'read_me',
  'how_to',
  'howto',
  'how-to',
  'decrypt',
  'restore',
  'recover',
  'ransom',
  'your_files',
  'your-files',
  'unlock',
  'instruction',
  'encrypted',
];
const NOTE_ENDINGS = new Set(['txt', 'html', 'hta', 'md', 'url', 'htm']);

/** Bits for each byte of what is read as text stay below 6, whatever the language; encryption is above 7.9 (Shannon 1951). */
const RANDOM_ENTROPY = 7.2;
/** In short files randomness cannot be told from chance: entropy of n bytes is at most log2(n). */
const LEAST_BYTES = 512;
/** Documents that are text, or tables and pictures without compression: never random. */
const PLAIN = new Set([
  ...['txt', 'rtf', 'csv', 'md', 'svg', 'sql', 'eml', 'py', 'js', 'ts', 'c', 'cpp', 'h', 'java', 'go', 'rs', 'php'],
  ...[
    'html',
    'css',
    'xml',
    'json',
    'yaml',
    'yml',
    'tex',
    'pem',
    'key',
    'doc',
    'xls',
    'ppt',
    'wav',
    'db',
    'sqlite',
    'log',
  ],
]);
/** Documents that are compressed, and say in their first bytes what they are. */
const MARKED = new Set([
  ...[
    'docx',
    'xlsx',
    'pptx',
    'odt',
    'ods',
    'odp',
    'pdf',
    'jpg',
    'jpeg',
    'png',
    'gif',
    'tif',
    'tiff',
    'zip',
    'gz',
    '7z',
  ],
  ...['rar', 'mp4', 'mov', 'mkv', 'avi', 'flac', 'epub', 'kdbx'],
]);

/** Random where the name says text, or random without the mark that such files begin with. */
export function isScrambled({ entropy, magic, sizeBytes }: FileFacts, ending: string): boolean {
  if (entropy === undefined || entropy < RANDOM_ENTROPY) return false;
  if (sizeBytes !== undefined && sizeBytes < LEAST_BYTES) return false;
  return PLAIN.has(ending) ? magic === undefined || magic === '' : MARKED.has(ending) && magic === '';
}

const MAX_ENDING = 40;

/** "docx" of "a.docx"; empty without one, or when it is no ending but a name. */
export function endingOf(path: string): string {
  const dot = path.lastIndexOf('.');
  const slash = path.lastIndexOf('/');
  return dot <= slash + 1 || path.length - dot - 1 > MAX_ENDING ? '' : path.slice(dot + 1).toLowerCase();
}

export function withoutEnding(path: string): string {
  return path.slice(0, path.lastIndexOf('.'));
}

/** The document that this file replaces: the name before, or the name with one more ending. */
export function originalOf(event: Change, ending: string): string | undefined {
  if (event.type === 'file-deleted' || ending === '' || USUAL_ENDINGS.has(ending)) return undefined;
  const original = event.type === 'file-renamed' ? event.previousPath : withoutEnding(event.path);
  return DOCUMENTS.has(endingOf(original)) ? original : undefined;
}

/** Whether it is a document by its ending. */
export function isDocument(ending: string): boolean {
  return DOCUMENTS.has(ending);
}

/** Whether it is named like a demand for money. */
export function isNote(name: string, ending: string): boolean {
  return NOTE_ENDINGS.has(ending) && NOTE_WORDS.filter((word) => name.includes(word)).length >= 2;
}
