import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { SEVERITIES } from '../../../contract/domain.ts';
import { formatCount, formatNumber } from '../../../contract/format.ts';
import { plainText } from '../../../contract/text.ts';
import type { HostRules } from '../../engine/index.ts';
import { type CommandContext, releaseInput, STANDARD_INPUT, writeJson, writeLines } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
import { table } from '../terminal/layout.ts';
import { type ListOptions, listRulesInUse } from './rules-in-use.ts';

type RuleSet = ReturnType<HostRules['SigmaRuleSet']['load']>;
type Hit = ReturnType<RuleSet['match']>[number];
type Problem = RuleSet['problems'][number];
type Facts = Hit['rule'];

/** `holdfast rules list [PATH...]`: rules in use; with paths, the rules in Sigma that are there. */
export async function listRules(
  paths: readonly string[],
  options: ListOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (paths.length === 0) return listRulesInUse(options, context);
  const { minSeverity, json } = options;
  const engine = await (await context.engine()).loadHostRules();
  const { rules, problems } = load(engine, paths);
  const shown = [...rules.detections, ...rules.correlations].filter(
    ({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minSeverity),
  );
  if (json) writeJson(context.out, { rules: shown.map(listed), filters: rules.filters.length, problems });
  else {
    const columns = [{ title: 'level' }, { title: 'rule' }, { title: 'techniques' }, { title: 'log source' }];
    const rows = shown.map((rule) => [
      rule.level,
      plainText(rule.title, MAX_TITLE),
      rule.techniques.join(' '),
      rule.kind === 'detection' ? plainText(sourceText(rule.source)) : rule.type,
    ]);
    writeLines(
      context.out,
      table(columns, rows, context.out.columns, (text) => context.paintOut('quiet', text)),
    );
    const techniques = new Set(shown.flatMap((rule) => rule.techniques));
    writeLines(context.out, [
      `${formatCount(shown.length, 'rule')} about ${formatCount(techniques.size, 'technique')}.`,
    ]);
    writeLines(context.err, problems.map(problemLine));
  }
  return problems.length > 0 ? EXIT.wrongInput : EXIT.fine;
}

const MAX_TITLE = 60;

function sourceText({ product, category, service }: RuleSet['detections'][number]['source']): string {
  return [product, category, service].filter((part) => part !== '').join(' ');
}

function listed(
  rule: RuleSet['detections'][number] | RuleSet['correlations'][number],
): Readonly<Record<string, unknown>> {
  const { id, title, description, level, severity, status, tags, techniques, tactics, file, line, kind } = rule;
  const about = kind === 'detection' ? { source: rule.source } : { type: rule.type, rules: rule.rules };
  return { id, title, kind, level, severity, status, ...about, techniques, tactics, tags, description, file, line };
}

/** "rules/x.yml:12: Title: reason" */
function problemLine({ file, line, rule, reason }: Problem): string {
  const about = rule === '' ? '' : ` ${plainText(rule)}:`;
  return `${plainText(file, MAX_PATH)}:${line}:${about} ${plainText(reason, MAX_REASON)}`;
}

const MAX_PATH = 4_096;
const MAX_REASON = 1_000;

async function pathsInUse(engine: HostRules, context: CommandContext): Promise<readonly string[]> {
  const imported = engine.importedRules((await context.paths()).dataDirectory);
  const isThere = await stat(imported).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isThere ? [engine.OWN_RULES, imported] : [engine.OWN_RULES];
}

function load(
  engine: HostRules,
  paths: readonly string[],
  options: { readonly emulateAudit?: boolean } = {},
): { readonly rules: RuleSet; readonly problems: readonly Problem[] } {
  const read = engine.readRuleFiles(paths, process.geteuid?.() ?? -1);
  const rules = engine.SigmaRuleSet.load(read.files, options);
  return { rules, problems: [...read.problems, ...rules.problems] };
}

interface TestOptions {
  readonly events: string;
  readonly emulateAudit?: boolean;
  readonly json?: boolean;
}

/** `holdfast rules test RULE --events FILE`: exit 1 when a rule matches. */
export async function testRules(
  rule: string,
  { events: path, emulateAudit, json }: TestOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const engine = await (await context.engine()).loadHostRules();
  const { rules, problems } = await rulesOf(rule, engine, context, emulateAudit);
  if (rules.detections.length + rules.correlations.length === 0) {
    const reasons = problems.map(problemLine).join('\n');
    throw wrongInput(
      'no-rule',
      reasons === '' ? `${plainText(rule)} has no rule.` : reasons,
      'Correct it, or name another.',
    );
  }
  const { events, unreadable } = engine.readEvents(await textOf(path));
  if (events.length === 0) {
    const hint = 'Give events as JSON: fields by the names of rules, or events of Holdfast.';
    throw wrongInput('no-events', `${plainText(path, MAX_PATH)} holds no events.`, hint);
  }
  const found: { readonly event: number; readonly hit: Hit }[] = [];
  events.forEach((event, index) => {
    for (const hit of engine.matchFileEvent(rules, event)) found.push({ event: index + 1, hit });
  });
  for (const hit of rules.advance(Number.MAX_SAFE_INTEGER)) found.push({ event: events.length, hit });
  if (json) {
    const hits = found.map(({ event, hit }) => ({ event, ...hitFacts(hit) }));
    writeJson(context.out, { events: events.length, unreadable, hits, problems });
  } else {
    writeLines(
      context.out,
      found.flatMap(({ event, hit }) => hitLines(event, hit)),
    );
    writeLines(context.out, [`${formatCount(found.length, 'hit')} in ${formatCount(events.length, 'event')}.`]);
    writeLines(context.err, [
      ...problems.map(problemLine),
      ...(unreadable.length > 0
        ? [`${formatNumber(unreadable.length)} could not be read as events, first ${plainText(unreadable[0])}.`]
        : []),
    ]);
  }
  releaseInput([path]);
  return found.length > 0 ? EXIT.alertsFound : EXIT.fine;
}

/** Of a path, or of the one rule in use that has this id or name. */
async function rulesOf(
  rule: string,
  engine: HostRules,
  context: CommandContext,
  emulateAudit: boolean | undefined,
): Promise<ReturnType<typeof load>> {
  const isPath = await stat(rule).then(
    () => true,
    () => false,
  );
  if (isPath) return load(engine, [rule], { emulateAudit });
  const inUse = load(engine, await pathsInUse(engine, context));
  const isMeant = ({ id, name }: Facts): boolean => id === rule || name === rule;
  const meant = [...inUse.rules.detections, ...inUse.rules.correlations].find(isMeant);
  if (meant === undefined) {
    const hint = 'Give a path, or an id that "holdfast rules list --json" shows.';
    throw wrongInput('no-such-rule', `There is no file and no rule ${plainText(rule, MAX_PATH)}.`, hint);
  }
  return load(engine, [meant.file], { emulateAudit });
}

/** Events of a day's recording; more belongs into the running engine. */
const MAX_EVENTS_BYTES = 256 * 1024 * 1024;

async function textOf(path: string): Promise<string> {
  try {
    if (path === STANDARD_INPUT) return (await buffer(process.stdin)).toString('utf8');
    const entry = await stat(path);
    if (entry.isFile() && entry.size <= MAX_EVENTS_BYTES) return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const message = `${plainText(path, MAX_PATH)} cannot be read (${code}).`;
    throw wrongInput('unreadable', message, 'Check the path and who may read it.');
  }
  const message = `${plainText(path, MAX_PATH)} is no file, or is larger than ${MAX_EVENTS_BYTES / 1024 / 1024} MiB.`;
  throw wrongInput('no-file', message, 'Give a file of events.');
}

function hitFacts({ rule, timeMs, matched, correlation }: Hit): Readonly<Record<string, unknown>> {
  const { id, title, level, severity, techniques, tactics, tags, file, line } = rule;
  return { rule: { id, title, level, severity, techniques, tactics, tags, file, line }, timeMs, matched, correlation };
}

function hitLines(event: number, { rule, matched, correlation }: Hit): readonly string[] {
  const techniques = rule.techniques.length === 0 ? '' : ` (${rule.techniques.join(' ')})`;
  const counted =
    correlation === undefined
      ? []
      : [`  ${formatCount(correlation.count, 'hit')}: ${plainText(JSON.stringify(correlation.group))}`];
  return [
    `event ${event}: ${rule.level} ${plainText(rule.title)}${techniques}`,
    ...counted,
    ...matched.map(
      ({ search, field, value, pattern }) =>
        `  ${plainText(search)}: ${field === '' ? 'text' : plainText(field)} ${plainText(value)} fits ${plainText(pattern)}`,
    ),
  ];
}
