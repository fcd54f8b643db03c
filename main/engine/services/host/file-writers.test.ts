import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { FileWriters } from './file-writers.ts';

const sed: HostProcessWithParents = { pid: 7, image: '/usr/bin/sed', commandLine: 'sed -i x /etc/passwd' };
const vi: HostProcessWithParents = { pid: 8, image: '/usr/bin/vi', commandLine: 'vi /etc/group' };

const wrote = (path: string, process: HostProcessWithParents, timeMs: number): HostEvent => ({
  type: 'file-renamed',
  timeMs,
  path,
  previousPath: `${path}+`,
  process,
});
const account = (timeMs: number): HostEvent => ({
  type: 'account-change',
  subject: 'user',
  action: 'added',
  name: 'toor',
  id: 0,
  timeMs,
});
const autostart = (path: string, timeMs: number): HostEvent => ({
  type: 'autostart-change',
  place: 'crontab',
  action: 'added',
  path,
  timeMs,
});

describe('FileWriters', () => {
  it('names whoever wrote the accounts last, for a while', () => {
    const writers = new FileWriters();
    writers.event(wrote('/etc/group', vi, 1_000));
    writers.event(wrote('/etc/passwd', sed, 2_000));
    expect(writers.attach(account(4_000))).toMatchObject({ process: sed });
    expect(writers.attach(account(60_000))).not.toHaveProperty('process');
  });

  it('names the writer of the very file for what starts by itself', () => {
    const writers = new FileWriters();
    writers.event(wrote('/etc/cron.d/x', vi, 1_000));
    expect(writers.attach(autostart('/etc/cron.d/x', 1_500))).toMatchObject({ process: vi });
    expect(writers.attach(autostart('/etc/cron.d/y', 1_500))).not.toHaveProperty('process');
  });

  it('leaves alone what is told with a program, and everything else', () => {
    const writers = new FileWriters();
    writers.event(wrote('/etc/passwd', sed, 1_000));
    const told = { ...account(1_200), process: vi } as HostEvent;
    expect(writers.attach(told)).toBe(told);
    const other = wrote('/etc/passwd', sed, 1_300);
    expect(writers.attach(other)).toBe(other);
  });
});
