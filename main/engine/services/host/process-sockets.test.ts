import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { openConnections, ProcessSockets } from './process-sockets.ts';

const process1 = { pid: 7, startedMs: 1_000, image: '/usr/bin/curl', commandLine: 'curl' };
const connection = (localPort: number, protocol: 'tcp' | 'udp' = 'tcp'): HostEvent => ({
  type: 'network-connection',
  timeMs: 5,
  direction: 'outbound',
  protocol,
  localAddress: '10.0.0.9',
  localPort,
  remoteAddress: '203.0.113.5',
  remotePort: 443,
  process: process1,
});
const listener = (type: 'listener-opened' | 'listener-closed'): HostEvent => ({
  type,
  timeMs: 5,
  protocol: 'tcp',
  address: '0.0.0.0',
  port: 80,
  process: process1,
});

describe('the sockets of processes', () => {
  it('are those that were told and that the kernel still lists', () => {
    const sockets = new ProcessSockets();
    sockets.take([connection(40_000), connection(40_001), listener('listener-opened')]);
    expect(sockets.byProcess().get(7)).toHaveLength(3);
    sockets.keep(undefined);
    expect(sockets.byProcess().get(7)).toHaveLength(3);
    sockets.keep(new Set(['tcp 10.0.0.9 40001 203.0.113.5 443']));
    expect(
      sockets
        .byProcess()
        .get(7)
        ?.map(({ kind, localPort }) => [kind, localPort]),
    ).toEqual([
      ['listener', 80],
      ['connection', 40_001],
    ]);
    sockets.take([listener('listener-closed')]);
    expect(sockets.listeners).toEqual([]);
  });

  it('are bounded', () => {
    const sockets = new ProcessSockets();
    for (let port = 1; port < 40_000; port++) sockets.take([connection(port)]);
    expect(sockets.byProcess().get(7)).toHaveLength(16_384);
  });
});

describe('the list of the kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-net-'));
  let server: Server;
  beforeAll(async () => {
    const line = (local: string, remote: string, state: string) =>
      `   0: ${local} ${remote} ${state} 00000000:00000000\n`;
    const header = '  sl  local_address rem_address   st\n';
    writeFileSync(
      join(folder, 'tcp'),
      header + line('0900000A:9C40', '057100CB:01BB', '01') + line('0900000A:9C41', '057100CB:01BB', '06'),
    );
    writeFileSync(
      join(folder, 'tcp6'),
      header + line('B80D0120000000000000000001000000:0016', 'B80D0120000000000000000002000000:9C40', '01'),
    );
    writeFileSync(join(folder, 'udp'), header + line('00000000:14E9', '00000000:0000', '07'));
    writeFileSync(join(folder, 'udp6'), header);
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read in the order of its bytes, without what nobody has', () => {
    expect([...(openConnections(folder) ?? [])]).toEqual([
      'tcp 10.0.0.9 40000 203.0.113.5 443',
      'tcp 2001:db8::1 22 2001:db8::2 40000',
      'udp 5353',
    ]);
  });

  it('has the sockets of this computer', () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    expect([...(openConnections() ?? [])].some((key) => key.startsWith(`tcp 127.0.0.1 ${port} `))).toBe(true);
    expect(openConnections(join(folder, 'gone'))).toBeUndefined();
  });
});
