/** The manual page, made from the program's own table of commands, so that it cannot say anything else. */
import type { Command } from 'commander';

const SECTION = 1;

/**
 * holdfast.1 in the man macros (groff_man(7)).
 *
 * @param date `YYYY-MM-DD`, of the release
 */
export function manualPage(program: Command, version: string, date: string): string {
  const rootHelp = program.createHelp();
  const commands = leaves(program, []);
  const lines = [
    `.TH HOLDFAST ${SECTION} ${date} ${quoted(`holdfast ${version}`)} ${quoted('User Commands')}`,
    '.SH NAME',
    `holdfast \\- ${escaped(lowerFirst(program.description()).replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    '.B holdfast',
    '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]',
    '.SH DESCRIPTION',
    escaped(program.description()),
    '.SH COMMANDS',
    ...commands.flatMap(({ command, path }) => commandText(command, path)),
    '.SH OPTIONS',
    'These stand before or after every command.',
    ...optionText(rootHelp.visibleOptions(program)),
    '.SH EXIT STATUS',
    ...EXIT_TEXT.flatMap(([status, meaning]) => ['.TP', `.B ${status}`, escaped(meaning)]),
    '.SH FILES',
    ...FILES.flatMap(([path, meaning]) => ['.TP', `.I ${escaped(path)}`, escaped(meaning)]),
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR journalctl (1),',
    '.BR nft (8)',
  ];
  return `${lines.flatMap(wrapped).join('\n')}\n`;
}

/** What every pager and editor shows whole; requests stay on one line. */
const LINE_WIDTH = 78;

function wrapped(line: string): readonly string[] {
  if (line.startsWith('.')) return [line];
  const lines = [''];
  for (const word of line.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    // A line that begins with one of these would be a request.
    else if (last.length + 1 + word.length > LINE_WIDTH && !/^[.']/.test(word)) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

const EXIT_TEXT: readonly (readonly [number, string])[] = [
  [0, 'Fine.'],
  [1, 'Alerts of the level of --fail-on, or worse, were found.'],
  [2, 'Wrong input: an option, a file that is no capture, a configuration with errors.'],
  [3, 'Right input, but it could not be done; no engine is running, for instance.'],
  [130, 'Stopped by Ctrl-C.'],
];

const FILES: readonly (readonly [string, string])[] = [
  [
    '/etc/holdfast/config.yaml',
    'Settings of an engine that runs as root; "holdfast config example" prints all of them.',
  ],
  ['~/.config/holdfast/config.yaml', 'Settings of an engine that runs as a plain user.'],
  ['/var/lib/holdfast', 'Database and logs of an engine that runs as root.'],
  ['~/.local/share/holdfast', 'The same of an engine that runs as a plain user.'],
  ['/run/holdfast/control.sock, /run/holdfast/view.sock', 'Where root’s engine is asked: to steer it, and to look.'],
];

interface Leaf {
  readonly command: Command;
  readonly path: readonly string[];
}

/** Every command that does something, in the order of the help. */
function leaves(command: Command, path: readonly string[]): readonly Leaf[] {
  const below = command.commands.filter((child) => child.name() !== 'help');
  if (below.length === 0) return [{ command, path }];
  return below.flatMap((child) => leaves(child, [...path, child.name()]));
}

function commandText(command: Command, path: readonly string[]): readonly string[] {
  const help = command.createHelp();
  const words = command.registeredArguments.map((argument) => {
    const name = `\\fI${escaped(argument.name())}\\fR${argument.variadic ? '...' : ''}`;
    return argument.required ? name : `[${name}]`;
  });
  const options = help.visibleOptions(command).filter((option) => option.long !== '--help');
  const usage = [
    `\\fB${escaped(['holdfast', ...path].join(' '))}\\fR`,
    ...(options.length > 0 ? ['[\\fIoptions\\fR]'] : []),
  ];
  const about = command.registeredArguments.filter(({ description }) => description !== '');
  return [
    `.SS ${quoted(path.join(' '))}`,
    [...usage, ...words].join(' '),
    '.PP',
    escaped(command.description()),
    ...about.flatMap((argument) => ['.TP', `.I ${escaped(argument.name())}`, escaped(sentence(argument.description))]),
    ...optionText(options),
  ];
}

function optionText(options: ReturnType<ReturnType<Command['createHelp']>['visibleOptions']>): readonly string[] {
  return options.flatMap((option) => {
    const choices = option.argChoices === undefined ? '' : ` One of ${option.argChoices.join(', ')}.`;
    const unset = option.defaultValue === undefined || typeof option.defaultValue === 'boolean';
    const usual = unset ? '' : ` The default is ${String(option.defaultValue)}.`;
    return ['.TP', `.B ${escaped(option.flags)}`, escaped(`${sentence(option.description)}${choices}${usual}`)];
  });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Text that means itself: no escape, no request at the beginning of a line, and hyphens that can be copied. */
function escaped(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('’', '\\(cq');
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}
