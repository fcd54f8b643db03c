import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  enableService,
  type FileFacts,
  INSTALLED_COMMAND,
  isRootOwned,
  isServiceInstalled,
  PKEXEC,
  whyNotEnable,
} from './elevate.ts';

const PROGRAM = { node: '/opt/app/node', command: '/opt/app/holdfast.js' };
const fine = { platform: 'linux', exists: (path: string) => path !== INSTALLED_COMMAND, isRootOwned: () => true };

describe('whether full protection can be enabled', () => {
  it('needs Linux, systemd, polkit, and programs that only root can change', () => {
    expect(whyNotEnable(PROGRAM, fine)).toBeUndefined();
    expect(whyNotEnable(PROGRAM, { ...fine, platform: 'darwin' })).toContain('Linux');
    const without = (path: string) => ({ ...fine, exists: (each: string) => fine.exists(each) && each !== path });
    expect(whyNotEnable(PROGRAM, without('/run/systemd/system'))).toContain('systemd');
    expect(whyNotEnable(PROGRAM, without(PKEXEC))).toContain('pkexec');
    expect(whyNotEnable(PROGRAM, without('/opt/app/node'))).toContain('/opt/app/node is missing');
    expect(whyNotEnable(PROGRAM, { ...fine, isRootOwned: (path) => path !== '/opt/app/node' })).toContain(
      '/opt/app/node could be changed by others',
    );
  });

  it('takes a file that others can write, own or replace for theirs', () => {
    expect(isRootOwned('/etc/passwd')).toBe(true);
    expect(isRootOwned('/no/such/file')).toBe(false);
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-owner-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/node'), '');
    // Everybody can write to the folder for temporary files above it.
    expect(isRootOwned(join(folder, 'bin/node'))).toBe(false);
    symlinkSync('/etc/passwd', join(folder, 'link'));
    expect(isRootOwned(join(folder, 'link'))).toBe(false);
    rmSync(folder, { recursive: true });
  });
});

describe('who can change a program', () => {
  /** Owners and rights by path; what is not named is a folder of root's. */
  const filesOf = (odd: Readonly<Record<string, { uid?: number; mode?: number; to?: string }>>): FileFacts => ({
    stat: (path) => {
      const { uid = 0, mode = 0o755, to } = odd[path] ?? {};
      return { uid, mode: to === undefined ? mode : 0o777, isSymbolicLink: () => to !== undefined };
    },
    linkTarget: (path) => odd[path]?.to ?? '',
  });
  const link = { '/usr/lib/holdfast': { to: '/opt/Holdfast/resources/engine' } };

  it('is nobody but root where a desktop package links to its own tree', () => {
    expect(isRootOwned(INSTALLED_COMMAND, filesOf(link))).toBe(true);
  });

  it.each([
    ['the link', { '/usr/lib/holdfast': { ...link['/usr/lib/holdfast'], uid: 1_000 } }],
    ['what it leads to', { ...link, '/opt/Holdfast/resources/engine': { uid: 1_000 } }],
    ['a folder above that', { ...link, '/opt': { mode: 0o777 } }],
    ['a link on the way there', { ...link, '/opt/Holdfast': { to: '../home/eve/app' }, '/home/eve': { uid: 1_000 } }],
    ['a link to itself', { '/usr/lib/holdfast': { to: 'holdfast' } }],
    ['the program', { ...link, [INSTALLED_COMMAND]: { mode: 0o775 } }],
  ])('is somebody else who has %s', (_what, odd) => {
    expect(isRootOwned(INSTALLED_COMMAND, filesOf(odd))).toBe(false);
  });
});

describe('enabling full protection', () => {
  const outcomeOf = (code: number | null, output = '') =>
    enableService(PROGRAM, async () => ({ code, output }), fine.exists);

  it('runs one fixed command, the installed one where there is one', async () => {
    const ran: unknown[] = [];
    const run = async (file: string, args: readonly string[]) => {
      ran.push([file, ...args]);
      return { code: 0, output: '' };
    };
    await enableService(PROGRAM, run, fine.exists);
    await enableService(PROGRAM, run, () => true);
    expect(ran).toEqual([
      [PKEXEC, PROGRAM.node, PROGRAM.command, 'service', 'install'],
      [PKEXEC, INSTALLED_COMMAND, 'service', 'install'],
    ]);
  });

  it('runs the launcher of a package, which polkit knows, and checks all that it runs', async () => {
    const packaged = { ...PROGRAM, launcher: '/opt/Holdfast/resources/engine/holdfast' };
    const ran: (readonly string[])[] = [];
    const run = async (file: string, args: readonly string[]) => {
      ran.push([file, ...args]);
      return { code: 0, output: '' };
    };
    await enableService(packaged, run, () => false);
    expect(ran).toEqual([[PKEXEC, packaged.launcher, 'service', 'install']]);
    const exists = (path: string) => path !== INSTALLED_COMMAND;
    for (const foreign of [packaged.launcher, packaged.node, packaged.command]) {
      const system = { platform: 'linux', exists, isRootOwned: (path: string) => path !== foreign };
      expect(whyNotEnable(packaged, system)).toContain(foreign);
    }
  });

  it('says in words how it went', async () => {
    expect(await outcomeOf(0)).toMatchObject({ outcome: 'enabled' });
    expect(await outcomeOf(126)).toMatchObject({ outcome: 'cancelled', message: expect.stringContaining('Nothing') });
    expect(await outcomeOf(127)).toMatchObject({ outcome: 'failed' });
    expect(await outcomeOf(null)).toMatchObject({ outcome: 'failed', message: expect.stringContaining('no reason') });
    expect((await outcomeOf(3, 'x\nholdfast: The disk is \u001b[2Jfull.')).message).toBe(
      'The service was not installed: The disk is \\u{1b}[2Jfull.',
    );
  });

  it('knows the service by its unit', () => {
    expect(isServiceInstalled((path) => path === '/usr/lib/systemd/system/holdfast.service')).toBe(true);
    expect(isServiceInstalled(() => false)).toBe(false);
  });
});
