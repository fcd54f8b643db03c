import { describe, expect, it } from 'vitest';
import { knownPages, linkAddress } from './links.ts';

describe('known pages', () => {
  it('are made of their names', () => {
    expect(linkAddress({ link: 'attack-technique', id: 'T1046' }, {})).toBe(
      'https://attack.mitre.org/techniques/T1046/',
    );
    expect(linkAddress({ link: 'attack-technique', id: 'T1110.001' }, {})).toMatch(/\/T1110\/001\/$/);
    expect(linkAddress({ link: 'documentation' }, { homepage: 'https://example.org/' })).toBe('https://example.org/');
  });

  it('are none where the build names none, or no page of the web', () => {
    expect(linkAddress({ link: 'documentation' }, {})).toBeUndefined();
    expect(linkAddress({ link: 'report-a-problem' }, { bugs: { url: 'file:///etc/passwd' } })).toBeUndefined();
  });

  it('says which pages of the project there are', () => {
    expect(knownPages({})).toEqual([]);
    expect(knownPages({ homepage: 'https://example.org/', bugs: { url: 'http://example.org/' } })).toEqual([
      'documentation',
    ]);
  });
});
