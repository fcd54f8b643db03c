import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { canReadJournal, JournalReader } from './journal.ts';

const FAST = { firstPauseMs: 10, longestPauseMs: 20 };

let folder: string;
let cursor: string | undefined;
let seen: HostEvent[];
let health: HealthRegistry;
let reader: JournalReader | undefined;

/** Stands in for journalctl: notes its arguments, writes the lines, then waits or ends. */
function imitation(lines: readonly unknown[], end = 'exec sleep 60'): string {
  const path = join(folder, 'journalctl');
  const data = join(folder, 'data');
  writeFileSync(data, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  writeFileSync(path, `#!/bin/sh\necho "$@" >> ${folder}/calls\ncat ${data}\n${end}\n`);
  chmodSync(path, 0o755);
  return path;
}

function calls(): string[] {
  return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
}

function read(command: string): JournalReader {
  reader = new JournalReader({
    command,
    cursors: { load: () => cursor, save: (text) => (cursor = text) },
    health,
    timing: FAST,
    onEvents: (events) => seen.push(...events),
  });
  reader.start();
  return reader;
}

const ENTRY = {
  __CURSOR: 's=1;i=2',
  __REALTIME_TIMESTAMP: '1700000000123456',
  SYSLOG_IDENTIFIER: 'sshd',
  _PID: '42',
  _SYSTEMD_UNIT: 'ssh.service',
  MESSAGE: 'Accepted publickey for alice from 192.0.2.7 port 50000 ssh2: ED25519 SHA256:abc',
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-journal-test-'));
  cursor = undefined;
  seen = [];
  health = new HealthRegistry();
});

afterEach(async () => {
  await reader?.stop();
  reader = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('the journal', () => {
  it('is read into lines and what they tell, and its place is kept', async () => {
    const bytes = {
      ...ENTRY,
      __CURSOR: 's=1;i=3',
      SYSLOG_IDENTIFIER: 'x',
      MESSAGE: [...Buffer.from('odd \xff', 'latin1')],
    };
    const running = read(imitation([ENTRY, 'no json', '["a list"]', bytes]));
    await vi.waitFor(() => expect(seen).toHaveLength(3), { timeout: 45_000 });
    expect(seen).toMatchObject([
      { type: 'log-line', service: 'sshd', unit: 'ssh.service', pid: 42, timeMs: 1_700_000_000_123.456 },
      { type: 'login', user: 'alice', isSuccess: true, method: 'publickey', remoteAddress: '192.0.2.7' },
      { type: 'log-line', service: 'syslog', message: 'odd \ufffd' },
    ]);
    await running.stop();
    expect(cursor).toBe('s=1;i=3');
    expect(calls()[0]).toContain('--lines=0');
  });

  it('joins audit records that come by the journal', async () => {
    const audit = (type: string, text: string) => ({
      __CURSOR: 's=1;i=4',
      __REALTIME_TIMESTAMP: '1700000000123456',
      _TRANSPORT: 'audit',
      _AUDIT_TYPE_NAME: type,
      _AUDIT_ID: '7',
      MESSAGE: `${type} ${text}`,
    });
    read(
      imitation([
        audit('SYSCALL', 'arch=c000003e syscall=59 success=yes ppid=1 pid=9 uid=0 exe="/usr/bin/id" comm="id"'),
        audit('EXECVE', 'argc=2 a0="id" a1="-u"'),
        audit('PROCTITLE', 'proctitle=6964002D75'),
      ]),
    );
    await vi.waitFor(() => expect(seen.map(({ type }) => type)).toContain('process-start'), { timeout: 45_000 });
    expect(seen.at(-1)).toMatchObject({ process: { pid: 9, image: '/usr/bin/id', arguments: ['id', '-u'] } });
  });

  it('goes on after the kept entry, and gives a place up that journalctl does not find', async () => {
    cursor = 's=lost;i=1';
    read(imitation([], 'exit 1'));
    await vi.waitFor(() => expect(calls().length).toBeGreaterThanOrEqual(3), { timeout: 45_000 });
    expect(calls()[0]).toContain('--no-tail --after-cursor=s=lost;i=1');
    expect(calls()[2]).toContain('--lines=0');
    expect(JSON.stringify(health.report())).toMatch(/journalctl (ended|failed)/);
  });

  it('says plainly where there is none', () => {
    expect(canReadJournal([join(folder, 'nothing')])).toMatchObject({
      ok: false,
      detail: expect.stringContaining('journalctl is not there'),
    });
    expect(canReadJournal(['/bin/sh'], join(folder, 'nothing'))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('not running'),
    });
    expect(canReadJournal(['/bin/sh'], '/bin/sh')).toMatchObject({ ok: true });
  });
});
