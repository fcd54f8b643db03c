import { describe, expect, it } from 'vitest';
import type { FirewallChangeEvent } from '../../../contract/events.ts';
import { firewallBehaviour } from './firewall.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';

const change = (more: Partial<FirewallChangeEvent>): FirewallChangeEvent => ({
  type: 'firewall-change',
  timeMs: START_MS + 500,
  tool: 'nftables',
  action: 'flushed',
  table: 'inet filter',
  rulesBefore: 12,
  rulesAfter: 0,
  ...more,
});
const opened = change({ action: 'opened', chain: 'input', hook: 'input' });

describe('firewall change', () => {
  it('tells of rules that are gone and of what lets everything through, and who did it', () => {
    const [flushed] = findingsOf(firewallBehaviour, [starts(program('/usr/sbin/nft flush ruleset')), change({})]);
    expect(flushed).toMatchObject({
      severity: 'medium',
      kind: 'defence-evasion',
      techniques: ['T1562.004'],
      title: "nft removed all rules of the firewall's table inet filter",
      processes: [{ commandLine: '/usr/sbin/nft flush ruleset' }],
    });
    expect(findingsOf(firewallBehaviour, [opened])[0]).toMatchObject({
      severity: 'medium',
      title: "Somebody opened chain input of the firewall's table inet filter",
    });
    expect(findingsOf(firewallBehaviour, [change({ table: 'ip nat' })])[0]?.severity).toBe('low');
  });

  it('takes nobody for the culprit who ran long before', () => {
    const late = change({ timeMs: START_MS + 60_000 });
    const [finding] = findingsOf(firewallBehaviour, [starts(program('/usr/sbin/nft list ruleset')), late]);
    expect(finding?.processes).toBeUndefined();
  });

  it('is silent about other changes, its own table and installations', () => {
    const installing = starts(program('/usr/sbin/nft -f x', ['/usr/bin/dpkg --configure ufw', '/usr/bin/apt install']));
    expect(findingsOf(firewallBehaviour, [change({ action: 'changed' })])).toEqual([]);
    expect(findingsOf(firewallBehaviour, [change({ table: 'inet holdfast' })])).toEqual([]);
    expect(findingsOf(firewallBehaviour, [installing, change({})])).toEqual([]);
  });
});
