import { describe, expect, it } from 'vitest';
import type { SettingRow } from '../../../contract/api-control.ts';
import { draftOf, grouped, matches, nameOf, settingOf, withDraft } from './drafts.ts';

const ports: SettingRow = {
  path: 'detect.port-scan.windowSeconds',
  type: 'number',
  value: 60,
  default: 60,
  minimum: 1,
  maximum: 3_600,
  isInteger: true,
  wanted: 'a whole number',
  reason: 'How long probes are counted together.',
  origin: 'default',
  lockedBy: '',
  environmentName: 'X',
};
const list: SettingRow = { ...ports, path: 'sensors.interfaces', type: 'list', value: ['eth0'], default: [] };

describe('drafts', () => {
  it('stand for a value only where they can', () => {
    expect(settingOf(ports, '30')).toBe(30);
    for (const wrong of ['', ' ', 'x', '1.5', '0', '3601', '1e9', 'NaN'])
      expect(settingOf(ports, wrong)).toBeUndefined();
    expect(settingOf(list, ' eth0 \n\n wlan0')).toEqual(['eth0', 'wlan0']);
    expect(settingOf({ ...ports, type: 'boolean' }, false)).toBe(false);
  });

  it('are forgotten when they say what is in force', () => {
    const changed = withDraft({}, ports, '30');
    expect(changed).toEqual({ [ports.path]: '30' });
    expect(withDraft(changed, ports, '60')).toEqual({});
    expect(withDraft(changed, ports, null)).toEqual({});
    expect(withDraft({}, list, null)).toEqual({ [list.path]: null });
    expect(withDraft({}, list, draftOf(list.value))).toEqual({});
    expect(withDraft({}, ports, 'x')).toEqual({ [ports.path]: 'x' });
  });
});

describe('rows', () => {
  it('are found by all words, in the path and the reason', () => {
    expect(matches(ports, 'PORT probes')).toBe(true);
    expect(matches(ports, 'port flood')).toBe(false);
    expect(matches(ports, '')).toBe(true);
    expect(matches(ports, 'counted over', 'Counted over')).toBe(true);
  });

  it('are named for people', () => {
    expect(nameOf('detect.port-scan.windowSeconds')).toBe('Window');
    expect(nameOf('log.level')).toBe('Level');
    // Nothing would be left of it.
    expect(nameOf('x.days')).toBe('Days');
    expect(nameOf('http.requestsPerMinute')).toBe('Requests per minute');
  });
});

describe('sections', () => {
  it('stand under their headings, each once', () => {
    const sections = ['detect.flood', 'sensors', 'detector', 'detect.port-scan'].map((path) => ({ path }));
    const headings = [
      { title: 'Watching', paths: ['sensors'] },
      { title: 'Detectors', paths: ['detect.'] },
      { title: 'Records', paths: ['store'] },
    ];
    const found = grouped(sections, headings, 'Others').map(({ title, sections: own }) => [
      title,
      own.map(({ path }) => path),
    ]);
    expect(found).toEqual([
      ['Watching', ['sensors']],
      ['Detectors', ['detect.flood', 'detect.port-scan']],
      ['Others', ['detector']],
    ]);
  });
});
