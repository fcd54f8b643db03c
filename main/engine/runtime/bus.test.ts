import { describe, expect, it } from 'vitest';
import { Bus } from './bus.ts';

type Events = { rate: number; word: string };

describe('Bus', () => {
  it('calls every listener, even after one that throws', () => {
    const errors: string[] = [];
    const bus = new Bus<Events>((error, name) => errors.push(`${name}: ${String(error)}`));
    const heard: number[] = [];
    bus.on('rate', () => {
      throw new Error('no');
    });
    const off = bus.on('rate', (value) => heard.push(value));
    bus.emit('rate', 1);
    off();
    bus.emit('rate', 2);
    expect(heard).toEqual([1]);
    expect(errors).toEqual(['rate: Error: no', 'rate: Error: no']);
  });

  it('lets a slow reader lose the oldest, and tells how many', async () => {
    const bus = new Bus<Events>(() => {});
    const subscription = bus.subscribe('rate', 2);
    for (const value of [1, 2, 3]) {
      bus.emit('rate', value);
    }
    bus.close();
    const read: number[] = [];
    for await (const value of subscription) {
      read.push(value);
    }
    expect(read).toEqual([2, 3]);
    expect(subscription.dropped).toBe(1);
  });

  it('wakes a reader that waits, and stops listening when the reader leaves', async () => {
    const bus = new Bus<Events>(() => {});
    const subscription = bus.subscribe('word');
    const first = (async () => {
      for await (const word of subscription) {
        return word;
      }
      return undefined;
    })();
    await Promise.resolve();
    bus.emit('word', 'hello');
    expect(await first).toBe('hello');
    bus.emit('word', 'unheard');
    expect(subscription.dropped).toBe(0);
  });
});
