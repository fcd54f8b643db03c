import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUTOSTART_PLACES } from '../../../../contract/events.ts';
import { AUTOSTART_ROWS, homeRowOf, mayBeHomeRow, mayBeSystemRow, systemRowOf } from './index.ts';

/** A path that a row is of. */
function example(folder: string, endings: readonly string[] | undefined): string {
  return `${folder.replaceAll('*', '1')}/${endings?.[0]?.startsWith('.') === false ? '' : 'x'}${endings?.[0] ?? ''}`;
}

describe('AUTOSTART_ROWS', () => {
  it('has a row for every place, and none that looks at nothing', () => {
    expect(new Set(AUTOSTART_ROWS.map(({ place }) => place))).toEqual(new Set(AUTOSTART_PLACES));
    for (const { files, folders, homeFiles, homeFolders } of AUTOSTART_ROWS)
      expect([files, folders, homeFiles, homeFolders].flat().filter(Boolean).length).toBeGreaterThan(0);
  });

  it('finds the place of everything that a row names', () => {
    for (const { place, files = [], folders = [], homeFiles = [], homeFolders = [], endings } of AUTOSTART_ROWS) {
      for (const path of [...files, ...folders.map((folder) => example(folder, endings))]) {
        expect(path).toMatch(/^\/.*[^/]$/);
        expect(systemRowOf(path)?.place, path).toBe(place);
        expect(mayBeSystemRow(path), path).toBe(true);
      }
      for (const rest of [...homeFiles, ...homeFolders.map((folder) => example(folder, endings))]) {
        expect(rest).toMatch(/^\.[^/]/);
        expect(homeRowOf(rest)?.place, rest).toBe(place);
        expect(mayBeHomeRow(rest), rest).toBe(true);
      }
    }
  });

  it('leaves alone what lies beside, below where only the folder counts, or is not done', () => {
    for (const path of [
      '',
      '/',
      '/etc',
      '/etc/hosts',
      '/etc/cron.dx/y',
      '/etc/cron.d/x.dpkg-new',
      '/etc/ssh/ssh_host_ed25519_key.pub',
      '/etc/security/opasswd',
      '/etc/systemd/system/x.txt',
      '/usr/lib/python3/dist-packages/x/y.pth',
      '/usr/lib/python3/dist-packages/x.py',
      '/usr/lib/python2/dist-packages/x.pth',
      '/usr/lib/x/security/pam_x.so',
      '/usr/share/dbus-1/interfaces/x.xml',
      '/usr/share/git-core/templates/hooks/pre-commit.sample',
      '/var/lib/dpkg/info/cron.list',
      '/var/lib/docker/x',
      '/proc/sys/fs/binfmt_misc/register',
      '/proc/sys/kernel/pid_max',
    ])
      expect(systemRowOf(path), path).toBeUndefined();
    for (const rest of ['', '.ssh/known_hosts', '.config/x/autostart/y.desktop', '.git/config', 'notes/.bashrc'])
      expect(homeRowOf(rest), rest).toBeUndefined();
  });

  it('takes any path', () => {
    const part = fc.constantFrom('etc', 'usr', 'lib', 'python3', '*', '', '..', 'systemd', 'system', 'x.service', '\n');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part).map((parts) => `/${parts.join('/')}`),
          fc.string(),
        ),
        (path) => {
          if (systemRowOf(path) !== undefined) expect(mayBeSystemRow(path)).toBe(true);
          if (homeRowOf(path) !== undefined) expect(mayBeHomeRow(path)).toBe(true);
        },
      ),
    );
  });
});
