import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FirewallTable, firewallChanges, iptablesTables, nftTables } from './firewall-tables.ts';

const rule = (handle: number, port: number, chain = 'input') => ({
  rule: { family: 'inet', table: 'filter', chain, handle, expr: [{ match: { right: port } }, { accept: null }] },
});
const chain = (policy: string, name = 'input') => ({
  chain: { family: 'inet', table: 'filter', name, handle: 1, type: 'filter', hook: name, prio: 0, policy },
});
const table = { table: { family: 'inet', name: 'filter', handle: 1 } };
const read = (...entries: readonly unknown[]): readonly FirewallTable[] =>
  nftTables(JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6' } }, ...entries] })) ?? [];

describe('tables of nft', () => {
  it('have chains with policies and numbers of rules', () => {
    expect(read(table, chain('drop'), rule(4, 22), rule(5, 80))).toEqual([
      {
        name: 'inet filter',
        rules: 2,
        chains: [{ name: 'input', hook: 'input', policy: 'drop', rules: 2 }],
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  it('are the same where only handles differ, and others where a rule does', () => {
    const before = read(table, chain('drop'), rule(4, 22));
    expect(firewallChanges(before, read(table, chain('drop'), rule(9, 22)))).toEqual([]);
    expect(firewallChanges(before, read(table, chain('drop'), rule(4, 23)))).toEqual([
      { action: 'changed', table: 'inet filter', rulesBefore: 1, rulesAfter: 1 },
    ]);
  });

  it('take any text for what it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const tables = nftTables(text);
        if (tables !== undefined) expect(firewallChanges(tables, tables)).toEqual([]);
        expect(firewallChanges(iptablesTables(text), iptablesTables(text))).toEqual([]);
      }),
    );
    const odd = fc.record({
      family: fc.jsonValue(),
      table: fc.jsonValue(),
      name: fc.jsonValue(),
      policy: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(fc.record({ table: odd, chain: odd, rule: odd }, { requiredKeys: [] })), (entries) => {
        expect(read(...entries).length).toBeLessThanOrEqual(256);
      }),
    );
    expect(nftTables('{}')).toBeUndefined();
    expect(nftTables('{"nftables":{}}')).toBeUndefined();
  });
});

describe('what changed', () => {
  const full = () => read(table, chain('drop'), chain('drop', 'forward'), rule(4, 22));
  const counts = { table: 'inet filter', rulesBefore: 1, rulesAfter: 0 };
  const bothOpened = [
    { action: 'opened', ...counts, chain: 'input', hook: 'input' },
    { action: 'opened', ...counts, chain: 'forward', hook: 'forward' },
    { action: 'flushed', ...counts },
  ];

  it('is told of rules that are gone, alone or with their table', () => {
    expect(firewallChanges(full(), read(table, chain('drop'), chain('drop', 'forward')))).toEqual([
      { action: 'flushed', ...counts },
    ]);
    expect(firewallChanges(full(), [])).toEqual(bothOpened);
    expect(firewallChanges(full(), read(table, chain('accept'), chain('accept', 'forward')))).toEqual(bothOpened);
  });

  it('is told of a policy that lets everything through, not of one that does no more', () => {
    const open = read(table, chain('accept'), chain('drop', 'forward'), rule(4, 22));
    expect(firewallChanges(full(), open)).toEqual([
      { action: 'opened', ...counts, rulesAfter: 1, chain: 'input', hook: 'input' },
    ]);
    expect(firewallChanges(open, full())).toEqual([{ action: 'changed', ...counts, rulesAfter: 1 }]);
    expect(firewallChanges([], open)).toEqual([{ action: 'changed', ...counts, rulesBefore: 0, rulesAfter: 1 }]);
  });

  it('is read from iptables too', () => {
    const saved = (policy: string, rules: string) =>
      iptablesTables(`# Generated\n*filter\n:INPUT ${policy} [7:420]\n:DOCKER - [0:0]\n${rules}COMMIT\n# Completed\n`);
    const before = saved('DROP', '-A INPUT -i lo -j ACCEPT\n-A DOCKER -j RETURN\n');
    expect(before[0]).toMatchObject({
      name: 'iptables filter',
      rules: 2,
      chains: [
        { name: 'INPUT', hook: 'input', policy: 'drop', rules: 1 },
        { name: 'DOCKER', rules: 1 },
      ],
    });
    expect(firewallChanges(before, saved('ACCEPT', ''))).toEqual([
      { action: 'opened', table: 'iptables filter', rulesBefore: 2, rulesAfter: 0, chain: 'INPUT', hook: 'input' },
      { action: 'flushed', table: 'iptables filter', rulesBefore: 2, rulesAfter: 0 },
    ]);
  });
});
