/** Applies the import rules to a tree. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, matchesGlob, posix } from 'node:path';
import {
  IMPURE_IMPORTS,
  IMPURE_MEMBERS,
  LAYER_RULES,
  type LayerRule,
  ONE_FILE_NAMES,
  PACKAGE_RULES,
  PURE_FILES,
} from './check-imports.rules.ts';
import { type Mention, readSource } from './check-imports.syntax.ts';
import { INTEGRATION_TESTS, UNIT_TESTS } from './test-files.ts';

export interface Violation {
  /** Relative to the project. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly problem: string;
  /** The rule, in words: what would be right. */
  readonly allowed: string;
}

/** The folders that the rules speak of. */
const CHECKED_FOLDERS = ['contract', 'main', 'preload', 'renderer'] as const;

/** Folders that hold no source of ours. */
const SKIPPED_FOLDERS = new Set(['node_modules', '.git', 'build', 'dist', 'coverage', '.cache']);

const SOURCE_FILE = /\.[cm]?[jt]sx?$/;
const TEST_FILE = /\.(test|spec)\.[cm]?[jt]sx?$/;

/** @param root the folder of the project */
export function checkTree(root: string): { readonly checkedFiles: number; readonly violations: readonly Violation[] } {
  const files = CHECKED_FOLDERS.flatMap((folder) => filesBelow(root, folder)).filter((file) => SOURCE_FILE.test(file));
  const violations: Violation[] = [];
  const filesByName = new Map<string, Violation[]>(ONE_FILE_NAMES.map((name) => [name, []]));
  for (const file of files) {
    const facts = readSource(file, readFileSync(join(root, file), 'utf8'));
    const report = ({ line }: Mention, problem: string, allowed: string): void => {
      violations.push({ file, line, problem, allowed });
    };
    for (const mention of facts.imports) {
      const complaint = judgeImport(file, mention.text);
      if (complaint !== undefined) report(mention, `imports '${mention.text}'`, complaint);
    }
    for (const mention of facts.computedImports) {
      report(
        mention,
        `loads ${mention.text}`,
        'an import names its module as a plain string, so that it can be checked',
      );
    }
    if (isPure(file)) {
      for (const mention of [...facts.members.filter(isImpureMember), ...facts.importedNames.filter(isImpureImport)]) {
        report(mention, `reads ${mention.text}`, 'detectors, models and policy take time and randomness as arguments');
      }
    }
    for (const [name, uses] of filesByName) {
      const use = facts.names.find((mention) => mention.text === name);
      const allowed = `${name} is named in one file only`;
      if (use !== undefined) uses.push({ file, line: use.line, problem: `names ${name}`, allowed });
    }
  }
  for (const uses of filesByName.values()) {
    if (uses.length > 1) violations.push(...uses);
  }
  violations.push(...orphanedTests(filesBelow(root, '')));
  return { checkedFiles: files.length, violations };
}

/** Tests that no vitest project runs, so that they pass whatever they say. */
export function orphanedTests(files: readonly string[]): Violation[] {
  return files
    .filter((file) => TEST_FILE.test(file) && !matchesAny(file, [UNIT_TESTS, INTEGRATION_TESTS]))
    .map((file) => ({
      file,
      line: 1,
      problem: 'is a test that is never run',
      allowed: `tests are ${UNIT_TESTS}`,
    }));
}

/** What the rules allow instead, or undefined for an import that is right. */
function judgeImport(file: string, specifier: string): string | undefined {
  const layer = LAYER_RULES.find((rule) => matchesGlob(file, rule.files));
  if (layer === undefined) return 'this file is in no part of the architecture; see LAYER_RULES for the parts';
  if (/^\.\.?(\/|$)/.test(specifier)) {
    const target = posix.normalize(posix.join(posix.dirname(file), specifier.replace(/[?#].*$/, '')));
    return matchesAny(target, patternsOf(layer, file)) ? undefined : layer.allowed;
  }
  if (/^([/#~]|@\/|file:|data:|https?:|holdfast(\/|$))/.test(specifier)) {
    return 'our own files are imported by relative path, packages by name';
  }
  const name = packageNameOf(specifier);
  const rule = PACKAGE_RULES.find(({ packageName }) => packageName === name);
  return rule === undefined || matchesAny(file, rule.onlyIn) ? undefined : rule.reason;
}

function patternsOf(layer: LayerRule, file: string): string[] {
  const module = file.split('/')[2] ?? '';
  return layer.mayImport.map((pattern) => pattern.replace('<module>', module));
}

/** "@scope/name/part" is of the package "@scope/name". */
function packageNameOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function isPure(file: string): boolean {
  return !TEST_FILE.test(file) && matchesAny(file, PURE_FILES);
}

function isImpureMember({ text }: Mention): boolean {
  const [owner = '', member = ''] = text.split('.');
  return Object.hasOwn(IMPURE_MEMBERS, owner) && IMPURE_MEMBERS[owner].includes(member);
}

function isImpureImport({ text }: Mention): boolean {
  const [module = '', name = ''] = text.split('.');
  if (!builtinModules.includes(module) || !Object.hasOwn(IMPURE_IMPORTS, module)) return false;
  return IMPURE_IMPORTS[module].some((impure) => impure === '*' || impure === name);
}

function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern));
}

/** Paths of all files below a folder, relative to the project, with forward slashes. */
function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : filesBelow(root, path);
    return entry.isFile() ? [path] : [];
  });
}
