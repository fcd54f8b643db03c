import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EngineConnection } from './connection.ts';

let folder = '';
let server: Server;
let engine: Socket;
let connection: EngineConnection;
const heard: unknown[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-connection-'));
  heard.length = 0;
  server = createServer((socket) => {
    engine = socket;
    socket.setEncoding('utf8').on('data', (text) => {
      for (const line of text.toString().split('\n').filter(Boolean)) heard.push(JSON.parse(line));
    });
    say({ holdfast: 1, version: '0', role: 'view' });
  });
  const path = join(folder, 'x.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  connection = await EngineConnection.greet(connect(path), folder);
});
afterEach(() => {
  connection.close();
  server.close();
  rmSync(folder, { recursive: true });
});

const say = (message: object) => engine.write(`${JSON.stringify(message)}\n`);

it('gives a call up: the caller is told at once, the engine too, and a late answer harms nobody', async () => {
  const abort = new AbortController();
  const left = connection.request('hunt.run', {}, 5_000, abort.signal);
  const kept = connection.request('status', {}, 5_000, new AbortController().signal);
  await vi.waitFor(() => expect(heard).toHaveLength(2), 20_000);
  abort.abort();
  await expect(left).rejects.toMatchObject({ failure: { code: 'cancelled' } });
  await vi.waitFor(() => expect(heard.at(-1)).toEqual({ id: 1, cancel: true }), 20_000);
  say({ id: 1, result: 'late' });
  say({ id: 2, result: 'in time' });
  expect(await kept).toBe('in time');
  await expect(connection.request('status', {}, 5_000, abort.signal)).rejects.toMatchObject({
    failure: { code: 'cancelled' },
  });
  expect(heard).toHaveLength(3);
});
