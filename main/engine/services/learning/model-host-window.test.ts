import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TABLE_COLUMNS } from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HostWindow } from './model-host-window.ts';

const LINE = '  0: 0100007F:%LOCAL 0200007F:01BB %STATE 00000000:00000000 00:00000000 00000000 0 0 1 1 0 20 4 30 10 -1';
const socket = (local: string, state: string): string => LINE.replace('%LOCAL', local).replace('%STATE', state);

let folder: string;
let clock: ManualClock;
let rows: Map<string, number>[];
let host: HostWindow;

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-host-'));
  for (const name of ['1', '77', 'net', 'sys']) mkdirSync(join(folder, name));
  write({
    stat: 'cpu  100 0 100 800 0 0 0 0 0 0\nprocesses 500\n',
    meminfo: 'MemTotal:  1000 kB\nMemAvailable:  250 kB\nSwapTotal:  0 kB\nSwapFree:  0 kB\n',
    loadavg: '1.50 1.00 0.50 1/200 777\n',
    diskstats: '   8 0 sda 5 0 100 9 7 0 200 9 0 0 0\n   8 1 sda1 5 0 100 9 7 0 200 9 0 0 0\n',
    'net/tcp': [
      '  sl  local',
      socket('0100007F:0050', '0A'),
      socket('0100007F:0050', '01'),
      socket('01:9C40', '01'),
    ].join('\n'),
  });
  clock = new ManualClock(1_700_000_000_000);
  rows = [];
  host = new HostWindow({
    clock,
    columns: TABLE_COLUMNS.host.length,
    ownAddresses: () => new Set(['10.0.0.5']),
    onRow: (_timeMs, values) =>
      rows.push(new Map(TABLE_COLUMNS.host.map(({ name }, column) => [name, values[column]]))),
    procDirectory: folder,
  });
});
afterEach(() => {
  host.stop();
  rmSync(folder, { recursive: true });
});

const flow = (initiator: string, responder: string) =>
  ({
    initiator,
    responder,
    initiatorBytes: 10,
    responderBytes: 200,
    initiatorPackets: 1,
    responderPackets: 2,
  }) as RecordedFlow;

describe('ten seconds of the computer', () => {
  it('count sockets again when the totals of the kernel say that some came or went, and once a minute', () => {
    const totals = (opened: number): string =>
      `Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs\n` +
      `Tcp: 1 200 120000 -1 ${opened} 7 0 0 2 99\n`;
    const seen = (): readonly unknown[] =>
      rows.map((row) => [row.get('listening_sockets'), row.get('outgoing_sockets')]);
    write({
      'net/snmp': totals(1),
      'net/sockstat': 'sockets: used 9\nTCP: inuse 3 orphan 0\n',
      'net/sockstat6': 'TCP6: inuse 0\n',
    });
    host.start();
    clock.advance(10_000);
    write({ 'net/tcp': ['  sl  local', socket('01:9C40', '01'), socket('01:9C41', '01')].join('\n') });
    clock.advance(10_000);
    expect(seen()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    write({ 'net/snmp': totals(2) });
    clock.advance(10_000);
    expect(seen().at(-1)).toEqual([0, 2]);
    write({ 'net/tcp': '  sl  local\n' });
    clock.advance(50_000);
    expect(seen().at(-1)).toEqual([0, 2]);
    clock.advance(10_000);
    expect(seen().at(-1)).toEqual([0, 0]);
    write({ 'net/sockstat6': 'TCP6: inuse 1\n', 'net/tcp': ['  sl  local', socket('01:9C42', '01')].join('\n') });
    clock.advance(10_000);
    expect(seen().at(-1)).toEqual([0, 1]);
  });

  it('are a row of what the sensors counted, without what they did not see all the time', () => {
    const activity = {
      processExits: 2,
      newExecutables: 1,
      privilegedCommands: 0,
      fileWrites: 7,
      fileRenames: 0,
      fileDeletions: 0,
      logins: 0,
      failedLogins: 3,
    };
    const seen = { processes: true, files: true, sockets: true, logs: false };
    host.start();
    host.takeActivity(activity, seen);
    host.takeActivity(activity, seen);
    clock.advance(10_000);
    expect(rows[0].get('process_exits')).toBe(4);
    expect(rows[0].get('file_writes')).toBe(14);
    expect(rows[0].get('failed_logins')).toBeNaN();
    host.takeActivity(activity, { ...seen, files: false });
    host.takeActivity(activity, { ...seen, logs: true });
    clock.advance(10_000);
    expect(rows[1].get('process_exits')).toBe(4);
    expect(rows[1].get('file_writes')).toBeNaN();
    clock.advance(10_000);
    expect(rows[2].get('process_exits')).toBeNaN();
    expect(rows[2].get('users')).toBe(1);
  });

  it('are a row of what /proc says and what was talked', () => {
    host.start();
    host.takeFlows([flow('10.0.0.5', '192.0.2.1'), flow('192.0.2.2', '10.0.0.5'), flow('192.0.2.3', '192.0.2.4')]);
    write({
      stat: 'cpu  130 0 120 850 0 0 0 0 0 0\nprocesses 512\n',
      diskstats: '   8 0 sda 5 0 110 9 7 0 260 9 0 0 0\n   8 1 sda1 5 0 110 9 7 0 260 9 0 0 0\n',
    });
    clock.advance(10_000);
    expect(rows).toHaveLength(1);
    expect(Object.fromEntries(rows[0])).toMatchObject({
      cpu_percent: 50,
      memory_percent: 75,
      load_1m: 1.5,
      processes: 2,
      process_starts: 12,
      disk_read_bytes: 10 * 512,
      disk_written_bytes: 60 * 512,
      listening_sockets: 1,
      outgoing_sockets: 1,
      remote_addresses: 2,
      sent_bytes: 210,
      received_bytes: 210,
      sent_packets: 3,
      received_packets: 3,
    });
    // No swap space, and no sensors for these yet.
    for (const name of ['swap_percent', 'new_executables', 'file_writes', 'failed_logins']) {
      expect(rows[0].get(name), name).toBeNaN();
    }
    clock.advance(10_000);
    expect(rows[1].get('sent_bytes')).toBe(0);
  });

  it('are none where there is no such /proc', () => {
    host.start();
    rmSync(join(folder, 'stat'));
    clock.advance(10_000);
    expect(rows).toEqual([]);
  });
});
