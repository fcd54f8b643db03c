import { describe, expect, it } from 'vitest';
import { HealthRegistry, worstState } from './health.ts';

describe('HealthRegistry', () => {
  it('reads counters when asked and tells the worst state', () => {
    const health = new HealthRegistry();
    let rows = 0;
    const store = health.part('store', () => ({ rows }));
    const sensor = health.part('sensor');
    store.ok('Works.');
    rows = 7;
    expect(health.report().state).toBe('ok');
    sensor.degraded('No rights to capture.', 'Run as root.');
    expect(health.report()).toEqual({
      state: 'degraded',
      entries: [
        { part: 'store', state: 'ok', detail: 'Works.', counters: { rows: 7 } },
        { part: 'sensor', state: 'degraded', detail: 'No rights to capture.', hint: 'Run as root.', counters: {} },
      ],
    });
  });

  it('tells of changes only, whatever a listener throws', () => {
    const errors: unknown[] = [];
    const health = new HealthRegistry((error) => errors.push(error));
    const heard: string[] = [];
    health.onChange(() => {
      throw new Error('no');
    });
    health.onChange((entry) => heard.push(`${entry.part} ${entry.state}`));
    const part = health.part('bus');
    part.ok('Works.');
    part.ok('Works.');
    part.failed('Broken.', 'Restart.');
    expect(heard).toEqual(['bus ok', 'bus failed']);
    expect(errors).toHaveLength(2);
    expect(() => health.part('bus')).toThrow('two parts');
    part.remove();
    expect(health.report()).toEqual({ state: 'off', entries: [] });
  });

  it('does not let a part that is off hide or cause trouble', () => {
    expect(worstState([])).toBe('off');
    expect(worstState(['off', 'ok'])).toBe('ok');
    expect(worstState(['ok', 'failed', 'degraded'])).toBe('failed');
  });
});
