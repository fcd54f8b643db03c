/** `holdfast rules …`: rules in Sigma about what happens on the host. */
import type { Command } from 'commander';
import { type Runner, severityOption } from './command-options.ts';
import { EXIT } from './exit-codes.ts';

const AS_JSON = 'print one JSON document';

export function addRuleCommands(program: Command, run: Runner): void {
  const rules = program
    .command('rules')
    .summary('rules about programs, files and logs, in Sigma')
    .description('Rules about what happens on this computer, in Sigma: those of Holdfast, and those of this user.');
  rules
    .command('list')
    .description(`Lists rules, and what is wrong with them by file and line; exits with ${EXIT.wrongInput} then.`)
    .argument('[path...]', 'files and folders of rules, instead of those that are in use')
    .addOption(severityOption('--min-severity <level>', 'leave out rules that are less severe').default('info'))
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
}
