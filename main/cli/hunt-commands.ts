import type { Command } from 'commander';
import { limitOf, type Runner } from './command-options.ts';

/** Rows for a screen; --csv has all. */
const DEFAULT_ROWS = 100;

/** `holdfast hunt …` and `holdfast captures …`. */
export function addHuntCommands(program: Command, run: Runner): void {
  const hunt = program
    .command('hunt')
    .summary('search stored flows, alerts and events')
    .description('Searches what the running engine has stored, in a small language.')
    .argument('[query]', 'in quotes: "flows where port = 22 and bytes > 1MB since 24h"')
    .option('--json', 'print one JSON document')
    .option('--csv', 'print everything that fits as CSV')
    .option('--source <source>', 'live, or the id of a capture', 'live')
    .option('--limit <count>', 'at most so many rows; not for --csv', limitOf, DEFAULT_ROWS)
    .option('--sigma <file>', 'instead of a query: what this Sigma rule matches in stored events')
    .option('--since <time>', 'for --sigma: from then on (30m, 2h, 1d, a date); a week without it')
    .addHelpText(
      'after',
      `
Examples:
  holdfast hunt 'flows where initiator in 10.0.0.0/8 since 24h sort by bytes desc'
  holdfast hunt 'flows where service = dns | count by responder'
  holdfast hunt 'flows since 7d | sum bytes by host, 1h' --csv
  holdfast hunt 'processes where parent endswith "/nginx" since 24h'
  holdfast hunt 'files where path startswith "/etc/" and program != "/usr/bin/dpkg"'
  holdfast hunt --sigma rule.yml --since 2d
  holdfast hunt 'alerts where severity >= high and title contains "ssh"'`,
    )
    .action(
      run(async (context, query: string | undefined, options) => {
        if ((options as { readonly sigma?: string }).sigma !== undefined) {
          const { huntSigma } = await import('./commands/hunt-sigma.ts');
          return huntSigma(options as Parameters<typeof huntSigma>[0], context);
        }
        const commands = await import('./commands/hunt.ts');
        return commands.hunt(query ?? '', options as Parameters<typeof commands.hunt>[1], context);
      }),
    );
  hunt
    .command('saved')
    .description('Lists queries that were kept, and some to begin with.')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, options) => {
        const { huntSaved } = await import('./commands/hunt.ts');
        return huntSaved(options as Parameters<typeof huntSaved>[0], context);
      }),
    );

  const captures = program
    .command('captures')
    .summary('give captures to the running engine')
    .description('Captures that the running engine analyses and keeps, with their alerts and flows.');
  captures
    .command('list')
    .description('Lists captures, the latest first.')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, options) => {
        const { listCaptures } = await import('./commands/captures.ts');
        return listCaptures(options as Parameters<typeof listCaptures>[0], context);
      }),
    );
  captures
    .command('add')
    .description('Gives a capture to the engine and waits until it is analysed. The engine keeps no copy of it.')
    .argument('<file>', 'capture: pcap or pcapng, plain, gzip or zstd')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, file: string, options) => {
        const { addCapture } = await import('./commands/captures.ts');
        return addCapture(file, options as Parameters<typeof addCapture>[1], context);
      }),
    );
  captures
    .command('show')
    .description('Tells what is known of one capture.')
    .argument('<id>', 'as "holdfast captures list" shows it')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, id: string, options) => {
        const { showCapture } = await import('./commands/captures.ts');
        return showCapture(id, options as Parameters<typeof showCapture>[1], context);
      }),
    );
  captures
    .command('remove')
    .description('Forgets captures with their alerts and flows.')
    .argument('<id...>', 'as "holdfast captures list" shows them')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, ids: string[], options) => {
        const { removeCaptures } = await import('./commands/captures.ts');
        return removeCaptures(ids, options as Parameters<typeof removeCaptures>[1], context);
      }),
    );
}
