import { describe, expect, it } from 'vitest';
import { HOST_SENSORS, logFilesOf } from './host-sensors.ts';
import { HOST_SENSOR_NAMES, hostSettings } from './host-settings.ts';

describe('HOST_SENSORS', () => {
  it('has a switch and a memory for each', () => {
    for (const { name, setting } of HOST_SENSORS) {
      expect(hostSettings[setting].type).toBe('boolean');
      expect(HOST_SENSOR_NAMES).toContain(name);
    }
    expect(new Set(HOST_SENSORS.map(({ name }) => name)).size).toBe(HOST_SENSORS.length);
  });
});

describe('logFilesOf', () => {
  it('leaves out what the journal repeats, but nothing that somebody named', () => {
    const all = logFilesOf({ logFiles: ['usual'] }, false).map(({ path }) => path);
    const beside = logFilesOf({ logFiles: ['usual'] }, true).map(({ path }) => path);
    expect(all).toContain('/var/log/auth.log');
    expect(beside).not.toContain('/var/log/auth.log');
    expect(beside).toContain('/var/log/nginx/access.log');
    expect(logFilesOf({ logFiles: ['usual', '/var/log/auth.log'] }, true)).toContainEqual({
      path: '/var/log/auth.log',
      format: 'syslog',
      isInJournal: false,
    });
  });

  it('reads each in the format that was named', () => {
    expect(logFilesOf({ logFiles: ['nginx-access:/srv/a:b.log', '/srv/c.log'] }, false)).toEqual([
      { path: '/srv/a:b.log', format: 'nginx-access', isInJournal: false },
      { path: '/srv/c.log', format: 'syslog', isInJournal: false },
    ]);
  });
});
