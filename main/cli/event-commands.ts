/** `holdfast events`: what happens on this computer. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { HOST_EVENT_TYPES, type HostEventType } from '../../contract/events.ts';
import { DEFAULT_LISTED, limitOf, type Runner } from './command-options.ts';

export function addEventCommands(program: Command, run: Runner): void {
  program
    .command('events')
    .summary('what programs, files, logs and users do on this computer')
    .description('Lists what the running engine saw on this computer, one line each, the latest last.')
    .addOption(
      new Option('--type <type>', 'only of this type, or of those that begin so ("file"); repeatable').argParser(
        gatherTypes,
      ),
    )
    .option('--pid <number>', 'only of this process', pidOf)
    .option('--since <time>', 'from then on: 30m, 2h, 1d, or a date and time')
    .option('--limit <count>', 'at most so many of the latest', limitOf, DEFAULT_LISTED)
    .option('-f, --follow', 'go on with what happens, until Ctrl-C')
    .option('--json', 'print one JSON document; with --follow one on each line')
    .addHelpText(
      'after',
      `
Types: ${HOST_EVENT_TYPES.join(', ')}

Examples:
  holdfast events --follow
  holdfast events --type process --since 10m
  holdfast events --type file-written --pid 1234 --json`,
    )
    .action(
      run(async (context, options) => {
        const { events } = await import('./commands/events.ts');
        return events(options as Parameters<typeof events>[0], context);
      }),
    );
}

/** "file" stands for all types that begin with "file-". */
function gatherTypes(text: string, before: readonly HostEventType[] = []): readonly HostEventType[] {
  const wanted = text.toLowerCase();
  const found = HOST_EVENT_TYPES.filter((type) => type === wanted || type.startsWith(`${wanted}-`));
  if (found.length === 0) throw new InvalidArgumentError('"holdfast help events" lists the types.');
  return [...new Set([...before, ...found])];
}

function pidOf(text: string): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (pid > 0) return pid;
  throw new InvalidArgumentError('It must be the number of a process.');
}
