import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { SocketSensor } from './sensor.ts';
import { socketHello, socketRecord, socketStatistics } from './testing/encode.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-socket-sensor-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Stands in for sense: makes a FIFO, and does what it is told instead of watching. */
function fakeHelper(watch: string): string {
  const path = join(folder, `sense-${readdirSync(folder).length}`);
  const script = `#!/bin/sh
PATH=/usr/bin:/bin
case "$1" in
  fifo) exec mkfifo "$2" ;;
  sockets) ${watch} ;;
esac
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

/** A helper that says `bytes` and then nothing. */
function speaking(bytes: Uint8Array): string {
  const words = join(folder, `words-${readdirSync(folder).length}`);
  writeFileSync(words, bytes);
  return fakeHelper(`cat ${words}; exec sleep 60`);
}

const sensors: SocketSensor[] = [];
afterEach(async () => {
  await Promise.all(sensors.splice(0).map((sensor) => sensor.stop()));
});

function startSensor(helperPath: string) {
  const health = new HealthRegistry();
  const events: HostEvent[] = [];
  const messages: string[] = [];
  const sensor = new SocketSensor({
    helperPath,
    health,
    timing: { firstPauseMs: 5, longestPauseMs: 20, failuresUntilFailed: 3 },
    onEvents: (news) => events.push(...news),
    onMessage: (_level, message) => messages.push(message),
  });
  sensors.push(sensor);
  sensor.start();
  const entry = () => health.report().entries.find(({ part }) => part === 'sockets');
  return { sensor, events, messages, entry };
}

const CONNECT = socketRecord({ kind: 'connect', pid: 0x7fffffff, name: 'curl', image: '/usr/bin/curl' });

describe('SocketSensor', () => {
  it('says that the helper is not built, or may not watch', async () => {
    const missing = startSensor(join(folder, 'nothing'));
    expect(missing.entry()).toMatchObject({ state: 'failed', hint: expect.stringContaining('make') });
    const forbidden = startSensor(fakeHelper('exit 77'));
    await expect.poll(() => forbidden.entry()?.detail).toContain('permission denied');
    expect(forbidden.sensor.counts.connects).toBe(0);
  });

  it('tells events, and by which method it sees them', async () => {
    const words = [socketHello(), CONNECT, socketStatistics([1, 2, 3, 4, 5, 6, 7, 0])];
    const { events, entry, sensor } = startSensor(speaking(Buffer.concat(words)));
    await expect.poll(() => events.length).toBe(1);
    expect(events).toMatchObject([{ type: 'network-connection', process: { image: '/usr/bin/curl' } }]);
    expect(entry()).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('eBPF'),
      counters: { connects: 1, accepts: 2, dropped: 0, attributed: 1, unattributed: 0, restarts: 0 },
    });
    expect(sensor.method).toBe('ebpf');
  });

  it('looks for the owner of what it only met in a list', async () => {
    const nobodys = socketRecord({ kind: 'found', inode: 999_999_999 });
    const { events, entry } = startSensor(speaking(Buffer.concat([socketHello(2, 'no BTF here'), nobodys])));
    await expect.poll(() => events.length, { timeout: 5_000 }).toBe(1);
    expect(events[0]).not.toHaveProperty('process');
    expect(entry()?.counters).toMatchObject({ unattributed: 1, ownersNotFound: 1 });
  });

  it('says what lists miss, and that news was lost', async () => {
    const few = startSensor(
      speaking(Buffer.concat([socketHello(2, 'no BTF here'), socketStatistics([0, 0, 0, 0, 0, 0, 1, 0])])),
    );
    await expect.poll(() => few.entry()?.state).toBe('degraded');
    expect(few.entry()?.detail).toMatch(/by lists.*no BTF here/);
    const lost = startSensor(speaking(Buffer.concat([socketHello(), socketStatistics([1, 2, 3, 4, 5, 6, 7, 8])])));
    await expect.poll(() => lost.entry()?.detail).toContain('8 in all');
  });

  it('replaces a helper whose words make no sense, and one that keeps ending is a failure', async () => {
    const mad = startSensor(speaking(Buffer.from('this is no stream of records')));
    await expect.poll(() => mad.messages.filter((text) => text.includes('make no sense')).length).toBeGreaterThan(1);
    expect(mad.events).toEqual([]);
    const ending = startSensor(fakeHelper('echo "out of memory" >&2; exit 71'));
    await expect.poll(() => ending.entry()?.state).toBe('failed');
    expect(ending.entry()?.detail).toMatch(/failed \d times in a row: out of memory/);
  });
});
