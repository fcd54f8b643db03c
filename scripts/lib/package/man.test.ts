import { spawnSync } from 'node:child_process';
import { Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../../main/cli/program.ts';
import { findProgram } from '../programs.mjs';
import { manualPage } from './man.ts';

const program = createProgram(
  '1.2.3',
  () => Promise.reject(new Error('described only')),
  () => {},
);
const page = manualPage(program, '1.2.3', '2026-01-02');

describe('the manual page', () => {
  it('says the version and the day', () => {
    expect(page).toContain('.TH HOLDFAST 1 2026-01-02 "holdfast 1.2.3"');
  });

  it('has every command with its options', () => {
    const paths = (command: Command, path: string): string[] =>
      command.commands.length === 0
        ? [path]
        : command.commands.flatMap((child) => paths(child, path === '' ? child.name() : `${path} ${child.name()}`));
    const known = paths(program, '');
    expect(known).toContain('service restore-network');
    for (const path of known) expect(page).toContain(`.SS "${path.replaceAll('-', '\\-')}"\n`);
    expect(page).toContain('.B \\-\\-fail\\-on <level>');
  });

  it('means itself, whatever a description begins with', () => {
    const odd = new Command('holdfast').description('.so /etc/passwd');
    odd.command('x').description("'\\fBbold").addOption(new Option('--a', '.B not a request'));
    const text = manualPage(odd, '1', '2026-01-02');
    expect(text).not.toMatch(/^\.so/m);
    expect(text).not.toMatch(/^\.B not/m);
    expect(text).toContain("\\&'\\efBbold");
  });

  it.skipIf(findProgram('groff') === undefined)('is understood by groff without a word', () => {
    const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-Z'], { input: page, encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
