import { findProgramCode } from './program-code.ts';
import type { Sighting } from './sighting.ts';

/** Endings of files that a web server runs. */
const SCRIPT_ENDINGS = [
  ...[
    '.php',
    '.phtml',
    '.php3',
    '.php4',
    '.php5',
    '.php7',
    '.pht',
    '.phar',
    '.phps',
    '.jsp',
    '.jspx',
    '.jspf',
    '.asp',
    '.aspx',
  ],
  ...['.ashx', '.asmx', '.asa', '.cer', '.cfm', '.cgi', '.pl', '.do', '.action', '.war'],
];
const PLANTED_ENDINGS = new Set([
  '.php',
  '.phtml',
  '.php3',
  '.php4',
  '.php5',
  '.php7',
  '.pht',
  '.phar',
  '.jsp',
  '.jspx',
  '.asp',
  '.aspx',
  '.ashx',
  '.asa',
  '.cer',
  '.cfm',
  '.war',
]);
/** Code in a file that makes it a way in, not a page. */
const SHELL_MARKS = [
  ...['$_get', '$_post', '$_request', '$_server[', 'request.getparameter', 'request[', 'request.item', 'request.form'],
  ...[
    'shell_exec',
    'passthru(',
    'system(',
    'proc_open',
    'getruntime',
    'processbuilder',
    'process.start',
    'wscript.shell',
    'eval(',
  ],
];
const CODE_OPENINGS = ['<?php', '<?=', '<? ', '<%', '<jsp:'];

/** The path of a URI without its query, in lower case. */
export function isScriptPath(path: string): boolean {
  return SCRIPT_ENDINGS.some(
    (ending) => path.endsWith(ending) || path.includes(`${ending}/`) || path.includes(`${ending};`),
  );
}

function isPlantedName(name: string): boolean {
  const plain = name.toLowerCase();
  const dot = plain.lastIndexOf('.');
  if (dot < 0) return false;
  // "shell.php.jpg" and "shell.php%00.jpg" get past filters that look at the end only.
  const inner = plain.slice(0, dot).lastIndexOf('.');
  const endings = [plain.slice(dot).split('/')[0]!, inner < 0 ? '' : plain.slice(inner, dot)];
  return endings.some((ending) => PLANTED_ENDINGS.has(ending.replace('%00', '').replace('\0', '').trim()));
}

function codeIn(content: string): 'shell' | 'code' | 'none' {
  // Packed plug-ins hold scripts by design.
  if (content.startsWith('PK\x03\x04')) return 'none';
  const lower = content.slice(0, 4_096).toLowerCase();
  if (!CODE_OPENINGS.some((opening) => lower.includes(opening))) return 'none';
  return SHELL_MARKS.some((mark) => lower.includes(mark)) || findProgramCode(lower)?.certainty === 'sure'
    ? 'shell'
    : 'code';
}

/**
 * A file that is sent to the server, by name and beginning.
 *
 * @param name that it is to have, as it came
 */
export function findUpload(name: string, content: string): Sighting | undefined {
  const code = codeIn(content);
  const isPlanted = isPlantedName(name);
  if (code === 'shell' && (isPlanted || name !== ''))
    return sighting('sure', 'sends a script that runs commands from requests');
  if (code === 'code' && isPlanted) return sighting('likely', 'sends a script for the server to run');
  return isPlanted ? sighting('weak', 'sends a script for the server to run') : undefined;
}

/** A request by PUT or MOVE that leaves a script behind. */
export function findPlacement(method: string, path: string, destination: string, body: string): Sighting | undefined {
  if (method === 'PUT') {
    const plain = path.endsWith('/') ? path.slice(0, -1) : path;
    const found = findUpload(plain, body);
    return found?.certainty === 'weak' && body === '' ? undefined : found;
  }
  const isMove = (method === 'MOVE' || method === 'COPY') && destination !== '';
  return isMove && isPlantedName(destination) && !isPlantedName(path)
    ? sighting('sure', 'renames a file into a script')
    : undefined;
}

function sighting(certainty: Sighting['certainty'], aim: string): Sighting {
  return { attack: 'web-shell-upload', certainty, aim };
}
