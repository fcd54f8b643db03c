import { expect, it } from 'vitest';
import { DEAD_PATIENCE_MS, runInDeadMount, whyNoDeadMount } from '../runtime/testing/dead-mount.ts';

/** A baseline, a folder of which is then covered by what nobody serves, and what a check makes of it. */
const COMPARE = `
const [, folder, integrity] = process.argv;
const { initBaseline, checkBaseline } = await import(integrity);
const { execFileSync } = await import('node:child_process');
const { mkdirSync, writeFileSync } = await import('node:fs');
for (const name of ['data', 'own', 'own/covered']) mkdirSync(folder + '/' + name, { mode: 0o700 });
writeFileSync(folder + '/own/covered/a', 'a');
writeFileSync(folder + '/own/b', 'b');
const run = { directory: folder + '/data', threads: 1, nowMs: 1, signal: new AbortController().signal, packageFolder: folder };
const paths = ['own', 'dead', 'link', 'dead/deep', 'link/deep'].map((name) => folder + '/' + name);
const made = await initBaseline({ paths, exclude: [] }, run);
execFileSync('sh', ['-c', 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$0" && sleep 60 & sleep 0.2', folder + '/own/covered'], { stdio: 'ignore' });
await new Promise((done) => setTimeout(done, 300));
writeFileSync(folder + '/own/b', 'B');
const checked = await checkBaseline(true, run);
console.log(JSON.stringify([made.entries, made.problems, checked.changes.map(({ path, change }) => change + ' ' + path), checked.problems])
  .replaceAll(folder, ''));
process.exit(0);`;

const obstacle = whyNoDeadMount();
if (obstacle !== undefined) console.log(`The test of a baseline on a dead file system is skipped: ${obstacle}.`);

it.skipIf(obstacle !== undefined)(
  'covers the rest where a file system never answers, says so, and tells nothing on it as removed',
  () => {
    const output = runInDeadMount(COMPARE, [new URL('./integrity.ts', import.meta.url).href]);
    const [entries, made, changes, checked] = JSON.parse(output) as readonly [number, string[], string[], string[]];
    const foreign = (path: string) => `${path} lies on a file system that others serve, and is not looked at.`;
    expect(entries).toBe(4);
    expect(made).toContain(foreign('/dead'));
    expect(changes).toEqual(['changed /own/b']);
    expect(checked).toContain(foreign('/own/covered'));
  },
  2 * DEAD_PATIENCE_MS,
);
