/** The commands about alerts and the allow-list as a table; what each does lives in commands/. */
import { type Command, Option } from 'commander';
import { ALERT_KINDS } from '../../contract/domain.ts';
import { DEFAULT_LISTED, limitOf, type Runner, severityOption } from './command-options.ts';

/** The contract's lists are in a file that loads zod, which no start of the command should wait for. */
const STATES = ['open', 'acknowledged', 'dismissed'] as const;
const REASONS = ['expected', 'false-alarm', 'fixed'] as const;

const REVIEWS = [
  { verb: 'dismiss', state: 'dismissed', description: 'Dismisses alerts: they are not listed any more.' },
  { verb: 'acknowledge', state: 'acknowledged', description: 'Says that somebody has alerts in hand.' },
  { verb: 'reopen', state: 'open', description: 'Opens alerts again.' },
] as const;

const JSON_HELP = 'print one JSON document';
const ID_HELP = 'as "holdfast alerts list" shows it';

export function addAlertCommands(program: Command, run: Runner): void {
  const alerts = program
    .command('alerts')
    .summary('list, read and review alerts')
    .description('Alerts of the running engine.');
  alerts
    .command('list')
    .description('Lists alerts, the latest first.')
    .option('--json', JSON_HELP)
    .addOption(severityOption('--min-severity <level>', 'only alerts that are at least this severe').default('info'))
    .addOption(new Option('--kind <kind...>', 'only alerts of these kinds').choices(ALERT_KINDS))
    .addOption(
      new Option('--state <state...>', 'only alerts in these states; open and acknowledged, if not said').choices(
        STATES,
      ),
    )
    .option('--search <text>', 'only alerts with this text in their title or addresses')
    .option('--source <id>', 'alerts of this capture instead of the live traffic', 'live')
    .option('--since <time>', 'only alerts seen since then: 30m, 2h, 1d, or a date')
    .option('--limit <count>', 'at most so many', limitOf, DEFAULT_LISTED)
    .action(
      run(async (context, options) => {
        const { listAlerts } = await import('./commands/alerts.ts');
        return listAlerts(options as Parameters<typeof listAlerts>[0], context);
      }),
    );
  alerts
    .command('show')
    .description('Tells the whole story of one alert.')
    .argument('<id>', ID_HELP)
    .option('--json', JSON_HELP)
    .action(
      run(async (context, id: string, options) => {
        const { showAlert } = await import('./commands/alerts.ts');
        return showAlert(id, options as Parameters<typeof showAlert>[1], context);
      }),
    );
  for (const { verb, state, description } of REVIEWS) {
    const command = alerts.command(verb).description(description).argument('<id...>', ID_HELP);
    if (verb === 'dismiss') command.addOption(new Option('--reason <reason>', 'why').choices(REASONS));
    command
      .option('--note <text>', 'something to remember about it')
      .option('--json', JSON_HELP)
      .action(
        run(async (context, ids: string[], options) => {
          const { reviewAlerts } = await import('./commands/review.ts');
          return reviewAlerts(ids, state, options as Parameters<typeof reviewAlerts>[2], context);
        }),
      );
  }
  alerts
    .command('export')
    .description('Writes alerts with everything that is known about them as one file.')
    .argument('<id...>', ID_HELP)
    .addOption(new Option('--format <format>', 'a page to read, or data').choices(['html', 'json']).default('html'))
    .option('--output <file>', 'write to this file instead of standard output')
    .action(
      run(async (context, ids: string[], options) => {
        const { exportAlerts } = await import('./commands/review.ts');
        return exportAlerts(ids, options as Parameters<typeof exportAlerts>[1], context);
      }),
    );
  addAllowCommands(program, run);
}

function addAllowCommands(program: Command, run: Runner): void {
  const allow = program
    .command('allow')
    .summary('say which alerts are wanted')
    .description('The allow-list: alerts that fit an entry are dismissed by themselves, and nobody is notified.');
  allow
    .command('list')
    .description('Lists the entries, and how many alerts each has hidden.')
    .option('--json', JSON_HELP)
    .action(
      run(async (context, options) => {
        const { listAllowed } = await import('./commands/allow.ts');
        return listAllowed(options as Parameters<typeof listAllowed>[0], context);
      }),
    );
  matchOptions(allow.command('add').description('Allows alerts to which everything fits that is named here.'))
    .requiredOption('--reason <text>', 'why; shown with every alert that it hides')
    .option('--for <time>', 'only for so long: 2h, 7d')
    .option('--json', JSON_HELP)
    .action(
      run(async (context, options) => {
        const { addAllowed } = await import('./commands/allow.ts');
        return addAllowed(options as Parameters<typeof addAllowed>[0], context);
      }),
    );
  matchOptions(allow.command('preview').description('Lists alerts of the past that an entry would have hidden.'))
    .option('--since <time>', 'look back so far: 2h, 7d, or a date; 30 days, if not said')
    .option('--json', JSON_HELP)
    .action(
      run(async (context, options) => {
        const { previewAllowed } = await import('./commands/allow.ts');
        return previewAllowed(options as Parameters<typeof previewAllowed>[0], context);
      }),
    );
  allow
    .command('remove')
    .description('Takes an entry away; what it has hidden stays dismissed.')
    .argument('<id>', 'as "holdfast allow list" shows it')
    .option('--json', JSON_HELP)
    .action(
      run(async (context, id: string, options) => {
        const { removeAllowed } = await import('./commands/allow.ts');
        return removeAllowed(id, options as Parameters<typeof removeAllowed>[1], context);
      }),
    );
}

function matchOptions(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'alerts of this kind').choices(ALERT_KINDS))
    .option('--attacker <address>', 'all attackers are this address or in this network, such as 10.0.0.0/8')
    .option('--victim <address>', 'all victims are this address or in this network')
    .option('--program <path>', 'the program that did it is this one, such as /usr/bin/gpg')
    .option('--command <text>', 'its whole command line is this one; with --program, for interpreters')
    .option('--detector <id>', 'only this detector spoke')
    .addOption(
      severityOption('--max-severity <level>', 'show alerts that are more severe all the same').default('medium'),
    );
}
