import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { HostEngine } from './host-engine.ts';
import type { HostMessage } from './host-messages.ts';
import type { HostSensorRow, HostSensorTools } from './host-sensors.ts';

const NOW_MS = 1_700_000_000_000;
const init: HostProcessWithParents = { pid: 1, startedMs: 0, image: '/sbin/init', name: 'init', commandLine: 'init' };
const shell: HostProcessWithParents = {
  pid: 4_000,
  startedMs: NOW_MS,
  image: '/usr/bin/bash',
  name: 'bash',
  commandLine: 'bash -i',
  arguments: ['bash', '-i'],
  standardStreams: { input: 'socket', output: 'socket', error: 'socket' },
  parent: { pid: 3_999, startedMs: NOW_MS, image: '/usr/bin/python3.11', name: 'python3', commandLine: 'python3 -' },
};
const started: HostEvent = { type: 'process-start', timeMs: NOW_MS, process: shell };

function setup(change: { readonly logs?: boolean; readonly storedEventsPerSecond?: number } = {}) {
  const clock = new ManualClock(NOW_MS);
  const posted: HostMessage[] = [];
  const taken = new SharedArrayBuffer(4);
  const tools = new Map<string, HostSensorTools>();
  const stopped: string[] = [];
  const noted: string[] = [];
  /** How much was noted before each time that something was found. */
  const notedBefore: number[] = [];
  const row = (name: 'processes' | 'logs'): HostSensorRow => ({
    name,
    setting: name,
    create: (given) => {
      tools.set(name, given);
      const health = given.health.part(name);
      return {
        start: () => health.ok('Watching.'),
        stop: () => {
          stopped.push(name);
          // What a sensor has still to say it says while it stops.
          if (name === 'processes') given.onEvents([{ type: 'process-exit', timeMs: NOW_MS, process: shell }]);
        },
        noteRun: (image) => noted.push(`${name} ${image}`),
        processOf: (pid) => (name === 'processes' && pid === init.pid ? init : undefined),
      };
    },
  });
  const settings = Object.fromEntries(CONFIG_SECTIONS.map(({ path, table }) => [path, defaultsOf(table)]));
  const engine = new HostEngine({
    data: {
      settings: { ...settings, host: { ...settings.host, ...change } },
      dataDirectory: '/nonexistent/holdfast',
      disabledRules: [],
      canaries: [],
      ownDirectories: [],
      kept: { logs: 'before' },
      taken,
    },
    clock,
    userId: -1,
    post: (message) => {
      posted.push(message);
      if (message.type === 'findings') notedBefore.push(noted.length);
    },
    sensors: [row('processes'), row('logs')],
  });
  engine.start();
  const of = <T extends HostMessage['type']>(type: T): Extract<HostMessage, { type: T }>[] =>
    posted.filter((message): message is Extract<HostMessage, { type: T }> => message.type === type);
  return { engine, clock, posted, tools, stopped, noted, notedBefore, of, taken: new Int32Array(taken) };
}

describe('HostEngine', () => {
  it('tells other sensors what was run, but not what it ran itself to look', () => {
    const { clock, tools, noted } = setup();
    const parent = { pid: process.pid, image: process.execPath, name: 'node', commandLine: 'node' };
    const own: HostEvent = {
      type: 'process-start',
      timeMs: NOW_MS,
      process: { ...shell, image: '/usr/sbin/nft', parent },
    };
    tools.get('processes')?.onEvents([own, started]);
    clock.advance(500);
    expect(noted.filter((note) => note.startsWith('logs'))).toEqual([`logs ${shell.image}`]);
  });

  it('leads events by behaviours and rules, and hands them on', () => {
    const { clock, tools, of } = setup();
    expect(of('started')).toHaveLength(1);
    expect(of('rules')[0].rules).toMatchObject({ problems: [], detections: expect.any(Number) });
    tools.get('processes')?.onEvents([started]);
    clock.advance(500);
    expect(of('findings').flatMap(({ findings }) => findings)).toContainEqual(
      expect.objectContaining({ kind: 'reverse-shell', detector: 'host-reverse-shell' }),
    );
    expect(of('events')).toEqual([{ type: 'events', events: [started] }]);
    clock.advance(2_000);
    expect(of('state').at(-1)).toMatchObject({
      health: [{ part: 'processes', state: 'ok' }, { part: 'logs' }],
      counts: { events: 1, notStored: 0, failures: 0 },
    });
  });

  it('tells what behaviours find in a flood before all else is done with the flood, and leaves nothing of it out', () => {
    const { clock, tools, noted, notedBefore } = setup();
    const harmless = { ...shell, pid: 5_000, image: '/usr/bin/true', standardStreams: undefined };
    const flood = Array.from({ length: 1_000 }, (): HostEvent => ({ ...started, process: harmless }));
    tools.get('processes')?.onEvents([...flood, started]);
    clock.advance(500);
    expect(notedBefore[0]).toBe(0);
    expect(noted).toHaveLength(2 * (flood.length + 1));
  });

  it('takes no start of a program twice where the audit log tells it too', () => {
    const { clock, tools, of } = setup();
    tools.get('logs')?.onEvents([started]);
    tools.get('processes')?.onEvents([started]);
    clock.advance(500);
    expect(of('events').flatMap(({ events }) => events)).toHaveLength(1);
  });

  it('knows who did something last and had ended before that was told', () => {
    const { clock, tools, of } = setup();
    const incomplete = { pid: shell.pid, image: '', name: 'bash', commandLine: '' };
    tools.get('processes')?.onEvents([{ type: 'process-exit', timeMs: NOW_MS + 9, process: shell }]);
    tools.get('logs')?.onEvents([{ type: 'file-deleted', timeMs: NOW_MS + 5, path: '/x', process: incomplete }]);
    clock.advance(500);
    const [deleted] = of('events').flatMap(({ events }) => events);
    expect(deleted).toMatchObject({ type: 'file-deleted', process: shell });
  });

  it('counts what the engine does not take', () => {
    const { clock, tools, of } = setup({ storedEventsPerSecond: 20_000 });
    const exit: HostEvent = { type: 'process-exit', timeMs: NOW_MS, process: shell };
    for (let second = 0; second < 20; second++) {
      tools.get('processes')?.onEvents(Array.from({ length: 1_000 }, () => exit));
      clock.advance(1_000);
    }
    expect(of('events').flatMap(({ events }) => events)).toHaveLength(250);
    expect(of('state').at(-1)?.counts).toMatchObject({ events: 20_000, notStored: 10_000 });
  });

  it('hands events on in portions, the next when the last was taken, so that a finding waits for few', () => {
    const { clock, tools, of, taken } = setup();
    const exit: HostEvent = { type: 'process-exit', timeMs: NOW_MS, process: shell };
    tools.get('processes')?.onEvents(Array.from({ length: 600 }, () => exit));
    clock.advance(500);
    const sizes = (): number[] => of('events').map(({ events }) => events.length);
    expect(sizes()).toEqual([250]);
    for (const all of [
      [250, 250],
      [250, 250, 100],
    ]) {
      Atomics.store(taken, 0, Atomics.load(taken, 0) + 250);
      clock.advance(50);
      expect(sizes()).toEqual(all);
    }
  });

  it('keeps a text for each sensor, and is seen to live when nothing happens', () => {
    const { clock, tools, of } = setup();
    const memory = tools.get('logs')?.memory;
    expect(memory?.load()).toBe('before');
    memory?.save('after');
    expect(memory?.load()).toBe('after');
    expect(of('keep')).toEqual([{ type: 'keep', name: 'logs', text: 'after' }]);
    const before = of('state').length;
    clock.advance(60_000);
    expect(of('state').length - before).toBeGreaterThanOrEqual(11);
  });

  it('says in Health which sensors are switched off, and what switches them on', () => {
    const { of } = setup({ logs: false });
    expect(of('state').at(-1)?.health).toContainEqual(
      expect.objectContaining({ part: 'logs', state: 'off', hint: expect.stringContaining('host.logs') }),
    );
  });

  it('says everything before it has stopped', async () => {
    const { engine, posted, tools, stopped, clock } = setup();
    tools.get('processes')?.onEvents([started]);
    await engine.stop();
    expect(stopped).toEqual(['processes', 'logs']);
    expect(posted.slice(-3).map(({ type }) => type)).toEqual(['findings', 'events', 'stopped']);
    expect(posted.at(-2)).toMatchObject({ events: [{ type: 'process-start' }, { type: 'process-exit' }] });
    expect(clock.pending).toBe(0);
  });

  it('takes other rules in', () => {
    const { engine, of } = setup();
    const [{ rules }] = of('rules');
    engine.reloadRules([]);
    expect(of('rules')).toHaveLength(2);
    expect(of('rules')[1].rules).toEqual(rules);
  });
});
