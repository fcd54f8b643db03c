import { describe, expect, it } from 'vitest';
import { ownTables, restoreNetwork } from './network.ts';
import type { System } from './system.ts';

const LISTING = `table inet filter
table inet holdfast
table ip holdfast
table ip nat # "table arp holdfast"
table ip holdfast2
table evil holdfast
`;

function system(listing: string, calls: string[]): System {
  return {
    userId: 0,
    hasSystemd: false,
    find: (name) => `/usr/sbin/${name}`,
    run: (_path, args) => {
      calls.push(args.join(' '));
      return { code: 0, stdout: args[0] === 'list' ? listing : '', stderr: '' };
    },
  };
}

describe('taking back what was changed in the network', () => {
  it('knows its own tables among others', () => {
    expect(ownTables(LISTING)).toEqual(['inet', 'ip']);
  });

  it('removes its own tables and nothing else', () => {
    const calls: string[] = [];
    const { removed } = restoreNetwork(system(LISTING, calls), false);
    expect(removed).toEqual(['inet holdfast', 'ip holdfast']);
    expect(calls).toEqual(['list tables', 'delete table inet holdfast', 'delete table ip holdfast']);
  });

  it('only looks when it simulates', () => {
    const calls: string[] = [];
    expect(restoreNetwork(system(LISTING, calls), true).removed).toHaveLength(2);
    expect(calls).toEqual(['list tables']);
  });

  it('says so where there is no packet filter', () => {
    const none = { ...system('', []), find: () => undefined };
    expect(restoreNetwork(none, false)).toEqual({ removed: [], note: expect.stringContaining('not installed') });
  });

  it('fails in words when it may not look', () => {
    const refusing: System = {
      ...system('', []),
      run: () => ({ code: 1, stdout: '', stderr: 'Operation not permitted' }),
    };
    expect(() => restoreNetwork(refusing, false)).toThrow(/list tables failed: Operation not permitted/);
  });
});
