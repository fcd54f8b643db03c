/**
 * What a command shell looks like to an onlooker: prompts and output of the end where it runs, commands of the end
 * where somebody types. All take one line, at most MAX_LINE characters, without escape sequences.
 */

/** Longer lines are cut: a prompt, a command and the head of an output fit. */
export const MAX_LINE = 240;

/** A sign in a line, with how much it says. Signs of one name count once in a conversation. */
export interface ShellSign {
  readonly name: string;
  readonly points: number;
}

/** Nothing but a shell says this. */
const CERTAIN = 6;
/** Rarely said by anything else. */
const LIKELY = 4;
/** Also said elsewhere. */
const POSSIBLE = 2;

interface TextSign extends ShellSign {
  /** Looked for first: most lines end here. */
  readonly has: string;
  readonly pattern?: RegExp;
}

/** Output of commands and greetings of shells. */
const OUTPUT: readonly TextSign[] = [
  { name: 'the account of the shell (id)', has: 'uid=', pattern: /\buid=\d{1,10}\(/, points: CERTAIN },
  { name: 'greeting of the Windows shell', has: 'Microsoft Windows [', points: CERTAIN },
  { name: 'greeting of PowerShell', has: 'Windows PowerShell', pattern: /^Windows PowerShell\b/, points: LIKELY },
  { name: 'a shell without a terminal', has: 'no job control in this shell', points: CERTAIN },
  { name: 'a shell without a terminal', has: 'job control turned off', points: CERTAIN },
  { name: 'a shell without a terminal', has: 'cannot set terminal process group', points: CERTAIN },
  { name: 'list of accounts', has: ':', pattern: /\b[a-z_][\w-]{0,31}:[x*!]:\d{1,5}:\d{1,5}:/, points: CERTAIN },
  { name: 'list of password hashes', has: ':$', pattern: /^[a-z_][\w-]{0,31}:\$\w{1,2}\$/, points: CERTAIN },
  { name: 'account of the system', has: 'nt authority\\', points: CERTAIN },
  { name: 'version of the system (uname)', has: 'Linux ', pattern: /^Linux \S{1,64} \d+\.\d+/, points: LIKELY },
  { name: 'version of the system (uname)', has: 'Darwin ', pattern: /^Darwin \S{1,64} \d+\.\d+/, points: LIKELY },
  {
    name: 'list of files',
    has: 'r',
    pattern: /^[-dlcbps][-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT][.+@]? +\d/,
    points: LIKELY,
  },
  { name: 'list of files', has: 'Volume ', pattern: /^ ?Volume (in drive|Serial Number)/, points: LIKELY },
  { name: 'list of files', has: 'Directory of ', pattern: /^ ?Directory of [A-Za-z]:\\/, points: LIKELY },
  { name: 'list of processes', has: '%CPU', pattern: /^USER +PID +%CPU/, points: LIKELY },
  { name: 'list of processes', has: 'PID', pattern: /^ *(UID +)?PID +(PPID|TTY)\b/, points: LIKELY },
  { name: 'list of processes', has: 'Image Name', pattern: /^Image Name +PID /, points: LIKELY },
  { name: 'settings of the network', has: 'Windows IP Configuration', points: LIKELY },
  { name: 'settings of the network', has: 'inet ', pattern: /^ +inet (addr:)?\d{1,3}\.\d{1,3}\./, points: LIKELY },
  { name: 'settings of the network', has: 'Link encap:', points: LIKELY },
  { name: 'description of the computer', has: 'OS Name:', pattern: /^OS Name: +Microsoft/, points: LIKELY },
  { name: 'list of accounts', has: 'User accounts for \\\\', points: LIKELY },
  { name: 'command not found', has: 'command not found', points: LIKELY },
  {
    name: 'command not found',
    has: ': not found',
    pattern: /^(-?\w{2,5}|\/\S{1,40}): (\d+: |line \d+: )?\S{1,64}: not found$/,
    points: LIKELY,
  },
  { name: 'command not found', has: 'is not recognized as an internal or external command', points: CERTAIN },
  { name: 'file not found', has: 'No such file or directory', points: POSSIBLE },
  { name: 'access denied', has: 'Permission denied', points: POSSIBLE },
];

/** What a shell shows when it waits; the end of what was sent, without an end of line. */
const PROMPTS: readonly { readonly pattern: RegExp; readonly points: number }[] = [
  { pattern: /^(\([\w.-]{1,40}\) )?[\w.-]{1,32}@[\w.-]{1,64}[: ].{0,120}[$#%] ?$/, points: LIKELY },
  { pattern: /^\[[\w.-]{1,32}@[\w.-]{1,64} [^\]]{1,100}\][$#] ?$/, points: LIKELY },
  { pattern: /^-?(sh|bash|ash|dash|zsh|ksh|csh|tcsh|rbash)-\d[\w.]{0,10}[$#%] ?$/, points: LIKELY },
  { pattern: /^[A-Za-z]:\\[^<>|"]{0,160}>$/, points: LIKELY },
  { pattern: /^PS [A-Za-z]:\\[^<>|"]{0,160}> ?$/, points: LIKELY },
  { pattern: /^[/~][\w/.-]{0,80} [$#] $/, points: LIKELY },
  { pattern: /^[$#%] $/, points: POSSIBLE },
];

/** Asks who is there before it lets anybody in: an ordinary console. */
const LOGIN_PROMPT = /(login|username|user name|password|passcode|passphrase)[^:]{0,40}: ?$/i;

/** What one says who looks around on a computer, or makes himself at home there. Arguments tell more than names. */
const TELLING_COMMANDS: readonly RegExp[] = [
  /^(id|whoami|hostname|ifconfig|ipconfig|systeminfo|tasklist|getuid|sysinfo)$/,
  /^(id|whoami|hostname|ifconfig|ipconfig|systeminfo|tasklist|uname|netstat|arp|ss|lsof) [-/]\w/,
  /^uname$/,
  /^(sudo )?(cat|head|tail|less|more|cut|strings|type|grep|awk)\b.{0,80}(\/etc\/|\/proc\/|\/root\/|\/home\/|\.ssh|id_rsa|\\windows\\|\.bash_history)/i,
  /^net1? (user|users|localgroup|group|view|share|use|accounts|start)\b/i,
  /^(reg (query|add|save)|schtasks|wmic|sc query|sc create|vssadmin|bitsadmin|certutil|rundll32|regsvr32|mshta|nltest)\b/i,
  /^(powershell|pwsh|cmd)(\.exe)? [-/]/i,
  /^(python|python2|python3|perl|ruby|php|lua) -[ecr]\b/,
  /^(sudo )?(ba|da|z|k|c|a)?sh (-i|-c|-p)\b/,
  /^(exec )?\/(usr\/)?bin\/(ba|da|z|k|a)?sh\b/,
  /^(script|stty|export TERM|export HISTFILE|unset HIST)/,
  /^(sudo|su)( -l| -i| -| root|$)/,
  /^ps (-?[aefx]{2,4}|-?aux\w?)\b/,
  /^(ip) (a|addr|address|r|route|n|neigh)\b/,
  /^(curl|wget|fetch|tftp|scp|ftp|nc|ncat|socat|ssh)\b.{1,200}/,
  /^chmod (\+x|[0-7]{3,4}|[ugoa]\+)/,
  /^crontab -/,
  /^find \/.{0,60} -(perm|user|name|type)/,
  /^(useradd|adduser|usermod|passwd|systemctl|service|iptables|nohup|history|lastlog)\b/,
  /^(gci|get-childitem|get-process|get-localuser|get-aduser|iex|invoke-\w+)\b/i,
];

/** Everyday commands: said by themselves elsewhere too. */
const PLAIN_COMMANDS =
  /^(ls|pwd|cd|dir|cat|echo|ps|env|set|exit|mkdir|rm|rmdir|cp|mv|copy|del|move|cls|clear|who|w|last|df|du|mount|touch|tar|zip|unzip|grep|find|head|tail|uptime|which|where|tree|type|file|strings|base64|kill|pkill|sleep|date|ver|vol|cut|sort|wc|printenv|free|lscpu|lsblk|md5sum|sha1sum|sha256sum)( ["'$~.*/\\\w<>|&;%-].{0,220})?$/;
/** The command line does something that shells alone do. */
const SHELL_SYNTAX = /(&&|\|\||;| \| |2>&1|>>? ?[/~\w.]|\$\(|\$[A-Z]{2,}|`)/;

const TELLING_POINTS = 3;
const PLAIN_POINTS = 1;
const SYNTAX_POINTS = 2;

/** Signs of a shell in a whole line of output. */
export function outputSign(line: string): ShellSign | undefined {
  for (const sign of OUTPUT) {
    if (line.includes(sign.has) && (sign.pattern === undefined || sign.pattern.test(line))) return sign;
  }
  return undefined;
}

/** The unfinished line is a prompt. */
export function promptSign(line: string): ShellSign | undefined {
  for (const { pattern, points } of PROMPTS) if (pattern.test(line)) return { name: 'prompt of a shell', points };
  return undefined;
}

export function isLoginPrompt(line: string): boolean {
  return LOGIN_PROMPT.test(line);
}

/** The line is a command; its name is the first word. */
export function commandSign(line: string): ShellSign | undefined {
  const text = line.trim();
  if (text.length < 2 && text !== 'w') return undefined;
  const name = text.split(' ', 1)[0];
  if (TELLING_COMMANDS.some((pattern) => pattern.test(text))) return { name, points: TELLING_POINTS };
  if (!PLAIN_COMMANDS.test(text)) return undefined;
  return { name, points: SHELL_SYNTAX.test(text) ? PLAIN_POINTS + SYNTAX_POINTS : PLAIN_POINTS };
}
