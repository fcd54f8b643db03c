import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf } from '../../../../contract/events.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { DEFAULT_HELPER_PATH } from '../helper.ts';
import type { SocketMethod } from './records.ts';
import { SocketSensor } from './sensor.ts';

const run = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../../../../native-helpers/sense', import.meta.url));
const STORM = `${FOLDER}/build/storm`;
/** Each from a process of its own that ends at once. */
const STORM_COUNT = 2_000;
const STORM_TIMEOUT_MS = 60_000;
/** The kernel runs no eBPF program within itself: of a storm on few processors one in a thousand or so is not told. */
const STORM_LEAST = STORM_COUNT * 0.997;

/** Why a method cannot be tried here; undefined when it can. */
function whyNot(method: SocketMethod): string | undefined {
  if (process.getuid?.() !== 0) return 'they need root';
  if (!existsSync(DEFAULT_HELPER_PATH)) return 'native-helpers/sense is not built';
  try {
    execFileSync('make', ['--silent', '-C', FOLDER, 'build/storm'], { stdio: 'ignore' });
  } catch {
    return 'build/storm cannot be built';
  }
  try {
    execFileSync('timeout', ['0.5', DEFAULT_HELPER_PATH, 'sockets', '--method', method], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const { status, stderr } = error as { status?: number; stderr?: Buffer };
    return status === 124 ? undefined : String(stderr).trim() || `the helper ended with ${status}`;
  }
}

const obstacles: Readonly<Record<SocketMethod, string | undefined>> = { ebpf: whyNot('ebpf'), lists: whyNot('lists') };
for (const [method, obstacle] of Object.entries(obstacles)) {
  if (obstacle !== undefined) console.log(`Socket sensor tests with ${method} are skipped: ${obstacle}.`);
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

async function watch(method: SocketMethod) {
  const events: HostEvent[] = [];
  const health = new HealthRegistry();
  const sensor = new SocketSensor({ method, health, onEvents: (news) => events.push(...news) });
  ends.push(() => sensor.stop());
  sensor.start();
  await expect.poll(() => sensor.counts.lists, { timeout: 45_000 }).toBeGreaterThan(0);
  const of = <T extends HostEvent['type']>(type: T) =>
    events.filter((event): event is HostEventOf<T> => event.type === type);
  const entry = () => health.report().entries.find(({ part }) => part === 'sockets');
  return { sensor, of, entry };
}

/** A server of this process, and a connection to it. Both ends are closed after the test. */
async function connected() {
  const server = createServer((socket) => ends.push(() => socket.destroy())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  ends.push(
    () => client.destroy(),
    () => server.close(),
  );
  return { server, port, clientPort: client.localPort };
}

for (const method of ['ebpf', 'lists'] as const) {
  describe.skipIf(obstacles[method] !== undefined)(`sockets by ${method}`, () => {
    it('knows the program of connections and listeners that were there before', async () => {
      const { port, clientPort } = await connected();
      const { of } = await watch(method);
      const ours = () =>
        of('network-connection').filter(({ localPort, remotePort }) => [localPort, remotePort].includes(port));
      await expect.poll(() => ours().length, { timeout: 45_000 }).toBe(2);
      for (const connection of ours()) {
        expect(connection.process).toMatchObject({ pid: process.pid, image: process.execPath });
        expect(connection.direction).toBe(connection.localPort === clientPort ? 'outbound' : 'inbound');
      }
      expect(of('listener-opened').find((event) => event.port === port)?.process?.pid).toBe(process.pid);
    }, 20_000);

    it('tells new ones, and ports that are opened and closed', async () => {
      const { of } = await watch(method);
      const { server, port, clientPort } = await connected();
      const ours = () => of('network-connection').find(({ localPort }) => localPort === clientPort);
      await expect.poll(ours, { timeout: 45_000 }).toMatchObject({
        direction: 'outbound',
        protocol: 'tcp',
        remoteAddress: '127.0.0.1',
        remotePort: port,
        process: { pid: process.pid },
      });
      await expect
        .poll(() => of('listener-opened').find((event) => event.port === port)?.process?.pid, { timeout: 45_000 })
        .toBe(process.pid);
      server.close();
      await expect
        .poll(() => of('listener-closed').find((event) => event.port === port)?.process?.pid, { timeout: 45_000 })
        .toBe(process.pid);
    }, 20_000);

    it('has given up all rights', async () => {
      const { sensor } = await watch(method);
      const status = readFileSync(`/proc/${sensor.helperPid}/status`, 'utf8');
      expect(status).toMatch(/^CapPrm:\t0+$/m);
      expect(status).toMatch(/^Uid:\t65534\t65534/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
    }, 20_000);
  });
}

describe.skipIf(obstacles.ebpf !== undefined)('sockets by eBPF alone', () => {
  it(
    'names the program of every connection of a storm, of both ends',
    async () => {
      const { of, entry } = await watch('ebpf');
      const { stdout } = await run(STORM, [String(STORM_COUNT)], { timeout: STORM_TIMEOUT_MS });
      const storm = (direction: string) =>
        of('network-connection').filter(
          (event) =>
            event.networkNamespace !== undefined && event.direction === direction && event.process?.image === STORM,
        );
      await expect.poll(() => storm('outbound').length, { timeout: 45_000 }).toBeGreaterThanOrEqual(STORM_LEAST);
      const clients = new Set(storm('outbound').map(({ process }) => `${process?.pid} ${process?.startedMs}`));
      const servers = new Set(storm('inbound').map(({ process }) => process?.pid));
      console.log(
        `Socket sensor: ${storm('outbound').length} made, ${storm('inbound').length} taken on: ${stdout.trim()}`,
      );
      expect(clients.size).toBeGreaterThanOrEqual(STORM_LEAST);
      expect(storm('inbound').length).toBeGreaterThanOrEqual(STORM_LEAST);
      // Who takes them on; and who waits for them, where a connection was reset before anybody could.
      expect(servers.size).toBeLessThanOrEqual(2);
      expect(entry()?.counters).toMatchObject({ dropped: 0 });
    },
    2 * STORM_TIMEOUT_MS,
  );

  it('tells whom a process sends datagrams to, once for each receiver', async () => {
    const { of } = await watch('ebpf');
    const script = `
const { createSocket } = require('node:dgram');
const socket = createSocket('udp4');
socket.send('a', 53535, '127.0.0.1', () => socket.send('b', 53535, '127.0.0.1', () =>
  socket.send('c', 53536, '127.0.0.1', () => socket.close())));`;
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    await once(child, 'exit');
    const sent = () => of('network-connection').filter(({ process }) => process?.pid === child.pid);
    await expect.poll(() => sent().map(({ remotePort }) => remotePort), { timeout: 45_000 }).toEqual([53535, 53536]);
    expect(sent()[0]).toMatchObject({ protocol: 'udp', direction: 'outbound', localAddress: '127.0.0.1' });
    expect(sent()[0].localPort).toBeGreaterThan(0);
  }, 20_000);
});
