import { expect, it } from 'vitest';
import { mayChangeFirewall } from './firewall-programs.ts';

const nft = (line: string): boolean => mayChangeFirewall('/usr/sbin/nft', ['nft', ...line.split(' ')]);

it('knows who may have changed the rules by the name of the program', () => {
  expect(mayChangeFirewall('/usr/sbin/nft')).toBe(true);
  expect(mayChangeFirewall('/usr/sbin/ufw', ['ufw', 'status'])).toBe(true);
  expect(mayChangeFirewall('/usr/bin/curl', ['curl', 'list'])).toBe(false);
});

it('does not take somebody for it who only has them shown', () => {
  expect(nft('-j -n -s -t list ruleset')).toBe(false);
  expect(nft('list table inet filter')).toBe(false);
  expect(mayChangeFirewall('/usr/sbin/xtables-nft-multi', ['/sbin/iptables-save'])).toBe(false);
});

it('takes whatever can do more than show them for a change', () => {
  expect(nft('flush ruleset')).toBe(true);
  expect(nft('list ruleset ; flush ruleset')).toBe(true);
  expect(nft('list ruleset;flush ruleset')).toBe(true);
  expect(nft('-f list')).toBe(true);
  expect(nft('list ruleset -f /tmp/x')).toBe(true);
  expect(nft('-j -f list')).toBe(true);
  expect(mayChangeFirewall('/usr/sbin/nft', ['nft'])).toBe(true);
  expect(mayChangeFirewall('/usr/sbin/xtables-nft-multi', ['iptables', '-F'])).toBe(true);
  expect(mayChangeFirewall('/usr/sbin/nft', ['iptables-save', 'flush', 'ruleset'])).toBe(true);
});
