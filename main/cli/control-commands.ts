/** The commands that steer a running engine: settings, tokens, pause, journal. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ROLES } from '../../contract/api-roles.ts';
import { DEFAULT_LISTED, limitOf, type Runner } from './command-options.ts';

/** A day: the longest pause. */
const MOST_MINUTES = 24 * 60;
/** Ten years. */
const MOST_DAYS = 3_650;
const AS_JSON = 'print one JSON document';

/** @param config the command `config`, which has more commands already */
export function addControlCommands(program: Command, config: Command, run: Runner): void {
  config
    .command('set')
    .description(
      'Changes settings of the running engine, all of them or, where one is wrong, none. Kept for the next start; ' +
        'what the configuration file, the environment or a flag sets is changed there.',
    )
    .argument('<path=value...>', 'such as detect.port-scan.portsOfOneHost=20; items of a list are separated by commas')
    .option('--dry-run', 'only say what would happen')
    .option('--json', AS_JSON)
    .action(
      run(async (context, changes: string[], options) => {
        const { configSet } = await import('./commands/config.ts');
        return configSet(changes, options as Parameters<typeof configSet>[1], context);
      }),
    );
  config
    .command('reset')
    .description('Takes changes of settings back: to the configuration file, the profile or the default.')
    .argument('<path...>', 'settings')
    .option('--dry-run', 'only say what would happen')
    .option('--json', AS_JSON)
    .action(
      run(async (context, paths: string[], options) => {
        const { configReset } = await import('./commands/config.ts');
        return configReset(paths, options as Parameters<typeof configReset>[1], context);
      }),
    );

  const token = program
    .command('token')
    .summary('make and revoke tokens for REST and the console')
    .description('Tokens for the HTTP interface of the running engine.');
  token
    .command('create')
    .description('Makes a token and prints its secret, which is told this once.')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .requiredOption('--name <name>', 'what it is for')
    .option('--days <days>', 'how long it works; a year if not said otherwise', wholeNumber(1, MOST_DAYS))
    .option('--no-expiry', 'works until it is revoked')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { createToken } = await import('./commands/token.ts');
        return createToken(options as Parameters<typeof createToken>[0], context);
      }),
    );
  token
    .command('list')
    .description('Lists the tokens, without their secrets.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listTokens } = await import('./commands/token.ts');
        return listTokens(options as Parameters<typeof listTokens>[0], context);
      }),
    );
  token
    .command('revoke')
    .description('Ends a token at once.')
    .argument('<id>', 'as "holdfast token list" shows it')
    .option('--json', AS_JSON)
    .action(
      run(async (context, id: string, options) => {
        const { revokeToken } = await import('./commands/token.ts');
        return revokeToken(id, options as Parameters<typeof revokeToken>[1], context);
      }),
    );

  program
    .command('pause')
    .summary('stop watching for some minutes')
    .description('Stops watching for some minutes, with a reason that goes into the journal; it goes on by itself.')
    .argument('<minutes>', `at most ${MOST_MINUTES}`, wholeNumber(1, MOST_MINUTES))
    .requiredOption('--reason <text>', 'why')
    .option('--json', AS_JSON)
    .action(
      run(async (context, minutes: number, options) => {
        const { pauseProtection } = await import('./commands/pause.ts');
        return pauseProtection(minutes, options as Parameters<typeof pauseProtection>[1], context);
      }),
    );
  program
    .command('resume')
    .summary('watch again after a pause')
    .description('Ends a pause now.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { resumeProtection } = await import('./commands/pause.ts');
        return resumeProtection(options as Parameters<typeof resumeProtection>[0], context);
      }),
    );

  const journal = program
    .command('journal')
    .summary('read the audit journal and check its seal')
    .description('What was done, by whom, to what.');
  journal
    .command('list')
    .description('Lists entries of the journal, the latest first.')
    .option('--search <text>', 'only entries with this text', '')
    .option('--limit <count>', 'at most so many', limitOf, DEFAULT_LISTED)
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listJournal } = await import('./commands/journal.ts');
        return listJournal(options as Parameters<typeof listJournal>[0], context);
      }),
    );
  journal
    .command('verify')
    .description('Says whether the journal is as it was written; every entry carries the hash of the one before.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { verifyJournal } = await import('./commands/journal.ts');
        return verifyJournal(options as Parameters<typeof verifyJournal>[0], context);
      }),
    );
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
