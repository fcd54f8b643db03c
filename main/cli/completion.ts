/** Completion scripts for shells, made from the program's own table of commands, so that they cannot differ. */
import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Entry {
  /** "alerts list"; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly {
    readonly long: string;
    readonly about: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
  }[];
  /** Words that may stand as the first argument. */
  readonly words: readonly string[];
}

export function completionScript(program: Command, shell: Shell): string {
  return SCRIPTS[shell](entriesOf(program, '', []));
}

function entriesOf(command: Command, path: string, inherited: readonly Option[]): Entry[] {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...inherited.filter((option) => option.long !== '--version')];
  const commands = help
    .visibleCommands(command)
    .map((each) => ({ name: each.name(), about: help.subcommandDescription(each) }));
  const entry: Entry = {
    path,
    commands,
    options: options
      .filter((option) => option.long !== undefined && option.long !== null)
      .map((option) => ({
        long: option.long ?? '',
        about: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
      })),
    words: command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  };
  const children = command.commands.flatMap((child) =>
    entriesOf(child, path === '' ? child.name() : `${path} ${child.name()}`, [...inherited, ...command.options]),
  );
  return [entry, ...children];
}

const SCRIPTS: Readonly<Record<Shell, (entries: readonly Entry[]) => string>> = {
  bash: bashScript,
  zsh: (entries) => `#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(entries)}`,
  fish: fishScript,
};

/** The words so far that are commands choose the row; what follows an option decides between values and files. */
function bashScript(entries: readonly Entry[]): string {
  const rows = entries.map(({ path, commands, options, words }) => {
    const all = [...commands.map(({ name }) => name), ...words, ...options.map(({ long }) => long)];
    return `    '${path}') words='${all.join(' ')}' ;;`;
  });
  const values = new Map<string, string>();
  for (const { long, choices } of entries.flatMap(({ options }) => options)) {
    if (choices.length > 0) values.set(long, choices.join(' '));
  }
  const valueRows = [...values].map(
    ([long, choices]) => `    ${long}) COMPREPLY=($(compgen -W '${choices}' -- "$current")); return ;;`,
  );
  const takesFile = entries.flatMap(({ options }) =>
    options.filter(({ takesValue, choices }) => takesValue && choices.length === 0),
  );
  const fileOptions = [...new Set(takesFile.map(({ long }) => long))].join('|');
  const paths = entries.map(({ path }) => `'${path}'`).filter((path) => path !== "''");
  return `# Completion of holdfast. Load it with: source <(holdfast completion bash)
_holdfast() {
  local current previous path words word
  current=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD-1]}
  case $previous in
${valueRows.join('\n')}
    ${fileOptions}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  path=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${paths.join('|')}) path="\${path:+$path }$word" ;;
    esac
  done
  case $path in
${rows.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  case $path in
    analyze|flows) [[ $current == -* ]] || COMPREPLY+=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _holdfast holdfast
`;
}

function fishScript(entries: readonly Entry[]): string {
  const lines = [
    '# Completion of holdfast. Load it with: holdfast completion fish | source',
    'complete -c holdfast -f',
  ];
  for (const { path, commands, options, words } of entries) {
    const parts = path.split(' ').filter((part) => part !== '');
    const names = commands.map(({ name }) => name).join(' ');
    const isHere = [
      ...parts.map((part) => `__fish_seen_subcommand_from ${part}`),
      ...(names === '' ? [] : [`not __fish_seen_subcommand_from ${names}`]),
    ].join('; and ');
    const line = (rest: string): string => `complete -c holdfast -n '${isHere || 'true'}' ${rest}`;
    for (const { name, about } of commands) lines.push(line(`-a ${name} -d '${fishText(about)}'`));
    for (const word of words) lines.push(line(`-a ${word}`));
    for (const { long, about, takesValue, choices } of options) {
      const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r -F' : '';
      lines.push(line(`-l ${long.slice(2)}${value} -d '${fishText(about)}'`));
    }
    if (path === 'analyze' || path === 'flows') lines.push(line('-F'));
  }
  return `${lines.join('\n')}\n`;
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
