import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock.ts';
import { Lifecycle, type Module } from './lifecycle.ts';

function recorder(names: readonly string[], changes: Readonly<Record<string, Partial<Module>>> = {}) {
  const calls: string[] = [];
  const modules = names.map(
    (name): Module => ({
      name,
      start: () => void calls.push(`+${name}`),
      stop: () => void calls.push(`-${name}`),
      ...changes[name],
    }),
  );
  return { calls, modules };
}

describe('Lifecycle', () => {
  it('starts in order and stops reversed', async () => {
    const { calls, modules } = recorder(['a', 'b', 'c']);
    const lifecycle = new Lifecycle(modules, new ManualClock());
    await lifecycle.start();
    expect(lifecycle.state).toBe('running');
    expect(await lifecycle.stop()).toEqual([]);
    expect(calls).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
    expect(lifecycle.state).toBe('stopped');
  });

  it('stops what had begun when a start fails', async () => {
    const failing = { start: () => Promise.reject(new Error('no disk')) };
    const { calls, modules } = recorder(['a', 'b', 'c'], { b: failing });
    await expect(new Lifecycle(modules, new ManualClock()).start()).rejects.toThrow('no disk');
    expect(calls).toEqual(['+a', '-b', '-a']);
  });

  it('stops the others although one fails and one hangs', async () => {
    const clock = new ManualClock();
    const { calls, modules } = recorder(['a', 'b', 'c', 'd'], {
      b: { stop: () => Promise.reject(new Error('stuck')) },
      c: { stop: () => new Promise<void>(() => {}), timeoutMs: 100 },
    });
    const lifecycle = new Lifecycle(modules, clock);
    await lifecycle.start();
    const stopped = lifecycle.stop();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
    const problems = await stopped;
    expect(problems.map(({ module, error }) => `${module}: ${(error as Error).message}`)).toEqual([
      'c: stop of c took longer than 0.1 s',
      'b: stuck',
    ]);
    expect(calls.slice(4)).toEqual(['-d', '-a']);
  });

  it('does not start the rest when stopped on the way', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { calls, modules } = recorder(['a', 'b'], { a: { start: () => promise } });
    const lifecycle = new Lifecycle(modules, new ManualClock());
    const started = lifecycle.start();
    const stopped = lifecycle.stop();
    resolve();
    await Promise.all([started, stopped]);
    expect(calls).toEqual(['-a']);
    expect(lifecycle.state).toBe('stopped');
  });
});
