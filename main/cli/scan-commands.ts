/** `holdfast scan`: files looked through for what is known to be bad. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Runner } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

export function addScanCommand(program: Command, run: Runner): void {
  program
    .command('scan')
    .summary('look through files and folders with rules in YARA')
    .description(
      'Looks through files and folders, and through archives inside of them, with rules in YARA and lists of hashes. ' +
        `Nothing is changed. Exits with ${EXIT.alertsFound} when something is found.`,
    )
    .argument('<path...>', 'files and folders; links are not followed')
    .option('--rules <path...>', 'files and folders of rules, instead of those of Holdfast and of this user')
    .option('--max-size <MiB>', 'look at the beginning only of files that are larger', wholeNumber, 128)
    .option('--cross-mounts', 'go into other file systems that are mounted below')
    .option('--json', 'print one JSON document')
    .action(
      run(async (context, paths: string[], options) => {
        const { scan } = await import('./commands/scan.ts');
        return scan(paths, options as Parameters<typeof scan>[1], context);
      }),
    );
}

const MOST_MIB = 1_024;

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > MOST_MIB) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST_MIB}.`);
  }
  return number;
}
