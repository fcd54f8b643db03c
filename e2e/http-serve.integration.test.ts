/** `holdfast serve` as a process of its own, with an engine of its own and as the client of a running one. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import { scanCapture } from './captures.ts';
import { type Run, runHoldfast } from './holdfast.ts';
import { type Answer, ask } from './support/console.ts';

/** A name that no interface has: the engine runs, and nothing of this machine's traffic is looked at. */
const NO_INTERFACE = ['--interface', 'hf-none'];
const START_LIMIT = { timeout: 60_000 };
const ASSETS = new URL('../assets/', import.meta.url);

let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-serve-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Serving {
  readonly child: ChildProcess;
  readonly ended: Promise<Run>;
  readonly out: () => string;
}

function begin(...args: string[]): Serving {
  let text = '';
  let started: ChildProcess | undefined;
  const ended = runHoldfast(['--data-dir', folder, ...args], {
    onStart: (child) => {
      started = child;
      children.push(child);
      child.stdout?.on('data', (chunk: string) => {
        text += chunk;
      });
    },
  });
  if (started === undefined) throw new Error('the process was not started');
  return { child: started, ended, out: () => text };
}

/** Links that were printed so far. */
function links(serving: Serving): readonly string[] {
  return serving.out().match(/http:\/\/\S+\/enter\?token=\S+/g) ?? [];
}

async function linkOf(serving: Serving, index = 0): Promise<string> {
  return vi.waitUntil(() => (serving.out().includes('Ctrl-C') ? links(serving)[index] : undefined), START_LIMIT);
}

async function signIn(link: string): Promise<{ readonly url: string; readonly cookie: string }> {
  const { headers } = await ask(link);
  return { url: new URL(link).origin, cookie: headers['set-cookie']?.[0].split(';')[0] ?? '' };
}

describe('holdfast serve', () => {
  it('starts an engine where none runs, prints links, and ends by Ctrl-C', async () => {
    const serving = begin('serve', '--port', '0', ...NO_INTERFACE);
    const link = await linkOf(serving);
    expect(serving.out()).toMatch(/^Holdfast \d\S+ Not protected/);
    expect(serving.out()).toContain('Ctrl-C ends Holdfast, and with it the watch.');
    const { url, cookie } = await signIn(link);
    expect((await ask(`${url}/status`, { cookie })).json()).toMatchObject({ mode: 'act' });
    expect((await ask(`${url}/api/v1/config`, { cookie })).status).toBe(404);
    const shown = await ask(`${url}/api/v1/config/show`, { cookie });
    expect(shown.text).toContain('"http.enabled"');
    const body = JSON.stringify({ name: 'a scraper', role: 'view' });
    const headers = { origin: url, 'content-type': 'application/json' };
    const made = await ask(`${url}/api/v1/tokens/create`, { method: 'POST', cookie, headers, body });
    const { secret: token, token: facts } = made.json() as { secret: string; token: { id: string; createdBy: string } };
    expect(facts.createdBy).toBe('console');
    const withToken = (path: string): Promise<Answer> => ask(`${url}${path}`, { token });
    expect((await withToken('/alerts')).json()).toMatchObject({ alerts: [] });
    expect((await withToken('/api/v1/tokens')).status).toBe(403);
    const revoke = { method: 'POST', cookie, headers, body: JSON.stringify({ id: facts.id }) };
    expect((await ask(`${url}/api/v1/tokens/revoke`, revoke)).status).toBe(200);
    expect((await withToken('/alerts')).status).toBe(401);

    serving.child.kill('SIGUSR2');
    const second = await linkOf(serving, 1);
    expect((await ask(second)).headers['set-cookie']).toHaveLength(1);

    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: { cookie, origin: url } });
    await new Promise((resolve) => socket.on('open', resolve));
    serving.child.kill('SIGINT');
    const { code, stderr } = await serving.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const logs = readdirSync(join(folder, 'logs')).map((name) => readFileSync(join(folder, 'logs', name), 'utf8'));
    expect(logs.join()).toContain('The engine started');
    for (const secret of [token, cookie.split('=')[1], ...links(serving).map((each) => each.split('token=')[1])]) {
      expect(logs.join()).not.toContain(secret);
    }
  });

  it.each([
    ['of its own', false],
    ['of another process', true],
  ])('takes captures and tells what is in them, by an engine %s', async (_whose, isClient) => {
    const daemon = isClient ? begin('daemon', ...NO_INTERFACE) : undefined;
    if (daemon !== undefined) await vi.waitUntil(() => daemon.out().includes('Log:'), START_LIMIT);
    const serving = begin('serve', '--port', '0', ...(isClient ? [] : NO_INTERFACE));
    const { url, cookie } = await signIn(await linkOf(serving));
    const body = scanCapture();
    const headers = { origin: url, 'content-type': 'application/octet-stream', 'content-length': String(body.length) };
    const posted = await ask(`${url}/captures?name=scan.pcap`, { method: 'POST', cookie, headers, body });
    expect([posted.status, posted.json().name]).toEqual([202, 'scan.pcap']);
    const place = posted.headers.location ?? '';
    const isDone = async (): Promise<boolean> => (await ask(`${url}${place}`, { cookie })).json().state === 'done';
    await vi.waitUntil(isDone, { ...START_LIMIT, interval: 100 });
    const found = await ask(`${url}/alerts?source=${place.split('/').at(-1)}`, { cookie });
    expect(found.json()).toMatchObject({ total: 1, alerts: [{ kind: 'port-scan', attackers: ['192.0.2.66'] }] });
    expect((await ask(`${url}/alerts`, { cookie })).json()).toMatchObject({ total: 0 });
    for (const each of [serving, daemon]) {
      each?.child.kill('SIGINT');
      await each?.ended;
    }
  });

  it('is a client of the engine that runs, and finds it again', async () => {
    let daemon = begin('daemon', ...NO_INTERFACE);
    await vi.waitUntil(() => existsSync(join(folder, 'run/view.sock')), START_LIMIT);
    const serving = begin('serve', '--port', '0');
    const { url, cookie } = await signIn(await linkOf(serving));
    expect(serving.out()).toContain('the engine goes on watching');
    const status = (): Promise<Answer> => ask(`${url}/status`, { cookie });
    expect((await status()).json()).toMatchObject({ cost: { pid: expect.any(Number) } });
    const refused = await ask(`${url}/status`, { token: 'hft_any' });
    expect([refused.status, refused.json().hint]).toEqual([401, expect.stringContaining('http.enabled')]);

    daemon.child.kill('SIGKILL');
    await daemon.ended;
    const lost = await status();
    expect([lost.status, lost.json().code]).toEqual([503, expect.stringMatching(/^engine-/)]);
    expect((await ask(`${url}/health`)).status).toBe(503);
    daemon = begin('daemon', ...NO_INTERFACE);
    await vi.waitUntil(async () => (await status()).status === 200, { ...START_LIMIT, interval: 200 });

    serving.child.kill('SIGTERM');
    expect((await serving.ended).code).toBe(0);
    expect((await runHoldfast(['--data-dir', folder, 'status'])).code).toBe(0);
    daemon.child.kill('SIGINT');
    await daemon.ended;
  });

  it('prints a link to the console that the engine itself serves', async () => {
    const daemon = begin('--set', 'http.enabled=true', '--set', 'http.port=0', 'daemon', ...NO_INTERFACE);
    await vi.waitUntil(() => daemon.out().includes('Log:'), START_LIMIT);
    const { code, stdout } = await runHoldfast(['--data-dir', folder, 'serve', '--link']);
    expect(code).toBe(0);
    const { url, cookie } = await signIn(stdout.trim());
    expect((await ask(`${url}/status`, { cookie })).status).toBe(200);
    daemon.child.kill('SIGINT');
    await daemon.ended;
    const plain = begin('daemon', ...NO_INTERFACE);
    await vi.waitUntil(() => plain.out().includes('Log:'), START_LIMIT);
    const off = await runHoldfast(['--data-dir', folder, 'serve', '--link']);
    expect([off.code, off.stderr]).toEqual([3, expect.stringContaining('http.enabled')]);
    plain.child.kill('SIGINT');
    await plain.ended;
  });

  it('says what is wrong, and starts nothing then', async () => {
    const open = await runHoldfast(['--data-dir', folder, 'serve', '--address', '0.0.0.0', ...NO_INTERFACE]);
    expect(open.code).toBe(2);
    expect(open.stderr).toMatch(/^holdfast: Other computers could read everything.*\n {2}.*--tls-cert/);
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const busy = await runHoldfast(['--data-dir', folder, 'serve', '--port', String(port), ...NO_INTERFACE]);
    expect([busy.code, busy.stderr]).toEqual([3, expect.stringContaining('is in use by another program')]);
    await new Promise((resolve) => taken.close(resolve));
    const wrong = await runHoldfast(['--data-dir', folder, 'serve', '--port', 'x', ...NO_INTERFACE]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('http.port')]);
    expect(readdirSync(join(folder, 'run'))).toEqual([]);
  });
});

describe('what comes with it', () => {
  it('the dashboard shows only what /metrics has, of a real engine', async () => {
    const serving = begin('serve', '--port', '0', ...NO_INTERFACE);
    const { origin } = new URL(await linkOf(serving));
    const { text } = await ask(`${origin}/metrics`);
    const known = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const dashboard = readFileSync(new URL('grafana/holdfast.json', ASSETS), 'utf8');
    const panels = (JSON.parse(dashboard) as { panels: { title: string; targets: { expr: string }[] }[] }).panels;
    const used = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/\b(holdfast|process)_\w+/g) ?? []),
    );
    expect(used.length).toBeGreaterThanOrEqual(panels.length);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
    // And the other way round: nothing is counted that nobody would see.
    expect([...known].filter((name) => !used.includes(name))).toEqual([]);
    serving.child.kill('SIGINT');
    await serving.ended;
  });

  it('the files for containers fit together', () => {
    const read = (name: string): string => readFileSync(new URL(`compose/${name}`, ASSETS), 'utf8');
    const { services, volumes } = parse(read('compose.yaml')) as {
      services: Record<string, { volumes: string[] }>;
      volumes: Record<string, null>;
    };
    expect(Object.keys(services)).toEqual(['holdfast', 'prometheus', 'grafana']);
    const sources = Object.values(services).flatMap((service) => service.volumes.map((each) => each.split(':')[0]));
    for (const source of sources) {
      const isThere = source.startsWith('.')
        ? existsSync(fileURLToPath(new URL(`compose/${source}`, ASSETS)))
        : source in volumes;
      expect([source, isThere]).toEqual([source, true]);
    }
    for (const name of ['prometheus.yml', 'grafana-source.yaml', 'grafana-dashboards.yaml']) {
      expect(parse(read(name))).toBeTypeOf('object');
    }
    expect(read('prometheus.yml')).toContain('127.0.0.1:7470');
    expect(read('Dockerfile')).toMatch(/^FROM /m);
  });
});
