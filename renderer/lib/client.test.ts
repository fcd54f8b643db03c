import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BridgeAnswer } from '../../contract/bridge.ts';

const sent: { readonly call: string; readonly id: number | undefined; answer(answer: BridgeAnswer): void }[] = [];
const cancelled: number[] = [];

vi.mock('./link.ts', () => ({}));
vi.mock('./bridge.ts', () => ({
  bridge: {
    request: (call: string, _input: unknown, id?: number) =>
      new Promise((answer) => {
        sent.push({ call, id, answer });
      }),
    cancel: (id: number) => cancelled.push(id),
  },
}));
const { request } = await import('./client.ts');

beforeEach(() => {
  sent.length = 0;
  cancelled.length = 0;
});

describe('a request', () => {
  it('is answered or failed, as data', async () => {
    const failure = { code: 'x', message: 'y', hint: '' };
    const [first, second] = [request('status', {}), request('status', {})];
    sent[0].answer({ result: 1 });
    sent[1].answer({ error: failure });
    expect(await first).toEqual({ ok: true, value: 1 });
    expect(await second).toEqual({ ok: false, failure });
  });

  it('is given up by its signal, each by its own, and never after its answer', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const first = request('status', {}, one.signal);
    const second = request('status', {}, other.signal);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    one.abort();
    expect(cancelled).toEqual([sent[0].id]);
    sent[0].answer({ error: { code: 'cancelled', message: '', hint: '' } });
    expect(await first).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    sent[1].answer({ result: 2 });
    expect(await second).toEqual({ ok: true, value: 2 });
    other.abort();
    expect(cancelled).toHaveLength(1);
  });

  it('is not sent where it was given up before', async () => {
    expect(await request('status', {}, AbortSignal.abort())).toMatchObject({ failure: { code: 'cancelled' } });
    expect(sent).toEqual([]);
  });
});
