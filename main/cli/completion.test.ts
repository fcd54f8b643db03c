import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript, SHELLS } from './completion.ts';
import { createProgram } from './program.ts';

const program = createProgram(
  '1.2.3',
  () => Promise.reject(new Error('not run')),
  () => {},
);

describe('completionScript', () => {
  it.each(SHELLS)('knows every command and option in %s', (shell) => {
    const script = completionScript(program, shell);
    for (const word of [
      'analyze',
      'flows',
      'daemon',
      'status',
      'alerts',
      'config',
      'token',
      'pause',
      'resume',
      'journal',
      'dry-run',
      'min-severity',
      'fail-on',
      'data-dir',
    ]) {
      expect(script).toContain(word);
    }
  });

  it('completes in a real bash', () => {
    const complete = (...words: string[]): string[] => {
      const script = `${completionScript(program, 'bash')}
COMP_WORDS=(holdfast ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
      expect(stderr).toBe('');
      return stdout.split('\n').filter((line) => line !== '');
    };
    expect(complete('an')).toEqual(['analyze']);
    expect(complete('alerts', 's')).toEqual(['show']);
    expect(complete('analyze', '--fail-on', 'c')).toEqual(['critical']);
    expect(complete('analyze', '--re')).toEqual(['--report']);
    expect(complete('--verbose', 'config', 'ex')).toEqual(['example']);
    expect(complete('completion', 'f')).toEqual(['fish']);
  });
});
