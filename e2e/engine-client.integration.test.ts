/** The command line against an engine's sockets: real sockets and processes, a double behind them. */
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusSchema } from '../contract/api-schemas.ts';
import { EngineLink } from '../main/cli/engine-link.ts';
import { connectToEngine } from '../main/client/index.ts';
import { ApiServer, apiSettings } from '../main/engine/api/index.ts';
import { TEST_STATUS, TestEngine, testAlert } from '../main/engine/api/testing.ts';
import { FailureError } from '../main/engine/runtime/failure.ts';
import { HealthRegistry } from '../main/engine/runtime/health.ts';
import { createQuietLogger } from '../main/engine/runtime/log.ts';
import { defaultsOf } from '../main/engine/runtime/settings.ts';
import packageFile from '../package.json' with { type: 'json' };
import { runHoldfast } from './holdfast.ts';

let folder: string;
let engine: TestEngine;
let server: ApiServer;
/** A user that is neither root nor us. */
const NOBODY = 65_534;
const userId = process.geteuid?.() ?? 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
  engine = new TestEngine();
  engine.alerts = [testAlert(3, { severity: 'high' }), testAlert(2), testAlert(1, { severity: 'low' })];
  server = new ApiServer({
    handlers: engine.handlers,
    directory: join(folder, 'run'),
    settings: defaultsOf(apiSettings),
    health: new HealthRegistry(),
    logger: createQuietLogger(),
    version: packageFile.version,
    checkAnswers: true,
  });
  await server.start();
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

function holdfast(...args: string[]) {
  return runHoldfast(['--data-dir', folder, ...args]);
}

describe('a console that is a client of the engine', () => {
  it('hands on no call that is above the role of who asks, whatever the role of its own connection', async () => {
    const options = { directories: [join(folder, 'run')], userId, FailureError };
    const link = await EngineLink.open(options);
    expect(link.role).toBe('admin');
    const { signal } = new AbortController();
    const view = { role: 'view', actor: 'console', signal } as const;
    expect(await link.request('status', {}, view)).toMatchObject({ version: expect.any(String) });
    await expect(link.request('tokens.list', {}, view)).rejects.toMatchObject({ failure: { code: 'not-allowed' } });
    const asked = link.request('tokens.list', {}, { ...view, role: 'admin' });
    await expect(asked).rejects.toThrow('The double does not answer');
    await expect(link.request('__proto__', {}, view)).rejects.toMatchObject({ failure: { code: 'no-such-call' } });
    expect(() => link.open('tokens.list', {}, () => {}, view)).toThrow(FailureError);
    link.close();
  });
});

describe('against a running engine', () => {
  it('status says whether the computer is protected', async () => {
    const { code, stdout, stderr } = await holdfast('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^● Protected: watching eth0\.\n/);
    expect(statusSchema.parse(JSON.parse((await holdfast('status', '--json')).stdout))).toEqual(TEST_STATUS);
  });

  it('alerts are listed and told', async () => {
    const list = await holdfast('alerts', 'list');
    expect(list.stdout).toMatch(/^▲ HIGH .*a-000000000003/);
    const { alerts } = JSON.parse((await holdfast('alerts', 'list', '--json', '--limit', '2')).stdout);
    expect(alerts.map(({ id }: { id: string }) => id)).toEqual(['a-000000000003', 'a-000000000002']);
    const story = await holdfast('alerts', 'show', 'a-000000000001');
    expect(story.stdout).toContain('It tried 1,000 ports within 5 seconds');
    expect(story.stdout).toContain('T1046 Network Service Discovery');
  });

  it('an alert that is not there is wrong input', async () => {
    const { code, stdout, stderr } = await holdfast('alerts', 'show', 'a-nope');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^holdfast: There is no alert a-nope\.\n {2}\S/);
  });

  it('config show tells the settings in force', async () => {
    expect((await holdfast('config', 'show')).stdout).toBe('store.keepDays = 30 d  (default)\n');
  });

  it('without an engine it says how to start one', async () => {
    const { code, stderr } = await runHoldfast(['--data-dir', join(folder, 'none'), 'status']);
    expect(code).toBe(3);
    expect(stderr).toContain('holdfast daemon');
  });

  it('a plain view gives a line for each alert, and ends with status 0', async () => {
    const ended = runHoldfast(['--data-dir', folder, 'status', '--watch'], {
      onStart: (child) => {
        const timer = setInterval(() => {
          if (engine.watchers['alerts.watch'].size === 0) return;
          clearInterval(timer);
          engine.emit('alerts.watch', { change: 'opened', alert: testAlert(9, { title: 'x \u001b[2J y' }) });
          setTimeout(() => child.kill('SIGINT'), 300);
        }, 20);
      },
    });
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/ Protected: watching eth0\. .*packets\/s/);
    expect(stdout).toMatch(/ alert medium x \\u\{1b\}\[2J y \(a-000000000009\)\n/);
  });
});

describe('the client', () => {
  it('parses what an engine of another version answers', async () => {
    const client = await connectToEngine({ directories: [join(folder, 'run')], userId, version: '0.0.1' });
    expect(await client.request('status', {})).toEqual(TEST_STATUS);
    client.close();
  });

  it('ends a stream when its loop is left', async () => {
    const client = await connectToEngine({ directories: [join(folder, 'run')], userId, version: '0.0.1' });
    setTimeout(() => engine.emit('traffic.watch', engine.traffic), 100);
    for await (const item of client.watch('traffic.watch', {})) {
      expect(item).toEqual(engine.traffic);
      break;
    }
    const end = performance.now() + 2_000;
    while (engine.watchers['traffic.watch'].size > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(engine.watchers['traffic.watch'].size).toBe(0);
    client.close();
  });

  it.skipIf(userId !== 0)('believes no socket of another user', async () => {
    const path = mkdtempSync(join(folder, 'foreign-'));
    const foreign = createServer((socket) => socket.end('{"holdfast":1,"version":"x"}\n'));
    await new Promise<void>((resolve) => foreign.listen(join(path, 'control.sock'), resolve));
    chownSync(join(path, 'control.sock'), NOBODY, NOBODY);
    await expect(connectToEngine({ directories: [path], userId, version: 'x' })).rejects.toMatchObject({
      failure: { code: 'engine-not-reachable' },
    });
    await new Promise((resolve) => foreign.close(resolve));
  });

  it.each([
    ['rubbish', 'rubbish\n'],
    ['another protocol', '{"holdfast":99}\n'],
    ['nothing and goes', ''],
  ])('says so when the other side sends %s', async (_what, greeting) => {
    const path = mkdtempSync(join(folder, 'odd-'));
    const odd = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(greeting);
    });
    await new Promise<void>((resolve) => odd.listen(join(path, 'control.sock'), resolve));
    await expect(connectToEngine({ directories: [path], userId, version: 'x' })).rejects.toMatchObject({
      failure: { code: expect.stringMatching(/^engine-/) },
    });
    await new Promise((resolve) => odd.close(resolve));
  });
});
