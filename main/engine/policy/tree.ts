/** Whom an action about one process means: those that run it, as far as they run nothing else, and all below. */
import type { LivingProcess, ProcessTable } from '../runtime/process-table.ts';
import { isSystemProgram, type ProtectedReason, programName } from './protect.ts';

export interface ProcessChoice {
  /** Parents before their children. */
  readonly targets: readonly LivingProcess[];
  /** Those that belong to it and are left alone, and with them all below. */
  readonly spared: readonly { readonly process: LivingProcess; readonly why: string }[];
}

/** As many as one action holds: the helper's own bound (MAX_HELD in native-helpers/sense/src/signals.c). */
export const MAX_CHOSEN = 256;
/** A script that is run by a script that is run by a script. */
const MAX_SCRIPTS = 4;

/** Shells and interpreters: the script that they were given does what they do. */
const INTERPRETERS = new Set([
  ...['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'csh', 'tcsh', 'fish', 'busybox', 'rbash'],
  ...['python', 'perl', 'ruby', 'php', 'node', 'nodejs', 'lua', 'tclsh', 'pwsh', 'awk', 'gawk', 'mawk'],
]);
/** Programs that do nothing but run others, again and again or with something changed. */
const RUNNERS = new Set([
  ...['find', 'fd', 'fdfind', 'xargs', 'parallel', 'make', 'watch', 'nohup', 'setsid', 'env', 'nice', 'ionice'],
  ...['timeout', 'time', 'stdbuf', 'chrt', 'taskset', 'unbuffer'],
]);
/** "python3.11" → "python", "perl5.36" → "perl". */
const VERSION = /-?\d{1,3}(?:\.\d{1,3}){0,3}$/;

/**
 * The tree that a process belongs to. Above it, scripts and programs that only run others are part of it, up to the first
 * that is protected, leads a session, or has something protected below: what it holds together is more than this.
 */
export function chooseTree(table: ProcessTable, doer: LivingProcess, isProtected: ProtectedReason): ProcessChoice {
  const why = isProtected(doer);
  if (why !== undefined) return { targets: [], spared: [{ process: doer, why }] };
  let choice = chooseBelow(table, doer, isProtected);
  let top = doer;
  for (let climbed = 0; climbed < MAX_SCRIPTS; climbed++) {
    // Who leads a session was not started to be a part of the one above.
    if (top.session === top.pid) break;
    const parent = table.find(top.parentPid);
    if (parent === undefined || isProtected(parent) !== undefined || !runsOthers(parent)) break;
    const more = chooseBelow(table, parent, isProtected);
    if (more.spared.length > 0 || more.targets.length >= MAX_CHOSEN) break;
    choice = more;
    top = parent;
  }
  return choice;
}

/** Whether it runs a script, or is there to run others: what it runs was its doing. */
export function runsOthers(process: LivingProcess): boolean {
  if (!isSystemProgram(process)) return false;
  const name = programName(process);
  if (RUNNERS.has(name)) return true;
  const isInterpreter = INTERPRETERS.has(name) || INTERPRETERS.has(name.replace(VERSION, ''));
  return (
    isInterpreter && process.words.slice(1).some((word) => !word.startsWith('-') || word === '-c' || word === '-e')
  );
}

/** A process with all below it. */
export function chooseBelow(table: ProcessTable, top: LivingProcess, isProtected: ProtectedReason): ProcessChoice {
  const targets: LivingProcess[] = [top];
  const spared: { process: LivingProcess; why: string }[] = [];
  const seen = new Set([top.pid]);
  for (let next = 0; next < targets.length; next++) {
    for (const process of table.childrenOf(targets[next].pid)) {
      if (seen.has(process.pid)) continue;
      seen.add(process.pid);
      const why = isProtected(process);
      if (why !== undefined) spared.push({ process, why });
      else if (targets.length < MAX_CHOSEN) targets.push(process);
    }
  }
  return { targets, spared };
}
