import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { AccessSensor } from './sensor.ts';
import { accessHello, accessRecord, accessStatistics } from './testing/encode.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-access-sensor-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Stands in for sense: makes a FIFO, and does what it is told instead of watching. */
function fakeHelper(watch: string): string {
  const path = join(folder, `sense-${readdirSync(folder).length}`);
  const script = `#!/bin/sh
PATH=/usr/bin:/bin
case "$1" in
  fifo) exec mkfifo "$2" ;;
  access) ${watch} ;;
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

const sensors: AccessSensor[] = [];
afterEach(async () => {
  await Promise.all(sensors.splice(0).map((sensor) => sensor.stop()));
});

function startSensor(helperPath: string) {
  const health = new HealthRegistry();
  const events: HostEvent[] = [];
  const messages: string[] = [];
  const sensor = new AccessSensor({
    helperPath,
    health,
    timing: { firstPauseMs: 5, longestPauseMs: 20, failuresUntilFailed: 3 },
    onEvents: (news) => events.push(...news),
    onMessage: (_level, message) => messages.push(message),
  });
  sensors.push(sensor);
  sensor.start();
  const entry = () => health.report().entries.find(({ part }) => part === 'access');
  return { sensor, events, messages, entry };
}

const TRACE = accessRecord({ kind: 'trace', pid: 7, target: 8, way: 1, texts: ['/tmp/x', '/usr/sbin/sshd'] });

describe('AccessSensor', () => {
  it('says that the helper is not built, or may not watch, or cannot on this machine', async () => {
    const missing = startSensor(join(folder, 'nothing'));
    expect(missing.entry()).toMatchObject({ state: 'failed', hint: expect.stringContaining('make') });
    const forbidden = startSensor(fakeHelper('exit 77'));
    await expect.poll(() => forbidden.entry()?.detail).toContain('permission denied');
    const old = startSensor(fakeHelper('echo "sense: cannot use eBPF" >&2; exit 71'));
    await expect
      .poll(() => old.entry())
      .toMatchObject({ state: 'off', detail: expect.stringContaining('cannot use eBPF') });
    expect(old.messages).toHaveLength(1);
  });

  it('tells events, and what this kernel lets be seen', async () => {
    const all = startSensor(speaking(Buffer.concat([accessHello(), TRACE, accessStatistics([1, 2, 3, 4, 5, 6, 0])])));
    await expect.poll(() => all.events.length).toBe(1);
    expect(all.events).toMatchObject([{ type: 'process-access', access: 'trace', process: { image: '/tmp/x' } }]);
    await expect.poll(() => all.entry()?.state).toBe('ok');
    expect(all.entry()).toMatchObject({ counters: { traces: 1, unloads: 6, dropped: 0, restarts: 0 } });
    expect(all.entry()?.detail).not.toContain('Not seen');
    const old = startSensor(speaking(Buffer.concat([accessHello(5, 'too dear'), accessStatistics([])])));
    await expect.poll(() => old.entry()?.detail).toMatch(/Not seen: memory .*too dear/);
  });

  it('says that news was lost', async () => {
    const lost = startSensor(speaking(Buffer.concat([accessHello(), accessStatistics([0, 0, 0, 0, 0, 0, 9])])));
    await expect
      .poll(() => lost.entry())
      .toMatchObject({ state: 'degraded', detail: expect.stringContaining('9 in all') });
  });

  it('replaces a helper whose words make no sense, and one that keeps ending is a failure', async () => {
    const mad = startSensor(speaking(Buffer.from('this is no stream of records')));
    await expect.poll(() => mad.messages.filter((text) => text.includes('make no sense')).length).toBeGreaterThan(1);
    expect(mad.events).toEqual([]);
    const ending = startSensor(fakeHelper('echo "out of memory" >&2; exit 74'));
    await expect.poll(() => ending.entry()?.state).toBe('failed');
    expect(ending.entry()?.detail).toMatch(/failed \d times in a row: out of memory/);
  });
});
