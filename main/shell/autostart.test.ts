import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { autostartEntry, autostartFile, execWord, setAutostart } from './autostart.ts';

describe('starting at login', () => {
  it('is a desktop entry that comes and goes', () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-autostart-'));
    const path = autostartFile(home);
    const start = { isWanted: true, isHidden: true, command: ['/opt/Holdfast/holdfast-desktop'] };
    setAutostart(path, start);
    expect(readFileSync(path, 'utf8')).toContain('\nExec="/opt/Holdfast/holdfast-desktop" "--hidden"\n');
    setAutostart(path, { ...start, isWanted: false });
    expect(existsSync(path)).toBe(false);
    setAutostart(path, { ...start, isWanted: false });
    rmSync(home, { recursive: true });
  });

  it.each([
    ['/a b', '"/a b"'],
    ['/a"b', '"/a\\\\"b"'],
    ['/a$b`c', '"/a\\\\$b\\\\`c"'],
    ['/100%', '"/100%%"'],
    ['/a\\b', '"/a\\\\\\\\b"'],
  ])('writes %s as %s', (word, wanted) => {
    expect(execWord(word)).toBe(wanted);
  });

  it('takes no word that would be two lines', () => {
    expect(() => autostartEntry({ isWanted: true, isHidden: false, command: ['/a\nExec=evil'] })).toThrow(RangeError);
  });
});
