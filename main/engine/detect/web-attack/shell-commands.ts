import type { Certainty, Sighting } from './sighting.ts';

/**
 * Commands of a system within a value: a separator of shells, and a program that attackers call. What could be a
 * word of a sentence needs to stand at the end, or arguments of a command behind it.
 */

/** Programs whose names are no words: a separator before and a boundary behind are enough. */
const UNMISTAKABLE = new Set([
  ...['whoami', 'ifconfig', 'ipconfig', 'nslookup', 'netstat', 'systeminfo', 'uname', 'tasklist', 'wget', 'curl'],
  ...[
    'powershell',
    'powershell.exe',
    'cmd.exe',
    'certutil',
    'bitsadmin',
    'mshta',
    'regsvr32',
    'mkfifo',
    'busybox',
    'chmod',
  ],
  ...[
    'tftp',
    'ncat',
    'netcat',
    'socat',
    'xp_cmdshell',
    'lsb_release',
    'pwsh',
    'hostname',
    'printenv',
    'traceroute',
    'tracert',
  ],
]);
/** Programs whose names are words, or too short to be sure. */
const AMBIGUOUS = new Set([
  ...[
    'id',
    'ls',
    'cat',
    'echo',
    'sleep',
    'ping',
    'sh',
    'bash',
    'nc',
    'rm',
    'ps',
    'pwd',
    'env',
    'set',
    'dir',
    'type',
    'net',
  ],
  ...[
    'cmd',
    'python',
    'python3',
    'perl',
    'php',
    'ruby',
    'lua',
    'cd',
    'cp',
    'mv',
    'touch',
    'head',
    'tail',
    'more',
    'less',
    'nl',
  ],
  ...[
    'tac',
    'grep',
    'find',
    'awk',
    'sed',
    'base64',
    'xxd',
    'dig',
    'host',
    'route',
    'telnet',
    'ssh',
    'ftp',
    'kill',
    'reboot',
  ],
  ...[
    'ver',
    'vol',
    'w',
    'who',
    'date',
    'df',
    'mount',
    'export',
    'eval',
    'exec',
    'sudo',
    'su',
    'printf',
    'tee',
    'timeout',
    'zsh',
    'ash',
  ],
]);
/** Commands that load a program and run it, or give a shell away: attacks also in the midst of other text. */
const IDIOMS = [
  '/dev/tcp/',
  'bash -i',
  'nc -e',
  'nc -c',
  'ncat -e',
  'rm -rf /',
  '|sh',
  '| sh',
  '|bash',
  '| bash',
  '/bin/sh -i',
];
/** A variable that is a space. */
const IFS_BRACES = '$' + '{ifs}';
const LOADERS = ['wget ', 'curl ', 'tftp ', `wget${IFS_BRACES}`, `curl${IFS_BRACES}`, 'wget+', 'curl+', 'ftpget '];
/** What is done with a program that was loaded. */
const RUN_MARKS = ['chmod', ';sh', '; sh', './', '/tmp/', '/var/', '-o ', '|'];
/** Programs whose names are hardly words: at the end of a value they need no arguments. */
const ALONE = new Set(['id', 'ls', 'dir', 'ps', 'pwd', 'env', 'sh', 'bash', 'cmd', 'zsh', 'ash', 'df', 'ver']);
/** Parameters of programs that run what they are given. */
const COMMAND_NAMES = new Set([
  'cmd',
  'exec',
  'command',
  'execute',
  'run',
  'shell',
  'c',
  'cmdline',
  'system',
  'do',
  'e',
  '0',
  'x',
  'ping',
  'todo',
  'syscmd',
]);
const MAX_COMMAND_NAME = 16;
const MAX_TRIES = 16;

/**
 * @param text in lower case, decoded
 * @param isProse it may be a long text: only what is a command without doubt counts
 */
export function findCommand(text: string, isProse: boolean): Sighting | undefined {
  const plain = withoutTricks(text);
  if (hasIdiom(plain)) return sighting('sure', 'loads a program and runs it, or opens a shell');
  if (isProse) return undefined;
  let tries = 0;
  for (let at = 0; at < plain.length && tries < MAX_TRIES; at++) {
    const start = afterSeparator(plain, at);
    if (start < 0) continue;
    tries++;
    const isSubstitution = plain[at] === '`' || (plain[at] === '$' && plain[at + 1] === '(');
    const found = commandAt(plain, start, isSubstitution);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value that is a command as a whole, in a parameter that is named for it. */
export function findNamedCommand(name: string, text: string): Sighting | undefined {
  if (!COMMAND_NAMES.has(name) && name !== '') return undefined;
  const plain = withoutTricks(text).trim();
  const end = endOfCommand(plain, 0);
  const command = programName(plain.slice(0, end));
  if (UNMISTAKABLE.has(command)) return sighting('sure', `runs ${command}`);
  if (name === '' || !AMBIGUOUS.has(command)) return undefined;
  const isAlone = end === plain.length && ALONE.has(command);
  return isAlone || hasArguments(plain, end)
    ? sighting(name.length > 2 && !isAlone ? 'sure' : 'likely', `runs ${command}`)
    : undefined;
}

function hasIdiom(text: string): boolean {
  if (IDIOMS.some((idiom) => text.includes(idiom))) {
    return (
      text.includes('/dev/tcp/') ||
      text.includes(';') ||
      text.includes('http') ||
      text.includes('$(') ||
      text.includes('`')
    );
  }
  const loader = LOADERS.find((program) => text.includes(program));
  if (loader === undefined) return false;
  const at = text.indexOf(loader);
  const rest = text.slice(at + loader.length);
  const isRun = RUN_MARKS.some((sign) => rest.includes(sign));
  return isRun && isCommandStart(text, at);
}

/** Whether a separator stands before a program, but for its folder and busybox. */
function isCommandStart(text: string, at: number): boolean {
  let before = text.slice(Math.max(0, at - 64), at);
  before = before.slice(0, endWithoutFolder(before)).trimEnd();
  if (before.endsWith('busybox')) before = before.slice(0, endWithoutFolder(before.slice(0, -7))).trimEnd();
  return before === '' ? at < 4 : ';|&`($\n'.includes(before.at(-1)!);
}

function endWithoutFolder(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '/' || isWordCharacter(text.charCodeAt(end - 1)))) end--;
  return text[end] === '/' ? end : text.length;
}

function isWordCharacter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

/** "c''at", "c\at", "${ifs}", "$ifs$9": what shells leave out, or take for a space. */
function withoutTricks(text: string): string {
  let plain = text;
  if (plain.includes('ifs'))
    plain = plain.replaceAll(IFS_BRACES, ' ').replaceAll('$ifs$9', ' ').replaceAll('$ifs', ' ');
  if (plain.includes("''")) plain = plain.replaceAll("''", '');
  if (plain.includes('""')) plain = plain.replaceAll('""', '');
  if (plain.includes('$@')) plain = plain.replaceAll('$@', '');
  return plain;
}

/** Where the command behind a separator begins; -1 where there is none. */
function afterSeparator(text: string, at: number): number {
  const character = text[at]!;
  let next = at + 1;
  if (character === '$' || character === '<' || character === '>') {
    if (text[next] !== '(') return -1;
    next++;
  } else if (!';|&`\n\r'.includes(character)) return -1;
  while (next < text.length && ' \t|&;\'"({'.includes(text[next]!)) next++;
  return next;
}

function endOfCommand(text: string, from: number): number {
  let end = from;
  while (end < text.length && isCommandCharacter(text.charCodeAt(end))) end++;
  return end;
}

function isCommandCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || '_./-\\:?'.includes(String.fromCharCode(code))
  );
}

/** "cat" of "/bin/cat" and "c\at". */
function programName(path: string): string {
  const plain = path.includes('\\') ? path.replaceAll('\\', '') : path;
  const name = plain.slice(plain.lastIndexOf('/') + 1);
  return name.length > MAX_COMMAND_NAME ? '' : name;
}

function commandAt(text: string, start: number, isSubstitution: boolean): Sighting | undefined {
  const end = endOfCommand(text, start);
  if (end === start) return undefined;
  const command = programName(text.slice(start, end));
  const isEnd = end >= text.length || ';|&`)\n\r#'.includes(text[end]!);
  if (UNMISTAKABLE.has(command)) {
    return isEnd || ' "\'<>'.includes(text[end]!) ? sighting('sure', `runs ${command}`) : undefined;
  }
  if (!AMBIGUOUS.has(command)) return undefined;
  if (hasArguments(text, end)) return sighting('sure', `runs ${command}`);
  const isClosed = isSubstitution && (text[end] === '`' || text[end] === ')');
  if (isClosed) return sighting('sure', `runs ${command}`);
  if (isEnd && ALONE.has(command)) return sighting('likely', `runs ${command}`);
  return undefined;
}

/** What a shell takes for an argument and nobody writes behind a word: an option, a path, a variable, a number alone. */
function hasArguments(text: string, end: number): boolean {
  if (text[end] === '<' || text[end] === '>') return true;
  if (text[end] !== ' ' && text[end] !== '\t') return false;
  let at = end;
  while (text[at] === ' ' || text[at] === '\t') at++;
  const rest = text.slice(at, at + 48);
  if ('-/$~*%'.includes(rest[0] ?? ' ') && rest.length > 1) return rest[1] !== ' ';
  if (rest.startsWith('c:\\') || rest.startsWith('../') || rest.startsWith('http://') || rest.startsWith('user'))
    return true;
  const digits = rest.trim();
  const word = digits.slice(0, endOfCommand(digits, 0));
  const isNumber = word !== '' && !Number.isNaN(Number(word.replaceAll('.', '')));
  const isOnly = digits.length === word.length || ';|&`)#'.includes(digits[word.length]!);
  return isNumber && isOnly;
}

function sighting(certainty: Certainty, aim: string): Sighting {
  return { attack: 'command-injection', certainty, aim };
}
