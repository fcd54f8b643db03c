/** Where rules are. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTrustedFiles } from '../runtime/rule-files.ts';
import type { RuleProblem } from './problem.ts';
import type { RuleFile } from './rule-set.ts';
import { MAX_RULE_FILE_BYTES } from './yaml.ts';

/** The rules that come with Holdfast. */
export const OWN_RULES: string = fileURLToPath(new URL('../../../assets/rules/sigma/', import.meta.url));

/** Below the data directory: rules that were taken in. */
export function importedRules(dataDirectory: string): string {
  return join(dataDirectory, 'rules');
}

const RULE_FILE = /\.ya?ml$/i;

export interface ReadRules {
  readonly files: readonly RuleFile[];
  /** Files and folders that could not be read. */
  readonly problems: readonly RuleProblem[];
}

/**
 * All rule files at and below the paths: see readTrustedFiles.
 *
 * @param userId effective user; root is pickier about files
 */
export function readRuleFiles(paths: readonly string[], userId: number): ReadRules {
  const read = readTrustedFiles(paths, { name: RULE_FILE, maxBytes: MAX_RULE_FILE_BYTES, userId });
  return {
    files: read.files,
    problems: read.problems.map(({ file, reason }) => ({ file, line: 1, rule: '', reason })),
  };
}
