import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcess } from '../../../../contract/events.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HostActivityCount } from './host-activity.ts';

const HOUR_MS = 3_600_000;
const ALL = { processes: true, files: true, sockets: true, logs: true };
const parent: HostProcess = { pid: 2, image: '/usr/bin/make', commandLine: 'make', user: 'ada' };

function setup(kept?: string) {
  const clock = new ManualClock();
  const memory = {
    text: kept,
    load: () => memory.text,
    save(text: string) {
      memory.text = text;
    },
  };
  return { clock, memory, activity: new HostActivityCount(clock, memory) };
}

function starts(image: string, user = 'ada'): HostEvent {
  return { type: 'process-start', timeMs: 0, process: { pid: 3, image, commandLine: image, user, parent } };
}

function written(path: string): HostEvent {
  return { type: 'file-written', timeMs: 0, path, process: { pid: 3, image: '/usr/bin/cc', commandLine: 'cc' } };
}

describe('HostActivityCount', () => {
  it('counts what happened since it was asked last', () => {
    const { activity } = setup();
    const before = { uid: 1_000, euid: 1_000 };
    const process = { pid: 3, image: '/usr/bin/sudo', commandLine: 'sudo' };
    activity.event(starts('/usr/bin/cc'));
    activity.event(starts('/usr/bin/cc'));
    activity.event({ type: 'process-exit', timeMs: 0, process });
    activity.event({ type: 'process-credentials', timeMs: 0, process, before, after: { uid: 0, euid: 0 } });
    activity.event({ type: 'process-credentials', timeMs: 0, process, before: { uid: 0, euid: 0 }, after: before });
    activity.event(written('/a/b'));
    activity.event({ type: 'login', timeMs: 0, user: 'ada', isSuccess: false, service: 'sshd' });
    expect(activity.take()).toEqual({
      processExits: 1,
      newExecutables: 1,
      privilegedCommands: 1,
      fileWrites: 1,
      fileRenames: 0,
      fileDeletions: 0,
      logins: 0,
      failedLogins: 1,
    });
    expect(activity.take()).toMatchObject({ processExits: 0, fileWrites: 0 });
  });

  it('knows over a restart what was run before', () => {
    const first = setup();
    first.activity.event(starts('/usr/bin/cc'));
    first.activity.save();
    const { activity } = setup(first.memory.text);
    activity.event(starts('/usr/bin/cc'));
    activity.event(starts('/usr/bin/new'));
    expect(activity.take().newExecutables).toBe(1);
  });

  it('tells of every program after an hour, and leaves out what was not seen', () => {
    const { activity, clock } = setup();
    activity.event(starts('/usr/bin/cc'));
    activity.event(starts('/usr/bin/cc', 'eve'));
    activity.event(starts('/bin/sh'));
    activity.event(written('/src/a.o'));
    activity.event(written('/src/b.o'));
    expect(activity.takeHour(ALL)).toEqual([]);
    clock.advance(HOUR_MS);
    const rows = new Map(activity.takeHour({ ...ALL, sockets: false }).map(({ program, values }) => [program, values]));
    expect(rows.get('/usr/bin/cc')).toEqual({
      processes: 2,
      users: 2,
      children: 0,
      child_programs: 0,
      shells: 0,
      files_read: 0,
      files_written: 2,
      files_renamed: 0,
      files_deleted: 0,
      folders: 1,
    });
    expect(rows.get('/usr/bin/make')).toMatchObject({ children: 3, child_programs: 2, shells: 1 });
    clock.advance(HOUR_MS);
    expect(activity.takeHour(ALL)).toEqual([]);
  });

  it('stays bounded whatever is run', () => {
    const { activity, clock, memory } = setup();
    for (let number = 0; number < 30_000; number++) activity.event(starts(`/tmp/${number}`));
    clock.advance(HOUR_MS);
    expect(activity.takeHour(ALL).length).toBeLessThanOrEqual(2_048);
    expect(memory.text?.split(' ')).toHaveLength(20_000);
  });
});
