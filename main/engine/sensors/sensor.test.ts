import { chmodSync, closeSync, mkdtempSync, readdirSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { HealthRegistry } from '../runtime/health.ts';
import { canCapture } from './helper.ts';
import type { InterfaceState } from './reader.ts';
import { CaptureSensor, type CaptureSensorOptions, type CaptureStream, helperArguments } from './sensor.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-sensor-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Stands in for sense: makes a FIFO, and does what it is told instead of capturing. */
function fakeHelper(capture: string, check = 'exit 0'): string {
  const path = join(folder, `sense-${readdirSync(folder).length}`);
  const script = `#!/bin/sh
PATH=/usr/bin:/bin
case "$1" in
  check) ${check} ;;
  fifo) exec mkfifo "$2" ;;
  capture) ${capture} ;;
esac
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

const sensors: CaptureSensor[] = [];
afterEach(async () => {
  await Promise.all(sensors.splice(0).map((sensor) => sensor.stop()));
});

function makeSensor(helperPath: string, more: Partial<CaptureSensorOptions> = {}) {
  const health = new HealthRegistry();
  const streams: CaptureStream[] = [];
  const messages: string[] = [];
  const sensor = new CaptureSensor({
    interfaces: ['eth0'],
    snapBytes: 65_535,
    ringMebibytes: 64,
    promiscuous: false,
    helperPath,
    health,
    timing: { firstPauseMs: 5, longestPauseMs: 20, failuresUntilFailed: 3 },
    onStream: (stream) => streams.push(stream),
    onMessage: (_level, message) => messages.push(message),
    ...more,
  });
  sensors.push(sensor);
  const entry = (part: string) => health.report().entries.find((line) => line.part === part);
  return { sensor, streams, messages, entry };
}

const ETH0: InterfaceState = {
  name: 'eth0',
  linkType: 1,
  state: 'up',
  received: 10,
  dropped: 0,
  bytes: 1_000,
  detail: '',
};

describe('canCapture', () => {
  it('says that the helper is not built', () => {
    expect(canCapture(join(folder, 'nothing'))).toMatchObject({ ok: false, hint: expect.stringContaining('make') });
  });

  it('says that rights are missing, and which', () => {
    const ability = canCapture(fakeHelper('', 'echo "sense: Operation not permitted" >&2; exit 77'));
    expect(ability).toMatchObject({
      ok: false,
      detail: 'The network cannot be watched: permission denied.',
      hint: expect.stringContaining('cap_net_raw'),
    });
  });

  it('passes on any other reason', () => {
    const ability = canCapture(fakeHelper('', 'echo "no packet sockets here" >&2; exit 71'));
    expect(ability).toMatchObject({ ok: false, detail: expect.stringContaining('no packet sockets here') });
  });

  it('says yes', () => {
    expect(canCapture(fakeHelper(''))).toEqual({ ok: true, detail: 'The network can be watched.', hint: '' });
  });
});

describe('helperArguments', () => {
  const rest = { snapBytes: 96, ringMebibytes: 8, promiscuous: true };

  it('names interfaces, or says auto or all', () => {
    expect(helperArguments({ interfaces: ['eth0', 'wlan0'], ...rest })).toEqual(
      'capture --interface eth0 --interface wlan0 --snap 96 --ring-mib 8 --promiscuous'.split(' '),
    );
    expect(helperArguments({ interfaces: ['auto'], ...rest })[1]).toBe('--auto');
    expect(helperArguments({ interfaces: ['all'], ...rest })[1]).toBe('--all');
  });

  it('refuses a mixture and an empty list', () => {
    expect(() => helperArguments({ interfaces: ['all', 'eth0'], ...rest })).toThrow('[all, eth0]');
    expect(() => helperArguments({ interfaces: [], ...rest })).toThrow();
  });
});

describe('CaptureSensor', () => {
  it('says in Health why it cannot watch', () => {
    const { sensor, entry } = makeSensor(fakeHelper('', 'exit 77'));
    sensor.start();
    expect(entry('capture')).toMatchObject({ state: 'failed', detail: expect.stringContaining('permission denied') });
    expect(sensor.helperPid).toBeUndefined();
  });

  it('hands over a pipe that waits, and leaves no name behind', async () => {
    const { sensor, streams } = makeSensor(fakeHelper('sleep 0.1; echo hello; sleep 60'));
    sensor.start();
    expect(streams).toMatchObject([{ run: 1 }]);
    const buffer = Buffer.alloc(64);
    const bytes = readSync(streams[0].fd, buffer);
    expect(buffer.toString('utf8', 0, bytes)).toBe('hello\n');
    // Other tests may be making theirs at this moment.
    await expect.poll(() => readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-capture-'))).toEqual([]);
    await sensor.stop();
    expect(readSync(streams[0].fd, buffer)).toBe(0);
    closeSync(streams[0].fd);
  });

  it('keeps counts over runs and ignores news of an earlier one', async () => {
    const { sensor, streams, entry, messages } = makeSensor(fakeHelper('sleep 0.05; exit 3'));
    sensor.start();
    sensor.observe(1, [ETH0]);
    expect(entry('capture')).toMatchObject({ state: 'ok', detail: 'Watching eth0.' });
    await expect.poll(() => streams.length).toBe(2);
    expect(messages[0]).toContain('code 3');
    expect(entry('capture/eth0')).toMatchObject({ state: 'failed' });
    sensor.observe(1, [{ ...ETH0, received: 99 }]);
    sensor.observe(2, [{ ...ETH0, received: 5 }]);
    expect(sensor.interfaces()).toMatchObject([{ name: 'eth0', received: 15, bytes: 2_000 }]);
    expect(entry('capture')?.counters).toMatchObject({ restarts: 1, received: 15 });
    for (const stream of streams) closeSync(stream.fd);
  });

  it('says what is wrong with each interface', () => {
    const { sensor, entry, streams } = makeSensor(fakeHelper('sleep 60'));
    sensor.start();
    sensor.observe(1, [ETH0, { ...ETH0, name: 'wlan0', state: 'missing', detail: 'it is gone' }]);
    expect(entry('capture/wlan0')).toMatchObject({ state: 'degraded', detail: 'Cannot watch wlan0: it is gone.' });
    sensor.observe(1, [{ ...ETH0, dropped: 7 }]);
    expect(entry('capture/eth0')).toMatchObject({ state: 'degraded', detail: expect.stringContaining('7 in all') });
    expect(entry('capture/wlan0')).toBeUndefined();
    sensor.observe(1, [{ ...ETH0, state: 'down', detail: 'it has no link' }]);
    expect(entry('capture')).toMatchObject({ state: 'degraded' });
    for (const stream of streams) closeSync(stream.fd);
  });

  it('gives up at once when the helper lost its rights, and says so when it keeps failing', async () => {
    const rights = makeSensor(fakeHelper('exit 77'));
    rights.sensor.start();
    await expect.poll(() => rights.entry('capture')?.detail).toContain('permission denied');
    expect(rights.streams.length).toBe(1);

    const broken = makeSensor(fakeHelper('echo "out of memory" >&2; exit 71'));
    broken.sensor.start();
    await expect.poll(() => broken.entry('capture')?.state).toBe('failed');
    expect(broken.entry('capture')?.detail).toMatch(/failed \d times in a row: out of memory/);
    for (const stream of [...rights.streams, ...broken.streams]) closeSync(stream.fd);
  });
});
