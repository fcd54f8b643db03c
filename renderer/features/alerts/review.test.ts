import { describe, expect, it, vi } from 'vitest';
import { alertRow } from './testing.ts';

// The way to the engine is made of the window's address when it is loaded.
vi.mock('../../lib/client.ts', () => ({ request: vi.fn() }));
vi.mock('../../lib/use-query.ts', () => ({ reloadQueries: vi.fn() }));

const { nameOf, restorations, reviewAlerts } = await import('./review.ts');
const { request } = await import('../../lib/client.ts');
const { useToasts } = await import('../../lib/toasts.ts');

describe('restorations', () => {
  it('brings each alert back to what it was, a dismissal with its reason and note', () => {
    const review = { actor: 'x', timeMs: 0, reason: 'fixed', note: 'patched' } as const;
    const before = new Map([
      ['a-1', alertRow({ id: 'a-1' })],
      ['a-2', alertRow({ id: 'a-2', state: 'dismissed', review })],
    ]);
    const changed = [
      { id: 'a-1', before: 'open' },
      { id: 'a-2', before: 'dismissed' },
      { id: 'a-3', before: 'open' },
    ] as const;
    expect(restorations(changed, before)).toEqual([
      [{ state: 'open' }, ['a-1', 'a-3']],
      [{ state: 'dismissed', reason: 'fixed', note: 'patched' }, ['a-2']],
    ]);
  });
});

describe('reviewAlerts', () => {
  it('sends many alerts in calls that the engine takes, and offers to undo them all', async () => {
    vi.mocked(request).mockImplementation(async (_name, input) => {
      const { ids } = input as { readonly ids: readonly string[] };
      return { ok: true, value: { changed: ids.map((id) => ({ id, before: 'open' })) } } as never;
    });
    const alerts = Array.from({ length: 2_500 }, (_, index) => alertRow({ id: `a-${index}` }));
    expect(await reviewAlerts(alerts, { state: 'acknowledged' })).toBe(true);
    const sizes = () => vi.mocked(request).mock.calls.map(([, input]) => (input as { ids: string[] }).ids.length);
    expect(sizes()).toEqual([1_000, 1_000, 500]);
    const told = useToasts.getState().toasts.at(-1);
    expect(told?.message).toBe('Acknowledged 2,500 alerts');
    told?.undo?.run();
    await vi.waitFor(() => expect(sizes()).toEqual([1_000, 1_000, 500, 1_000, 1_000, 500]), 20_000);
    expect(vi.mocked(request).mock.calls.at(-1)?.[1]).toMatchObject({ state: 'open' });
  });
});

describe('nameOf', () => {
  it('never lets a title act on the screen', () => {
    expect(nameOf([alertRow({ title: 'a\u202eb' })])).toBe('“a\\u{202e}b”');
  });
});
