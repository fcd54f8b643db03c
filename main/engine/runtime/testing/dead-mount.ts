/** Support for tests: a file system whose server never answers, in a mount namespace of the test's own. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounts FUSE whose server is this shell, which reads nothing; $1 is the folder for it, $2 and on what is run. */
const DEAD = `mount -t tmpfs none "$1" && mkdir "$1/dead" && exec 3<>/dev/fuse &&
mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other dead "$1/dead" &&
ln -s dead "$1/link" && shift && "$@" 3>&-`;

/** Until a test gives up: what it runs takes a second or two. */
export const DEAD_PATIENCE_MS = 20_000;

/** What a command writes where `dead` in the folder never answers, and the link `link` leads there. */
export function inDeadMount(folder: string, command: readonly string[]): string {
  const shell = ['--mount', '--propagation', 'private', 'sh', '-c', DEAD, 'sh', folder, ...command];
  const options = { encoding: 'utf8', timeout: DEAD_PATIENCE_MS, killSignal: 'SIGKILL', stdio: 'pipe' } as const;
  return execFileSync('unshare', shell, options).trim();
}

/** The same for the text of a module of ours; `place` is the folder, `modules` are the addresses of what it imports. */
export function runInDeadMount(text: string, modules: readonly string[]): string {
  return withFolder((folder) =>
    inDeadMount(folder, [process.execPath, '--input-type=module', '--eval', text, folder, ...modules]),
  );
}

export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'dead-files-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Undefined where such a mount can be made here. */
export function whyNoDeadMount(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    withFolder((folder) => inDeadMount(folder, ['true']));
    return undefined;
  } catch (error) {
    return `no file system can be mounted (${error instanceof Error ? error.message.slice(0, 200) : error})`;
  }
}
