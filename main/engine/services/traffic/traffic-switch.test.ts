import { describe, expect, it } from 'vitest';
import { Config } from '../../runtime/config.ts';
import { TrafficSwitch } from './traffic-switch.ts';

function setup() {
  const steps: string[] = [];
  let fails = false;
  const traffic = new TrafficSwitch({
    start() {
      if (fails) throw new Error('no thread');
      steps.push('start');
    },
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 1));
      steps.push('stop');
    },
    configure: ({ profile }) => void steps.push(profile),
  });
  const config = (name: string) => new Config([], name, new Map());
  return { traffic, steps, config, fail: (value: boolean) => (fails = value) };
}

describe('TrafficSwitch', () => {
  it('begins anew for other settings', async () => {
    const { traffic, steps, config } = setup();
    await traffic.turn(true);
    await traffic.configure(config('a'));
    await traffic.turn(false);
    await traffic.turn(false);
    expect(steps).toEqual(['start', 'stop', 'a', 'start', 'stop']);
  });

  it('takes settings in while it is off, and uses the last', async () => {
    const { traffic, steps, config } = setup();
    await traffic.configure(config('a'));
    await traffic.configure(config('b'));
    expect(steps).toEqual(['a', 'b']);
    await traffic.turn(true);
    expect(steps).toEqual(['a', 'b', 'start']);
  });

  it('never does two things at once, whatever is wished meanwhile', async () => {
    const { traffic, steps, config } = setup();
    await Promise.all([
      traffic.turn(true),
      traffic.turn(false),
      traffic.turn(true),
      traffic.configure(config('a')),
      traffic.turn(false),
      traffic.turn(true),
    ]);
    expect(steps.filter((step) => step !== 'a').every((step, at) => step === (at % 2 === 0 ? 'start' : 'stop'))).toBe(
      true,
    );
    expect(steps.at(-1)).toBe('start');
    expect(steps).toContain('a');
  });

  it('tells who asked when it fails, and works for the next', async () => {
    const { traffic, steps, fail } = setup();
    fail(true);
    await expect(traffic.turn(true)).rejects.toThrow('no thread');
    fail(false);
    await traffic.turn(true);
    expect(steps).toEqual(['start']);
  });
});
