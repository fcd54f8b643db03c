/**
 * Files of which only few lines start something: python's site, php.ini, interfaces(5), wg-quick(8), logrotate.conf(5),
 * configurations of window managers. Pure.
 */
import type { StartItem } from '../start-item.ts';
import { cutLine, joinedLines, statements } from './lines.ts';

/** Python runs lines of a .pth file that begin like this; all others are folders (library reference, site). */
export function parsePythonPath(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(statements(text), owner, (line) => line.startsWith('import ') || line.startsWith('import\t'));
}

const PHP_FILES: ReadonlySet<string> = new Set(['auto_prepend_file', 'auto_append_file']);
/** By a name alone it is one of PHP's own folder. */
const PHP_LIBRARIES: ReadonlySet<string> = new Set(['extension', 'zend_extension']);

/** Files that PHP runs with every page, and libraries from elsewhere than its own folder. */
export function parsePhp(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(statements(text, ';#'), owner, (line) => {
    const equals = line.indexOf('=');
    const value = line.slice(equals + 1).trim();
    if (equals === -1 || value === '' || value === '""') return false;
    const key = line.slice(0, equals).trim().toLowerCase();
    return PHP_FILES.has(key) || (PHP_LIBRARIES.has(key) && value.includes('/'));
  });
}

/** Of interfaces(5), and of wg-quick(8), where they stand before a "=". */
const INTERFACE_COMMANDS: ReadonlySet<string> = new Set([
  ...['pre-up', 'up', 'post-up', 'pre-down', 'down', 'post-down'],
  ...['preup', 'postup', 'predown', 'postdown'],
]);

/** Commands of network interfaces; keys and addresses are left out. */
export function parseInterface(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(joinedLines(text), owner, (line) => INTERFACE_COMMANDS.has(firstWord(line)));
}

const ROTATION_SCRIPTS: ReadonlySet<string> = new Set([
  ...['prerotate', 'postrotate', 'firstaction', 'lastaction', 'preremove'],
]);
const ROTATION_PROGRAMS: ReadonlySet<string> = new Set(['compresscmd', 'uncompresscmd', 'include']);

/** Lines of scripts in logrotate's configuration, and programs that it names. */
export function parseLogRotation(text: string, owner: string | undefined): readonly StartItem[] {
  let isScript = false;
  return itemsOf(statements(text), owner, (line) => {
    const word = firstWord(line);
    if (word === 'endscript') isScript = false;
    else if (isScript) return true;
    else if (ROTATION_SCRIPTS.has(word)) isScript = true;
    return ROTATION_PROGRAMS.has(word);
  });
}

const WINDOW_MANAGER_COMMANDS: ReadonlySet<string> = new Set([
  ...['exec', 'exec_always', 'exec-once', 'execr', 'execr-once', 'exec-shutdown', 'include', 'source'],
]);

/** What i3, sway and Hyprland start with themselves; what a key starts, a person asked for. */
export function parseWindowManager(text: string, owner: string | undefined): readonly StartItem[] {
  return itemsOf(joinedLines(text), owner, (line) => WINDOW_MANAGER_COMMANDS.has(firstWord(line)));
}

function itemsOf(
  lines: Iterable<string>,
  user: string | undefined,
  isWanted: (line: string) => boolean,
): readonly StartItem[] {
  const items: StartItem[] = [];
  for (const line of lines) if (isWanted(line)) items.push({ content: cutLine(line), user });
  return items;
}

/** In lower case, up to a space or a "=". */
function firstWord(line: string): string {
  const end = line.search(/[\s=]/);
  return (end === -1 ? line : line.slice(0, end)).slice(0, MAX_WORD).toLowerCase();
}

const MAX_WORD = 64;
