import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../runtime/failure.ts';
import type { JournalInput } from '../../store/index.ts';
import { CanaryDesk } from './canary-desk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'canary-desk-'));
  for (const name of ['data', 'share']) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

function deskOf(enabled: boolean) {
  const journal: JournalInput[] = [];
  const told: (readonly string[])[] = [];
  const desk = new CanaryDesk({
    dataDirectory: join(folder, 'data'),
    settings: () => ({ enabled, folders: [join(folder, 'share')] }),
    nowMs: () => 1_700_000_000_000,
    journal: (entry) => journal.push(entry),
    onPaths: (paths) => told.push(paths),
    homes: () => [],
  });
  return { desk, journal, told };
}

describe('CanaryDesk', () => {
  it('places nothing unless the setting lets it', () => {
    const { desk } = deskOf(false);
    expect(() => desk.place('user ann')).toThrow(FailureError);
    expect(readdirSync(join(folder, 'share'))).toEqual([]);
    expect(desk.list()).toEqual({ isAllowed: false, canaries: [] });
  });

  it('tells who watches for changes which they are, and the journal who placed and removed them', () => {
    const { desk, journal, told } = deskOf(true);
    const { paths } = desk.place('user ann');
    expect(paths).toHaveLength(2);
    expect(desk.list().canaries).toMatchObject([{ state: 'placed' }, { state: 'placed' }]);
    // Removing needs no setting: what was placed must not stay because somebody changed their mind.
    const other = deskOf(false);
    expect(other.desk.remove('user ben')).toEqual({ paths, problems: [] });
    expect([...told, ...other.told]).toEqual([paths, []]);
    expect([...journal, ...other.journal]).toMatchObject([
      { actor: 'user ann', action: 'canaries-placed' },
      { actor: 'user ben', action: 'canaries-removed' },
    ]);
  });
});
