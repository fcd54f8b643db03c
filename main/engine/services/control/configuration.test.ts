import { describe, expect, it } from 'vitest';
import { knownSettings } from '../../runtime/config-names.ts';
import { CONFIG_SECTIONS } from './configuration.ts';
import { livePartOf } from './settings-desk.ts';

describe('CONFIG_SECTIONS', () => {
  it('has a title for every section, each another one', () => {
    const titles = CONFIG_SECTIONS.map(({ path, title }) => title ?? `${path} has no title`);
    expect(titles.filter((title) => title.endsWith('has no title'))).toEqual([]);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('says of every setting when a change takes hold', () => {
    const atRestart = [...knownSettings(CONFIG_SECTIONS).keys()].filter((path) => livePartOf(path) === undefined);
    expect(atRestart.filter((path) => /^(detect|sensors|network)\./.test(path))).toEqual([]);
    expect(atRestart).toEqual(expect.arrayContaining(['api.viewGroup', 'alerts.maxAlerts', 'log.keepFiles']));
    expect(livePartOf('log.level')).toBe('log');
    expect(livePartOf('log.levels')).toBeUndefined();
  });
});
