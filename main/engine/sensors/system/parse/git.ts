/** git-config(1): the settings by which git runs something. Pure. */
import type { StartItem } from '../start-item.ts';
import { cutLine, joinedLines } from './lines.ts';

/** Names of settings, whatever section they are in, whose value is a command or a file that holds some. */
const COMMANDS: ReadonlySet<string> = new Set([
  ...['sshcommand', 'askpass', 'gitproxy', 'pager', 'editor', 'fsmonitor', 'helper', 'external', 'textconv', 'command'],
  ...['cmd', 'driver', 'clean', 'smudge', 'process', 'program', 'difffilter', 'packobjectshook', 'uploadpack'],
  ...['receivepack', 'vcs', 'defaultkeycommand', 'hookspath', 'templatedir', 'tocmd', 'cccmd', 'smtpserver'],
]);
/** Settings of a section that count as well: further files, commands of one's own, programs that show. */
const OF_SECTIONS: ReadonlyMap<string, ReadonlySet<string> | 'all'> = new Map<string, ReadonlySet<string> | 'all'>([
  ['alias', 'all'],
  ['pager', 'all'],
  ['include', new Set(['path'])],
  ['includeif', new Set(['path'])],
  ['difftool', new Set(['path'])],
  ['mergetool', new Set(['path'])],
]);
/** They name files or folders: what they hold is run. */
const FILES: ReadonlySet<string> = new Set(['hookspath', 'templatedir', 'path']);
/** What people set: programs that show, edit, sign or keep what is theirs. */
const USUAL: ReadonlySet<string> = new Set([
  ...['less', 'more', 'most', 'cat', 'bat', 'delta', 'diff-so-fancy', 'vi', 'vim', 'nvim', 'nano', 'emacs'],
  ...['emacsclient', 'code', 'codium', 'subl', 'kate', 'gedit', 'meld', 'gpg', 'gpg2', 'git-lfs'],
]);
const PLAIN_WORDS = /^[\w.=%+ -]*$/;

/** Commands that git runs with what it does every day. Names of programs that are usual there are left out. */
export function parseGit(text: string, owner: string | undefined): readonly StartItem[] {
  const items: StartItem[] = [];
  let section = '';
  for (const line of joinedLines(text)) {
    let rest = line;
    if (rest.startsWith('[')) {
      // A setting may stand behind its section in the same line.
      const end = sectionEnd(rest);
      if (end === -1) continue;
      section = rest.slice(1, end);
      rest = rest.slice(end + 1).trim();
    }
    if (rest === '' || rest.startsWith('#') || rest.startsWith(';')) continue;
    const equals = rest.indexOf('=');
    if (equals <= 0) continue;
    const key = rest.slice(0, equals).trim();
    const value = rest.slice(equals + 1).trim();
    if (isCommand(nameOf(section), key.toLowerCase(), value))
      items.push({ content: cutLine(`${section}.${key} = ${value}`), user: owner });
  }
  return items;
}

/** Where the "]" is that is not between quotes; -1 where there is none. */
function sectionEnd(line: string): number {
  let isQuoted = false;
  for (let at = 1; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line[at] === '"') isQuoted = !isQuoted;
    else if (line[at] === ']' && !isQuoted) return at;
  }
  return -1;
}

/** `filter "lfs"` → "filter". */
function nameOf(section: string): string {
  const end = section.search(/[\s".]/);
  return (end === -1 ? section : section.slice(0, end)).toLowerCase();
}

function isCommand(section: string, key: string, value: string): boolean {
  const wanted = OF_SECTIONS.get(section);
  if (!COMMANDS.has(key) && wanted !== 'all' && !wanted?.has(key)) return false;
  if (section === 'alias') return value.replaceAll('"', '').trim().startsWith('!');
  return value !== '' && (FILES.has(key) || !isUsual(value));
}

/** One word is a switch or a program of the system's; more may be anything, unless the program is usual. */
function isUsual(value: string): boolean {
  const plain = value.slice(0, MAX_USUAL).replaceAll('"', '');
  if (value.length > MAX_USUAL || !PLAIN_WORDS.test(plain)) return false;
  const [program = '', ...others] = plain.split(' ');
  return others.length === 0 || USUAL.has(program);
}

/** "git-lfs smudge --skip -- %f" and the like are shorter. */
const MAX_USUAL = 128;
