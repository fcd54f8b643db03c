/** The command line as one table of commands; what each does lives in commands/. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { SEVERITIES } from '../../contract/domain.ts';
import type { CommandContext, GlobalOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { writeAll } from './terminal/output.ts';

/** Makes what a command needs, from the options that stand anywhere on the line. */
export type ContextMaker = (globals: GlobalOptions, wantsColor: boolean) => CommandContext;

const LEVELS = SEVERITIES.join(', ');

/**
 * The whole program. `onExit` is told the exit status of the command that ran.
 * Parsing throws CommanderError instead of ending the process.
 */
export function createProgram(version: string, makeContext: ContextMaker, onExit: (code: ExitCode) => void): Command {
  const program: Command = new Command('holdfast')
    .description('Watches what a computer does on the network, and says in plain words what is not as it should be.')
    .version(`holdfast ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--config <file>', 'read this configuration instead of the usual one')
    .option('--profile <name>', 'settings to begin with: default, development, production or testing')
    .option('--data-dir <folder>', 'where the engine keeps its data and its sockets')
    .option('--set <key=value>', 'set one setting, such as detect.port-scan.windowSeconds=30; repeatable', gather)
    .option('--simulate', 'act on nothing; say what would have been done')
    .option('--verbose', 'say more, also about errors')
    .option('--no-color', 'never use colours')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => writeAll(1, text),
      writeErr: (text) => writeAll(2, text),
      outputError: (text, write) => write(`${text.replace(/^error: /, 'holdfast: ').trimEnd()}\n`),
    })
    .showHelpAfterError('  "holdfast --help" and "holdfast help COMMAND" say what is possible.')
    .addHelpText(
      'after',
      `
Exit status: ${EXIT.fine} fine, ${EXIT.alertsFound} alerts of the level of --fail-on found, ` +
        `${EXIT.wrongInput} wrong input, ${EXIT.failed} could not be done, ${EXIT.interrupted} stopped by Ctrl-C.

Examples:
  holdfast analyze capture.pcap              who did what to whom
  holdfast analyze *.pcap --fail-on high     for scripts: status 1 when something is serious
  holdfast flows capture.pcap --csv          every flow with all its features
  holdfast status                            is the engine watching this computer?`,
    );

  /** Runs a command with its context. */
  const run =
    <A extends unknown[]>(work: (context: CommandContext, ...args: A) => Promise<ExitCode>) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.at(-1) as Command;
      const { color, ...globals } = command.optsWithGlobals<GlobalOptions & { color: boolean }>();
      onExit(await work(makeContext(globals, color), ...(args.slice(0, -1) as A)));
    };

  program
    .command('analyze')
    .summary('say what is suspicious in captures')
    .description(
      'Reads captures (pcap and pcapng, plain, gzip or zstd; "-" is standard input) and says who did what to whom.',
    )
    .argument('<file...>', 'captures')
    .option('--json', 'print one JSON document (for several files an array of documents) and nothing else')
    .option('--report <file>', 'also write a self-contained HTML report')
    .addOption(
      new Option('--fail-on <level>', `exit with ${EXIT.alertsFound} when an alert is at least this severe`)
        .choices(SEVERITIES)
        .argParser(levelOf),
    )
    .addOption(
      new Option('--min-severity <level>', 'leave out alerts that are less severe')
        .choices(SEVERITIES)
        .argParser(levelOf)
        .default('info'),
    )
    .action(
      run(async (context, files: string[], options) => {
        const { analyze } = await import('./commands/analyze.ts');
        return analyze(files, options as Parameters<typeof analyze>[1], context);
      }),
    );

  program
    .command('flows')
    .summary('write the flows of a capture with all their features')
    .description('Writes every flow of a capture with all its features; without a format, prints a summary.')
    .argument('<file>', 'capture; "-" is standard input')
    .option('--csv', 'one line per flow, with the column names of CICFlowMeter and our own')
    .option('--json', 'one JSON document')
    .option('--output <file>', 'write to this file instead of standard output')
    .action(
      run(async (context, file: string, options) => {
        const { flows } = await import('./commands/flows.ts');
        return flows(file, options as Parameters<typeof flows>[1], context);
      }),
    );

  return program;
}

function levelOf(text: string): string {
  const level = text.toLowerCase();
  if (SEVERITIES.some((severity) => severity === level)) return level;
  throw new InvalidArgumentError(`It must be one of ${LEVELS}.`);
}

function gather(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
