/** The command line as one table of commands; what each does lives in commands/. */
import { resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { plainText } from '../../contract/text.ts';
import { addActionCommands } from './action-commands.ts';
import { addAlertCommands } from './alert-commands.ts';
import { type Runner, severityOption } from './command-options.ts';
import { completionScript, SHELLS } from './completion.ts';
import type { CommandContext, GlobalOptions } from './context.ts';
import { addControlCommands } from './control-commands.ts';
import { addEventCommands } from './event-commands.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { addHuntCommands } from './hunt-commands.ts';
import { addIndicatorCommands } from './indicator-commands.ts';
import { addModelCommands } from './model-commands.ts';
import { addProcessCommands } from './process-commands.ts';
import { addRuleCommands } from './rule-commands.ts';
import { addScanCommand } from './scan-commands.ts';
import { addSystemCommands } from './system-commands.ts';
import { writeAll } from './terminal/output.ts';

/** Makes what a command needs, from the options that stand anywhere on the line. */
export type ContextMaker = (globals: GlobalOptions, wantsColor: boolean) => Promise<CommandContext>;

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
      outputError: (text, write) => write(usageErrorText(text)),
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

  const run: Runner =
    <A extends unknown[]>(work: (context: CommandContext, ...args: A) => Promise<ExitCode>) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.at(-1) as Command;
      const { color, ...globals } = command.optsWithGlobals<GlobalOptions & { color: boolean }>();
      onExit(await work(await makeContext(globals, color), ...(args.slice(0, -1) as A)));
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
    .option('--indicators <file>', 'compare with this list of indicators too; repeatable', gatherFiles)
    .option(
      '--model [file|version]',
      'judge by what this computer has learnt, or by this file or version; after the files',
    )
    .option(
      '--train <capture>',
      'learn what is usual from this capture first, and judge by it; repeatable',
      gatherFiles,
    )
    .addOption(
      severityOption('--fail-on <level>', `exit with ${EXIT.alertsFound} when an alert is at least this severe`),
    )
    .addOption(severityOption('--min-severity <level>', 'leave out alerts that are less severe').default('info'))
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

  program
    .command('daemon')
    .summary('watch this computer')
    .description('Runs the engine in the foreground until Ctrl-C.')
    .option('--live', 'show rates, the busiest hosts and alerts as they come')
    .option('--interface <name...>', 'watch these networks instead of those of the configuration')
    .action(
      run(async (context, options) => {
        const { daemon } = await import('./commands/daemon.ts');
        return daemon(options as Parameters<typeof daemon>[0], context);
      }),
    );

  program
    .command('serve')
    .summary('watch this computer, and show it in a browser')
    .description(
      'Serves the console and REST over HTTP until Ctrl-C: for the engine that runs, or else with one of its own. ' +
        'Prints a link that lets one browser in; Enter prints another.',
    )
    .option('--port <number>', 'listen at this port; 0 takes any that is free')
    .option('--address <address>', 'listen at this address; any but 127.0.0.1 needs a certificate')
    .option('--tls-cert <file>', 'certificate (PEM)', absolute)
    .option('--tls-key <file>', 'its key (PEM)', absolute)
    .option('--open', 'open the console in the browser of this desktop')
    .option('--link', 'only print a link to the console that the running engine serves (http.enabled)')
    .option('--interface <name...>', 'watch these networks instead of those of the configuration')
    .action(
      run(async (context, options) => {
        const { serve } = await import('./commands/serve.ts');
        return serve(options as Parameters<typeof serve>[0], context);
      }),
    );

  program
    .command('status')
    .summary('say whether this computer is being watched')
    .description('Says what the running engine watches, what it cannot see and why, and what it costs.')
    .option('--json', 'print one JSON document; with --watch one a second, each on its line')
    .option('--watch', 'show it live')
    .action(
      run(async (context, options) => {
        const { status } = await import('./commands/status.ts');
        return status(options as Parameters<typeof status>[0], context);
      }),
    );

  addAlertCommands(program, run);
  addHuntCommands(program, run);
  addEventCommands(program, run);
  addProcessCommands(program, run);
  addIndicatorCommands(program, run);
  addRuleCommands(program, run);
  addScanCommand(program, run);
  addModelCommands(program, run);
  addActionCommands(program, run);
  addSystemCommands(program, run);

  const config = program
    .command('config')
    .summary('print and check settings')
    .description('Settings and their reasons.');
  config
    .command('example')
    .description('Prints a complete configuration file: every setting with its default and the reason for it.')
    .action(run(async (context) => (await import('./commands/config.ts')).configExample(context)));
  config
    .command('check')
    .description(
      `Says everything that is wrong with the configuration, with file and line; exits with ${EXIT.wrongInput} then.`,
    )
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, options) => {
        const { configCheck } = await import('./commands/config.ts');
        return configCheck(options as Parameters<typeof configCheck>[0], context);
      }),
    );
  config
    .command('show')
    .description('Prints every setting that is in force, and who set it; of the running engine where there is one.')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, options) => {
        const { configShow } = await import('./commands/config.ts');
        return configShow(options as Parameters<typeof configShow>[0], context);
      }),
    );

  const service = program
    .command('service')
    .summary('install and remove the service')
    .description('The engine as a service of the system (systemd), started with it.');
  for (const { name, description, call, hasRoot } of SERVICE_COMMANDS) {
    const command = service.command(name).description(description);
    if (hasRoot) command.option('--root <folder>', 'write below this folder instead, and start and stop nothing');
    command.option('--json', 'print one JSON document').action(
      run(async (context, options) => {
        const calls = await import('./commands/service.ts');
        return calls[call](options as Parameters<(typeof calls)[typeof call]>[0], context);
      }),
    );
  }

  addControlCommands(program, config, run);

  program
    .command('completion')
    .summary('print completions for a shell')
    .description('Prints a script that teaches a shell to complete this command.')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS))
    .action(
      run(async (context, shell: string) => {
        context.out.write(completionScript(program, shell as (typeof SHELLS)[number]));
        return EXIT.fine;
      }),
    );

  return program;
}

const SERVICE_COMMANDS = [
  {
    name: 'install',
    description: 'Installs, enables and starts the service; does only what is not done yet.',
    call: 'installService',
    hasRoot: true,
  },
  {
    name: 'uninstall',
    description: 'Stops the service and takes it away. Settings and data stay.',
    call: 'uninstallService',
    hasRoot: true,
  },
  {
    name: 'status',
    description: `Says whether the service is installed and running; exits with ${EXIT.failed} when it is not running.`,
    call: 'serviceStatus',
    hasRoot: false,
  },
  {
    name: 'restore-network',
    description: 'Takes back whatever Holdfast has changed in the network, also when the engine is dead.',
    call: 'restoreNetwork',
    hasRoot: false,
  },
] as const;

/** Longest line of a wrong argument that is repeated to whoever gave it. */
const MAX_ARGUMENT = 1_000;

/** What commander says of a wrong line; names that a shell put there (`holdfast analyze *`) may hold anything. */
export function usageErrorText(text: string): string {
  const lines = text
    .replace(/^error: /, 'holdfast: ')
    .trimEnd()
    .split('\n');
  return lines.map((line) => `${plainText(line, MAX_ARGUMENT)}\n`).join('');
}

/** A file as the person names it, from where the person is. */
function absolute(path: string): string {
  return resolve(path);
}

function gatherFiles(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file];
}

function gather(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be key=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
