import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BridgeMessage } from '../../contract/bridge.ts';
import { type ConsoleLink, createConsoleBridge, type SocketLike } from './console-bridge.ts';

/** A WebSocket whose other side is the test. */
class FakeSocket implements SocketLike {
  readonly sent: unknown[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  greet(): void {
    this.onopen?.();
    this.say({ holdfast: 1, version: '0.1.0', role: 'operate' });
  }

  end(): void {
    this.onclose?.({ code: 1006, reason: '' });
  }
}

const sockets: FakeSocket[] = [];
const latest = (): FakeSocket => sockets[sockets.length - 1];

function makeBridge(isRefused = async () => false) {
  const bridge = createConsoleBridge({
    connect: () => {
      sockets.push(new FakeSocket());
      return latest();
    },
    isRefused,
    random: () => 1,
  });
  const links: ConsoleLink[] = [];
  bridge.watchLink((link) => links.push(link));
  return { bridge, links };
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets.length = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the bridge over a WebSocket', () => {
  it('is connected when it was greeted, with the role that it was given', () => {
    const { bridge, links } = makeBridge();
    expect(links[0].state).toBe('connecting');
    latest().greet();
    expect(links[1]).toMatchObject({ state: 'connected', role: 'operate', version: '0.1.0' });
    expect(bridge.version).toBe('0.1.0');
  });

  it('asks and is answered, by id and in any order', async () => {
    const { bridge } = makeBridge();
    latest().greet();
    const first = bridge.request('status', {});
    const second = bridge.request('alerts.get', { id: 'x' });
    expect(latest().sent).toEqual([
      { id: 1, call: 'status', input: {} },
      { id: 2, call: 'alerts.get', input: { id: 'x' } },
    ]);
    const failure = { code: 'no-such-alert', message: 'There is no alert "x".', hint: '' };
    latest().say({ id: 2, error: failure });
    latest().say({ id: 1, result: { ok: 1 } });
    expect(await first).toEqual({ result: { ok: 1 } });
    expect(await second).toEqual({ error: failure });
  });

  it('gives a request up, tells the engine so, and lets others be', async () => {
    const { bridge } = makeBridge();
    latest().greet();
    const left = bridge.request('hunt.run', {}, 7);
    const kept = bridge.request('status', {}, 8);
    bridge.cancel(7);
    bridge.cancel(7);
    bridge.cancel(99);
    expect(await left).toMatchObject({ error: { code: 'cancelled' } });
    expect(latest().sent.slice(2)).toEqual([{ id: 1, cancel: true }]);
    latest().say({ id: 1, result: 'late' });
    latest().say({ id: 2, result: 'in time' });
    expect(await kept).toEqual({ result: 'in time' });
    bridge.cancel(8);
    expect(latest().sent).toHaveLength(3);
  });

  it('gives the items of a stream until it is ended, and says so to the engine', () => {
    const { bridge } = makeBridge();
    latest().greet();
    const told: BridgeMessage[] = [];
    const close = bridge.open('alerts.watch', {}, (message) => told.push(message));
    latest().say({ id: 1, item: 'a', dropped: 2 });
    close();
    latest().say({ id: 1, item: 'b', dropped: 0 });
    expect(told).toEqual([{ type: 'item', item: 'a', dropped: 2 }]);
    expect(latest().sent[1]).toEqual({ id: 1, cancel: true });
  });

  it('fails everything under way when the connection ends, and looks for the engine again', async () => {
    const { bridge, links } = makeBridge();
    latest().greet();
    const asked = bridge.request('status', {});
    const told: BridgeMessage[] = [];
    bridge.open('alerts.watch', {}, (message) => told.push(message));
    latest().end();
    expect(await asked).toMatchObject({ error: { code: 'engine-lost' } });
    expect(told).toMatchObject([{ type: 'end', error: { code: 'engine-lost' } }]);
    expect(links.at(-1)).toMatchObject({ state: 'lost', failure: { code: 'engine-lost' } });
    expect(await bridge.request('status', {})).toMatchObject({ error: { code: 'engine-lost' } });

    await vi.advanceTimersByTimeAsync(250);
    expect(sockets).toHaveLength(2);
    latest().greet();
    expect(links.at(-1)).toMatchObject({ state: 'connected', failure: null });
  });

  it('waits longer each time, up to a bound', async () => {
    makeBridge();
    const waits: number[] = [];
    for (let tries = 0; tries < 9; tries += 1) {
      const before = sockets.length;
      latest().end();
      let waited = 0;
      while (sockets.length === before) {
        await vi.advanceTimersByTimeAsync(250);
        waited += 250;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  });

  it('stops where the browser is not signed in, and tries again when it is told to', async () => {
    const { bridge, links } = makeBridge(async () => true);
    latest().end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(links.at(-1)).toMatchObject({ state: 'failed', failure: { code: 'no-session' } });
    expect(sockets).toHaveLength(1);
    bridge.reconnect();
    expect(sockets).toHaveLength(2);
  });

  it('comes back by itself when the browser was let in beside it', async () => {
    let isSignedIn = true;
    const { links } = makeBridge(async () => !isSignedIn);
    latest().greet();
    isSignedIn = false;
    latest().end();
    await vi.advanceTimersByTimeAsync(250);
    latest().end();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(links.at(-1)).toMatchObject({ state: 'failed', failure: { code: 'no-session' } });
    expect(links.at(-1)?.failure?.message).toMatch(/started again/);
    const before = sockets.length;
    isSignedIn = true;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(sockets).toHaveLength(before + 1);
    latest().greet();
    expect(links.at(-1)?.state).toBe('connected');
  });

  it('does not talk to another version, nor wait for one that says nothing', async () => {
    const { links } = makeBridge();
    latest().say({ holdfast: 2, version: '9', role: 'admin' });
    expect(links.at(-1)).toMatchObject({ state: 'failed', failure: { code: 'other-version' } });

    const silent = makeBridge();
    latest().onopen?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(silent.links.at(-1)?.state).toBe('lost');
  });

  it('lives through whatever is said to it', async () => {
    const { bridge } = makeBridge();
    latest().greet();
    const asked = bridge.request('status', {});
    for (const nonsense of [
      '',
      '{',
      'null',
      '[1]',
      '"x"',
      { id: 'x' },
      { id: 99, result: 1 },
      { id: 1, item: 'no stream' },
    ]) {
      latest().say(nonsense);
    }
    latest().onmessage?.({ data: new ArrayBuffer(8) });
    latest().say({ id: 1, error: 'broken' });
    expect(await asked).toMatchObject({ error: { code: 'unreadable-answer' } });
  });

  it('does not send what is too large', async () => {
    const { bridge } = makeBridge();
    latest().greet();
    expect(await bridge.request('x', 'a'.repeat(2_000_000))).toMatchObject({ error: { code: 'too-large' } });
    expect(latest().sent).toEqual([]);
  });
});
