import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { LiveCapture, type LiveCaptureOptions } from './testing/live-capture.ts';
import { NamespacePair, TUNNEL, whyNoNamespaces } from './testing/namespace-pair.ts';

const obstacle = whyNoNamespaces();
if (obstacle !== undefined) console.log(`Live capture tests are skipped: ${obstacle}.`);

const disposals: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

function makePair(): NamespacePair {
  const pair = new NamespacePair();
  disposals.push(() => pair.remove());
  return pair;
}

/** Watches in the near namespace, and waits until the interface is up. */
async function watch(pair: NamespacePair, options: Partial<LiveCaptureOptions> = {}): Promise<LiveCapture> {
  const capture = new LiveCapture({
    interfaces: [pair.nearInterface],
    prefix: pair.inside(pair.near),
    ...options,
  });
  disposals.push(() => capture.dispose());
  await expect
    .poll(() => capture.sensor.interfaces().some(({ state }) => state === 'up'), { timeout: 45_000 })
    .toBe(true);
  return capture;
}

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function statusOf(pid: number): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(':\t').map((part) => part.trim())));
}

describe.skipIf(obstacle !== undefined)('live capture', () => {
  it('sees every packet once, in order with its ticks, and counts right', async () => {
    const pair = makePair();
    const capture = await watch(pair);
    const before = pair.receivedByDevice();
    const { sent } = await pair.blast({ count: 200_000, rate: 200_000 });
    const arrived = pair.receivedByDevice() - before;
    // The counts come once a second.
    await expect.poll(() => capture.state(pair.nearInterface)?.received, { timeout: 45_000 }).toBe(arrived);
    const tally = await capture.finish();
    expect(sent).toBe(200_000);
    expect(tally).toMatchObject({ frames: arrived, numbered: arrived, distinct: arrived, lateFrames: 0 });
    expect(capture.state(pair.nearInterface)).toMatchObject({
      linkType: 1,
      received: arrived,
      dropped: 0,
      bytes: arrived * 60,
    });
    expect(capture.runs).toMatchObject([{ reason: 'finished' }]);
    expect(capture.messages).toEqual([]);
    expect(tally.ticks).toBeGreaterThan(5);
    expect(tally.longestSilenceMs).toBeLessThan(1_000);
  });

  it('counts what is lost when the reader is stuck', async () => {
    const pair = makePair();
    const capture = await watch(pair, { ringMebibytes: 1, stallMs: 1_500 });
    const before = pair.receivedByDevice();
    await pair.blast({ count: 300_000, rate: 200_000 });
    const arrived = pair.receivedByDevice() - before;
    const lost = () => capture.state(pair.nearInterface)?.dropped ?? 0;
    await expect.poll(lost, { timeout: 45_000 }).toBeGreaterThan(0);
    expect(capture.health.report().entries).toContainEqual(
      expect.objectContaining({
        part: `capture/${pair.nearInterface}`,
        state: 'degraded',
        detail: expect.stringContaining('packets were lost'),
      }),
    );
    await settle(300);
    const tally = await capture.finish();
    expect(tally.numbered + lost()).toBe(arrived);
    expect(tally.distinct).toBe(tally.numbered);
  });

  it('goes on when an interface goes down, vanishes and comes back', async () => {
    const pair = makePair();
    const capture = await watch(pair, { interfaces: [pair.nearInterface, 'never0'] });
    const state = () => capture.state(pair.nearInterface)?.state;
    await expect.poll(() => capture.state('never0')?.state).toBe('missing');
    pair.ip('-n', pair.near, 'link', 'set', pair.nearInterface, 'down');
    await expect.poll(state).toBe('down');
    pair.ip('-n', pair.near, 'link', 'set', pair.nearInterface, 'up');
    await expect.poll(state).toBe('up');
    await pair.blast({ count: 1_000, rate: 20_000 });
    pair.part();
    await expect.poll(state).toBe('missing');
    expect(capture.health.report().entries).toContainEqual(
      expect.objectContaining({ detail: `Cannot watch ${pair.nearInterface}: it is gone.` }),
    );
    pair.join();
    await expect.poll(state).toBe('up');
    await pair.blast({ count: 1_000, rate: 20_000 });
    await settle(300);
    expect((await capture.finish()).numbered).toBe(2_000);
    expect(capture.runs.length).toBe(1);
  });

  it('starts a helper that was killed again, and keeps the counts', async () => {
    const pair = makePair();
    const capture = await watch(pair);
    await pair.blast({ count: 1_000, rate: 20_000 });
    await expect.poll(() => capture.state(pair.nearInterface)?.received, { timeout: 45_000 }).toBe(1_000);
    const first = capture.sensor.helperPid ?? 0;
    process.kill(first, 'SIGKILL');
    await expect.poll(() => capture.sensor.helperPid ?? first).not.toBe(first);
    await expect.poll(() => capture.runs.length).toBe(1);
    const health = () => capture.health.report().entries.find(({ part }) => part === `capture/${pair.nearInterface}`);
    await expect.poll(() => health()?.state).toBe('ok');
    await pair.blast({ count: 1_000, rate: 20_000 });
    await expect.poll(() => capture.state(pair.nearInterface)?.received, { timeout: 45_000 }).toBe(2_000);
    expect(capture.messages).toEqual(['The capture helper ended: it ended with SIGKILL']);
    expect((await capture.finish()).numbered).toBe(1_000);
  });

  it('watches without any right left', async () => {
    const pair = makePair();
    const capture = await watch(pair);
    const pid = capture.sensor.helperPid ?? 0;
    const none = '0000000000000000';
    expect(statusOf(pid)).toMatchObject({
      Uid: '65534\t65534\t65534\t65534',
      Gid: '65534\t65534\t65534\t65534',
      Groups: '',
      CapInh: none,
      CapPrm: none,
      CapEff: none,
      CapBnd: none,
      CapAmb: none,
      NoNewPrivs: '1',
      Seccomp: '2',
    });
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/);
  });

  it('leaves nothing behind, even when the engine is killed', async () => {
    const pair = makePair();
    const module = fileURLToPath(new URL('./testing/live-capture.ts', import.meta.url));
    const options = { interfaces: [pair.nearInterface], prefix: pair.inside(pair.near) };
    const script = `
      import(${JSON.stringify(module)}).then(({ LiveCapture }) => {
        const capture = new LiveCapture(${JSON.stringify(options)});
        console.log(capture.sensor.helperPid);
      });
    `;
    const engine = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    engine.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await expect.poll(() => output, { timeout: 45_000 }).toMatch(/^\d+\n/);
    const helper = Number(output);
    await expect.poll(() => statusOf(helper).Seccomp, { timeout: 45_000 }).toBe('2');
    expect(engine.exitCode).toBe(null);
    engine.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${helper}`), { timeout: 45_000 }).toBe(false);
    await expect.poll(() => readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-capture-'))).toEqual([]);
  });

  it('shows a packet on loopback once', async () => {
    const pair = makePair();
    const capture = await watch(pair, { interfaces: ['lo'] });
    await pair.execute(pair.near, 'ping', '-c', '2', '-i', '0.2', '127.0.0.1');
    await settle(200);
    // Two requests and two answers.
    expect((await capture.finish()).frames).toBe(4);
  });

  it('puts the VLAN tag back into the frame', async () => {
    const pair = makePair();
    const capture = await watch(pair);
    await pair.blast({ count: 10, rate: 1_000, vlan: 0x123 });
    await settle(200);
    const { samples } = await capture.finish();
    expect(samples.length).toBe(10);
    for (const sample of samples) {
      expect(sample.slice(2 + 24, 2 + 40)).toBe('8100012308004500');
      expect(sample.length).toBe(2 + 2 * 60);
    }
  });

  it.skipIf(!existsSync('/dev/net/tun'))('watches a tunnel that appears as raw IP', async () => {
    const pair = makePair();
    const capture = await watch(pair, { interfaces: ['auto'] });
    const [file, ...args] = [...pair.inside(pair.near), TUNNEL, 'vpn0', '20'];
    const tunnel = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'] });
    disposals.push(() => void tunnel.kill());
    await expect.poll(() => capture.state('vpn0')?.received, { timeout: 45_000 }).toBeGreaterThanOrEqual(20);
    expect(capture.state('vpn0')).toMatchObject({ linkType: 101, state: 'up' });
    tunnel.stdin.end();
    await expect.poll(() => capture.state('vpn0')?.state).toBe('missing');
    const { samples } = await capture.finish();
    // IPv4 from the first byte on.
    expect(samples.filter((sample) => sample.startsWith('101:45000020')).length).toBe(20);
  });

  it('takes up interfaces that appear, on auto those that carry traffic of their own', async () => {
    const pair = makePair();
    const capture = await watch(pair, { interfaces: ['auto'] });
    const names = () => capture.sensor.interfaces().map(({ name }) => name);
    expect(names()).toEqual([pair.nearInterface]);
    pair.ip('-n', pair.near, 'link', 'add', 'bridge0', 'type', 'bridge');
    pair.ip('-n', pair.near, 'link', 'set', 'bridge0', 'up');
    pair.ip('-n', pair.near, 'link', 'add', 'late0', 'type', 'veth', 'peer', 'name', 'late1');
    pair.ip('-n', pair.near, 'link', 'set', 'late0', 'up');
    await expect.poll(names).toContain('late0');
    // It becomes the port of a bridge, as a container's link does.
    pair.ip('-n', pair.near, 'link', 'set', 'late0', 'master', 'bridge0');
    await expect.poll(() => capture.state('late0')?.state).toBe('missing');
    expect(names()).not.toContain('bridge0');
  });

  it('cuts packets where it is told to', async () => {
    const pair = makePair();
    const capture = await watch(pair, { snapBytes: 64 });
    await pair.blast({ count: 10, rate: 1_000, bytes: 1_000 });
    await settle(200);
    const { samples, frames } = await capture.finish();
    expect(frames).toBe(10);
    for (const sample of samples) expect(sample.length).toBe(2 + 2 * 64);
    expect(capture.state(pair.nearInterface)?.bytes).toBe(10_000);
  });
});
