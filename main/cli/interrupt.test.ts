import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listenForInterrupt } from './interrupt.ts';

afterEach(() => vi.useRealTimers());

describe('listenForInterrupt', () => {
  it('takes a copy of the same signal for one, and a later one for impatience', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const source = new EventEmitter();
    const onImpatient = vi.fn();
    const { signal, release } = listenForInterrupt(['SIGINT', 'SIGTERM'], onImpatient, source);
    expect(signal.aborted).toBe(false);
    source.emit('SIGINT');
    source.emit('SIGINT');
    vi.advanceTimersByTime(900);
    source.emit('SIGTERM');
    expect(signal.aborted).toBe(true);
    expect(onImpatient).not.toHaveBeenCalled();
    vi.advanceTimersByTime(200);
    source.emit('SIGINT');
    expect(onImpatient).toHaveBeenCalledOnce();
    release();
    expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0);
  });
});
