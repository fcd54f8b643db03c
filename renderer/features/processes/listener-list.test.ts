import { describe, expect, it } from 'vitest';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { isAnyAddress, matchesListener, ownerOf } from './listener-list.ts';
import { huntQuery } from './process-hunt.ts';
import { sampleProcess } from './testing.ts';

const listener = {
  protocol: 'tcp',
  address: '0.0.0.0',
  port: 8_080,
  isOpenToOthers: true,
  sinceMs: 0,
  process: sampleProcess(7, { name: 'Caddy', unit: 'web.service', package: 'caddy' }),
} as const;

describe('ports that are listened on', () => {
  it('are found by all words, in any place', () => {
    for (const search of ['', ':8080', 'caddy TCP', 'web.service 0.0.0.0']) {
      expect(matchesListener(listener, search), search).toBe(true);
    }
    expect(matchesListener(listener, 'caddy udp')).toBe(false);
    expect(matchesListener({ ...listener, process: null }, '8080')).toBe(true);
  });

  it('belong to what the program belongs to', () => {
    expect(ownerOf(listener)).toBe('web.service');
    expect(ownerOf({ process: null })).toBe('');
    expect(['0.0.0.0', '::', '127.0.0.1'].map(isAnyAddress)).toEqual([true, true, false]);
  });
});

describe('what Hunt is asked about a process', () => {
  it.each(['own', 'files', 'connections', 'changes'] as const)('can be read: %s', (subject) => {
    const query = huntQuery(subject, { process: sampleProcess(7), endedMs: 60_000 });
    expect(parseHunt(query)).toMatchObject({ problems: [] });
    expect(query).toMatch(/pid = 7.* since 1970-01-01T00:00:05Z until 1970-01-01T00:01:02Z$/);
  });

  it('is open to the end while it runs', () => {
    expect(huntQuery('files', { process: sampleProcess(7), endedMs: null })).toBe(
      'files where pid = 7 since 1970-01-01T00:00:05Z',
    );
  });
});
