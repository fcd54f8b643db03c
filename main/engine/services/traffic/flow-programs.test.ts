import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HostEventOf, HostProcess } from '../../../../contract/events.ts';
import { FlowPrograms, MAX_CONNECTIONS, socketObstacle } from './flow-programs.ts';

const OWN = '10.0.0.2';
const OTHER = '192.0.2.1';

function programs(obstacle = '') {
  let asked = 0;
  const made = new FlowPrograms({
    ownAddresses: () => {
      asked++;
      return new Set([OWN]);
    },
    obstacle: () => obstacle,
    monotonicMs: () => 0,
  });
  return { made, asked: () => asked };
}

function process(image: string, pid = 7): HostProcess {
  return { pid, image, name: 'name', commandLine: '', user: 'ada' };
}

function connection(changes: Partial<HostEventOf<'network-connection'>> = {}): HostEventOf<'network-connection'> {
  return {
    type: 'network-connection',
    timeMs: 1,
    direction: 'outbound',
    protocol: 'tcp',
    localAddress: OWN,
    localPort: 40_000,
    remoteAddress: OTHER,
    remotePort: 443,
    process: process('/usr/bin/curl'),
    ...changes,
  };
}

function listener(
  type: 'listener-opened' | 'listener-closed',
  address: string,
  changes: Partial<HostEventOf<'listener-opened'>> = {},
) {
  return {
    timeMs: 1,
    protocol: 'tcp' as const,
    address,
    port: 80,
    process: process('/usr/sbin/httpd'),
    ...changes,
    type,
  };
}

const flow = (protocol = 6, initiator = OWN, initiatorPort = 40_000, responder = OTHER, responderPort = 443) => ({
  protocol,
  initiator,
  initiatorPort,
  responder,
  responderPort,
});

describe('FlowPrograms', () => {
  it('knows the program of a connection, whichever end is ours', () => {
    const { made } = programs();
    made.take([connection()]);
    const curl = { path: '/usr/bin/curl', pid: 7, user: 'ada' };
    expect(made.programOf(flow())).toEqual(curl);
    expect(made.programOf(flow(6, OTHER, 443, OWN, 40_000))).toEqual(curl);
    expect(made.programOf(flow(17))).toBeUndefined();
    expect(made.programOf(flow(6, OWN, 40_001))).toBeUndefined();
    expect(made.programOf(flow(47))).toBeUndefined();
    const [known, unknown] = made.attach([flow(), flow(17)]);
    expect(known).toEqual({ ...flow(), program: curl });
    expect(unknown).not.toHaveProperty('program');
  });

  it('takes the later of two with the same ends, and the initiator of two on this computer', () => {
    const { made } = programs();
    made.take([connection(), connection({ process: process('/usr/bin/wget', 8) })]);
    expect(made.programOf(flow())?.path).toBe('/usr/bin/wget');
    const [client, server] = ['127.0.0.1', '127.0.0.1'];
    made.take([
      connection({
        localAddress: server,
        localPort: 80,
        remoteAddress: client,
        remotePort: 50_000,
        process: process('/s'),
      }),
      connection({
        localAddress: client,
        localPort: 50_000,
        remoteAddress: server,
        remotePort: 80,
        process: process('/c'),
      }),
    ]);
    expect(made.programOf(flow(6, client, 50_000, server, 80))?.path).toBe('/c');
  });

  it('knows datagrams of sockets without an address of their own, and pings', () => {
    const { made } = programs();
    made.take([
      connection({ protocol: 'udp', localAddress: '0.0.0.0', remotePort: 53 }),
      connection({ protocol: 'icmp', localPort: 0, remotePort: 0, process: process('/usr/bin/ping') }),
    ]);
    expect(made.programOf(flow(17, OWN, 40_000, OTHER, 53))?.path).toBe('/usr/bin/curl');
    expect(made.programOf(flow(1, OWN, 8, OTHER, 0))?.path).toBe('/usr/bin/ping');
  });

  it('gives what comes in to who waits for it, and to nobody once that is closed', () => {
    const { made, asked } = programs();
    const incoming = flow(6, OTHER, 50_000, OWN, 80);
    made.take([listener('listener-opened', '0.0.0.0')]);
    expect(made.programOf(incoming)?.path).toBe('/usr/sbin/httpd');
    // The same port of another computer.
    expect(made.programOf(flow(6, OWN, 50_000, OTHER, 80))).toBeUndefined();
    expect(asked()).toBe(1);
    made.take([listener('listener-closed', '0.0.0.0')]);
    expect(made.programOf(incoming)).toBeUndefined();
    made.take([listener('listener-opened', '127.0.0.1')]);
    expect(made.programOf(incoming)).toBeUndefined();
    expect(made.programOf(flow(6, '127.0.0.1', 50_000, '127.0.0.1', 80))?.pid).toBe(7);
  });

  it('takes nothing of other namespaces that may be mistaken for ours', () => {
    const { made } = programs();
    made.take([
      connection({ localAddress: '127.0.0.1', remoteAddress: '127.0.0.1', networkNamespace: 5 }),
      connection({ localAddress: '172.17.0.2', networkNamespace: 5 }),
      listener('listener-opened', '::', { networkNamespace: 5 }),
    ]);
    expect(made.programOf(flow(6, '127.0.0.1', 40_000, '127.0.0.1', 443))).toBeUndefined();
    expect(made.programOf(flow(6, OTHER, 50_000, OWN, 80))).toBeUndefined();
    expect(made.programOf(flow(6, '172.17.0.2'))?.path).toBe('/usr/bin/curl');
  });

  it('names threads of the kernel, and keeps nothing without a process', () => {
    const { made } = programs();
    made.take([connection({ process: process('') }), connection({ localPort: 1, process: undefined })]);
    expect(made.programOf(flow())?.path).toBe('[name]');
    expect(made.programOf(flow(6, OWN, 1))).toBeUndefined();
  });

  it('says why a program is not known', () => {
    const ends = { initiator: OWN, responder: OTHER, startMs: 0 };
    expect(programs('The sensor is off.').made.whyUnknown(ends)).toBe('The sensor is off.');
    expect(programs('The sensor is off.').made.whyUnknown({ ...ends, initiator: '10.0.0.9' })).toContain('Neither end');
    expect(programs().made.whyUnknown(ends)).toContain('before Holdfast watched');
  });

  it('takes what keeps it from knowing from Health', () => {
    const entry = { part: 'sockets', detail: 'Not allowed.', hint: 'Be root.' };
    expect(socketObstacle([])).toContain('not watched');
    expect(socketObstacle([{ ...entry, state: 'failed' }])).toBe('Not allowed. Be root.');
    expect(socketObstacle([{ ...entry, state: 'degraded' }])).toBe('');
  });

  it('remembers no more than it may, and forgets what was used longest ago', () => {
    const { made } = programs();
    made.take([connection({ localPort: 1, remotePort: 1 })]);
    for (let count = 0; count < MAX_CONNECTIONS; count++) {
      if (count === MAX_CONNECTIONS - 1) made.programOf(flow(6, OWN, 1, OTHER, 1));
      made.take([connection({ localPort: 2 + (count >> 8), remotePort: 2 + (count & 0xff) })]);
    }
    expect(made.size).toBe(MAX_CONNECTIONS);
    expect(made.programOf(flow(6, OWN, 1, OTHER, 1))).toBeDefined();
    expect(made.programOf(flow(6, OWN, 2, OTHER, 2))).toBeUndefined();
  });

  it('never throws, whatever addresses and numbers come', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer(),
        fc.string(),
        fc.integer(),
        fc.nat(260),
        (local, port, remote, far, protocol) => {
          const { made } = programs();
          made.take([connection({ localAddress: local, localPort: port, remoteAddress: remote, remotePort: far })]);
          made.programOf(flow(protocol, local, port, remote, far));
          expect(made.size).toBe(1);
        },
      ),
      { numRuns: 100 },
    );
  });
});
