/** Rule files of folders, read without following links. */
import { closeSync, constants, type Dirent, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf } from '../runtime/failure.ts';
import type { RuleProblem } from './problem.ts';
import type { RuleFile } from './rule-set.ts';
import { MAX_RULE_FILE_BYTES } from './yaml.ts';

/** The rules that come with Holdfast. */
export const OWN_RULES: string = fileURLToPath(new URL('../../../assets/rules/sigma/', import.meta.url));

/** Below the data directory: rules that were taken in. */
export function importedRules(dataDirectory: string): string {
  return join(dataDirectory, 'rules');
}

/** Six times as many as the largest public collection holds. */
const MAX_FILES = 20_000;
const MAX_DEPTH = 12;
const RULE_FILE = /\.ya?ml$/i;
const WRITABLE_BY_OTHERS = 0o022;

export interface ReadRules {
  readonly files: readonly RuleFile[];
  /** Files and folders that could not be read. */
  readonly problems: readonly RuleProblem[];
}

/**
 * All rule files at and below the paths, in the order of their names. Links inside of folders are left out. Root reads
 * nothing that others could change: whoever writes rules says whom Holdfast accuses.
 *
 * @param userId effective user; root is pickier about files
 */
export function readRuleFiles(paths: readonly string[], userId: number): ReadRules {
  const files: RuleFile[] = [];
  const problems: RuleProblem[] = [];
  const refuse = (file: string, reason: string): void => {
    problems.push({ file, line: 1, rule: '', reason });
  };
  let isFull = false;
  const visit = (path: string, depth: number): void => {
    let entries: Dirent[];
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === 'ENOTDIR') take(path);
      else refuse(path, `It cannot be read (${codeOf(error)}).`);
      return;
    }
    if (depth > MAX_DEPTH) {
      refuse(path, `Folders nest deeper than ${MAX_DEPTH}.`);
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child, depth + 1);
      else if (entry.isFile() && RULE_FILE.test(entry.name)) take(child);
    }
  };
  const take = (path: string): void => {
    if (files.length >= MAX_FILES) {
      if (!isFull) refuse(path, `There are more than ${MAX_FILES} files; this and the rest is left out.`);
      isFull = true;
      return;
    }
    const read = readRuleFile(path, userId);
    if (typeof read === 'string') files.push({ path, text: read });
    else refuse(path, read.reason);
  };
  for (const path of paths) visit(path, 0);
  return { files, problems };
}

/** The text of a file, or why it is not read. */
function readRuleFile(path: string, userId: number): string | { readonly reason: string } {
  const isRoot = userId === 0;
  let descriptor: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | (isRoot ? constants.O_NOFOLLOW : 0);
    descriptor = openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return { reason: 'It is a symbolic link; name the file itself.' };
    return { reason: `It cannot be read (${codeOf(error)}).` };
  }
  try {
    const entry = fstatSync(descriptor);
    if (!entry.isFile()) return { reason: 'It is no regular file.' };
    if (isRoot && entry.uid !== 0)
      return { reason: `It belongs to user ${entry.uid}, so root does not read it: chown root.` };
    if (isRoot && (entry.mode & WRITABLE_BY_OTHERS) !== 0) {
      return { reason: 'Others can write it, so root does not read it: chmod go-w.' };
    }
    const bytes = Buffer.alloc(MAX_RULE_FILE_BYTES + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > MAX_RULE_FILE_BYTES) return { reason: `It is larger than ${MAX_RULE_FILE_BYTES / 1024} KiB.` };
    return bytes.toString('utf8', 0, length);
  } catch (error) {
    return { reason: `It cannot be read (${codeOf(error)}).` };
  } finally {
    closeSync(descriptor);
  }
}
