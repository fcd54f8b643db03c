/** Rules in YARA, compiled by yara-x, with what is wrong with each file by line. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Compiler, initSync, type Rules } from '@virustotal/yara-x';
import { messageOf } from '../runtime/failure.ts';
import type { TextFile } from '../runtime/rule-files.ts';
import { listRules, type YaraRuleFacts } from './rule-list.ts';

/** A file, or a rule of it, that cannot be used. */
export interface YaraProblem {
  readonly file: string;
  /** The first line is 1. */
  readonly line: number;
  readonly reason: string;
}

export interface CompiledYara {
  readonly rules: Rules;
  /** By namespace and name: see `ruleKey`. */
  readonly facts: ReadonlyMap<string, YaraRuleFacts>;
  readonly problems: readonly YaraProblem[];
  /** What the rules ask about the file, and perhaps more: a word of a comment may look the same. */
  readonly variables: readonly FileVariable[];
}

/** What rules may ask about the file that is scanned, as other scanners of YARA offer it. */
export const FILE_VARIABLES = ['filename', 'filepath', 'extension', 'filetype', 'owner'] as const;
export type FileVariable = (typeof FILE_VARIABLES)[number];

let isReady = false;

/** Loads yara-x; some 170 ms and 6 MB the first time. */
function prepare(): void {
  if (isReady) return;
  const wasm = new URL('./yara_x_js_bg.wasm', import.meta.resolve('@virustotal/yara-x'));
  initSync({ module: readFileSync(fileURLToPath(wasm)) });
  isReady = true;
}

/** Names a rule among all files. */
export function ruleKey(file: string, name: string): string {
  return `${file}\n${name}`;
}

/**
 * Compiles files, each with names of its own. A file with a mistake is told in `problems` and left out. Some 20 ms a file,
 * twice that where one has a mistake: for a thread of its own.
 */
export function compileYara(files: readonly TextFile[]): CompiledYara {
  prepare();
  const together = compileTogether(files);
  if (together !== undefined) return { ...together, problems: [] };
  const problems: YaraProblem[] = [];
  const sound = files.filter((file) => {
    const problem = problemOf(file);
    if (problem !== undefined) problems.push(problem);
    return problem === undefined;
  });
  const compiled = compileTogether(sound);
  if (compiled === undefined) throw new Error('rules that are sound one by one cannot be compiled together');
  return { ...compiled, problems };
}

/** Undefined where one of them has a mistake. */
function compileTogether(files: readonly TextFile[]): Omit<CompiledYara, 'problems'> | undefined {
  const compiler = newCompiler();
  try {
    const facts = new Map<string, YaraRuleFacts>();
    for (const { path, text } of files) {
      compiler.newNamespace(path);
      compiler.addSource(text);
      for (const rule of listRules(path, text)) facts.set(ruleKey(path, rule.name), rule);
    }
    return { rules: compiler.build(), facts, variables: FILE_VARIABLES.filter((name) => isNamed(name, files)) };
  } catch {
    return undefined;
  } finally {
    compiler.free();
  }
}

function isNamed(variable: FileVariable, files: readonly TextFile[]): boolean {
  const word = new RegExp(`\\b${variable}\\b`);
  return files.some(({ text }) => word.test(text));
}

/** What is wrong with a file: a compiler that has met a mistake cannot be used any more, so each file gets its own. */
export function problemOf({ path, text }: TextFile): YaraProblem | undefined {
  prepare();
  const compiler = newCompiler();
  try {
    compiler.addSource(text);
    return undefined;
  } catch (error) {
    return { file: path, ...placeOf(messageOf(error)) };
  } finally {
    compiler.free();
  }
}

function newCompiler(): Compiler {
  const compiler = new Compiler();
  for (const name of FILE_VARIABLES) compiler.defineGlobal(name, '');
  return compiler;
}

/** "error[E009]: unknown identifier `x`\n --> line:12:5\n…" as a line and a sentence. */
function placeOf(message: string): { readonly line: number; readonly reason: string } {
  const line = Number(/-->\s*line:(\d{1,9})/.exec(message)?.[1] ?? 1);
  const first = message.slice(0, message.indexOf('\n') < 0 ? undefined : message.indexOf('\n'));
  const detail = /\^+ ([^\n]{1,300})/.exec(message)?.[1];
  const said = first.replace(/^error(?:\[\w+\])?:\s*/, '');
  return { line, reason: detail === undefined || said.includes(detail) ? said : `${said} (${detail})` };
}
