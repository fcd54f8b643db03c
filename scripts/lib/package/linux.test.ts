/** The files for Linux systems, by the tools that read them there. A tool that is missing skips its test. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../node24.mjs';
import { findProgram } from '../programs.mjs';

const FOLDER = join(ROOT, 'assets/linux');
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

const POLKIT_DTD = '/usr/share/polkit-1/policyconfig-1.dtd';

interface Check {
  readonly what: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly needs?: string;
}

const CHECKS: readonly Check[] = [
  { what: 'the desktop file', program: 'desktop-file-validate', args: ['holdfast.desktop'] },
  {
    what: 'the polkit policy',
    program: 'xmllint',
    args: ['--noout', '--nonet', '--dtdvalid', POLKIT_DTD, 'org.holdfast.service.policy'],
    needs: POLKIT_DTD,
  },
  {
    what: 'the AppArmor profile',
    program: 'apparmor_parser',
    args: ['--skip-kernel-load', '--skip-cache', 'holdfast.apparmor'],
    needs: '/etc/apparmor.d/abi/3.0',
  },
  {
    what: 'the description for software centres',
    program: 'appstreamcli',
    args: ['validate', '--no-net', 'org.holdfast.Holdfast.metainfo.xml'],
  },
];

describe.each(CHECKS)('$what', ({ program, args, needs = '/' }) => {
  it.skipIf(findProgram(program) === undefined || !existsSync(needs))(`is right, says ${program}`, () => {
    const { status, stdout, stderr } = spawnSync(findProgram(program) ?? program, args, {
      cwd: FOLDER,
      encoding: 'utf8',
    });
    expect({ status, said: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  });
});

describe('scripts', () => {
  const scripts = [
    'launcher.sh',
    ...['deb', 'desktop'].flatMap((folder) => readdirSync(join(FOLDER, folder)).map((name) => join(folder, name))),
  ];

  it.each(scripts)('%s is understood by a plain shell', (name) => {
    const { status, stderr } = spawnSync('sh', ['-n', join(FOLDER, name)], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('places', () => {
  it('are the same in the unit, the policy and the profile', () => {
    const launcher = '/usr/lib/holdfast/holdfast';
    expect(read('holdfast.service')).toContain(`ExecStart=${launcher} daemon\n`);
    expect(read('org.holdfast.service.policy')).toContain(`>${launcher}</annotate>`);
    expect(read('holdfast.apparmor')).toMatch(
      /^@\{HOLDFAST\} = \/usr\/lib\/holdfast \/opt\/Holdfast\/resources\/engine$/m,
    );
    expect(read('holdfast.service')).toContain('AppArmorProfile=-holdfast\n');
    expect(read('holdfast.apparmor')).toMatch(/^profile holdfast /m);
  });

  it('have a profile that allows every capability of the unit, and no other', () => {
    const unit = /^CapabilityBoundingSet=(.*)$/m.exec(read('holdfast.service'))?.[1].split(' ') ?? [];
    const profile = [...read('holdfast.apparmor').matchAll(/^ {2}capability (\w+),$/gm)].map(([, name]) => name);
    expect(unit.map((name) => name.replace('CAP_', '').toLowerCase()).sort()).toEqual(profile.sort());
  });
});
