/** Rules as lists show them: Sigma and YARA, ours and those taken in, with what is wrong with them. */
import { basename, relative } from 'node:path';
import type { RuleEngine, RuleProblemRow, RuleRow } from '../../../../contract/api-rules.ts';
import { importedRules, OWN_RULES, type RuleFile, readRuleFiles, SigmaRuleSet } from '../../rules/index.ts';
import type { TextFile } from '../../runtime/rule-files.ts';
import {
  descriptionOf,
  importedYaraRules,
  listRules,
  OWN_YARA_RULES,
  problemOf,
  readYaraFiles,
  severityOf,
  techniquesOf,
} from '../../yara/index.ts';

/** A rule without what changes while it is at work. */
export type ReadRule = Omit<RuleRow, 'isEnabled' | 'hits' | 'lastHitMs'>;

export interface ReadRuleList {
  readonly rules: readonly ReadRule[];
  readonly problems: readonly RuleProblemRow[];
}

/** What to read, for the thread that reads. */
export type RuleReading =
  | { readonly kind: 'all'; readonly dataDirectory: string; readonly userId: number }
  /** One text, as if it were a file of that name. */
  | { readonly kind: 'text'; readonly engine: RuleEngine; readonly name: string; readonly text: string };

/** Rules come with Holdfast as trusted as the program beside them, whoever unpacked both. */
const ANY_OWNER = -1;
/** Problems that are told; whoever imports a folder of something else has thousands. */
const MAX_PROBLEMS = 500;

/** Reads rules. Takes 10 ms for each file in YARA: for a thread of its own. */
export function readRuleList(reading: RuleReading): ReadRuleList {
  const lists = reading.kind === 'all' ? allLists(reading) : [textList(reading)];
  return {
    rules: lists.flatMap(({ rules }) => rules),
    problems: lists.flatMap(({ problems }) => problems).slice(0, MAX_PROBLEMS),
  };
}

function allLists({ dataDirectory, userId }: Extract<RuleReading, { readonly kind: 'all' }>): readonly ReadRuleList[] {
  const places = { sigma: importedRules(dataDirectory), yara: importedYaraRules(dataDirectory) };
  const own = readRuleFiles([OWN_RULES], ANY_OWNER);
  const taken = readRuleFiles([places.sigma], userId);
  const ownYara = readYaraFiles([OWN_YARA_RULES], ANY_OWNER);
  const takenYara = readYaraFiles([places.yara], userId);
  return [
    sigmaList(own.files, OWN_RULES, true),
    sigmaList(taken.files, places.sigma, false),
    yaraList(ownYara.files, OWN_YARA_RULES, true),
    yaraList(takenYara.files, places.yara, false),
    unreadable('sigma', withoutMissing(taken.problems, places.sigma)),
    unreadable('yara', withoutMissing(takenYara.problems, places.yara)),
  ];
}

type Unread = { readonly file: string; readonly reason: string };

/** Where nothing was taken in there is no folder, which is no problem. */
function withoutMissing(problems: readonly Unread[], folder: string): readonly Unread[] {
  return problems.filter(({ file }) => file !== folder);
}

function unreadable(engine: RuleEngine, problems: readonly Unread[]): ReadRuleList {
  const rows = problems.map(({ file, reason }) => ({
    engine,
    file: basename(file),
    line: 1,
    rule: '',
    reason,
    isOwn: false,
  }));
  return { rules: [], problems: rows };
}

function textList({ engine, name, text }: Extract<RuleReading, { readonly kind: 'text' }>): ReadRuleList {
  const files = [{ path: name, text }];
  return engine === 'sigma' ? sigmaList(files, '', false) : yaraList(files, '', false);
}

function sigmaList(files: readonly RuleFile[], folder: string, isOwn: boolean): ReadRuleList {
  const set = SigmaRuleSet.load(files);
  const shown = (file: string): string => (folder === '' ? file : relative(folder, file));
  const rules = [...set.detections, ...set.correlations].map(
    (rule): ReadRule => ({
      engine: 'sigma',
      id: rule.id,
      title: rule.title,
      description: rule.description,
      severity: rule.severity,
      techniques: rule.techniques,
      about:
        rule.kind === 'correlation'
          ? `${rule.type} of ${rule.rules.length}`
          : [rule.source.category || rule.source.service, rule.source.product]
              .filter((part) => part !== '')
              .join(' · '),
      file: shown(rule.file),
      isOwn,
    }),
  );
  const problems = set.problems.map(({ file, line, rule, reason }) => ({
    engine: 'sigma' as const,
    file: shown(file),
    line,
    rule,
    reason,
    isOwn,
  }));
  return { rules, problems };
}

function yaraList(files: readonly TextFile[], folder: string, isOwn: boolean): ReadRuleList {
  const rules: ReadRule[] = [];
  const problems: RuleProblemRow[] = [];
  for (const file of files) {
    const shown = folder === '' ? file.path : relative(folder, file.path);
    const problem = problemOf(file);
    if (problem !== undefined) {
      const { line, reason } = problem;
      problems.push({ engine: 'yara', file: shown, line, rule: '', reason, isOwn });
      continue;
    }
    for (const facts of listRules(file.path, file.text)) {
      rules.push({
        engine: 'yara',
        id: yaraId(shown, facts.name),
        title: facts.name,
        description: descriptionOf(facts),
        severity: severityOf(facts),
        techniques: techniquesOf(facts),
        about: facts.tags.length === 0 ? 'files' : `files · ${facts.tags.join(' ')}`,
        file: shown,
        isOwn,
      });
    }
  }
  return { rules, problems };
}

/** Names are unique in their file only. */
export function yaraId(file: string, name: string): string {
  return `${file}#${name}`;
}
