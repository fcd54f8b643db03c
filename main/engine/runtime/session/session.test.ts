import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../../contract/domain.ts';
import { ManualClock } from '../clock.ts';
import { FailureError } from '../failure.ts';
import type { Backend } from './backend.ts';
import { Session, type SessionCounters, type SessionSettings } from './session.ts';

const SETTINGS: SessionSettings = {
  maxCallsInFlight: 4,
  callsPerSecond: 100,
  streamQueueItems: 2,
  slowReaderSeconds: 5,
  idleSeconds: 60,
};

/** A link, a backend with one query and one stream, and what happens. */
function begin() {
  const clock = new ManualClock();
  const sent: Record<string, unknown>[] = [];
  const events: string[] = [];
  const counters: SessionCounters = { calls: 0, hostile: 0, slowReaders: 0, droppedItems: 0 };
  const link = {
    isFull: false,
    send: (text: string) => void sent.push(JSON.parse(text)),
    pause: () => void events.push('pause'),
    resume: () => {},
    end: () => void events.push('end'),
    destroy: () => void events.push('destroy'),
  };
  let emit: (item: unknown, dropped?: number) => void = () => {};
  let onEnd: (failure?: Failure) => void = () => {};
  const backend: Backend = {
    kindOf: (name) => (name === 'watch' ? 'stream' : 'query'),
    request: async (_name, input) => {
      if (input === 'fail') throw new FailureError({ code: 'odd', message: 'm', hint: 'h' });
      return input;
    },
    open: (_name, _input, tell, { signal }, end = () => {}) => {
      emit = tell;
      onEnd = end;
      signal.addEventListener('abort', () => events.push('aborted'));
      return () => void events.push('closed');
    },
  };
  const session = new Session({
    link,
    backend,
    counters,
    clock,
    settings: SETTINGS,
    role: 'view',
    actor: 'x',
    version: '1',
  });
  const take = (...messages: object[]): void => session.take(messages.map((message) => JSON.stringify(message)));
  return {
    clock,
    sent,
    events,
    counters,
    link,
    session,
    take,
    emit: (item: unknown, dropped?: number) => emit(item, dropped),
    onEnd: (failure?: Failure) => onEnd(failure),
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

describe('a session', () => {
  it('greets and answers', async () => {
    const { sent, take, settle } = begin();
    take({ id: 1, call: 'echo', input: 'a' }, { id: 2, call: 'echo', input: 'fail' });
    await settle();
    expect(sent).toEqual([
      { holdfast: 1, version: '1', role: 'view' },
      { id: 1, result: 'a' },
      { id: 2, error: { code: 'odd', message: 'm', hint: 'h' } },
    ]);
  });

  it('adds what was lost on the way to what it leaves out itself', () => {
    const { take, emit, link, session, sent, counters } = begin();
    take({ id: 1, call: 'watch' });
    emit('a', 3);
    link.isFull = true;
    for (const item of ['b', 'c', 'd']) emit(item);
    link.isFull = false;
    session.drained();
    expect(sent.slice(1)).toEqual([
      { id: 1, item: 'a', dropped: 3 },
      { id: 1, item: 'c', dropped: 1 },
      { id: 1, item: 'd', dropped: 0 },
    ]);
    expect(counters.droppedItems).toBe(1);
  });

  it.each([
    [undefined, { id: 1, result: null }],
    [
      { code: 'engine-lost', message: 'm', hint: 'h' },
      { id: 1, error: { code: 'engine-lost', message: 'm', hint: 'h' } },
    ],
  ])('tells when the other side ends a stream: %o', (failure, expected) => {
    const { take, onEnd, emit, sent } = begin();
    take({ id: 1, call: 'watch' });
    onEnd(failure);
    expect(sent.at(-1)).toEqual(expected);
    emit('late');
    expect(sent).toHaveLength(2);
  });

  it('ends a stream whose item is too large, on both sides', () => {
    const { take, emit, sent, events } = begin();
    take({ id: 1, call: 'watch' });
    emit('x'.repeat(2_000_000));
    expect(sent.at(-1)).toMatchObject({ id: 1, error: { code: 'answer-too-large' } });
    expect(events).toEqual(['aborted', 'closed']);
    emit('more');
    expect(sent).toHaveLength(2);
  });

  it('gives a reader up that has hung, and one that is idle', () => {
    const slow = begin();
    slow.take({ id: 1, call: 'watch' });
    slow.link.isFull = true;
    slow.session.drained();
    slow.link.isFull = false;
    slow.emit('a');
    slow.clock.advance(61_000);
    expect(slow.events).toEqual([]);
    const hung = begin();
    hung.take({ id: 1, call: 'watch' });
    hung.link.send = () => {
      hung.link.isFull = true;
    };
    hung.emit('a');
    hung.clock.advance(5_000);
    expect([hung.events, hung.counters.slowReaders]).toEqual([['destroy'], 1]);
    const idle = begin();
    idle.clock.advance(60_000);
    expect(idle.events).toEqual(['destroy']);
  });

  it('takes and sends nothing after it was refused or closed', async () => {
    const { session, take, sent, events, emit, settle } = begin();
    take({ id: 1, call: 'watch' });
    session.refuse('a test says so');
    expect(events).toEqual(['pause', 'end', 'aborted', 'closed']);
    const { length } = sent;
    take({ id: 2, call: 'echo' });
    emit('a');
    session.closed();
    session.refuse('again');
    await settle();
    expect(sent).toHaveLength(length);
  });
});
