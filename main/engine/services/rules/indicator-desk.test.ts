import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { indicatorSettings } from '../../indicators/index.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import type { JournalInput } from '../../store/index.ts';
import { IndicatorDesk } from './indicator-desk.ts';

let folder: string;
let files: string[];
let journal: JournalInput[];
let changes: number;
let health: HealthRegistry;

function openDesk(maximumMebibytes = 1): IndicatorDesk {
  journal = [];
  changes = 0;
  health = new HealthRegistry();
  const desk = new IndicatorDesk({
    directory: join(folder, 'indicators'),
    settings: () => ({ ...defaultsOf(indicatorSettings), maximumMebibytes, files }),
    seed: 7,
    userId: process.geteuid?.() ?? 0,
    health,
    journal: (entry) => journal.push(entry),
    onChange: () => {
      changes++;
    },
  });
  desk.load();
  return desk;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-desk-'));
  files = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const piece = (text: string, offset: number, isLast: boolean) => ({ offset, isLast, bytes: Buffer.from(text) });

it('begins with the built-in list alone, and says how it is doing', () => {
  const desk = openDesk();
  expect(desk.lists()).toMatchObject([{ name: 'built-in', isOwn: false, entries: 3 }]);
  expect(health.report().entries).toMatchObject([{ part: 'indicators', state: 'ok', counters: { indicators: 3 } }]);
});

it('takes a list in by pieces, and what it says is in force, also after a restart', async () => {
  const desk = openDesk();
  expect(await desk.importPiece('a.txt', piece('evil.ex', 0, false), 'ann')).toEqual({ receivedBytes: 7, list: null });
  const { list } = await desk.importPiece('a.txt', piece('ample\n', 7, true), 'ann');
  expect(list).toMatchObject({ name: 'a.txt', isOwn: true, entries: 1 });
  expect(desk.check('www.evil.example')).toMatchObject([{ type: 'domain', source: 'a.txt' }]);
  expect(changes).toBe(1);
  expect(journal).toMatchObject([{ actor: 'ann', action: 'indicators-imported', subject: 'a.txt' }]);
  const again = openDesk();
  expect(again.check('evil.example')).toHaveLength(1);
  await again.remove('a.txt', 'ann');
  expect(again.check('evil.example')).toEqual([]);
  expect(existsSync(join(folder, 'indicators', 'a.txt'))).toBe(false);
});

it('takes no piece out of order, no list without indicators, none that is too large', async () => {
  const desk = openDesk();
  await expect(desk.importPiece('a.txt', piece('x', 5, true), 'ann')).rejects.toThrow(/does not follow/);
  await expect(desk.importPiece('a.txt', piece('nothing here\n', 0, true), 'ann')).rejects.toThrow(/no indicator/);
  const large = 'a'.repeat(1024 * 1024);
  await desk.importPiece('b.txt', piece(large, 0, false), 'ann');
  await expect(desk.importPiece('b.txt', piece('b', large.length, true), 'ann')).rejects.toThrow(/larger than 1 MiB/);
  for (const name of ['one.txt', 'two.txt', 'three.txt']) await desk.importPiece(name, piece('a', 0, false), 'ann');
  await expect(desk.importPiece('one.txt', piece('b', 1, true), 'ann')).rejects.toThrow(/does not follow/);
  expect(changes).toBe(0);
});

it('puts nothing that it could not read in the place of a list that it can', async () => {
  const desk = openDesk();
  await desk.importText('a.txt', 'evil.example\n', 'ann');
  const large = `worse.example\n#${'é'.repeat(600_000)}`;
  await expect(desk.importText('a.txt', large, 'ann')).rejects.toThrow(/larger than 1 MiB/);
  expect(openDesk().check('evil.example')).toHaveLength(1);
});

it('tells in Health of a list that cannot be read, and goes on with the others', async () => {
  const good = join(folder, 'good.txt');
  writeFileSync(good, 'evil.example\nrubbish here\n', { mode: 0o600 });
  files = [join(folder, 'missing.txt'), good];
  const desk = openDesk();
  expect(desk.size).toBe(4);
  expect(desk.lists().map(({ failure }) => failure?.code)).toEqual([undefined, 'list-not-readable', undefined]);
  expect(health.report().entries).toMatchObject([{ state: 'degraded', detail: expect.stringContaining('1 line') }]);
  writeFileSync(good, 'evil.example\nworse.example\n');
  files = [good];
  await desk.reload('ann');
  expect(desk.size).toBe(5);
  expect(health.report().state).toBe('ok');
  expect(journal).toMatchObject([{ action: 'indicators-reloaded' }]);
});
