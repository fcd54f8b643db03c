/**
 * "Enable full protection": installs and starts the service as root, after the system has asked for an
 * administrator. One fixed command with fixed words; nothing of it comes from the window.
 *
 * `pkexec` (polkit) shows the question and runs the program itself, without a shell in between; see pkexec(1), whose
 * exit statuses are used here.
 */
import { execFile } from 'node:child_process';
import { existsSync, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { plainText } from '../../contract/text.ts';
import type { EngineProgram } from './engine-program.ts';

export const PKEXEC = '/usr/bin/pkexec';
/** Made by systemd when it is the init system; see sd_booted(3). */
export const SYSTEMD_RUNS = '/run/systemd/system';
/** Where packages and administrators put the unit. */
const SERVICE_UNITS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'].map(
  (folder) => `${folder}/holdfast.service`,
);

/** The command of a package: one program, which the polkit policy knows by this path. */
export const INSTALLED_COMMAND = '/usr/lib/holdfast/holdfast';

/** The question was closed, or the person is no administrator; pkexec(1). */
const DISMISSED = 126;
const NOT_AUTHORIZED = 127;
/** A person may think for long before typing a password; systemd then starts the service. */
const TIMEOUT_MS = 5 * 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const GROUP_OR_OTHERS_WRITE = 0o022;
const ROOT = 0;

export interface EnableOutcome {
  readonly outcome: 'enabled' | 'cancelled' | 'failed';
  /** For the person. */
  readonly message: string;
}

/** What is asked of the system, so that tests can answer. */
export interface SystemFacts {
  readonly platform: string;
  exists(path: string): boolean;
  /** Nobody but root can change this file, or what stands at its path. */
  isRootOwned(path: string): boolean;
}

/** Whether the system knows the service, running or not. */
export function isServiceInstalled(exists: (path: string) => boolean = existsSync): boolean {
  return SERVICE_UNITS.some(exists);
}

/**
 * What root would run, without its last words: the installed command where there is one, else this app's own. A
 * package's launcher is one program, by whose path polkit knows our action and asks in our words.
 */
function commandOf({ launcher, node, command }: EngineProgram, exists: (path: string) => boolean): readonly string[] {
  if (exists(INSTALLED_COMMAND)) return [INSTALLED_COMMAND];
  return launcher === undefined ? [node, command] : [launcher];
}

/** Every file that root would run with it. */
function filesOf(program: EngineProgram, exists: (path: string) => boolean): readonly string[] {
  const words = commandOf(program, exists);
  return words[0] === program.launcher ? [...words, program.node, program.command] : words;
}

/** Why the service cannot be installed from here, in one sentence; undefined when it can. */
export function whyNotEnable(program: EngineProgram, system: SystemFacts): string | undefined {
  if (system.platform !== 'linux') return 'This version installs its service on Linux only.';
  const words = filesOf(program, system.exists);
  const missing = words.find((path) => !system.exists(path));
  if (missing !== undefined) return `${missing} is missing.`;
  if (!system.exists(SYSTEMD_RUNS)) return 'This system does not run systemd, which would run the service.';
  if (!system.exists(PKEXEC)) return 'This system has no pkexec (polkit), which would ask for an administrator.';
  const foreign = words.find((path) => !system.isRootOwned(path));
  if (foreign !== undefined) {
    return `${foreign} could be changed by others than root, so root must not run it: install the package first.`;
  }
  return undefined;
}

/** More links on one way than this go round in circles; Linux itself follows 40. */
const MAX_LINKS = 8;

/** The part of node:fs that is used; tests give doubles. */
export interface FileFacts {
  stat(path: string): Pick<Stats, 'uid' | 'mode' | 'isSymbolicLink'>;
  linkTarget(path: string): string;
}

const REAL_FILES: FileFacts = { stat: (path) => lstatSync(path), linkTarget: (path) => readlinkSync(path) };

/**
 * The file itself and every folder above it. Links are followed, since a desktop package has one from /usr/lib/holdfast
 * to its own tree: each must be root's, and what it leads to as well.
 */
export function isRootOwned(path: string, files: FileFacts = REAL_FILES, links = 0): boolean {
  if (links > MAX_LINKS) return false;
  try {
    for (let place = path; ; place = dirname(place)) {
      const found = files.stat(place);
      if (found.uid !== ROOT) return false;
      if (found.isSymbolicLink()) {
        // A link has no rights of its own; who can replace it is a question of its folder.
        if (!isRootOwned(resolve(dirname(place), files.linkTarget(place)), files, links + 1)) return false;
      } else if ((found.mode & GROUP_OR_OTHERS_WRITE) !== 0) {
        return false;
      }
      if (place === dirname(place)) return true;
    }
  } catch {
    return false;
  }
}

export interface CommandResult {
  /** Null when it could not be run or was ended. */
  readonly code: number | null;
  readonly output: string;
}

export type RunCommand = (file: string, args: readonly string[]) => Promise<CommandResult>;

export async function enableService(
  program: EngineProgram,
  run: RunCommand = runCommand,
  exists: (path: string) => boolean = existsSync,
): Promise<EnableOutcome> {
  const { code, output } = await run(PKEXEC, [...commandOf(program, exists), 'service', 'install']);
  if (code === 0) return { outcome: 'enabled', message: 'Full protection is on: the service is installed and runs.' };
  if (code === DISMISSED) {
    return { outcome: 'cancelled', message: 'Nothing was changed: the question for an administrator was closed.' };
  }
  const said = plainText(
    output
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^holdfast: /, '') ?? '',
  );
  if (code === NOT_AUTHORIZED) {
    const why = said === '' ? 'the system did not accept an administrator.' : said;
    return { outcome: 'failed', message: `The service was not installed: ${why}` };
  }
  return { outcome: 'failed', message: `The service was not installed: ${said === '' ? 'it gave no reason.' : said}` };
}

function runCommand(file: string, args: readonly string[]): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  execFile(file, args, { timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
    const output = stderr.trim() === '' ? stdout : stderr;
    if (error === null) return resolve({ code: 0, output });
    const code = typeof error.code === 'number' ? error.code : null;
    resolve({ code, output: output === '' ? error.message : output });
  });
  return promise;
}
