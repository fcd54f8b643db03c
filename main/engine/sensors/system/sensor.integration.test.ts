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

const canFilter =
  process.geteuid?.() === 0 &&
  existsSync('/usr/sbin/nft') &&
  spawnSync('unshare', ['--net', '/usr/sbin/nft', 'add', 'table', 'inet', 'test']).status === 0;

describe.skipIf(!canFilter)('SystemSensor on a real firewall', () => {
  it('tells a new rule, a policy that lets everything through, and rules that are gone', () => {
    const script = join(import.meta.dirname, 'testing/watch-firewall.ts');
    const run = spawnSync('unshare', ['--net', process.execPath, script], { encoding: 'utf8', timeout: 90_000 });
    expect(run.stderr).toBe('');
    const facts = { type: 'firewall-change', tool: 'nftables', table: 'inet test' };
    expect(JSON.parse(run.stdout)).toEqual([
      expect.objectContaining({ ...facts, action: 'changed', rulesBefore: 2, rulesAfter: 3 }),
      expect.objectContaining({ ...facts, action: 'opened', chain: 'input', hook: 'input', rulesAfter: 3 }),
      expect.objectContaining({ ...facts, action: 'flushed', rulesBefore: 3, rulesAfter: 0 }),
    ]);
  }, 100_000);
});

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
