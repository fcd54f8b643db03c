/** The console and REST over real sockets, before a double of the engine. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Capture } from '../contract/api-captures.ts';
import { testAlert } from '../main/engine/api/testing.ts';
import { FailureError } from '../main/engine/runtime/failure.ts';
import { ask, begin, TEST_TOKENS, TestConsole } from './support/console.ts';

const HTML = { accept: 'text/html,application/xhtml+xml' };
const { view, operate, admin } = TEST_TOKENS;

/** Captures that the double has taken. */
const taken = new Map<string, { readonly name: string; readonly sizeBytes: number; readonly pieces: Buffer[] }>();
/** How long the double takes for each piece. */
let pieceMs = 0;
let mostWaiting = 0;
let waiting = 0;

function captureOf(id: string): Capture {
  const { name, sizeBytes, pieces } = taken.get(id) ?? { name: '', sizeBytes: 0, pieces: [] };
  const receivedBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const rest = { progress: null, addedMs: 0, addedBy: 'x', result: null, failure: null };
  return { id, name, sizeBytes, receivedBytes, state: 'waiting', ...rest };
}

let running: TestConsole;

beforeAll(async () => {
  running = await TestConsole.start({
    fillRenderer(folder) {
      mkdirSync(join(folder, 'assets'), { recursive: true });
      writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Console</title>');
      writeFileSync(join(folder, 'assets/index-BxR3k9_q.js'), 'console.log(1);\n'.repeat(500));
      writeFileSync(join(folder, 'secret.unknown'), 'x');
    },
    handlers: {
      'captures.begin': ({ name, sizeBytes }) => {
        const id = `c-${taken.size}`;
        taken.set(id, { name, sizeBytes, pieces: [] });
        return captureOf(id);
      },
      'captures.append': async ({ id, offset, data }) => {
        waiting += 1;
        mostWaiting = Math.max(mostWaiting, waiting);
        await sleep(pieceMs);
        waiting -= 1;
        const { pieces } = taken.get(id)!;
        expect(offset).toBe(pieces.reduce((sum, piece) => sum + piece.length, 0));
        pieces.push(Buffer.from(data, 'base64'));
        return { receivedBytes: offset + pieces.at(-1)!.length };
      },
      'captures.get': ({ id }) => captureOf(id),
      'captures.remove': ({ id }) => {
        taken.delete(id);
        return {};
      },
      'hunt.saved': () => {
        throw new Error('a mistake with /etc/shadow in it');
      },
      'journal.list': (_input, { actor }) => {
        throw new FailureError({ code: 'odd-refusal', message: `Not for ${actor}.`, hint: '' });
      },
    },
  });
  running.engine.alerts = [testAlert(3, { severity: 'high' }), testAlert(2), testAlert(1)];
});

afterAll(() => running.stop());

describe('REST', () => {
  it('answers queries, also under their short addresses', async () => {
    const long = await running.ask('/api/v1/alerts?limit=2', { token: view });
    expect(long.status).toBe(200);
    expect(long.json()).toMatchObject({ total: 3, alerts: [{ id: 'a-000000000003' }, { id: 'a-000000000002' }] });
    expect((await running.ask('/alerts?limit=2', { token: view })).text).toBe(long.text);
    expect((await running.ask('/alerts/a-000000000001', { token: view })).json()).toMatchObject({ severity: 'medium' });
    expect((await running.ask('/status', { token: view })).json()).toMatchObject({ version: '0.0.0-test' });
  });

  it.each([
    ['/alerts/a-nope', view, 404, 'no-such-alert'],
    ['/alerts?limit=x', view, 400, 'bad-input'],
    ['/alerts?misspelt=1', view, 400, 'bad-input'],
    ['/alerts', undefined, 401, 'unauthenticated'],
    ['/alerts', 'hft_wrong', 401, 'unauthenticated'],
    ['/api/v1/tokens', operate, 403, 'not-allowed'],
    ['/api/v1/nothing', view, 404, 'not-found'],
    ['/api/v1/journal', view, 422, 'odd-refusal'],
  ])('%s with the token %s is %i %s', async (path, token, status, code) => {
    const answer = await running.ask(path, { token });
    expect([answer.status, answer.json().code]).toEqual([status, code]);
    expect(Object.keys(answer.json())).toEqual(['code', 'message', 'hint']);
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer realm="Holdfast"' : undefined);
  });

  it('tells nothing of a mistake of its own, and who asked is told to the engine', async () => {
    const mistake = await running.ask('/api/v1/hunt/saved', { token: view });
    expect(mistake.status).toBe(500);
    expect(mistake.text).not.toContain('shadow');
    expect((await running.ask('/api/v1/journal', { token: view })).json().message).toBe('Not for token view script.');
  });

  it('takes commands as JSON and in no other form', async () => {
    const post = (headers: Record<string, string>, body: string) =>
      running.ask('/api/v1/hunt/save', { method: 'POST', token: operate, headers, body });
    const json = { 'content-type': 'application/json' };
    expect((await post(json, '{"name":"x","query":"y"}')).json().code).toBe('not-in-double');
    expect((await post(json, '{"name":')).json().code).toBe('bad-request');
    expect((await post(json, '{"name":"x","query":"y","__proto__":{}}')).status).toBe(400);
    expect((await post({ 'content-type': 'text/plain' }, '{"name":"x","query":"y"}')).status).toBe(415);
    expect((await running.ask('/api/v1/hunt/save', { token: operate })).status).toBe(404);
  });

  it('escapes what must not reach a terminal', async () => {
    running.engine.alerts[2] = testAlert(1, { title: 'x \u001b[2J \u202e y' });
    const { text, json } = await running.ask('/alerts/a-000000000001', { token: view });
    expect(['\u001b', '\u202e'].filter((hostile) => text.includes(hostile))).toEqual([]);
    expect(json().title).toBe('x \u001b[2J \u202e y');
  });

  it('limits how often a client asks, each for itself', async () => {
    const limited = await TestConsole.start({ settings: { requestsPerMinute: 10 } });
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) statuses.push((await limited.ask('/status', { token: view })).status);
    expect(statuses).toEqual([...Array(10).fill(200), 429, 429]);
    const refused = await limited.ask('/status', { token: view });
    expect(refused.json().code).toBe('too-many-requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await limited.ask('/status', { token: admin })).status).toBe(200);
    await limited.stop();
  });
});

describe('event streams', () => {
  it('tell items as they come, and end with their reader', async () => {
    const response = await begin(`${running.url}/api/v1/alerts/watch`, { token: view });
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    response.on('error', () => {});
    const watchers = running.engine.watchers['alerts.watch'];
    // One is the console's own, for its metrics.
    await vi.waitUntil(() => watchers.size === 2, { timeout: 45_000 });
    running.engine.emit('alerts.watch', { change: 'opened', alert: testAlert(7, { title: 'a\nb\r\nc' }) });
    await vi.waitUntil(() => text.includes('\n\n') && text.includes('a-000000000007'), { timeout: 45_000 });
    const data = /^data: (.*)$/m.exec(text)?.[1] ?? '';
    expect(JSON.parse(data)).toMatchObject({ change: 'opened', alert: { title: 'a\nb\r\nc' } });
    response.destroy();
    await vi.waitUntil(() => watchers.size === 1, { timeout: 45_000 });
  });

  it('are refused before they begin, in the usual way', async () => {
    expect((await running.ask('/api/v1/alerts/watch?minimumSeverity=worst', { token: view })).json().code).toBe(
      'bad-input',
    );
    expect((await running.ask('/api/v1/alerts/watch')).status).toBe(401);
  });

  it('are not more than there may be', async () => {
    const small = await TestConsole.start({ settings: { maxStreams: 2 } });
    const streams = [1, 2].map(() => begin(`${small.url}/api/v1/traffic/watch`, { token: view }));
    const [first] = await Promise.all(streams);
    const refused = await small.ask('/api/v1/traffic/watch', { token: view });
    expect([refused.status, refused.json().code]).toEqual([503, 'too-busy']);
    first.on('error', () => {});
    first.destroy();
    await vi.waitFor(async () => {
      const response = await begin(`${small.url}/api/v1/traffic/watch`, { token: view });
      expect(response.statusCode).toBe(200);
      response.on('error', () => {});
    }, 20_000);
    await small.stop();
  });

  it('leave items out for a reader that is slow, say how many, and give it up in the end', async () => {
    const bounded = await TestConsole.start({ sessionSettings: { streamQueueItems: 4, slowReaderSeconds: 1 } });
    const response = await begin(`${bounded.url}/api/v1/alerts/watch`, { token: view });
    response.on('error', () => {});
    response.pause();
    const { watchers } = bounded.engine;
    await vi.waitUntil(() => watchers['alerts.watch'].size === 2, { timeout: 45_000 });
    const explanation = 'x'.repeat(100_000);
    for (let count = 0; count < 200; count += 1) {
      bounded.engine.emit('alerts.watch', { change: 'changed', alert: testAlert(count, { explanation }) });
      if (count % 20 === 0) await sleep(1);
    }
    expect(bounded.server.counters.droppedItems).toBeGreaterThan(50);
    await vi.waitUntil(() => watchers['alerts.watch'].size === 1, { timeout: 45_000 });
    expect(bounded.server.counters.slowReaders).toBe(1);
    await bounded.stop();
  });

  it('end when the session or the token ends', async () => {
    const cookie = await running.signIn('view');
    const response = await begin(`${running.url}/api/v1/traffic/watch`, { cookie });
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    // As many new sessions as there may be push this one out.
    for (let count = 0; count < 16; count += 1) await running.signIn('view');
    await vi.waitUntil(() => text.includes('event: failure'), { timeout: 45_000 });
    expect(text).toContain('"code":"unauthenticated"');
    await vi.waitUntil(() => response.complete, { timeout: 45_000 });
  });
});

describe('the WebSocket', () => {
  async function open(headers: Record<string, string>) {
    const messages: Record<string, unknown>[] = [];
    const socket = new WebSocket(`${running.url.replace('http', 'ws')}/ws`, { headers });
    socket.on('message', (data) => messages.push(JSON.parse(data.toString())));
    const outcome = await new Promise<string>((resolve) => {
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
      socket.on('error', () => resolve('error'));
    });
    const answer = async (id: number | null) => {
      await vi.waitUntil(() => messages.some((message) => message.id === id), { timeout: 45_000 });
      return messages.find((message) => message.id === id)!;
    };
    return { socket, messages, outcome, answer };
  }

  it('speaks the protocol of the engine’s sockets, with the role of the session', async () => {
    const cookie = await running.signIn('operate');
    const { socket, messages, answer, outcome } = await open({ cookie, origin: running.url });
    expect(outcome).toBe('open');
    socket.send('{"id":1,"call":"status"}');
    expect((await answer(1)).result).toMatchObject({ version: '0.0.0-test' });
    expect(messages[0]).toEqual({ holdfast: 1, version: '1.2.3', role: 'operate' });
    socket.send('{"id":2,"call":"tokens.list"}');
    expect((await answer(2)).error).toMatchObject({ code: 'not-allowed' });
    socket.send('{"id":3,"call":"alerts.watch"}');
    await vi.waitUntil(() => running.engine.watchers['alerts.watch'].size === 2, { timeout: 45_000 });
    running.engine.emit('alerts.watch', { change: 'opened', alert: testAlert(8) });
    expect(await answer(3)).toMatchObject({ item: { alert: { id: 'a-000000000008' } }, dropped: 0 });
    socket.close();
    await vi.waitUntil(() => running.engine.watchers['alerts.watch'].size === 1, { timeout: 45_000 });
  });

  it('takes a token without an origin, and a cookie only from a page of its own', async () => {
    const { outcome, socket } = await open({ authorization: `Bearer ${view}` });
    expect(outcome).toBe('open');
    socket.close();
    const cookie = await running.signIn();
    expect((await open({ cookie })).outcome).toBe('403');
    expect((await open({ cookie, origin: 'http://127.0.0.1:1' })).outcome).toBe('403');
    expect((await open({ origin: running.url })).outcome).toBe('401');
  });

  it('does nothing more for a session that has ended, even where its goodbye is not answered', async () => {
    const cookie = await running.signIn('operate');
    const { socket, messages, answer } = await open({ cookie, origin: running.url });
    socket.send('{"id":1,"call":"status"}');
    await answer(1);
    const calls = running.server.counters.calls;
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    // It hears nothing from now on, and goes on asking.
    socket.pause();
    for (let count = 0; count < 16; count += 1) await running.signIn('view');
    socket.send('{"id":2,"call":"status"}');
    await sleep(100);
    expect(running.server.counters.calls).toBe(calls);
    socket.resume();
    expect(await closed).toBe(4_401);
    expect(messages.some(({ id }) => id === 2)).toBe(false);
  });

  it('does nothing more for a token from the moment in which it is revoked', async () => {
    const { socket, messages } = await open({ authorization: `Bearer ${operate}` });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    running.tokens.delete(operate);
    socket.send('{"id":1,"call":"status"}');
    expect(await closed).toBe(4_401);
    expect(messages.some(({ id }) => id === 1)).toBe(false);
    running.tokens.set(operate, 'operate');
  });

  it.each(['x', '[]', '{"id":-1,"call":"status"}', Buffer.from('{"id":1,"call":"status"}')])(
    'says why and closes after %o',
    async (message) => {
      const { socket, answer } = await open({ authorization: `Bearer ${view}` });
      const closed = new Promise<number>((resolve) => socket.on('close', resolve));
      socket.send(message);
      expect((await answer(null)).error).toMatchObject({ code: 'bad-message' });
      expect(await closed).toBe(1008);
    },
  );

  it('closes when a message is too large', async () => {
    const { socket } = await open({ authorization: `Bearer ${view}` });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    socket.send(`{"id":1,"call":"${'x'.repeat(1_100_000)}"}`);
    // 1009, or cut off while it is still being sent.
    expect([1006, 1009]).toContain(await closed);
  });
});

describe('captures', () => {
  const bytes = randomBytes(1_300_000);
  const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
  const received = (id: unknown): string => digest(Buffer.concat(taken.get(String(id))!.pieces));

  it('are handed on in pieces as the engine takes them, and their progress can be followed', async () => {
    pieceMs = 50;
    const answer = await running.ask('/captures?name=../../office.pcap', {
      method: 'POST',
      token: operate,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) },
      body: bytes,
    });
    pieceMs = 0;
    expect(answer.status).toBe(202);
    const { id, name, sizeBytes } = answer.json();
    expect({ name, sizeBytes }).toEqual({ name: 'office.pcap', sizeBytes: bytes.length });
    expect(received(id)).toBe(digest(bytes));
    expect(mostWaiting).toBe(1);
    expect(answer.headers.location).toBe(`/captures/${id}`);
    expect((await running.ask(`/captures/${id}`, { token: view })).json()).toMatchObject({ state: 'waiting' });
  });

  it('may come as a form, or without their length', async () => {
    const boundary = 'x-boundary';
    const form = Buffer.concat([
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a\u202e.pcap"\r\n\r\n`),
      bytes,
      Buffer.from(`\r\n--${boundary}--\r\n`),
    ]);
    const asForm = await running.ask('/captures', {
      method: 'POST',
      token: operate,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': String(form.length) },
      body: form,
    });
    expect([asForm.status, asForm.json().name]).toEqual([202, 'a\\u{202e}.pcap']);
    expect(received(asForm.json().id)).toBe(digest(bytes));
    const chunked = await running.ask('/captures', {
      method: 'POST',
      token: operate,
      headers: { 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' },
      body: bytes,
    });
    expect([chunked.status, chunked.json().name]).toEqual([202, 'capture']);
    expect(received(chunked.json().id)).toBe(digest(bytes));
    expect(readdirSync(running.folder)).toEqual(['renderer']);
  });

  it('need the role, a body and a type', async () => {
    const octets = { 'content-type': 'application/octet-stream', 'content-length': '3' };
    const post = (options: object) => running.ask('/captures', { method: 'POST', token: operate, ...options });
    expect((await post({ token: view, headers: octets, body: 'abc' })).status).toBe(403);
    expect((await post({ headers: { ...octets, 'content-length': '0' } })).status).toBe(400);
    expect(
      (await post({ headers: { 'content-type': 'application/json', 'content-length': '2' }, body: '{}' })).status,
    ).toBe(415);
    const form = { 'content-type': 'multipart/form-data; boundary=x', 'content-length': '7' };
    expect((await post({ headers: form, body: '--x--\r\n' })).status).toBe(400);
  });

  it('that do not arrive whole are forgotten', async () => {
    const before = taken.size;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': '2000000' };
    const url = `${running.url}/captures`;
    const { request } = await import('node:http');
    const sending = request(url, { method: 'POST', headers: { ...headers, authorization: `Bearer ${operate}` } });
    sending.on('error', () => {});
    sending.write(bytes);
    await vi.waitUntil(() => taken.size === before + 1, { timeout: 45_000 });
    sending.destroy();
    await vi.waitUntil(() => taken.size === before, { timeout: 45_000 });
  });
});

describe('the site', () => {
  it('lets a browser in by a link, once, and then shows the console', async () => {
    const link = running.server.link('admin').url;
    const entered = await ask(link, { headers: HTML });
    expect([entered.status, entered.headers.location]).toEqual([303, '/']);
    const [setCookie] = entered.headers['set-cookie'] ?? [];
    expect(setCookie).toMatch(/^holdfast-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const cookie = setCookie.split(';')[0];
    const page = await running.ask('/', { cookie, headers: HTML });
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.text).toContain('<title>Console</title>');
    const again = await ask(link, { headers: HTML });
    expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined]);
    expect((await running.ask('/', { headers: HTML })).text).toContain('not signed in');
  });

  it('goes on by itself where the link was opened from another page', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const entered = await ask(running.server.link('admin').url, { headers });
    expect(entered.status).toBe(200);
    expect(entered.text).toContain('http-equiv="refresh"');
    expect(entered.headers['set-cookie']).toHaveLength(1);
  });

  it('serves the files of the renderer, compressed and for ever where their name tells their content', async () => {
    const path = '/assets/index-BxR3k9_q.js';
    const plain = await running.ask(path);
    expect(plain.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
    });
    const response = await begin(`${running.url}${path}`, { headers: { 'accept-encoding': 'gzip, br;q=0' } });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(plain.text);
    expect((await running.ask('/secret.unknown')).status).toBe(404);
  });

  it('says how to build the renderer where it is not', async () => {
    const bare = await TestConsole.start();
    const cookie = await bare.signIn();
    const page = await bare.ask('/', { cookie, headers: HTML });
    expect([page.status, page.text]).toEqual([503, expect.stringContaining('scripts/build.mjs renderer')]);
    await bare.stop();
  });

  it('tells programs its name and state', async () => {
    expect((await running.ask('/')).json()).toEqual({ name: 'Holdfast', version: '1.2.3', state: 'ok' });
    expect((await running.ask('/health')).json()).toEqual({ state: 'ok' });
    const { health } = running.engine.status;
    running.engine.status = { ...running.engine.status, health: [{ ...health[0], state: 'failed' }] };
    expect((await running.ask('/health')).status).toBe(503);
    running.engine.status = { ...running.engine.status, health };
  });
});

describe('metrics', () => {
  it('count what the engine counts', async () => {
    running.engine.emit('alerts.watch', { change: 'opened', alert: testAlert(9, { severity: 'high' }) });
    const { text, headers } = await running.ask('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('holdfast_build_info{version="1.2.3"} 1');
    expect(text).toContain('holdfast_sensor_up{interface="eth0"} 1');
    expect(text).toContain('holdfast_sensor_dropped_packets_total{interface="eth0"} 0');
    expect(text).toContain('holdfast_alerts_open{severity="low"} 2');
    expect(text).toContain('holdfast_dropped_total{part="capture",counter="dropped"} 0');
    expect(text).toContain('holdfast_part_state{part="store",state="ok"} 1');
    expect(text).toMatch(/holdfast_alerts_opened_total\{kind="port-scan",severity="high"\} 1/);
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  });

  it('are closed where the settings say so', async () => {
    const closed = await TestConsole.start({ settings: { openMetrics: 'never' } });
    expect((await closed.ask('/metrics')).status).toBe(401);
    expect((await closed.ask('/metrics', { token: view })).status).toBe(200);
    await closed.stop();
  });
});
