import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { SocketOwners } from './owners.ts';
import type { SocketOwner } from './records.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A /proc of processes with descriptors. */
function proc(processes: Readonly<Record<number, readonly string[]>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-owners-test-'));
  folders.push(folder);
  for (const [pid, links] of Object.entries(processes)) {
    mkdirSync(join(folder, pid, 'fd'), { recursive: true });
    for (const [number, link] of links.entries()) symlinkSync(link, join(folder, pid, 'fd', String(number)));
    const fields = ['S', '7', ...Array.from({ length: 17 }, () => '0'), '123', '0'];
    writeFileSync(join(folder, pid, 'stat'), `${pid} (a) b) ${fields.join(' ')}`);
    writeFileSync(join(folder, pid, 'status'), 'Name:\ta\nUid:\t1000\t0\t0\t0\n');
    symlinkSync('/usr/bin/program (deleted)', join(folder, pid, 'exe'));
  }
  return folder;
}

function ask(owners: SocketOwners, inode: number): Promise<SocketOwner | undefined> {
  return new Promise((resolve) => owners.ask(inode, resolve));
}

describe('SocketOwners', () => {
  it('finds who has a socket open, and says when nobody has', async () => {
    const folder = proc({ 10: ['/dev/null', 'socket:[77]'], 11: ['socket:[78]', 'pipe:[99]', 'socket:[x]'] });
    const owners = new SocketOwners({ clock: systemClock, folder });
    const answers = await Promise.all([77, 78, 99, 77].map((inode) => ask(owners, inode)));
    expect(answers.map((owner) => owner?.pid)).toEqual([10, 11, undefined, 10]);
    expect(answers[0]).toEqual({
      pid: 10,
      parentPid: 7,
      startNs: 1_230_000_000,
      users: { uid: 1000, euid: 0 },
      name: 'a) b',
      image: '/usr/bin/program',
      isImageDeleted: true,
    });
    expect(owners.unanswered).toBe(1);
    expect(await ask(owners, 78)).toMatchObject({ pid: 11 });
  });

  it('answers all that wait when it closes, and more than it holds', async () => {
    const owners = new SocketOwners({ clock: systemClock, folder: proc({}) });
    const answers: unknown[] = [];
    for (let inode = 1; inode <= 9_000; inode++) owners.ask(inode, (owner) => answers.push(owner));
    expect(answers.length).toBe(9_000 - 8_192);
    owners.close();
    expect(answers.length).toBe(9_000);
  });

  it.runIf(process.platform === 'linux')('finds a socket of this process in the real /proc', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((text) => text.includes(wanted));
    const inode = Number(line?.trim().split(/\s+/)[9]);
    const owners = new SocketOwners({ clock: systemClock });
    expect(await ask(owners, inode)).toMatchObject({ pid: process.pid });
    server.close();
  });
});
