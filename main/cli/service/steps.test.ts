import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminUnit, installSteps, serviceState, type Target, uninstallSteps } from './steps.ts';
import type { System } from './system.ts';
import { isOurUnit, unitText } from './unit.ts';

/** systemctl with a unit in the given state, which remembers what it was asked to do. */
function systemd(properties: Readonly<Record<string, string>>, calls: string[]): System {
  return {
    userId: 0,
    hasSystemd: true,
    find: () => '/usr/bin/systemctl',
    run: (_path, args) => {
      if (args[0] !== 'show') calls.push(args.join(' '));
      const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
      return { code: 0, stdout: lines.join(''), stderr: '' };
    },
  };
}

const ABSENT = { LoadState: 'not-found', UnitFileState: '', ActiveState: 'inactive', MainPID: '0' };
const RUNNING = { LoadState: 'loaded', UnitFileState: 'enabled', ActiveState: 'active', MainPID: '77' };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-service-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const TEXT = unitText('/opt/holdfast/holdfast');

function withSystemd(properties: Readonly<Record<string, string>>, calls: string[] = []): Target {
  return { system: systemd(properties, calls), systemctl: '/usr/bin/systemctl', root };
}

describe('the unit', () => {
  it('names the program everywhere, and is marked as ours', () => {
    expect(TEXT).toContain('ExecStart=/opt/holdfast/holdfast daemon');
    expect(TEXT).toContain('ExecStopPost=+/opt/holdfast/holdfast service restore-network');
    expect(TEXT).not.toContain('/usr/lib/holdfast');
    expect(isOurUnit(TEXT)).toBe(true);
  });

  it.each(['/opt/my holdfast/x', '/opt/%h/x', '/opt/$HOME/x', '/opt/a\nExecStart=/bin/sh', 'relative/x', '/opt/"x"'])(
    'refuses the path %j, which systemd would read otherwise',
    (path) => expect(() => unitText(path)).toThrow(/cannot be started/),
  );

  it.each(['/root/holdfast/bin/holdfast', '/home/eve/holdfast', '/tmp/x/holdfast', '/var/tmp/holdfast'])(
    'refuses %s, which the service would not see',
    (path) => expect(() => unitText(path)).toThrow(/sees no home/),
  );
});

describe('installing', () => {
  it('writes the unit, reads it, enables it and starts it', () => {
    const calls: string[] = [];
    for (const step of installSteps(withSystemd(ABSENT, calls), TEXT)) step.perform();
    expect(calls).toEqual(['daemon-reload', 'enable --quiet holdfast.service', 'start holdfast.service']);
    expect(readFileSync(join(root, 'etc/systemd/system/holdfast.service'), 'utf8')).toBe(TEXT);
  });

  it('has nothing to do the second time', () => {
    for (const step of installSteps(withSystemd(ABSENT), TEXT)) step.perform();
    expect(installSteps(withSystemd(RUNNING), TEXT)).toEqual([]);
  });

  it('starts a running service anew when its unit has changed', () => {
    const calls: string[] = [];
    for (const step of installSteps(withSystemd(RUNNING, calls), TEXT)) step.perform();
    expect(calls).toEqual(['daemon-reload', 'restart holdfast.service']);
  });

  it('writes no unit where the package has one', () => {
    const target = withSystemd({ ...ABSENT, LoadState: 'loaded', UnitFileState: 'disabled' });
    for (const step of installSteps(target, undefined)) step.perform();
    expect(adminUnit(target)).toBeUndefined();
  });

  it('only writes files below another root', () => {
    const target: Target = { system: systemd(ABSENT, []), systemctl: undefined, root };
    for (const step of installSteps(target, TEXT)) step.perform();
    const link = join(root, 'etc/systemd/system/multi-user.target.wants/holdfast.service');
    expect(readlinkSync(link)).toBe('/etc/systemd/system/holdfast.service');
    expect(installSteps(target, TEXT)).toEqual([]);
    for (const step of uninstallSteps(target, true)) step.perform();
    expect(adminUnit(target)).toBeUndefined();
    expect(uninstallSteps(target, false)).toEqual([]);
  });
});

describe('uninstalling', () => {
  it('stops, disables and removes', () => {
    const calls: string[] = [];
    const target = withSystemd(RUNNING, calls);
    for (const step of installSteps(target, TEXT)) step.perform();
    calls.length = 0;
    for (const step of uninstallSteps(target, true)) step.perform();
    expect(calls).toEqual(['stop holdfast.service', 'disable --quiet holdfast.service', 'daemon-reload']);
    expect(adminUnit(target)).toBeUndefined();
  });

  it('has nothing to do where nothing is installed', () => {
    expect(uninstallSteps(withSystemd(ABSENT), false)).toEqual([]);
  });
});

describe('the state', () => {
  it('is what systemd says', () => {
    expect(serviceState(withSystemd(RUNNING))).toMatchObject({ load: 'loaded', enabled: 'enabled', mainPid: 77 });
  });
});
