import { expect, it } from 'vitest';
import { DEAD_PATIENCE_MS, inDeadMount, runInDeadMount, whyNoDeadMount, withFolder } from './testing/dead-mount.ts';

const LOOK = `
const [, folder, files] = process.argv;
const { localFiles } = await import(files);
const told = ['dead', 'dead/x', 'link/x', 'none'].map((name) => {
  try { return String(localFiles.stat(folder + '/' + name)); } catch (error) { return error.name; }
});
console.log(told.join(' '));`;

/** What is mounted after the table was read, which the clock says is just now. */
const LOOK_AT_NEW = `
const [, folder, files] = process.argv;
const { LocalFiles } = await import(files);
const { mkdirSync, symlinkSync } = await import('node:fs');
const { execFileSync } = await import('node:child_process');
for (const name of ['/own', '/own/deep']) mkdirSync(folder + name, { mode: 0o777, recursive: true });
const local = new LocalFiles({ monotonicMs: () => 0 });
const told = [String(local.lstat(folder + '/own/deep').isDirectory())];
execFileSync('sh', ['-c', 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$0" && sleep 60 & sleep 0.2', folder + '/own/deep'], { stdio: 'ignore' });
for (const name of ['/own/deep', '/own/deep/x', '/own/none']) {
  try { told.push(String(local.lstat(folder + name))); } catch (error) { told.push(error.name); }
}
console.log(told.join(' '));
process.exit(0);`;

const obstacle = whyNoDeadMount();
if (obstacle !== undefined) console.log(`The test of a dead file system is skipped: ${obstacle}.`);

it.skipIf(obstacle !== undefined)(
  'waits for no file system whose server does not answer',
  () => {
    // What anybody else does waits until it is ended.
    const wait = 'timeout -s KILL 0.5 stat "$0"; echo $?';
    expect(withFolder((folder) => inDeadMount(folder, ['sh', '-c', wait, `${folder}/dead/x`]))).toBe('137');
    const foreign = 'ForeignFileSystemError';
    expect(runInDeadMount(LOOK, [new URL('./local-files.ts', import.meta.url).href])).toBe(
      `${foreign} ${foreign} ${foreign} undefined`,
    );
  },
  3 * DEAD_PATIENCE_MS,
);

it.skipIf(obstacle !== undefined)(
  'does not wait either for what was mounted a moment ago',
  () => {
    const foreign = 'ForeignFileSystemError';
    expect(runInDeadMount(LOOK_AT_NEW, [new URL('./local-files.ts', import.meta.url).href])).toBe(
      `true ${foreign} ${foreign} undefined`,
    );
  },
  2 * DEAD_PATIENCE_MS,
);
