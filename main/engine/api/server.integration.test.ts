import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../../contract/api-roles.ts';
import { FailureError } from '../runtime/failure.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { createQuietLogger } from '../runtime/log.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { assertNobodyAt } from './bind.ts';
import { ApiServer } from './server.ts';
import { type ApiSettings, apiSettings } from './settings.ts';
import { TEST_STATUS, TestEngine, testAlert } from './testing.ts';

let directory: string;
const running: ApiServer[] = [];
const clients: Socket[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'holdfast-api-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of running.splice(0)) await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function serve(settings: Partial<ApiSettings> = {}) {
  const engine = new TestEngine();
  const health = new HealthRegistry();
  const server = new ApiServer({
    handlers: engine.handlers,
    directory: join(directory, 'run'),
    settings: { ...defaultsOf(apiSettings), ...settings },
    health,
    logger: createQuietLogger(),
    version: '1.2.3',
    checkAnswers: true,
  });
  await server.start();
  running.push(server);
  const counters = () => health.report().entries[0].counters;
  return {
    engine,
    server,
    counters,
    control: join(directory, 'run/control.sock'),
    view: join(directory, 'run/view.sock'),
  };
}

/** A client that speaks by hand. */
class RawClient {
  readonly socket: Socket;
  readonly messages: Record<string, unknown>[] = [];
  isClosed = false;
  #text = '';

  constructor(path: string) {
    this.socket = connect(path);
    clients.push(this.socket);
    this.socket.setEncoding('utf8');
    this.socket.on('data', (chunk: string) => {
      const lines = (this.#text + chunk).split('\n');
      this.#text = lines.pop() ?? '';
      this.messages.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  send(...messages: object[]): void {
    this.socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  /** Waits for the message that answers `id`. */
  async answer(id: number | null): Promise<Record<string, unknown>> {
    await until(() => this.messages.some((message) => message.id === id));
    return this.messages.find((message) => message.id === id)!;
  }
}

async function until(isTrue: () => boolean, limitMs = 5_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error('waited too long');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function failureCode(work: Promise<unknown>): Promise<string | undefined> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof FailureError ? error.failure.code : undefined;
}

describe('the sockets', () => {
  it('are looked for without a fault where their folder cannot be', async () => {
    writeFileSync(join(directory, 'file'), '');
    await expect(assertNobodyAt(join(directory, 'file/control.sock'))).resolves.toBeUndefined();
    await expect(assertNobodyAt(join(directory, 'none/control.sock'))).resolves.toBeUndefined();
  });

  it('greet, answer, and tell apart who may do what', async () => {
    const { control, view } = await serve();
    for (const [path, role] of [
      [control, 'admin'],
      [view, 'view'],
    ] as const) {
      const client = new RawClient(path);
      client.send({ id: 1, call: 'status' }, { id: 2, call: 'alerts.get', input: { id: 'x' } }, { id: 3, call: 'no' });
      expect((await client.answer(1)).result).toEqual(TEST_STATUS);
      expect(client.messages[0]).toEqual({ holdfast: 1, version: '1.2.3', role });
      expect((await client.answer(2)).error).toMatchObject({ code: 'no-such-alert' });
      expect((await client.answer(3)).error).toMatchObject({ code: 'no-such-call' });
    }
  });

  it('are private, and leave nothing else behind', async () => {
    const { control, view, server } = await serve();
    expect(lstatSync(join(directory, 'run')).mode & 0o777).toBe(0o700);
    expect([control, view].map((path) => lstatSync(path).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(readdirSync(join(directory, 'run')).sort()).toEqual(['control.sock', 'view.sock']);
    await server.stop();
    expect(readdirSync(join(directory, 'run'))).toEqual([]);
  });

  it.skipIf(process.geteuid?.() !== 0)('let a group look, and nothing more', async () => {
    const { control, view } = await serve({ viewGroup: 'daemon' });
    expect(lstatSync(join(directory, 'run')).mode & 0o777).toBe(0o711);
    expect(lstatSync(control).mode & 0o777).toBe(0o600);
    expect(lstatSync(view).mode & 0o777).toBe(0o660);
    expect(lstatSync(view).gid).not.toBe(0);
  });

  it('say so when the group does not exist, and stay private', async () => {
    const { view, counters } = await serve({ viewGroup: 'no-such-group-here' });
    expect(lstatSync(view).mode & 0o777).toBe(0o600);
    expect(counters()).toBeDefined();
  });
});

describe('starting', () => {
  it('refuses a second engine, and leaves the first one its place', async () => {
    const { control, server } = await serve();
    expect(await failureCode(serve())).toBe('already-running');
    expect(await failureCode(server.assertAlone())).toBe('already-running');
    const client = new RawClient(control);
    client.send({ id: 1, call: 'status' });
    expect(await client.answer(1)).toHaveProperty('result');
  });

  it('lets exactly one of two that start together win', async () => {
    const outcomes = await Promise.all(
      [serve(), serve()].map(async (start) => (await failureCode(start)) ?? 'started'),
    );
    expect(outcomes.sort()).toEqual(['already-running', 'started']);
  });

  it('takes the place of one that died', async () => {
    await serve();
    const path = join(directory, 'run/control.sock');
    await running.pop()!.stop();
    // A socket that nobody listens at, as a killed engine leaves it.
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
    linkSync(`${path}.dead`, path);
    await new Promise((resolve) => dead.close(resolve));
    expect(existsSync(path)).toBe(true);
    const { control } = await serve();
    const client = new RawClient(control);
    client.send({ id: 1, call: 'status' });
    expect(await client.answer(1)).toHaveProperty('result');
  });

  it('touches nothing that is no socket', async () => {
    await serve();
    await running.pop()!.stop();
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious');
    for (const plant of [
      (path: string) => symlinkSync(victim, path),
      (path: string) => writeFileSync(path, 'precious'),
    ]) {
      const path = join(directory, 'run/control.sock');
      plant(path);
      expect(await failureCode(serve())).toBe('unsafe-socket');
      expect(lstatSync(path).isSocket()).toBe(false);
      rmSync(path);
    }
    expect(lstatSync(victim).size).toBe('precious'.length);
  });

  it('refuses a folder that others can write', async () => {
    chmodSync(directory, 0o777);
    expect(await failureCode(serve())).toBe('unsafe-directory');
  });

  it('says when the path is too long for a socket', async () => {
    directory = join(directory, 'd'.repeat(100));
    expect(await failureCode(serve())).toBe('socket-path-too-long');
  });
});

describe('streams', () => {
  it('give items until they are cancelled', async () => {
    const { engine, view } = await serve();
    const client = new RawClient(view);
    client.send({ id: 7, call: 'alerts.watch', input: {} });
    await until(() => engine.watchers['alerts.watch'].size === 1);
    engine.emit('alerts.watch', { change: 'opened', alert: testAlert(1) });
    expect(await client.answer(7)).toMatchObject({ item: { change: 'opened' }, dropped: 0 });
    client.send({ id: 7, cancel: true });
    await until(() => engine.watchers['alerts.watch'].size === 0);
  });

  it('end with their connection', async () => {
    const { engine, view } = await serve();
    const client = new RawClient(view);
    client.send({ id: 1, call: 'traffic.watch' });
    await until(() => engine.watchers['traffic.watch'].size === 1);
    client.socket.destroy();
    await until(() => engine.watchers['traffic.watch'].size === 0);
  });

  it('leave the oldest items out for a slow reader, count them, and tell', async () => {
    const { engine, view, counters } = await serve({ streamQueueItems: 4 });
    const client = new RawClient(view);
    client.send({ id: 1, call: 'alerts.watch' });
    await until(() => engine.watchers['alerts.watch'].size === 1);
    client.socket.pause();
    const items = 5_000;
    for (let index = 1; index <= items; index++)
      engine.emit('alerts.watch', { change: 'opened', alert: testAlert(index) });
    const dropped = counters().droppedItems;
    expect(dropped).toBeGreaterThan(0);
    client.socket.resume();
    await until(() => client.messages.some((message) => Number(message.dropped) > 0));
    await until(() => client.messages.filter(({ id }) => id === 1).length === items - dropped);
    const told = client.messages.reduce((sum, message) => sum + Number(message.dropped ?? 0), 0);
    expect(told).toBe(dropped);
    expect(client.messages.at(-1)).toMatchObject({ item: { alert: { id: testAlert(items).id } } });
  });

  it('do not wait for ever for a reader that has hung', async () => {
    const { engine, view, counters } = await serve({ slowReaderSeconds: 1, streamQueueItems: 1 });
    const client = new RawClient(view);
    client.send({ id: 1, call: 'alerts.watch' });
    await until(() => engine.watchers['alerts.watch'].size === 1);
    client.socket.pause();
    for (let index = 1; index <= 5_000; index++)
      engine.emit('alerts.watch', { change: 'opened', alert: testAlert(index) });
    await until(() => counters().slowReaders === 1);
    await until(() => engine.watchers['alerts.watch'].size === 0);
  });
});

describe('bounds', () => {
  it('on connections', async () => {
    const { view, counters } = await serve({ maxConnections: 2 });
    const two = [new RawClient(view), new RawClient(view)];
    await until(() => two.every(({ messages }) => messages.length === 1));
    const third = new RawClient(view);
    await until(() => third.isClosed);
    expect(counters().refused).toBe(1);
    two[0].socket.destroy();
    await until(() => counters().connections === 1);
    const fourth = new RawClient(view);
    await until(() => fourth.messages.length === 1);
  });

  it('on calls in flight', async () => {
    const { view } = await serve({ maxCallsInFlight: 2 });
    const client = new RawClient(view);
    client.send({ id: 1, call: 'health.watch' }, { id: 2, call: 'health.watch' }, { id: 3, call: 'status' });
    expect((await client.answer(3)).error).toMatchObject({ code: 'too-busy' });
    client.send({ id: 2, cancel: true }, { id: 4, call: 'status' });
    expect(await client.answer(4)).toHaveProperty('result');
  });

  it('on the rate: what comes faster waits, and is answered', async () => {
    const { view } = await serve({ callsPerSecond: 50, maxCallsInFlight: 256 });
    const client = new RawClient(view);
    const began = performance.now();
    client.send(...Array.from({ length: 120 }, (_, id) => ({ id, call: 'status' })));
    await until(() => client.messages.length === 121);
    // 100 at once, the other 20 at 50 a second.
    expect(performance.now() - began).toBeGreaterThan(300);
    expect(client.messages.every((message) => !('error' in message))).toBe(true);
  });

  it('on the length of a message', async () => {
    const { view, counters } = await serve();
    const client = new RawClient(view);
    client.socket.write('x'.repeat(MAX_MESSAGE_BYTES + 1));
    expect((await client.answer(null)).error).toMatchObject({ code: 'bad-message' });
    await until(() => client.isClosed);
    expect(counters().hostile).toBe(1);
  });

  it('on the time for a message, and for doing nothing', async () => {
    const { view } = await serve({ messageSeconds: 1, idleSeconds: 2 });
    const slow = new RawClient(view);
    slow.socket.write('{"id":');
    const idle = new RawClient(view);
    const watching = new RawClient(view);
    watching.send({ id: 1, call: 'health.watch' });
    await until(() => slow.isClosed && idle.isClosed);
    expect(watching.isClosed).toBe(false);
  });

  it('on the time for a message that comes byte by byte', async () => {
    const { view } = await serve({ messageSeconds: 1 });
    const slow = new RawClient(view);
    const trickle = setInterval(() => slow.socket.write(' '), 50);
    try {
      await until(() => slow.isClosed);
      expect(slow.messages.at(-1)?.error).toMatchObject({ code: 'bad-message' });
    } finally {
      clearInterval(trickle);
    }
  });

  it('on calls, but not on the message that had begun behind those that wait', async () => {
    const { view } = await serve({ messageSeconds: 1, callsPerSecond: 10 });
    const client = new RawClient(view);
    const calls = Array.from({ length: 45 }, (_, id) => `${JSON.stringify({ id, call: 'status' })}\n`).join('');
    client.socket.write(`${calls}{"id":45,`);
    await client.answer(44);
    client.socket.write('"call":"status"}\n');
    expect(await client.answer(45)).toHaveProperty('result');
  });

  it('on the length of an answer', async () => {
    const { engine, view } = await serve();
    engine.alerts = Array.from({ length: 500 }, (_, index) => testAlert(index, { explanation: 'long '.repeat(1_000) }));
    const client = new RawClient(view);
    client.send({ id: 1, call: 'alerts.list', input: { limit: 500 } });
    expect((await client.answer(1)).error).toMatchObject({ code: 'answer-too-large' });
    client.send({ id: 2, call: 'alerts.list', input: { limit: 1 } });
    expect(await client.answer(2)).toHaveProperty('result');
  });
});

describe('hostile bytes', () => {
  const message = fc.record(
    {
      id: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.jsonValue()),
      call: fc.oneof(fc.constantFrom('status', 'alerts.list', 'alerts.watch', '__proto__', 'x'), fc.jsonValue()),
      input: fc.jsonValue(),
      cancel: fc.oneof(fc.boolean(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary' }).map((text) => new TextEncoder().encode(`${text}\n`)),
    message.map((value) => new TextEncoder().encode(`${JSON.stringify(value)}\n`)),
    fc.constant(new TextEncoder().encode(`${'['.repeat(100_000)}\n`)),
  );

  it('cost nothing but their own connection', async () => {
    const { control, view, counters } = await serve({ callsPerSecond: 10_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), async (frames) => {
        const hostile = new RawClient(view);
        for (const bytes of frames) hostile.socket.write(bytes);
        hostile.socket.end();
        await until(() => hostile.isClosed);
        const honest = new RawClient(control);
        honest.send({ id: 1, call: 'status' });
        expect(await honest.answer(1)).toHaveProperty('result');
        honest.socket.destroy();
      }),
      { numRuns: 100 },
    );
    await until(() => counters().connections === 0);
  });
});
