import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BridgeMessage } from '../../contract/bridge.ts';
import { type AppFrame, MAX_ITEMS_UNDERWAY } from '../../contract/bridge-channels.ts';
import type { ShellHandlers } from '../../contract/shell-api.ts';
import { BridgeSession } from './bridge-session.ts';
import { ShellError } from './failure.ts';

interface Bench {
  readonly session: BridgeSession;
  readonly frames: AppFrame[];
  readonly asked: [call: string, input: unknown][];
  /** Of the requests to the engine, in their order. */
  readonly signals: AbortSignal[];
  readonly mistakes: unknown[];
  /** Streams to the engine: told to, or ended by us. */
  readonly streams: { tell(message: BridgeMessage): void; isClosed: boolean }[];
}

/** @param gate what the engine waits for before it answers */
function makeBench(shell: Partial<ShellHandlers> = {}, gate: Promise<void> = Promise.resolve()): Bench {
  const frames: AppFrame[] = [];
  const asked: Bench['asked'] = [];
  const signals: AbortSignal[] = [];
  const mistakes: unknown[] = [];
  const streams: Bench['streams'] = [];
  const session = new BridgeSession(
    {
      shell: shell as ShellHandlers,
      onMistake: (_call, error) => mistakes.push(error),
      engine: {
        request: async (call, input, signal) => {
          asked.push([call, input]);
          signals.push(signal);
          await gate;
          return { result: 'answered' };
        },
        open: (_call, _input, tell) => {
          const stream = { tell, isClosed: false };
          streams.push(stream);
          return () => {
            stream.isClosed = true;
          };
        },
      },
    },
    (frame) => frames.push(frame),
  );
  return { session, frames, asked, signals, mistakes, streams };
}

const item = (value: unknown): BridgeMessage => ({ type: 'item', item: value, dropped: 0 });
const failureOf = (code: string) => ({ error: expect.objectContaining({ code }) });

describe('requests', () => {
  it('of the engine’s table go to the engine as they are', async () => {
    const { session, asked } = makeBench();
    expect(await session.request('alerts.get', { id: 'a-1' })).toEqual({ result: 'answered' });
    expect(asked).toEqual([['alerts.get', { id: 'a-1' }]]);
  });

  it('of the shell’s table are parsed', async () => {
    const opened: unknown[] = [];
    const { session, asked } = makeBench({
      'shell.links.open': (link) => {
        opened.push(link);
        return {};
      },
    });
    expect(await session.request('shell.links.open', { link: 'documentation' })).toEqual({ result: {} });
    expect(await session.request('shell.links.open', { link: 'https://x' })).toEqual(failureOf('bad-input'));
    expect(opened).toEqual([{ link: 'documentation' }]);
    expect(asked).toEqual([]);
  });

  it('answer with what a handler throws for people, and with a plain failure for a mistake', async () => {
    const { session, mistakes } = makeBench({
      'shell.info': () => {
        throw new TypeError('secret path');
      },
      'shell.protection.enable': () => {
        throw new ShellError('no-way', 'It does not work.', 'Wait.');
      },
    });
    expect(await session.request('shell.protection.enable', {})).toEqual(failureOf('no-way'));
    const answer = await session.request('shell.info', {});
    expect(answer).toEqual(failureOf('internal'));
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(mistakes).toHaveLength(1);
  });

  it('are bounded in number', async () => {
    const { promise, resolve } = Promise.withResolvers<never>();
    const { session } = makeBench({ 'shell.info': () => promise });
    const answers = Array.from({ length: 64 }, () => session.request('shell.info', {}));
    expect(await session.request('shell.info', {})).toEqual(failureOf('too-busy'));
    resolve({} as never);
    await Promise.all(answers);
    expect(await session.request('shell.info', {})).toHaveProperty('result');
  });

  it('are given up by their number, and what was asked also with the page', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { session, signals } = makeBench({}, promise);
    const answers = [
      session.request('hunt.run', { query: 'flows' }, 1),
      session.request('status', {}, 2),
      session.request('status', {}),
      session.request('captures.cancel', { id: 'c-1' }, 3),
    ];
    const given = () => signals.map(({ aborted }) => aborted);
    for (const cancel of [0, 99, -1, 1.5, '1', undefined, null, {}]) session.receive({ cancel });
    expect(given()).toEqual([false, false, false, false]);
    session.receive({ cancel: 1 });
    expect(given()).toEqual([true, false, false, false]);
    session.receive({ begin: true });
    // A command is done all the same.
    expect(given()).toEqual([true, true, true, false]);
    resolve();
    await Promise.all(answers);
    const later = session.request('status', {}, 4);
    await later;
    session.receive({ cancel: 4 });
    expect(signals[4].aborted).toBe(false);
  });

  it('never reject and reach no handler, whatever is sent', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const input = fc.oneof(fc.anything({ withBigInt: true, withMap: true }), fc.constant(circle));
    const call = fc.oneof(fc.anything(), fc.constantFrom('__proto__', 'constructor', 'toString', 'alerts.watch', ''));
    await fc.assert(
      fc.asyncProperty(call, input, async (name, given) => {
        const { session, asked } = makeBench();
        expect(await session.request(name, given)).toEqual(failureOf('no-such-call'));
        expect(asked).toEqual([]);
      }),
    );
  });

  it.each([
    ['too large', { search: 'x'.repeat(1024 * 1024) }],
    ['a number without JSON', { search: 1n }],
  ])('refuse input that is %s', async (_what, input) => {
    const { session, asked } = makeBench();
    expect(await session.request('alerts.list', input)).toEqual(failureOf('bad-input'));
    expect(asked).toEqual([]);
  });
});

describe('streams', () => {
  it('pass on items and the end, and nothing after it', () => {
    const { session, frames, streams } = makeBench();
    session.receive({ open: 1, call: 'traffic.watch', input: {} });
    streams[0].tell(item('a'));
    streams[0].tell({ type: 'end' });
    streams[0].tell(item('b'));
    expect(frames).toEqual([
      { id: 1, message: item('a') },
      { id: 1, message: { type: 'end' } },
    ]);
    expect(session.openStreams).toBe(0);
  });

  it('end when the page says so, and when it is gone or loaded anew', () => {
    for (const ending of [{ close: 1 }, { begin: true }, undefined]) {
      const { session, frames, streams } = makeBench();
      session.receive({ open: 1, call: 'traffic.watch', input: {} });
      if (ending === undefined) session.end();
      else session.receive(ending);
      streams[0].tell(item('late'));
      expect(streams[0].isClosed).toBe(true);
      expect(frames).toEqual([]);
    }
  });

  it('leave out what a page does not take, and say how much', () => {
    const { session, frames, streams } = makeBench();
    session.receive({ open: 1, call: 'traffic.watch', input: {} });
    for (let index = 0; index < MAX_ITEMS_UNDERWAY + 10; index++) streams[0].tell(item(index));
    expect(frames).toHaveLength(MAX_ITEMS_UNDERWAY);
    session.receive({ took: 1, count: 1 });
    streams[0].tell(item('next'));
    expect(frames.at(-1)).toEqual({ id: 1, message: { type: 'item', item: 'next', dropped: 10 } });
  });

  it('are bounded in number, and never mixed up', () => {
    const { session, frames, streams } = makeBench();
    for (let id = 1; id <= 33; id++) session.receive({ open: id, call: 'traffic.watch', input: {} });
    expect(streams).toHaveLength(32);
    expect(frames).toEqual([
      { id: 33, message: { type: 'end', error: expect.objectContaining({ code: 'too-busy' }) } },
    ]);
    session.receive({ open: 5, call: 'traffic.watch', input: {} });
    expect(streams).toHaveLength(32);
  });

  it('of calls that are none end with why', () => {
    const { session, frames } = makeBench();
    session.receive({ open: 1, call: 'status', input: {} });
    session.receive({ open: 2, call: 'shell.engine.watch', input: { more: 1 } });
    expect(frames.map(({ message }) => message.type === 'end' && message.error?.code)).toEqual([
      'no-such-call',
      'bad-input',
    ]);
  });

  it('are opened by no frame that is none', () => {
    fc.assert(
      fc.property(fc.anything(), (frame) => {
        const { session, streams } = makeBench();
        session.receive(frame);
        expect(streams).toEqual([]);
      }),
    );
  });
});
