/** The renderer's files as answers to requests for app://holdfast/. Whatever is asked for, only listed files are given. */
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, posix } from 'node:path';
import { APP_ORIGIN } from '../../contract/bridge.ts';

/** Scheme and host of APP_ORIGIN. */
export const [APP_SCHEME = '', APP_HOST = ''] = APP_ORIGIN.split('://');

/** Only the app's own files, and nothing inline. See the Content Security Policy Level 3. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

const INDEX = '/index.html';

/** Files by their path in an address. */
export type AppFiles = ReadonlyMap<string, string>;

/** Every file below a folder that has a type for the window. */
export function listAppFiles(folder: string): AppFiles {
  const files = new Map<string, string>();
  const add = (below: string): void => {
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = posix.join(below, entry.name);
      if (entry.isDirectory()) add(path);
      else if (entry.isFile() && extname(entry.name) in TYPES) files.set(`/${path}`, join(folder, path));
    }
  };
  add('');
  return files;
}

export interface FileAnswer {
  readonly status: 200 | 403 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Answers one request. Never throws. */
export function answerFile(files: AppFiles, method: string, address: string): FileAnswer {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== `${APP_SCHEME}:` || url.host !== APP_HOST) return refuse(403);
  if (method !== 'GET' && method !== 'HEAD') return refuse(405);
  const path = url.pathname === '/' || url.pathname === '' ? INDEX : url.pathname;
  const file = files.get(path);
  if (file === undefined) return refuse(404);
  try {
    const body = readFileSync(file);
    const headers = { ...HEADERS, 'content-type': TYPES[extname(file)] };
    return { status: 200, headers, body: method === 'HEAD' ? new Uint8Array() : body };
  } catch {
    return refuse(404);
  }
}

function refuse(status: 403 | 404 | 405): FileAnswer {
  return { status, headers: { ...HEADERS, 'content-type': 'text/plain' }, body: new Uint8Array() };
}
