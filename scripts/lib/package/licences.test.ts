import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../node24.mjs';
import { carried, isPermissive, noticesText } from './licences.ts';

const MODULES = join(ROOT, 'node_modules');

describe('licences', () => {
  it.each(['MIT', 'BSD-3-Clause AND MIT', '(MIT OR GPL-3.0)', 'GPL-2.0 OR Apache-2.0'])('ships %s', (expression) => {
    expect(isPermissive(expression)).toBe(true);
  });

  it.each(['GPL-3.0', 'MPL-2.0', 'MIT AND LGPL-3.0', 'UNLICENSED', '', 'SEE LICENSE IN x', '((MIT OR X) AND Y)'])(
    'does not ship %j',
    (expression) => expect(isPermissive(expression)).toBe(false),
  );

  it('refuses a package that is for development only because of its licence', () => {
    expect(() => carried(MODULES, 'axe-core')).toThrow(/axe-core .* is under "MPL-2.0"/);
  });

  it('reads the words of a package that is shipped', () => {
    const { licence, texts } = carried(MODULES, 'better-sqlite3');
    expect(licence).toBe('MIT');
    expect(texts.join()).toContain('Joshua Wise');
  });

  it('prints a text that many share once', () => {
    const part = (name: string) => ({ name, version: '1.0.0', licence: 'MIT', texts: ['the same words'] });
    const text = noticesText([part('b'), part('a')], 'of the runtime');
    expect(text.match(/the same words/g)).toHaveLength(1);
    expect(text).toContain('a, b');
    expect(text).toContain('of the runtime');
  });
});
