import type { Certainty, Sighting } from './sighting.ts';

/** Files of systems and applications that nobody asks a web page for. All in lower case, with forward slashes. */
const SENSITIVE_FILES = [
  ...['etc/passwd', 'etc/shadow', 'etc/hosts', 'etc/group', 'etc/issue', 'etc/crontab', 'etc/mysql/my.cnf'],
  ...['proc/self/', 'proc/version', 'proc/1/', 'root/.ssh', '.ssh/id_rsa', '.ssh/authorized_keys', '.bash_history'],
  ...['var/log/apache', 'var/log/nginx', 'var/log/auth.log', 'usr/local/apache', 'etc/nginx/', 'etc/apache2/'],
  ...['win.ini', 'boot.ini', 'system32/drivers/etc', 'system32/config', 'windows/system.ini', 'winnt/', 'inetpub/'],
  ...['web-inf/web.xml', 'meta-inf/', 'web-inf/classes', 'wp-config.php', '.aws/credentials', '.git/config'],
  ...['system32/cmd.exe', 'bin/sh', 'bin/bash'],
];
/** Steps up that no link of a page has: folders of pages are not that deep. */
const MANY_STEPS = 3;
/** Ways to load code or files that are no web addresses. */
const WRAPPERS = [
  'php://',
  'expect://',
  'phar://',
  'zip://',
  'glob://',
  'compress.zlib://',
  'ogg://',
  'ssh2://',
  'rar://',
];
const OTHER_SCHEMES = ['gopher://', 'dict://', 'netdoc:', 'jar:http', 'ldap://', 'tftp://'];
/** Names that clouds and containers give out credentials under. */
const METADATA_HOSTS = [
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  'metadata.google.internal',
  '[fd00:ec2::254]',
  '[::ffff:169.254.169.254]',
  // The first address as one number, in the ways that resolvers take it.
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
];
/** Parameters that name what a page loads. */
const FILE_NAMES = new Set([
  'file',
  'page',
  'include',
  'inc',
  'path',
  'template',
  'tpl',
  'doc',
  'document',
  'load',
  'read',
  'dir',
]);
const CODE_ENDINGS = ['.php', '.txt', '.php?', '.txt?', '.asp', '.jsp', '.inc', '.log', '?'];

export interface PathOptions {
  /** How often it was encoded: browsers encode once. */
  readonly rounds: number;
  readonly isOverlong: boolean;
  readonly hasZeroByte: boolean;
}

function sensitiveFile(path: string): string | undefined {
  return SENSITIVE_FILES.find((file) => path.includes(file));
}

/** "..\" and "..;/" and others as servers take them. */
function withSlashes(text: string): string {
  let plain = text.includes('\\') ? text.replaceAll('\\', '/') : text;
  if (plain.includes('..;')) plain = plain.replaceAll('..;', '..');
  // "....//" becomes "../" where a filter takes "../" out once.
  if (plain.includes('..../')) plain = plain.replaceAll('....//', '../').replaceAll('..../', '../');
  return plain;
}

interface Climb {
  readonly steps: number;
  /** It goes above where it began. */
  readonly isAbove: boolean;
}

function climbOf(path: string): Climb {
  let steps = 0;
  let depth = 0;
  let lowest = 0;
  let from = 0;
  while (from <= path.length) {
    const slash = path.indexOf('/', from);
    const end = slash < 0 ? path.length : slash;
    const length = end - from;
    if (length === 2 && path.startsWith('..', from)) {
      steps++;
      depth--;
      lowest = Math.min(lowest, depth);
    } else if (length > 0 && !(length === 1 && path[from] === '.')) depth++;
    from = end + 1;
  }
  return { steps, isAbove: lowest < 0 };
}

/** The path of a request: programs resolve ".." before they ask, so one that climbs above the root is no accident. */
export function findTraversalInPath(text: string, options: PathOptions): Sighting | undefined {
  const path = withSlashes(text);
  const { steps, isAbove } = climbOf(path);
  if (steps === 0 && !options.isOverlong) return undefined;
  const file = sensitiveFile(path);
  if (isAbove || file !== undefined) return traversal('sure', file);
  if (options.isOverlong || text.includes('..;')) return traversal('likely', file);
  if (options.rounds > 1 && steps > 1) return traversal('likely', file);
  return steps >= MANY_STEPS ? traversal('likely', file) : traversal('weak', file);
}

/** @param name of the parameter, in lower case */
export function findTraversalInValue(name: string, text: string, options: PathOptions): Sighting | undefined {
  const path = withSlashes(text);
  const file = sensitiveFile(path);
  if (path.includes('../') || path.endsWith('/..')) {
    const start = path.startsWith('file:') ? path.indexOf('//') + 2 : 0;
    const { steps, isAbove } = climbOf(path.slice(start));
    if (file !== undefined) return traversal('sure', file);
    const isMany = steps >= MANY_STEPS && isAbove;
    if (isMany || (steps > 0 && options.hasZeroByte))
      return traversal(isMany && !path.includes('://') ? 'sure' : 'likely', file);
    return steps > 1 && isAbove ? traversal('weak', file) : undefined;
  }
  return findInclusion(name, path, file, options);
}

function findInclusion(
  name: string,
  path: string,
  file: string | undefined,
  options: PathOptions,
): Sighting | undefined {
  const wrapper = WRAPPERS.find((scheme) => path.startsWith(scheme));
  if (wrapper !== undefined) return inclusion('sure', `loads through ${wrapper}`);
  if (path.startsWith('file:/')) return inclusion(file === undefined ? 'likely' : 'sure', 'loads a file of the server');
  if (path.startsWith('data:text/plain') || path.startsWith('data://'))
    return inclusion('likely', 'loads code from the value itself');
  if (file !== undefined && isAbsolute(path, file)) return inclusion('sure', `reads ${file}`);
  if (options.hasZeroByte && path.includes('/')) return inclusion('weak', 'cuts a file name off with a zero byte');
  if (!path.includes('://')) return undefined;
  const scheme = OTHER_SCHEMES.find((other) => path.startsWith(other));
  if (scheme !== undefined && scheme !== 'ldap://')
    return request(`speaks ${scheme.slice(0, scheme.indexOf(':'))} to internal services`);
  const host = hostOf(path);
  if (METADATA_HOSTS.includes(host)) return request('asks for the credentials of the cloud');
  const isCode = CODE_ENDINGS.some((ending) => path.endsWith(ending));
  if (FILE_NAMES.has(name) && isCode && isRawAddress(host))
    return inclusion('likely', 'loads code from another server');
  return undefined;
}

/** "/etc/passwd", "c:/windows/win.ini": by itself, not within a sentence. */
function isAbsolute(path: string, file: string): boolean {
  const at = path.indexOf(file);
  const isStart = path[0] === '/' || path[1] === ':' || path.startsWith('web-inf') || path.startsWith('.');
  return isStart && !path.slice(0, at).includes(' ') && path.length - at - file.length <= 32;
}

function hostOf(url: string): string {
  const start = url.indexOf('://') + 3;
  let end = start;
  const isBracketed = url[start] === '[';
  while (end < url.length && !'/?#'.includes(url[end]!) && !(url[end] === ':' && !isBracketed)) end++;
  const authority = url.slice(start, end);
  const bracket = authority.indexOf(']');
  const plain = bracket < 0 ? authority : authority.slice(0, bracket + 1);
  return plain.slice(plain.lastIndexOf('@') + 1);
}

function isRawAddress(host: string): boolean {
  if (host === '') return false;
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    if (code !== 0x2e && (code < 0x30 || code > 0x39)) return false;
  }
  return true;
}

function traversal(certainty: Certainty, file: string | undefined): Sighting {
  const aim = file === undefined ? 'climbs out of its folder' : `climbs out of its folder to ${file}`;
  return { attack: 'path-traversal', certainty, aim };
}

function inclusion(certainty: Certainty, aim: string): Sighting {
  return { attack: 'file-inclusion', certainty, aim };
}

function request(aim: string): Sighting {
  return { attack: 'server-side-request', certainty: 'sure', aim };
}
