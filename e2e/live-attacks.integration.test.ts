/**
 * Attacks with real tools on a computer that Holdfast watches. All of it is real: a network between two
 * namespaces, servers, the built program, its sockets. How long each alert took is printed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertListSchema } from '../contract/api-schemas.ts';
import type { AlertKind, Severity } from '../contract/domain.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { findProgram } from '../scripts/lib/programs.mjs';
import { LiveEngine } from './support/live-engine.ts';
import { LiveNetwork, type ToolRun, VICTIM } from './support/live-network.ts';

/** The promise: an alert comes so soon after the evidence is complete. */
const ALERT_LIMIT_MS = 2_000;
/**
 * Addresses of the watched computer, one for each attack: what several hosts do to one address at the same time is
 * one attack.
 */
const VICTIMS = [VICTIM, ...Array.from({ length: 9 }, (_, index) => `10.66.1.${3 + index}`)];
/** So many wrong passwords are guessing: the default of detect.brute-force.failedLogins. */
const FAILED_LOGINS = 10;
/** Longer than any detector waits for an answer, and than the second in which they look. */
const SETTLE_MS = 3_000;

let folder: string;
let passwords: string;
let network: LiveNetwork;
let engine: LiveEngine;
const latencies: string[] = [];
const hosts: string[] = [];

interface Attack {
  readonly title: string;
  command(victim: string): readonly string[];
  readonly kind: AlertKind;
  readonly severities: readonly Severity[];
  /** Nobody can be named: the senders are invented. */
  readonly isSpoofed?: boolean;
  /** How long a question must stay unanswered before it is evidence; the detectors' settings. */
  readonly silenceMs?: number;
  /** The moment when nothing was missing any more, known from outside of Holdfast; the end of the tool when not given. */
  completeMs?(run: ToolRun): number;
}

const nmap = (...args: string[]): string[] => ['nmap', '-n', ...args];
/** Two thousand packets a second for a second and a half. */
const flood = (...args: string[]): string[] => ['hping3', '-q', '-i', 'u500', '-c', '3000', ...args];
/** Of that, a second is evidence enough. */
const firstSecond = ({ beganMs }: ToolRun): number => beganMs + 1_000;

const ATTACKS: readonly Attack[] = [
  {
    title: 'a SYN scan of the hundred most used ports (nmap -sS -F)',
    command: (victim) => nmap('-Pn', '-sS', '-F', victim),
    kind: 'port-scan',
    severities: ['medium'],
  },
  {
    title: 'a slower connect scan (nmap -sT --scan-delay)',
    command: (victim) => nmap('-Pn', '-sT', '-p', '100-114', '--scan-delay', '100ms', victim),
    kind: 'port-scan',
    severities: ['medium'],
  },
  {
    title: 'a UDP scan of a few ports (nmap -sU)',
    command: (victim) => nmap('-Pn', '-sU', '-p', '60-80', '--max-retries', '0', '--max-rtt-timeout', '200ms', victim),
    kind: 'port-scan',
    severities: ['medium'],
    // The kernel answers a few with ICMP errors, and then keeps silent (icmp_ratelimit).
    silenceMs: 1_500,
  },
  {
    title: 'a sweep for computers (nmap -sn)',
    command: () => nmap('-sn', '10.66.1.0/24'),
    kind: 'host-discovery',
    severities: ['low', 'medium'],
    silenceMs: 1_000,
  },
  {
    title: 'password guessing, one connection for several tries (hydra)',
    command: (victim) => ['hydra', '-I', '-l', 'root', '-P', passwords, '-t', '4', `ftp://${victim}`],
    kind: 'brute-force',
    severities: ['medium', 'high'],
    completeMs: ({ beganMs }) => refusedSince(beganMs),
  },
  {
    title: 'password guessing (medusa)',
    command: (victim) => ['medusa', '-h', victim, '-u', 'root', '-P', passwords, '-M', 'ftp', '-t', '2'],
    kind: 'brute-force',
    severities: ['medium', 'high'],
    completeMs: ({ beganMs }) => refusedSince(beganMs),
  },
  {
    title: 'a SYN flood (hping3 -S)',
    command: (victim) => flood('-S', '-p', '80', victim),
    kind: 'denial-of-service',
    severities: ['medium', 'high'],
    completeMs: firstSecond,
  },
  {
    title: 'a UDP flood (hping3 --udp)',
    command: (victim) => flood('--udp', '-p', '9999', victim),
    kind: 'denial-of-service',
    severities: ['medium', 'high'],
    completeMs: firstSecond,
  },
  {
    title: 'a ping flood (hping3 --icmp)',
    command: (victim) => flood('--icmp', victim),
    kind: 'denial-of-service',
    severities: ['medium', 'high'],
    completeMs: firstSecond,
  },
  {
    title: 'a SYN flood with invented senders (hping3 -S --rand-source)',
    command: (victim) => flood('-S', '--rand-source', '-p', '80', victim),
    kind: 'denial-of-service',
    severities: ['medium', 'high'],
    isSpoofed: true,
    completeMs: firstSecond,
  },
];

/** When the server had refused so many logins of this run that it is guessing. */
function refusedSince(beganMs: number): number {
  const refused = network.refusedMs.filter((timeMs) => timeMs >= beganMs);
  expect(refused.length).toBeGreaterThanOrEqual(FAILED_LOGINS);
  return refused[FAILED_LOGINS - 1];
}

/** What a computer does all day with another one. Gives its address. */
async function everyday(): Promise<string> {
  const host = network.nextHost();
  const pages = 'for i in $(seq 30); do curl -sS -o /dev/null http://$0/ || exit 1; done';
  const runs = await Promise.all([
    network.run('sh', '-c', pages, VICTIM),
    network.run('ping', '-q', '-c', '20', '-i', '0.05', VICTIM),
    network.run('curl', '-sS', '-o', '/dev/null', '-w', '%{size_download}', `http://${VICTIM}/large`),
  ]);
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(runs.map(() => ({ code: 0, stderr: '' })));
  expect(runs[2].stdout).toBe('20000000');
  return host;
}

const tools = ['nmap', 'hydra', 'medusa', 'hping3', 'curl', 'ping'];
const missing = tools.filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`Attacks with real tools are not tested: ${reason}`);

describe.skipIf(reason !== undefined)('attacks on a watched computer', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
    passwords = join(folder, 'passwords');
    writeFileSync(passwords, Array.from({ length: 30 }, (_, number) => `password${number}\n`).join(''));
    network = new LiveNetwork();
    for (const address of VICTIMS.slice(1)) network.addVictim(address);
    await network.serve();
    engine = await LiveEngine.start({
      dataDirectory: join(folder, 'data'),
      prefix: network.inside,
      daemonArguments: ['--interface', network.pair.nearInterface],
    });
    await engine.health('capture/near0', ({ state }) => state === 'ok');
  });

  afterAll(async () => {
    await engine?.kill();
    network?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    console.info(`From complete evidence to the alert:\n${latencies.join('\n')}`);
  });

  it('everyday traffic raises none', async () => {
    await everyday();
  });

  it.each(ATTACKS)('$title', async (attack) => {
    const from = engine.heard.length;
    const host = network.nextHost();
    const victim = VICTIMS[hosts.length];
    hosts.push(host);
    const run = await network.run(...attack.command(victim));
    const { alert, heardMs } = await engine.alert(attack.kind, from);

    expect(alert.attackers).toEqual(attack.isSpoofed ? [] : [host]);
    expect(alert.victims).toContain(victim);
    expect(attack.severities).toContain(alert.severity);

    const { silenceMs = 0, completeMs } = attack;
    // By the kernel's time of the last packet that the alert rests on, and by what was seen from outside.
    const sincePacketMs = heardMs - alert.lastSeenMs - silenceMs;
    const sinceOutsideMs = heardMs - (completeMs?.(run) ?? run.endedMs) - silenceMs;
    const shown = [sincePacketMs, sinceOutsideMs].map((value) => `${Math.round(value)} ms`.padStart(9));
    latencies.push(`${shown.join('')}  ${attack.title}: ${alert.severity}, ${alert.title}`);
    expect(sincePacketMs).toBeLessThan(ALERT_LIMIT_MS);
    expect(sinceOutsideMs).toBeLessThan(ALERT_LIMIT_MS);
  });

  it('in the end there is one alert for each attack, and none for everyday traffic', async () => {
    await everyday();
    await sleep(SETTLE_MS);
    const { code, stdout, stderr } = await engine.holdfast('alerts', 'list', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { alerts } = alertListSchema.parse({ next: null, ...JSON.parse(stdout) });
    const told = alerts.map(({ kind, attackers }) => ({ kind, attackers }));
    const expected = ATTACKS.map(({ kind, isSpoofed }, index) => ({
      kind,
      attackers: isSpoofed ? [] : [hosts[index]],
    }));
    expect(told).toHaveLength(expected.length);
    expect(told).toEqual(expect.arrayContaining(expected));
    expect(engine.heard.filter(({ change }) => change === 'opened')).toHaveLength(expected.length);
  });
});
