/** `holdfast indicators …`: lists of what is known to be bad. */
import type { Command } from 'commander';
import type { Runner } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

const AS_JSON = 'print one JSON document';

export function addIndicatorCommands(program: Command, run: Runner): void {
  const indicators = program
    .command('indicators')
    .summary('lists of addresses, names and hashes that are known to be bad')
    .description(
      'Lists of addresses, domains, URLs, hashes and TLS fingerprints with which everything that is seen is compared: ' +
        'one value a line, CSV (type,value,label), hosts files, MISP, STIX 2.1. Of the running engine, or of this user.',
    );
  indicators
    .command('list')
    .description('Lists them, with what could not be read.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { listIndicators } = await import('./commands/indicators.ts');
        return listIndicators(options as Parameters<typeof listIndicators>[0], context);
      }),
    );
  indicators
    .command('check')
    .description(`Says what the lists know of a value; exits with ${EXIT.alertsFound} when they know one.`)
    .argument('<value...>', 'address, domain, URL, hash, JA3 or JA4')
    .option('--json', AS_JSON)
    .action(
      run(async (context, values: string[], options) => {
        const { checkIndicators } = await import('./commands/indicators.ts');
        return checkIndicators(values, options as Parameters<typeof checkIndicators>[1], context);
      }),
    );
  indicators
    .command('import')
    .description('Takes lists in; one of the same name is replaced.')
    .argument('<file...>', 'lists')
    .option('--json', AS_JSON)
    .action(
      run(async (context, files: string[], options) => {
        const { importIndicators } = await import('./commands/indicators.ts');
        return importIndicators(files, options as Parameters<typeof importIndicators>[1], context);
      }),
    );
  indicators
    .command('remove')
    .description('Removes a list that was imported.')
    .argument('<name>', 'as "holdfast indicators list" shows it')
    .option('--json', AS_JSON)
    .action(
      run(async (context, name: string, options) => {
        const { removeIndicators } = await import('./commands/indicators.ts');
        return removeIndicators(name, options as Parameters<typeof removeIndicators>[1], context);
      }),
    );
  indicators
    .command('reload')
    .description('Makes the running engine read all lists again.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { reloadIndicators } = await import('./commands/indicators.ts');
        return reloadIndicators(options as Parameters<typeof reloadIndicators>[0], context);
      }),
    );
}
