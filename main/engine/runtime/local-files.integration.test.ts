/** A file system whose server never answers, in a mount namespace of the test's own. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Mounts FUSE whose server is this shell, which reads nothing; $1 is the folder for it, $2 and on what is run. */
const DEAD = `mount -t tmpfs none "$1" && mkdir "$1/dead" && exec 3<>/dev/fuse &&
mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other dead "$1/dead" &&
ln -s dead "$1/link" && shift && "$@" 3>&-`;
const LOOK = `
const { localFiles } = await import(process.argv[1]);
const told = ['dead', 'dead/x', 'link/x', 'none'].map((name) => {
  try { return String(localFiles.stat(process.argv[2] + '/' + name)); } catch (error) { return error.name; }
});
console.log(told.join(' '));`;
const PATIENCE_MS = 20_000;

function inDead(folder: string, command: readonly string[], timeout: number): string {
  const shell = ['--mount', '--propagation', 'private', 'sh', '-c', DEAD, 'sh', folder, ...command];
  return execFileSync('unshare', shell, { encoding: 'utf8', timeout, killSignal: 'SIGKILL', stdio: 'pipe' }).trim();
}

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  const folder = mkdtempSync(join(tmpdir(), 'dead-files-'));
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
    inDead(folder, ['true'], PATIENCE_MS);
    return undefined;
  } catch (error) {
    return `no file system can be mounted (${error instanceof Error ? error.message.slice(0, 200) : error})`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const obstacle = whyNot();
if (obstacle !== undefined) console.log(`The test of a dead file system is skipped: ${obstacle}.`);

it.skipIf(obstacle !== undefined)(
  'waits for no file system whose server does not answer',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'dead-files-'));
    try {
      // What anybody else does waits until it is ended.
      expect(
        inDead(folder, ['sh', '-c', 'timeout -s KILL 0.5 stat "$0"; echo $?', `${folder}/dead/x`], PATIENCE_MS),
      ).toBe('137');
      const module = new URL('./local-files.ts', import.meta.url).href;
      const look = [process.execPath, '--input-type=module', '--eval', LOOK, module, folder];
      const foreign = 'ForeignFileSystemError';
      expect(inDead(folder, look, PATIENCE_MS)).toBe(`${foreign} ${foreign} ${foreign} undefined`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  3 * PATIENCE_MS,
);
