/** The sensor on a real system: in mount and process namespaces that the test makes. Needs root. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';

const canUnshare =
  process.geteuid?.() === 0 &&
  existsSync('/etc/cron.d') &&
  spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', '--propagation', 'private', 'true']).status === 0;

describe.skipIf(!canUnshare)('SystemSensor on a real system', () => {
  it('tells a new cron job at once, and a mount', () => {
    const script = join(import.meta.dirname, 'testing/watch-once.ts');
    const unshare = ['--mount', '--pid', '--fork', '--mount-proc', '--propagation', 'private'];
    const run = spawnSync('unshare', [...unshare, process.execPath, script], { encoding: 'utf8', timeout: 50_000 });
    expect(run.stderr).toBe('');
    const { noticedMs, events } = JSON.parse(run.stdout) as { noticedMs: number; events: readonly HostEvent[] };
    expect(events).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          type: 'autostart-change',
          place: 'crontab',
          action: 'added',
          path: '/etc/cron.d/holdfast-test',
          user: 'root',
        }),
        expect.objectContaining({ type: 'mount-change', action: 'mounted', path: '/mnt', fileSystem: 'tmpfs' }),
      ]),
    );
    // Far below the second in which an alert has to be there, and far above what a busy test machine takes.
    expect(noticedMs).toBeLessThan(5_000);
    expect(existsSync('/etc/cron.d/holdfast-test')).toBe(false);
  });
});
