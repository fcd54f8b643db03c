/** `holdfast persistence`, `inventory` and `integrity …`: the computer itself. */
import { type Command, Option } from 'commander';
import { AUTOSTART_PLACES } from '../../contract/events.ts';
import type { Runner } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

const AS_JSON = 'print one JSON document';

export function addSystemCommands(program: Command, run: Runner): void {
  program
    .command('persistence')
    .summary('everything that starts by itself')
    .description(
      'Lists everything that starts by itself on this computer: scheduled jobs, services, start-up files of shells and ' +
        'desktops, keys that let somebody in, and more; as whom, and which package brought it.',
    )
    .addOption(
      new Option('--place <place...>', 'only these places').choices(AUTOSTART_PLACES).default([], 'all of them'),
    )
    .option('--unowned', 'only what no package brought')
    .option('--new', 'only what came within the last week')
    .option('--search <text>', 'only what has this in its path or in what it starts')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { persistence } = await import('./commands/persistence.ts');
        return persistence(options as Parameters<typeof persistence>[0], context);
      }),
    );

  program
    .command('inventory')
    .summary('what this computer is')
    .description(
      'Says what this computer is: hardware, system, disks, network, users, software, and how it is protected.',
    )
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { inventory } = await import('./commands/inventory.ts');
        return inventory(options as Parameters<typeof inventory>[0], context);
      }),
    );

  const integrity = program
    .command('integrity')
    .summary('whether files of the system are unchanged')
    .description(
      'Remembers how files of the system are (content, owner, rights), sealed, and says later what changed. Which files ' +
        'says the setting integrity.paths.',
    );
  integrity
    .command('init')
    .description('Makes a new baseline of the files as they are now, while you trust them.')
    .option('--json', 'print a JSON document for each step, each on its line')
    .action(
      run(async (context, options) => {
        const { initIntegrity } = await import('./commands/integrity.ts');
        return initIntegrity(options as Parameters<typeof initIntegrity>[0], context);
      }),
    );
  integrity
    .command('check')
    .description(`Says what changed since; exits with ${EXIT.alertsFound} when something did.`)
    .option('--full', 'read every file again, also where its time of change says that it is the same')
    .option('--unexplained', 'leave out what an update of a package explains')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { checkIntegrity } = await import('./commands/integrity.ts');
        return checkIntegrity(options as Parameters<typeof checkIntegrity>[0], context);
      }),
    );
  integrity
    .command('accept')
    .description('Takes changes into the baseline: those of the paths, or all.')
    .argument('[path...]', 'as "holdfast integrity check" lists them')
    .option('--all', 'every change that the check finds')
    .option('--json', AS_JSON)
    .action(
      run(async (context, paths: string[], options) => {
        const { acceptIntegrity } = await import('./commands/integrity.ts');
        return acceptIntegrity(paths, options as Parameters<typeof acceptIntegrity>[1], context);
      }),
    );
  integrity
    .command('status')
    .description('Says of when the baseline is, and what the last check found.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { integrityStatus } = await import('./commands/integrity.ts');
        return integrityStatus(options as Parameters<typeof integrityStatus>[0], context);
      }),
    );

  const canaries = program
    .command('canaries')
    .summary('files that nobody uses, laid out to find ransomware')
    .description(
      'Small hidden documents in the homes of this computer, which nobody uses: whoever changes one is after all files. ' +
        'Only where the setting canaries.enabled lets it.',
    );
  canaries
    .command('list')
    .description('Lists those that were laid out, and whether they are as they were.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listCanaries } = await import('./commands/canaries.ts');
        return listCanaries(options as Parameters<typeof listCanaries>[0], context);
      }),
    );
  canaries
    .command('place')
    .description('Lays them out where they are missing; nothing that is there is written over.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { placeCanaries } = await import('./commands/canaries.ts');
        return placeCanaries(options as Parameters<typeof placeCanaries>[0], context);
      }),
    );
  canaries
    .command('remove')
    .description('Takes all of them away; one that somebody changed is left as it is.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { removeCanaries } = await import('./commands/canaries.ts');
        return removeCanaries(options as Parameters<typeof removeCanaries>[0], context);
      }),
    );
}
