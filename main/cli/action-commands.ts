/** `holdfast actions …` as a table; what each does lives in commands/actions.ts. */
import type { Command } from 'commander';
import { DEFAULT_LISTED, limitOf, type Runner } from './command-options.ts';

const AS_JSON = 'print one JSON document';
const ID_HELP = 'as "holdfast actions list" shows it';

const CHANGES = [
  { verb: 'undo', description: 'Undoes an action: what was frozen goes on where it was stopped.' },
  { verb: 'end', description: 'Ends the processes that an action holds; that cannot be undone.' },
] as const;

export function addActionCommands(program: Command, run: Runner): void {
  const actions = program
    .command('actions')
    .summary('what Holdfast did, and undoing it')
    .description(
      'What Holdfast did about alerts, or would have done. Listing, undoing and ending work while no engine runs, too: ' +
        'what is frozen stays so until somebody decides.',
    );
  actions
    .command('list')
    .description('Lists actions, the latest first.')
    .option('--in-force', 'only those that hold something now')
    .option('--limit <count>', 'at most so many', limitOf, DEFAULT_LISTED)
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listActions } = await import('./commands/actions.ts');
        return listActions(options as Parameters<typeof listActions>[0], context);
      }),
    );
  for (const { verb, description } of CHANGES) {
    actions
      .command(verb)
      .description(description)
      .argument('<id>', ID_HELP)
      .option('--json', AS_JSON)
      .action(
        run(async (context, id: string, options) => {
          const { changeAction } = await import('./commands/actions.ts');
          return changeAction(verb, id, options as Parameters<typeof changeAction>[2], context);
        }),
      );
  }
  actions
    .command('freeze')
    .description('Freezes a process and those below it by hand.')
    .argument('<pid>', 'number of the process, as "holdfast processes" shows it')
    .option('--reason <text>', 'why; kept with it')
    .option('--json', AS_JSON)
    .action(
      run(async (context, pid: string, options) => {
        const { freezeProcess } = await import('./commands/actions.ts');
        return freezeProcess(pid, options as Parameters<typeof freezeProcess>[1], context);
      }),
    );
}
