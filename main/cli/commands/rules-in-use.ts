/** `holdfast rules list`: what the running engine has in force, or what the next one will have. */
import type { RuleEngine, RuleProblemRow, RuleRow } from '../../../contract/api-rules.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { formatCount, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import { type CommandContext, remark, writeJson, writeLines } from '../context.ts';
import { withEngineOrAlone } from '../either-engine.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { table } from '../terminal/layout.ts';

export interface ListOptions {
  readonly minSeverity: Severity;
  readonly engine?: RuleEngine;
  readonly json?: boolean;
}

/** Without an engine nobody counts hits, and what is switched off is the engine's to know. */
type Rule = Omit<RuleRow, 'isEnabled' | 'hits' | 'lastHitMs'> &
  Partial<Pick<RuleRow, 'isEnabled' | 'hits' | 'lastHitMs'>>;

interface InUse {
  readonly isRunning: boolean;
  readonly rules: readonly Rule[];
  readonly problems: readonly RuleProblemRow[];
  readonly limits: string;
}

const MAX_TITLE = 60;
const MAX_ABOUT = 40;
const MAX_PATH = 4_096;
const MAX_REASON = 1_000;
const ENGINE_WORDS: Readonly<Record<RuleEngine, string>> = { sigma: 'Sigma', yara: 'YARA' };

export async function listRulesInUse(
  { minSeverity, engine, json }: ListOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const inUse = await rulesInUse(context);
  const isMeant = (row: { readonly engine: RuleEngine }): boolean => engine === undefined || row.engine === engine;
  const rules = inUse.rules.filter(
    (rule) => isMeant(rule) && SEVERITIES.indexOf(rule.severity) >= SEVERITIES.indexOf(minSeverity),
  );
  const problems = inUse.problems.filter(isMeant);
  if (json) writeJson(context.out, { isRunning: inUse.isRunning, rules, problems, limits: inUse.limits });
  else {
    writeLines(
      context.out,
      table(
        inUse.isRunning ? [...COLUMNS, ...COUNTED] : COLUMNS,
        rules.map((rule) => (inUse.isRunning ? [...cellsOf(rule), ...countedCells(rule)] : cellsOf(rule))),
        context.out.columns,
        (text) => context.paintOut('quiet', text),
      ),
    );
    const techniques = new Set(rules.flatMap((rule) => rule.techniques));
    const off = rules.filter(({ isEnabled }) => isEnabled === false).length;
    writeLines(context.out, [
      `${formatCount(rules.length, 'rule')} about ${formatCount(techniques.size, 'technique')}${off > 0 ? `, ${formatNumber(off)} off` : ''}.`,
    ]);
    writeLines(context.err, problems.map(problemLine));
    if (inUse.limits !== '') writeLines(context.err, [plainText(inUse.limits, MAX_REASON)]);
    if (!inUse.isRunning) remark(context, 'No engine is running: these are the rules that the next one reads.');
  }
  return problems.length > 0 ? EXIT.wrongInput : EXIT.fine;
}

function rulesInUse(context: CommandContext): Promise<InUse> {
  return withEngineOrAlone<InUse>(
    context,
    async (client) => ({ isRunning: true, ...(await client.request('rules.list', {})) }),
    async () => {
      const { dataDirectory } = await context.paths();
      const { rules, problems } = await (await context.engine()).readRulesInUse(dataDirectory);
      return { isRunning: false, rules, problems, limits: '' };
    },
  );
}

const COLUMNS = [
  { title: 'severity' },
  { title: 'kind' },
  { title: 'rule' },
  { title: 'techniques' },
  { title: 'about' },
] as const;
const COUNTED = [{ title: 'on' }, { title: 'hits', align: 'right' }] as const;

function cellsOf({ severity, engine, title, techniques, about }: Rule): readonly string[] {
  return [
    severity,
    ENGINE_WORDS[engine],
    plainText(title, MAX_TITLE),
    techniques.join(' '),
    plainText(about, MAX_ABOUT),
  ];
}

function countedCells({ isEnabled, hits = 0 }: Rule): readonly string[] {
  return [isEnabled === false ? 'no' : 'yes', formatNumber(hits)];
}

/** "mine.yml:12: Title: reason" */
function problemLine({ file, line, rule, reason }: RuleProblemRow): string {
  const about = rule === '' ? '' : ` ${plainText(rule)}:`;
  return `${plainText(file, MAX_PATH)}:${line}:${about} ${plainText(reason, MAX_REASON)}`;
}
