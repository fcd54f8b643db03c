import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { LogPosition } from './position.ts';
import { LogTail, type LogTailLimits } from './tail.ts';

let folder: string;
let path: string;
let seen: string[];
let positions: Map<string, LogPosition>;
const tails: LogTail[] = [];

function messages(events: readonly HostEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'log-line' ? [event.message] : []));
}

/** `pollMs` is long: what is found sooner was told by inotify. */
function follow(limits: Partial<LogTailLimits> = { pollMs: 60_000 }, file = path): LogTail {
  const tail = new LogTail({
    files: [{ path: file, format: 'syslog', isInJournal: false }],
    directories: [folder],
    positions: { load: (name) => positions.get(name), save: (name, position) => positions.set(name, position) },
    health: new HealthRegistry(),
    limits,
    onEvents: (events) => seen.push(...messages(events)),
  });
  tails.push(tail);
  tail.start();
  return tail;
}

function expectSeen(expected: readonly string[]): Promise<void> {
  return vi.waitFor(() => expect(seen).toEqual(expected), { timeout: 45_000, interval: 20 });
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-logs-'));
  path = join(folder, 'test.log');
  seen = [];
  positions = new Map();
});

afterEach(() => {
  for (const tail of tails.splice(0)) tail.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('following a log', () => {
  it('tells what is appended, and not what was there before', async () => {
    writeFileSync(path, 'history\n');
    follow();
    appendFileSync(path, 'one\ntw');
    await expectSeen(['one']);
    appendFileSync(path, 'o\n');
    await expectSeen(['one', 'two']);
  });

  it('reads a file that comes late from its beginning, also in a folder that comes late', async () => {
    const late = join(folder, 'later', 'late.log');
    follow({ pollMs: 50 }, late);
    mkdirSync(join(folder, 'later'));
    writeFileSync(late, 'one\n');
    await expectSeen(['one']);
  });

  it('reads the old file to its end when it is renamed and made anew', async () => {
    writeFileSync(path, '');
    follow();
    appendFileSync(path, 'one\n');
    await expectSeen(['one']);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, 'two\nthree without an end');
    writeFileSync(path, 'four\n');
    await expectSeen(['one', 'two', 'three without an end', 'four']);
  });

  it('begins anew when the file was copied and truncated, even where it is longer again by then', async () => {
    writeFileSync(path, '');
    const tail = follow();
    appendFileSync(path, 'first line\n');
    await expectSeen(['first line']);
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
    appendFileSync(path, 'another line\nand one that makes it longer\n');
    await expectSeen(['first line', 'another line', 'and one that makes it longer']);
    expect(tail.status()).toMatchObject([{ state: 'following', lines: 3, dropped: 0, cut: 0 }]);
  });

  it('goes on after a restart where it was, in the rotated file first', async () => {
    writeFileSync(path, '');
    const before = follow();
    appendFileSync(path, 'one\n');
    await expectSeen(['one']);
    before.stop();
    appendFileSync(path, 'two\n');
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'three\n');
    follow();
    await expectSeen(['one', 'two', 'three']);
  });

  it('reads a file from its beginning whose text was exchanged while nobody looked', async () => {
    writeFileSync(path, '');
    const before = follow();
    appendFileSync(path, 'one\n');
    await expectSeen(['one']);
    before.stop();
    writeFileSync(path, 'other text of more bytes\n');
    follow();
    await expectSeen(['one', 'other text of more bytes']);
  });

  it('follows no link out of its folder, and opens no device', () => {
    const outside = mkdtempSync(join(tmpdir(), 'holdfast-outside-'));
    try {
      writeFileSync(join(outside, 'secret'), 'secret\n');
      symlinkSync(join(outside, 'secret'), path);
      const device = join(folder, 'device.log');
      symlinkSync('/dev/zero', device);
      expect(follow().status()).toMatchObject([{ state: 'refused', detail: expect.stringContaining('leads out') }]);
      expect(follow({}, device).status()).toMatchObject([{ state: 'refused' }]);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('follows a link within its folder', async () => {
    writeFileSync(join(folder, 'real.log'), '');
    symlinkSync('real.log', path);
    follow({ pollMs: 50 });
    appendFileSync(join(folder, 'real.log'), 'one\n');
    await expectSeen(['one']);
  });

  it('cuts long lines and counts those beyond the rate', async () => {
    writeFileSync(path, '');
    const tail = follow({ pollMs: 60_000, maxLineBytes: 8, linesPerSecond: 0.001, burstLines: 3 });
    appendFileSync(path, `${'x'.repeat(100_000)}\nshort\nthird\nfourth\nfifth\n`);
    await expectSeen(['xxxxxxxx', 'short', 'third']);
    expect(tail.status()).toMatchObject([{ lines: 3, dropped: 2, cut: 1 }]);
  });
});
