/** `holdfast rules …`: rules in Sigma about what happens on the host, and in YARA about files. */
import { type Command, Option } from 'commander';
import type { RuleEngine } from '../../contract/api-rules.ts';
import { type Runner, severityOption } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

/** The contract's list is in a file that loads zod, which no start of the command should wait for. */
const ENGINES = ['sigma', 'yara'] as const satisfies readonly RuleEngine[];
const AS_JSON = 'print one JSON document';

export function addRuleCommands(program: Command, run: Runner): void {
  const rules = program
    .command('rules')
    .summary('rules about programs, files and logs, in Sigma and YARA')
    .description(
      'Rules in Sigma about what happens on this computer, and in YARA about the content of files: those of Holdfast, ' +
        'and those that were taken in.',
    );
  rules
    .command('list')
    .description(
      `Lists rules with their hits, and what is wrong with them by file and line; exits with ${EXIT.wrongInput} then.`,
    )
    .argument('[path...]', 'files and folders of rules in Sigma, instead of the rules that are in use')
    .addOption(severityOption('--min-severity <level>', 'leave out rules that are less severe').default('info'))
    .addOption(new Option('--engine <engine>', 'only rules that are in use of this kind').choices(ENGINES))
    .option('--json', AS_JSON)
    .action(
      run(async (context, paths: string[], options) => {
        const { listRules } = await import('./commands/rules.ts');
        return listRules(paths, options as Parameters<typeof listRules>[1], context);
      }),
    );
  rules
    .command('test')
    .description(`Tries rules on events of a file; exits with ${EXIT.alertsFound} when one matches.`)
    .argument('<rule>', 'file or folder of rules, or the id of a rule that is in use')
    .requiredOption('--events <file>', 'JSON, one document or one on each line; "-" is standard input')
    .option('--emulate-audit', 'ask rules for auditd about programs and files that other sensors saw')
    .option('--json', AS_JSON)
    .action(
      run(async (context, rule: string, options) => {
        const { testRules } = await import('./commands/rules.ts');
        return testRules(rule, options as Parameters<typeof testRules>[1], context);
      }),
    );
  rules
    .command('import')
    .description('Takes files of rules in; one of the same name is replaced. Errors are told by file and line.')
    .argument('<file...>', '.yml and .yaml are Sigma, .yar and .yara are YARA')
    .option('--json', AS_JSON)
    .action(
      run(async (context, files: string[], options) => {
        const { importRules } = await import('./commands/rule-changes.ts');
        return importRules(files, options as Parameters<typeof importRules>[1], context);
      }),
    );
  rules
    .command('remove')
    .description('Removes a file of rules that was taken in.')
    .argument('<name>', 'of the file, as "holdfast rules list --json" shows it')
    .option('--json', AS_JSON)
    .action(
      run(async (context, name: string, options) => {
        const { removeRules } = await import('./commands/rule-changes.ts');
        return removeRules(name, options as Parameters<typeof removeRules>[1], context);
      }),
    );
  for (const [name, isEnabled] of [['enable', true] as const, ['disable', false] as const]) {
    rules
      .command(name)
      .description(`Switches rules ${isEnabled ? 'on' : 'off'}, at once and for good, in the running engine.`)
      .argument('<id...>', 'ids, as "holdfast rules list --json" shows them')
      .option('--json', AS_JSON)
      .action(
        run(async (context, ids: string[], options) => {
          const { switchRules } = await import('./commands/rule-changes.ts');
          return switchRules(ids, isEnabled, options as Parameters<typeof switchRules>[2], context);
        }),
      );
  }
  rules
    .command('reload')
    .description('Makes the running engine read all rules again.')
    .option('--json', AS_JSON)
    .action(
      run(async (context, options) => {
        const { reloadRules } = await import('./commands/rule-changes.ts');
        return reloadRules(options as Parameters<typeof reloadRules>[0], context);
      }),
    );
}
