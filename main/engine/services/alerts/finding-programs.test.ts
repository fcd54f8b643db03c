import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { AlertBook } from '../../alerts/index.ts';
import { FindingPrograms } from './finding-programs.ts';

const OWN = '10.0.0.9';
const C2 = '203.0.113.5';
const START = Date.UTC(2026, 5, 1);
const SHELL = { pid: 90, startedMs: START - 9, image: '/usr/bin/bash', commandLine: 'bash' };

const program = (pid: number): HostProcessWithParents => ({
  pid,
  startedMs: START + pid,
  image: '/usr/bin/python3',
  commandLine: 'python3 c.py',
  parent: SHELL,
});

const connection = (process: HostProcessWithParents, remoteAddress: string): HostEvent => ({
  type: 'network-connection',
  timeMs: START,
  direction: 'outbound',
  protocol: 'tcp',
  localAddress: OWN,
  localPort: 40_000,
  remoteAddress,
  remotePort: 443,
  process,
});

const finding = (facts: Partial<Finding>): Finding => ({
  detector: 'beaconing',
  kind: 'beaconing',
  cause: 'x',
  firstSeenMs: START,
  lastSeenMs: START,
  severity: 'medium',
  confidence: 0.6,
  techniques: [],
  attackers: [C2],
  victims: [OWN],
  attackerCount: 1,
  victimCount: 1,
  title: 't',
  explanation: 'e',
  evidence: [],
  ...facts,
});

const programs = () => new FindingPrograms({ ownAddresses: () => [OWN, '127.0.0.1', 'fe80::1'] });

describe('findings about traffic', () => {
  it('name the program that has it, with those above it', () => {
    const known = programs();
    known.take([connection(program(100), C2), connection(program(200), '198.51.100.1')]);
    const { processes } = known.attach(finding({}));
    expect(processes?.map(({ pid }) => pid)).toEqual([100, 90]);
    expect(processes?.[0]?.parentPid).toBe(90);
    expect(known.attach(finding({ attackers: ['192.0.2.1'] })).processes).toBeUndefined();
  });

  it('name nobody where it could be anybody', () => {
    const known = programs();
    for (let pid = 100; pid < 110; pid++) known.take([connection(program(pid), C2)]);
    expect(known.attach(finding({})).processes).toBeUndefined();
  });

  it('become one alert with what the same tree of programs did', () => {
    const known = programs();
    known.take([connection(program(100), C2)]);
    const book = new AlertBook();
    book.add(known.attach(finding({})));
    const { pid, startedMs, image, commandLine } = SHELL;
    const processes = [{ pid, startedMs, image, commandLine }];
    book.add(
      known.attach(finding({ origin: 'host', kind: 'persistence', cause: 'y', attackers: [], victims: [], processes })),
    );
    expect(book.list()).toHaveLength(1);
  });
});

describe('findings about this computer', () => {
  it('name its address of the same family where they name an attacker', () => {
    const from = (attackers: string[]) =>
      programs().attach(finding({ origin: 'host', attackers, victims: [], victimCount: 0 }));
    expect(from([C2]).victims).toEqual([OWN]);
    expect(from(['2001:db8::5']).victims).toEqual(['fe80::1']);
    expect(from([]).victims).toEqual([]);
  });
});
