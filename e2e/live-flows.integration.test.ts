/** Open flows, history and hosts as a client of a real engine sees them, from real packets in a network namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApiClient } from '../contract/api.ts';
import type { Flow } from '../contract/api-flows.ts';
import { connectToEngine } from '../main/client/index.ts';
import { createEngine, type Engine, loadEngineConfig, openLog, resolvePaths } from '../main/engine/index.ts';
import { NamespacePair, whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';

const reason = whyNoNamespaces();
if (reason !== undefined) console.warn(`Open flows of a real engine are not tested: ${reason}`);

const VERSION = '0.0.0-test';
const NEAR = '10.66.1.1';
const FAR = '10.66.1.2';
const PORT = 9_000;
const PIECE_BYTES = 20_000;
const PIECES_PER_SECOND = 10;
const USUAL_RATE = PIECE_BYTES * PIECES_PER_SECOND;

/** Takes in what comes, and goes when the other side goes. */
const SINK = `require('node:net').createServer((socket) => socket.resume().on('error', () => {}))
  .listen(${PORT}, () => console.log('ready'));`;
/** Sends at an even pace until its standard input ends, then ends the connection in an orderly way. */
const SENDER = `const socket = require('node:net').connect(${PORT}, '${NEAR}');
  const timer = setInterval(() => socket.write(Buffer.alloc(${PIECE_BYTES})), ${1_000 / PIECES_PER_SECOND});
  process.stdin.resume().on('end', () => { clearInterval(timer); socket.end(); });`;

describe.skipIf(reason !== undefined)('a client of a watching engine', () => {
  const began = Date.now();
  const processes: ChildProcess[] = [];
  let folder: string;
  let pair: NamespacePair;
  let engine: Engine;
  let client: ApiClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-flows-'));
    pair = new NamespacePair();
    const paths = resolvePaths({ dataDirectory: folder, environment: {}, userId: 0, homeDirectory: folder });
    const config = await loadEngineConfig({
      environment: {},
      flags: { 'sensors.interfaces': [pair.nearInterface], 'network.lingerSeconds': 1, 'network.updateSeconds': 1 },
      userId: 0,
    });
    const logger = await openLog(config, paths.logDirectory);
    const helperPrefix = pair.inside(pair.near);
    engine = await createEngine({ config, paths, logger, version: VERSION, simulate: false, helperPrefix });
    await engine.start();
    client = await connectToEngine({ directories: [paths.runtimeDirectory], userId: 0, version: VERSION });
    const begun = () => engine.health.report().entries.some(isWatching) && areSocketsTold();
    await vi.waitUntil(begun, { timeout: 45_000, interval: 50 });
    const sink = run(pair.near, SINK);
    await once(sink.stdout as NodeJS.ReadableStream, 'data');
  });

  afterAll(async () => {
    client?.close();
    for (const child of processes) child.kill('SIGKILL');
    await engine?.stop();
    pair?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const isWatching = ({ part, state }: { part: string; state: string }) =>
    part === `capture/${pair.nearInterface}` && state === 'ok';

  /** Whether the sensor of sockets works, or has said that it does not. */
  const areSocketsTold = (): boolean =>
    engine.health.report().entries.some(({ part, state }) => part === 'sockets' && state !== 'off');

  function run(namespace: string, program: string): ChildProcess {
    const [command, ...words] = [...pair.inside(namespace), process.execPath, '-e', program];
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    processes.push(child);
    return child;
  }

  it('sees a connection come, its rate, its features and its end; and then history and hosts', async () => {
    const leave = new AbortController();
    const seen: Flow[] = [];
    const firsts: boolean[] = [];
    const items = client.watch('flows.watch', {}, leave.signal);
    const following = (async () => {
      for await (const { isComplete, flows } of items) {
        firsts.push(isComplete);
        seen.push(...flows.filter(({ responderPort }) => responderPort === PORT));
      }
    })();
    const sender = run(pair.far, SENDER);
    const isSteady = ({ initiatorBytesPerSecond: rate }: Flow) => rate > USUAL_RATE / 2 && rate < USUAL_RATE * 2;
    await vi.waitUntil(() => seen.filter(isSteady).length >= 2, { timeout: 45_000, interval: 50 });
    const open = seen[seen.length - 1];
    expect(open).toMatchObject({ initiator: FAR, responder: NEAR, transport: 'tcp', end: null });
    expect(open.id).toMatch(/^o-\d+$/);
    expect(firsts[0]).toBe(true);

    const detail = await client.request('flows.get', { id: open.id });
    expect(detail).toMatchObject({ whyNoFeatures: '', flow: { id: open.id, initiator: FAR }, alerts: [] });
    const feature = (name: string) => detail.features.find((each) => each.name === name);
    expect(feature('Total Length of Fwd Packets')?.value).toBeGreaterThan(PIECE_BYTES);
    expect(feature('Total Length of Fwd Packets')?.meaning).toContain('the initiator sent');

    sender.stdin?.end();
    await vi.waitUntil(() => seen.some(({ end }) => end !== null), { timeout: 45_000, interval: 50 });
    const last = seen[seen.length - 1];
    expect(last).toMatchObject({ id: open.id, end: 'fin', initiatorBytesPerSecond: 0 });
    // Both ends are on this computer; the initiator's counts. Where the kernel cannot tell, nothing is said.
    const { state } = engine.health.report().entries.find(({ part }) => part === 'sockets') ?? {};
    expect(last.program).toEqual(
      state === 'ok' ? { path: process.execPath, pid: sender.pid, user: 'root' } : undefined,
    );
    leave.abort();
    await following;

    // Its old id still answers, and it is stored.
    const after = await vi.waitUntil(
      async () => {
        const { flows } = await client.request('flows.list', { host: FAR, sinceMs: began });
        return flows.find(({ responderPort }) => responderPort === PORT);
      },
      { timeout: 45_000 },
    );
    expect(after).toMatchObject({ end: 'fin', initiatorBytes: last.initiatorBytes, startMs: last.startMs });
    const [byOldId, stored] = await Promise.all([open.id, after.id].map((id) => client.request('flows.get', { id })));
    expect(byOldId.flow).toEqual({ ...stored.flow, id: open.id });
    expect(stored.features).toEqual(byOldId.features);

    const { hosts, total } = await client.request('hosts.list', {});
    expect(total).toBe(2);
    expect(hosts.find(({ address }) => address === NEAR)).toMatchObject({ isOwn: true, isNew: false });
    expect(hosts.find(({ address }) => address === FAR)).toMatchObject({
      isOwn: false,
      flows: 1,
      sentBytes: last.initiatorBytes,
      receivedBytes: last.responderBytes,
    });

    const { points, stepMs } = await client.request('traffic.history', {
      sinceMs: began,
      untilMs: Date.now(),
      points: 100,
    });
    expect(stepMs).toBe(60_000);
    const sum = (key: 'receivedBytes' | 'sentBytes' | 'packets' | 'watchedSeconds') =>
      points.reduce((total, point) => total + point[key], 0);
    // All but ARP is of this connection; what came before the first look at the counters is not counted.
    expect(sum('receivedBytes')).toBeGreaterThan(last.initiatorBytes * 0.9);
    expect(sum('receivedBytes')).toBeLessThan(last.initiatorBytes * 1.1);
    expect(sum('sentBytes')).toBeLessThan(sum('receivedBytes') / 5);
    expect(sum('packets')).toBeGreaterThan(last.initiatorPackets);
    expect(sum('watchedSeconds')).toBeGreaterThan(2);
    expect(sum('watchedSeconds')).toBeLessThan((Date.now() - began) / 1_000);
  });

  it('ends what is open when watching ends, and begins with numbers of its own', async () => {
    const leave = new AbortController();
    const seen: Flow[] = [];
    const items = client.watch('flows.watch', {}, leave.signal);
    const following = (async () => {
      for await (const { flows } of items) seen.push(...flows.filter(({ responderPort }) => responderPort === PORT));
    })();
    run(pair.far, SENDER);
    await vi.waitUntil(() => seen.length > 0, { timeout: 45_000, interval: 50 });
    const { id } = seen[0];
    await client.request('protection.pause', { minutes: 5, reason: 'a test of flows' });
    await vi.waitUntil(() => seen.at(-1)?.end === 'stopped', { timeout: 45_000, interval: 50 });
    expect(await client.request('flows.get', { id })).toMatchObject({ flow: { id, end: 'stopped' } });
    await client.request('protection.resume', {});
    await vi.waitUntil(() => seen.at(-1)?.end === null, { timeout: 45_000, interval: 50 });
    expect(seen.at(-1)?.id).not.toBe(id);
    leave.abort();
    await following;
  });

  it('says what is no flow, and which times nothing was watched', async () => {
    await expect(client.request('flows.get', { id: 'o-9007199254740991' })).rejects.toMatchObject({
      failure: { code: 'no-such-flow' },
    });
    await expect(client.request('flows.get', { id: 's-999999' })).rejects.toMatchObject({
      failure: { code: 'no-such-flow' },
    });
    await expect(client.request('flows.list', { alertId: 'a-none' })).rejects.toMatchObject({
      failure: { code: 'no-such-alert' },
    });
    const { points } = await client.request('traffic.history', {
      sinceMs: began - 86_400_000,
      untilMs: began - 3_600_000,
      points: 24,
    });
    expect(points).toHaveLength(24);
    expect(points.every(({ watchedSeconds }) => watchedSeconds === 0)).toBe(true);
  });
});
