import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GUIDE_PATH, markdownTable, withTables } from './guide-tables.ts';

describe('the user guide', () => {
  it('says what the code says; "npm run guide" brings it up to date', () => {
    const guide = readFileSync(GUIDE_PATH, 'utf8');
    expect(guide === withTables(guide), 'docs/user-guide.md is out of date: run "npm run guide"').toBe(true);
  });
});

describe('withTables', () => {
  const tables = { one: () => 'new' };

  it('replaces what is between the markers, and nothing else', () => {
    const guide = 'a\n<!-- generated: one -->\nold\n<!-- end of generated -->\nb\n';
    const written = 'a\n<!-- generated: one -->\n\nnew\n\n<!-- end of generated -->\nb\n';
    expect(withTables(guide, tables)).toBe(written);
    expect(withTables(written, tables)).toBe(written);
  });

  it('refuses markers without an end, without a table, and tables without a marker', () => {
    expect(() => withTables('<!-- generated: one -->\n', tables)).toThrow('has no end');
    expect(() => withTables('<!-- generated: two -->\n', tables)).toThrow('"two"');
    expect(() => withTables('', tables)).toThrow('no place for: one');
  });
});

describe('markdownTable', () => {
  it('keeps cells in their row', () => {
    expect(markdownTable(['a', 'b'], [['x|y', 'two\n lines']])).toBe('| a | b |\n|---|---|\n| x\\|y | two lines |');
  });
});
