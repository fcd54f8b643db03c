import { expect, it } from 'vitest';
import { DEAD_PATIENCE_MS, runInDeadMount, whyNoDeadMount } from '../../runtime/testing/dead-mount.ts';

/** Follows a log here, one whose folder is served by nobody, and one that a link leads there from. */
const FOLLOW = `
const [, folder, tails, healths] = process.argv;
const { LogTail } = await import(tails);
const { HealthRegistry } = await import(healths);
const { appendFileSync, writeFileSync, renameSync, mkdirSync, symlinkSync } = await import('node:fs');
const { execFileSync } = await import('node:child_process');
mkdirSync(folder + '/own');
writeFileSync(folder + '/own/a.log', '');
symlinkSync(folder + '/dead/c.log', folder + '/own/c.log');
const health = new HealthRegistry();
const lines = [];
const tail = new LogTail({
  files: ['own/a.log', 'dead/b.log', 'own/c.log', 'link/d.log'].map((name) =>
    ({ path: folder + '/' + name, format: 'syslog', isInJournal: false })),
  directories: [folder + '/own', folder + '/dead', folder + '/link'],
  positions: { load: () => ({ device: 1, inode: 1, offset: 1, digest: 'x' }), save: () => {} },
  health,
  limits: { pollMs: 50 },
  onEvents: (events) => lines.push(...events.map(({ message }) => message)),
});
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const until = async (isSo) => { for (let i = 0; i < 100 && !isSo(); i++) await wait(50); };
tail.start();
appendFileSync(folder + '/own/a.log', 'Nov 22 10:00:00 host prog[1]: first\\n');
await until(() => lines.length > 0);
const states = tail.status().map(({ state }) => state);
const [told] = health.report().entries;
// While it is followed, its folder is covered by what nobody serves.
execFileSync('sh', ['-c', 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$0" && sleep 60 >&- 2>&- & sleep 0.2', folder + '/own'], { stdio: ['ignore', 'ignore', 'ignore'] });
await until(() => tail.status()[0].state === 'refused');
const later = tail.status()[0].state;
tail.stop();
console.log(JSON.stringify({ lines, states, told, later }));
process.exit(0);`;

const obstacle = whyNoDeadMount();
if (obstacle !== undefined) console.log(`The test of logs on a dead file system is skipped: ${obstacle}.`);

it.skipIf(obstacle !== undefined)(
  'reads the other logs where a file system never answers, and says so',
  () => {
    const modules = ['./tail.ts', '../../runtime/health.ts'].map((file) => new URL(file, import.meta.url).href);
    const { lines, states, told, later } = JSON.parse(runInDeadMount(FOLLOW, modules)) as {
      readonly lines: readonly string[];
      readonly states: readonly string[];
      readonly told: { readonly detail: string; readonly hint: string };
      readonly later: string;
    };
    expect(states).toEqual(['following', 'refused', 'refused', 'refused']);
    expect(lines).toEqual(['first']);
    expect(told.detail).toMatch(/dead\/b\.log lies on a file system that others serve, .* And 2 more\./);
    expect(told.hint).toContain('keep logs on a disk of this computer');
    expect(later).toBe('refused');
  },
  2 * DEAD_PATIENCE_MS,
);
