/** The holdfast command: reads the line, runs the command, and says what went wrong if something did. */
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { CommandContext, GlobalOptions } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { explain, failureText, stackText } from './failure.ts';
import { type Interrupt, listenForInterrupt } from './interrupt.ts';
import { OutputClosed, writeAll } from './terminal/output.ts';

const STANDARD_ERROR = 2;

/**
 * Runs one command line (without the program's name) and gives its exit status. Never throws; everything it has
 * to say is written when it returns.
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.fine;
  let interrupt: Interrupt | undefined;
  const version = programVersion();
  // Node would open its debugger to every user of this computer, who could then do what we may.
  process.on('SIGUSR1', ignore);
  const contextOf = async (globals: GlobalOptions, wantsColor: boolean): Promise<CommandContext> => {
    interrupt = listenForInterrupt(endingSignals(), () => process.exit(EXIT.interrupted));
    const { makeContext } = await import('./make-context.ts');
    return makeContext({ globals, wantsColor, version, signal: interrupt.signal });
  };
  try {
    const { createProgram } = await import('./program.ts');
    const program = createProgram(version, contextOf, (code) => {
      exitCode = code;
    });
    // Without a command there is only one thing to say.
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return await failed(error, argv.includes('--verbose'));
  } finally {
    interrupt?.release();
  }
}

const STANDARD_INPUT = 0;

const ignore = (): void => {};

/** A closed terminal ends a command that it started; nohup, which takes standard input away, says not to. */
function endingSignals(): readonly NodeJS.Signals[] {
  return isatty(STANDARD_INPUT) ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : ['SIGINT', 'SIGTERM'];
}

async function failed(error: unknown, isVerbose: boolean): Promise<ExitCode> {
  if (error instanceof OutputClosed) return EXIT.fine;
  const { CommanderError } = await import('commander');
  // Commander has said what is wrong; its status for wrong usage is 1, which means "alerts found" here.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.wrongInput;
  const { failure, exitCode } = explain(error);
  try {
    writeAll(STANDARD_ERROR, failureText(failure));
    if (isVerbose) writeAll(STANDARD_ERROR, stackText(error));
  } catch (closed) {
    if (!(closed instanceof OutputClosed)) throw closed;
  }
  return exitCode;
}

function programVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
