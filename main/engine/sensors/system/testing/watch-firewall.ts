/**
 * Runs the sensor in the network namespace that it is started in, sets rules there and removes them, and prints what was
 * told as JSON. Started by sensor.integration.test.ts in a namespace of its own: it would switch a firewall off.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import type { HostEventOf } from '../../../../../contract/events.ts';
import { HealthRegistry } from '../../../runtime/health.ts';
import { SystemSensor } from '../sensor.ts';

const NFT = '/usr/sbin/nft';
const RULES =
  'table inet test { chain input { type filter hook input priority 0; policy drop; iif lo accept; tcp dport 22 accept; }; }';
const LONGEST_WAIT_MS = 20_000;

const nft = (...words: readonly string[]): void => void execFileSync(NFT, words, { stdio: 'ignore' });

const events: HostEventOf<'firewall-change'>[] = [];
const sensor = new SystemSensor({
  health: new HealthRegistry(),
  onEvents: (news) => events.push(...news.filter((event) => event.type === 'firewall-change')),
  collectors: [],
  walksFiles: false,
});

async function waitFor(isReached: () => boolean): Promise<void> {
  const endMs = performance.now() + LONGEST_WAIT_MS;
  while (!isReached() && performance.now() < endMs) await setTimeout(20);
}

/** As the sensor of processes would say. */
async function change(...words: readonly string[]): Promise<void> {
  const before = events.length;
  nft(...words);
  sensor.noteRun(NFT);
  await waitFor(() => events.length > before);
}

nft(RULES);
sensor.start();
await waitFor(() => sensor.firewall?.rules === 2);
await change('add', 'rule', 'inet', 'test', 'input', 'tcp', 'dport', '80', 'accept');
await change('add', 'chain', 'inet', 'test', 'input', '{ policy accept; }');
await change('flush', 'ruleset');
await sensor.stop();
process.stdout.write(JSON.stringify(events));
