/** Running the system's own programs: found in root's folders only, with a clean environment, and within a time. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../exit-codes.ts';
import { CommandError } from '../failure.ts';

/** PATH is whoever called's; these are root's. */
const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;

/** The engine has 20 s to end; beyond that systemd kills it. */
const TIMEOUT_MS = 60_000;
/** A list of tables, or the properties of a unit. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

export interface ProgramRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the commands need of the system; tests give doubles. */
export interface System {
  /** Effective user id; 0 is root. */
  readonly userId: number;
  /** Whether systemd runs this machine: sd_booted(3). */
  readonly hasSystemd: boolean;
  /** Where the program is; undefined when it is not installed. */
  find(name: string): string | undefined;
  run(path: string, args: readonly string[]): ProgramRun;
}

export function thisSystem(): System {
  return {
    userId: process.geteuid?.() ?? -1,
    hasSystemd: isThere('/run/systemd/system', constants.F_OK),
    find: (name) => FOLDERS.map((folder) => join(folder, name)).find((path) => isThere(path, constants.X_OK)),
    run(path, args) {
      const result = spawnSync(path, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        encoding: 'utf8',
        env: { PATH: FOLDERS.join(':'), LC_ALL: 'C' },
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      return {
        code: result.status,
        stdout: result.stdout ?? '',
        stderr: result.error?.message ?? result.stderr.trim(),
      };
    },
  };
}

function isThere(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Runs one, and gives what it wrote. @throws CommandError with its words when it fails */
export function mustRun(system: System, path: string, args: readonly string[], hint: string): string {
  const { code, stdout, stderr } = system.run(path, args);
  if (code === 0) return stdout;
  const message = `${path} ${args.join(' ')} failed: ${stderr || `exit code ${code}`}.`;
  throw new CommandError({ code: 'system-program-failed', message, hint }, EXIT.failed);
}
