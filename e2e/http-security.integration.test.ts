/** What nobody may do to the console: pages of other origins, strange names, lower roles, floods and tricks. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { API, type ApiTable } from '../contract/api.ts';
import { ROLES } from '../contract/api-roles.ts';
import { testAlert } from '../main/engine/api/testing.ts';
import { pathOf } from '../main/engine/http/rest-table.ts';
import { FailureError } from '../main/engine/runtime/failure.ts';
import { ask, callsAbove, TEST_TOKENS, TestConsole } from './support/console.ts';

const CHROMIUM = '/usr/bin/chromium';
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const TABLE: ApiTable = API;
const STRANGER = readFileSync(new URL('./support/stranger.html', import.meta.url));
const HTML = { accept: 'text/html' };

let running: TestConsole;

beforeAll(async () => {
  running = await TestConsole.start({
    settings: { messageSeconds: 1 },
    fillRenderer(folder) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Console</title><p>inside</p>');
      writeFileSync(join(folder, 'app.js'), 'self.loaded = true;');
    },
  });
  running.engine.alerts = [testAlert(1, { title: 'a secret alert' })];
});

afterAll(() => running.stop());

/** Asks for a call with input that would be refused, so that nothing but the role decides. */
function askCall(call: string, options: { readonly token?: string; readonly cookie?: string }) {
  const isCommand = TABLE[call].kind === 'command';
  const headers = isCommand ? { 'content-type': 'application/json', origin: running.url } : undefined;
  const path = pathOf(call).replace(':id', 'x');
  return running.ask(path, {
    ...options,
    method: isCommand ? 'POST' : 'GET',
    headers,
    body: isCommand ? '[]' : undefined,
  });
}

describe('roles', () => {
  it.each(ROLES.filter((role) => callsAbove(role).length > 0))(
    '%s may make none of the calls above it',
    async (role) => {
      const cookie = await running.signIn(role);
      const above = callsAbove(role);
      for (const call of above) {
        for (const proof of [{ token: TEST_TOKENS[role] }, { cookie }]) {
          const answer = await askCall(call, proof);
          expect([call, answer.status, answer.json().code]).toEqual([call, 403, 'not-allowed']);
        }
      }
      expect(above.length).toBeGreaterThan(role === 'view' ? 10 : 3);
    },
  );

  it('nobody makes any call', async () => {
    for (const call of Object.keys(API)) {
      for (const token of [undefined, 'hft_nobody', '']) {
        const answer = await askCall(call, { token });
        expect([call, answer.status, answer.json().code]).toEqual([call, 401, 'unauthenticated']);
      }
    }
    const upload = { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: 'x' };
    expect((await running.ask('/captures', upload)).status).toBe(401);
  });
});

describe('tokens and links', () => {
  it('end when they are revoked', async () => {
    const { view } = TEST_TOKENS;
    expect((await running.ask('/status', { token: view })).status).toBe(200);
    running.tokens.delete(view);
    expect((await running.ask('/status', { token: view })).status).toBe(401);
    running.tokens.set(view, 'view');
  });

  it('do not help each other: a wrong token is refused although the cookie is right', async () => {
    const cookie = await running.signIn();
    expect((await running.ask('/status', { cookie })).status).toBe(200);
    expect((await running.ask('/status', { cookie, token: 'hft_wrong' })).status).toBe(401);
    expect((await running.ask('/status', { headers: { authorization: 'Basic YTpi' } })).status).toBe(401);
  });

  it.each(['', '?token=', '?token=x', `?token=${'A'.repeat(43)}`, '?token=a&token=b', `?token=${'A'.repeat(9_000)}`])(
    '/enter%s lets nobody in',
    async (query) => {
      const answer = await running.ask(`/enter${query}`, { headers: HTML });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
    },
  );

  it('are never part of an answer', async () => {
    const { url } = running.server.link('admin');
    const secret = url.split('=')[1];
    const answers = [await ask(url), await ask(url), await running.ask(`/nothing?token=${secret}`)];
    for (const { text, headers } of answers) expect(text + JSON.stringify(headers)).not.toContain(secret);
  });
});

describe('a strange name (DNS rebinding)', () => {
  it.each(['evil.example', 'localhost', '127.0.0.1', '127.0.0.1.nip.io', '[::1]', ''])(
    '%s is not answered',
    async (name) => {
      const { port } = running;
      const host = ['localhost', '127.0.0.1', '[::1]'].includes(name) ? `${name}:${port + 1}` : `${name}:${port}`;
      for (const path of [
        '/',
        '/status',
        '/health',
        '/metrics',
        '/app.js',
        '/enter?token=x',
        '/api/docs',
        '/nothing',
      ]) {
        const answer = await running.ask(path, { token: TEST_TOKENS.admin, headers: { host, ...HTML } });
        expect([path, answer.status, answer.json().code]).toEqual([path, 421, 'wrong-host']);
        expect(answer.text).not.toContain('secret');
      }
    },
  );

  it('beside one of ours is not answered either: what stands between may have looked at the other', async () => {
    const own = `127.0.0.1:${running.port}`;
    for (const hosts of [
      [own, 'evil.example'],
      ['evil.example', own],
      [own, own],
    ]) {
      const socket = connect(running.port, '127.0.0.1');
      const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
      socket.write(`GET /health HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += chunk;
      expect(text).toMatch(/^HTTP\/1\.1 4(00|21) /);
    }
  });
});

describe('bytes that nobody honest sends', () => {
  const admin = TEST_TOKENS.admin;

  it.each([
    '/../../../../etc/passwd',
    '/..%2f..%2f..%2f..%2fetc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/....//....//etc/passwd',
    '/assets/../../server.ts',
    '/%00',
    '/app.js%00.html',
    '/\\..\\..\\etc\\passwd',
    '/%c0%ae%c0%ae/etc/passwd',
    '//etc/passwd',
    '/%',
    '/alerts/%E0%A4%A',
    '/index.html',
    `/${'a/'.repeat(500)}`,
  ])('%s leads nowhere', async (path) => {
    const answer = await running.ask(path, { token: admin });
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toMatch(/root:|inside/);
    expect(answer.json().code).toMatch(/^(not-found|bad-request|no-such-alert)$/);
  });

  it('that are too many are not read', async () => {
    const json = { 'content-type': 'application/json' };
    const large = await running.ask('/api/v1/hunt/save', {
      method: 'POST',
      token: admin,
      headers: { ...json, 'content-length': '99999999' },
      body: '{',
    });
    expect([large.status, large.json().code]).toEqual([413, 'too-large']);
    const wide = await running.ask('/status', { headers: { 'x-wide': 'x'.repeat(20_000) } }).catch(() => undefined);
    expect(wide === undefined || wide.status >= 400).toBe(true);
    const capture = await running.ask('/captures', {
      method: 'POST',
      token: admin,
      headers: { 'content-type': 'application/octet-stream', 'content-length': '999999999999' },
      body: 'x',
    });
    expect(capture.status).toBe(413);
  });

  it('cost nothing but their own connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, isRequest) => {
        const socket = connect(running.port, '127.0.0.1');
        socket.on('error', () => {});
        if (isRequest) socket.write(`POST /captures HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\n`);
        socket.end(bytes);
        await new Promise((resolve) => socket.resume().on('close', resolve));
      }),
      { numRuns: 40 },
    );
    expect((await running.ask('/health')).status).toBe(200);
    expect(running.mistakes.filter((error) => !(error instanceof FailureError))).toEqual([]);
  });
});

describe('slow clients', () => {
  /** Writes and says how long the other side bore it, in milliseconds. */
  async function endures(begin: string, more: string, port = running.port): Promise<number> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(begin);
    const began = performance.now();
    const timer = setInterval(() => socket.write(more), 100);
    await new Promise((resolve) => socket.resume().on('close', resolve));
    clearInterval(timer);
    return performance.now() - began;
  }

  it('are given up, in the head as in the body', async () => {
    const host = `Host: 127.0.0.1:${running.port}\r\n`;
    const token = `Authorization: Bearer ${TEST_TOKENS.admin}\r\n`;
    const body = `${host}${token}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{`;
    const [silent, head, slowBody] = await Promise.all([
      endures('', ''),
      endures(`GET /status HTTP/1.1\r\n${host}`, 'X-A: b\r\n'),
      endures(`POST /api/v1/hunt/save HTTP/1.1\r\n${body}`, ' '),
    ]);
    expect(silent).toBeLessThan(8_000);
    expect(head).toBeLessThan(8_000);
    expect(slowBody).toBeLessThan(8_000);
  });

  it('that do not read their answer are given up', async () => {
    running.engine.alerts = Array.from({ length: 400 }, (_, index) =>
      testAlert(index, { explanation: 'x'.repeat(50_000) }),
    );
    const socket = connect(running.port, '127.0.0.1').pause();
    socket.on('error', () => {});
    socket.write(
      `GET /alerts?limit=400 HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${TEST_TOKENS.admin}\r\n\r\n`,
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect(bytes).toBeLessThan(20_000_000);
    running.engine.alerts = [testAlert(1, { title: 'a secret alert' })];
  });

  it('that were refused a WebSocket keep no connection', async () => {
    const head = `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    expect(await endures(head, '')).toBeLessThan(5_000);
  });

  it('take no more than their places', async () => {
    const small = await TestConsole.start({ settings: { maxConnections: 8 } });
    const sockets: Socket[] = [];
    let closed = 0;
    for (let count = 0; count < 40; count += 1) {
      const socket = connect(small.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => {
        closed += 1;
      });
      sockets.push(socket);
    }
    await vi.waitUntil(() => closed >= 32, { timeout: 45_000 });
    expect(closed).toBe(32);
    for (const socket of sockets) socket.destroy();
    await vi.waitFor(async () => expect((await small.ask('/health')).status).toBe(200), 20_000);
    await small.stop();
  });
});

describe('TLS', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'));
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', ...key, ...files, '-days', '1', ...subject], { stdio: 'pipe' });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['0.0.0.0', '::', '192.0.2.1', '::ffff:192.0.2.1'])('is required at %s', async (address) => {
    await expect(TestConsole.start({ settings: { address } })).rejects.toMatchObject({
      failure: { code: 'tls-required' },
    });
  });

  it.each([
    ['cert.pem', ''],
    ['', 'key.pem'],
    ['key.pem', 'cert.pem'],
    ['none.pem', 'key.pem'],
  ])('needs a certificate and its key, not %o and %o', async (certificate, key) => {
    const at = (name: string): string => (name === '' ? '' : join(folder, name));
    const settings = { tlsCertificate: at(certificate), tlsKey: at(key) };
    await expect(TestConsole.start({ settings })).rejects.toMatchObject({ failure: { code: 'bad-certificate' } });
  });

  it('opens other addresses, with a cookie that stays within it, and tells strangers nothing', async () => {
    const settings = { address: '0.0.0.0', tlsCertificate: join(folder, 'cert.pem'), tlsKey: join(folder, 'key.pem') };
    const secured = await TestConsole.start({ settings });
    const ca = readFileSync(settings.tlsCertificate, 'utf8');
    const url = `https://127.0.0.1:${secured.port}`;
    const link = secured.server.link('admin').url;
    const { headers } = await ask(link, { ca });
    expect(headers['set-cookie']?.[0]).toMatch(
      /^__Host-holdfast-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(headers['strict-transport-security']).toBe('max-age=86400');
    const cookie = headers['set-cookie']?.[0].split(';')[0];
    expect((await ask(`${url}/status`, { ca, cookie })).status).toBe(200);
    for (const path of ['/status', '/health', '/metrics', '/']) {
      const headersOfProxy = { 'x-forwarded-for': '192.0.2.1' };
      expect([path, (await ask(`${url}${path}`, { ca, headers: headersOfProxy })).status]).toEqual([path, 401]);
    }
    await expect(ask(`http://127.0.0.1:${secured.port}/health`)).rejects.toThrow();
    await secured.stop();
  });
});

describe.skipIf(!existsSync(CHROMIUM))('in a real browser', () => {
  let browser: Browser;
  let page: Page;
  let strangerUrl: string;
  let stranger: Server;

  beforeAll(async () => {
    stranger = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(STRANGER);
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    strangerUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    const context = await browser.newContext();
    page = await context.newPage();
    await page.goto(running.server.link('admin').url);
  });

  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => stranger.close(resolve));
  });

  it('a link leads to the console and leaves no secret in the address', async () => {
    expect(await page.title()).toBe('Console');
    expect(page.url()).toBe(`${running.url}/`);
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate("fetch('/alerts').then(({ status }) => status)")).toBe(200);
  });

  it('the page of the console may talk to it, and to nobody else', async () => {
    const role = await page.evaluate(`new Promise((resolve) => {
      const socket = new WebSocket('ws://' + location.host + '/ws');
      socket.onmessage = ({ data }) => resolve(JSON.parse(data).role);
      socket.onerror = () => resolve('refused');
    })`);
    const elsewhere = await page.evaluate(
      `fetch('${strangerUrl}', { mode: 'no-cors' }).then(() => 'sent', () => 'refused')`,
    );
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'self.injected = true';
      document.head.append(script);
    }`);
    const injected = await page.evaluate("'injected' in self");
    expect({ role, elsewhere, injected }).toEqual({ role: 'admin', elsewhere: 'refused', injected: false });
  });

  it('a page of another port gets nothing, although the browser sends the cookie along', async () => {
    const foreign = await page.context().newPage();
    const before = { ...running.server.counters };
    await foreign.goto(`${strangerUrl}#${running.url}`);
    const found = await foreign.waitForFunction('self.outcome', undefined, { timeout: 60_000 });
    const outcome = (await found.jsonValue()) as Readonly<Record<string, string>>;
    expect(Object.keys(outcome)).toHaveLength(9);
    expect(Object.values(outcome).join()).not.toMatch(/secret|inside|holdfast|loaded|open/);
    const refused = { read: 'refused', command: 'refused', socket: 'refused', events: 'refused', script: 'refused' };
    expect(outcome).toMatchObject(refused);
    expect(running.server.counters.strangers).toBeGreaterThanOrEqual(before.strangers + 7);
    expect(running.server.counters.calls).toBe(before.calls);
    await foreign.close();
  });

  it('a form of another page changes nothing', async () => {
    const foreign = await page.context().newPage();
    await foreign.goto(strangerUrl);
    const { calls } = running.server.counters;
    const answered = foreign.waitForResponse((response) => response.url().startsWith(running.url));
    const action = JSON.stringify(`${running.url}/api/v1/hunt/save`);
    await foreign.evaluate(`{ document.forms[0].action = ${action}; document.forms[0].submit(); }`);
    expect((await answered).status()).toBe(403);
    expect(running.server.counters.calls).toBe(calls);
    await foreign.close();
  });

  it('the description of the interface can be read and tried under the same rules', async () => {
    const docs = await page.context().newPage();
    const problems: string[] = [];
    docs.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    docs.on('pageerror', (error) => problems.push(String(error)));
    await docs.goto(`${running.url}/api/docs`);
    await docs.getByText('How the engine is doing').first().waitFor({ timeout: 60_000 });
    expect(await docs.locator('.opblock').count()).toBeGreaterThan(20);
    expect(problems.filter((text) => !text.includes('style'))).toEqual([]);
    await docs.close();
  });
});
