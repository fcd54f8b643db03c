/**
 * The files of a folder, to be served. Addresses are looked up in a list that was made by reading the folder: what
 * is not in it does not exist, however its address is written.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { codeOf } from '../runtime/failure.ts';

export interface StaticFile {
  readonly mediaType: string;
  /** The name tells the content, as the bundler writes it: "index-BxR3k9_q.js". */
  readonly isImmutable: boolean;
  /** The content as the client takes it. */
  read(acceptEncoding: string): Promise<EncodedFile>;
}

export interface EncodedFile {
  readonly body: Uint8Array;
  readonly encoding?: 'br' | 'gzip';
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
};
/** What gets smaller. */
const TEXT = /^(text\/|application\/(json|manifest)|image\/svg)/;
/** Below this, the headers weigh more than what is saved. */
const LEAST_COMPRESSED_BYTES = 1_024;
const HASHED_NAME = /-[\w-]{8,}\.\w+$/;
/** Far above what a renderer consists of. */
const MAX_FILES = 2_000;
const MAX_DEPTH = 8;
/** Near the best in a tenth of its time; done once for each file. */
const BROTLI_QUALITY = 6;

const compress = {
  br: promisify((body: Uint8Array, done: (error: Error | null, result: Buffer) => void) =>
    brotliCompress(body, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }, done),
  ),
  gzip: promisify((body: Uint8Array, done: (error: Error | null, result: Buffer) => void) => gzip(body, done)),
};

export class StaticFiles {
  readonly #folder: string;
  readonly #leading: string;
  #files = new Map<string, StaticFile>();
  #stamp = '';

  /**
   * @param folder absolute; it may come into being, or be built anew, later
   * @param leading the file that tells whether the folder was built anew, and that is there when it was built
   */
  constructor(folder: string, leading: string) {
    this.#folder = folder;
    this.#leading = leading;
  }

  /** Whether the folder holds what it should. */
  get isThere(): boolean {
    this.#refresh();
    return this.#files.has(this.#leading);
  }

  /** @param path relative, as in an address, without a leading slash */
  find(path: string): StaticFile | undefined {
    if (path === this.#leading || this.#stamp === '') this.#refresh();
    return this.#files.get(path);
  }

  #refresh(): void {
    const stamp = stampOf(join(this.#folder, this.#leading));
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#files = stamp === '' ? new Map() : filesIn(this.#folder);
  }
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOf(error))) return '';
    throw error;
  }
}

/** Regular files only: a link could lead out of the folder. */
function filesIn(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  const walk = (relative: string, depth: number): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      const mediaType = MEDIA_TYPES[entry.name.split('.').at(-1) ?? ''];
      if (entry.isDirectory() && depth < MAX_DEPTH) walk(path, depth + 1);
      else if (entry.isFile() && mediaType !== undefined && files.size < MAX_FILES) {
        files.set(path, fileOf(join(folder, path), mediaType));
      }
    }
  };
  walk('', 0);
  return files;
}

/** Read and compressed when it is first asked for, and kept: a renderer is about a megabyte. */
function fileOf(path: string, mediaType: string): StaticFile {
  const encoded = new Map<'br' | 'gzip' | 'plain', Promise<EncodedFile>>();
  const plain = (): Uint8Array => readFileSync(path);
  return {
    mediaType,
    isImmutable: HASHED_NAME.test(path),
    read(acceptEncoding) {
      const encoding = TEXT.test(mediaType) ? encodingFor(acceptEncoding) : 'plain';
      const made = encoded.get(encoding) ?? encode(plain(), encoding);
      encoded.set(encoding, made);
      return made;
    },
  };
}

async function encode(body: Uint8Array, encoding: 'br' | 'gzip' | 'plain'): Promise<EncodedFile> {
  if (encoding === 'plain' || body.length < LEAST_COMPRESSED_BYTES) return { body };
  return { body: await compress[encoding](body), encoding };
}

/** Of `Accept-Encoding` (RFC 9110, section 12.5.3), as browsers write it. */
function encodingFor(accepted: string): 'br' | 'gzip' | 'plain' {
  const takes = (name: string): boolean =>
    new RegExp(`(^|,)\\s*${name}\\s*(,|;(?!\\s*q=0(\\.0*)?\\s*(,|$))|$)`).test(accepted);
  return takes('br') ? 'br' : takes('gzip') ? 'gzip' : 'plain';
}
