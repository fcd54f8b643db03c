import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { DEFAULT_HELPER_PATH } from '../../sensors/index.ts';
import { SignalHelper } from './signal-helper.ts';

const isBuilt = existsSync(DEFAULT_HELPER_PATH);
if (!isBuilt) console.warn('The helper of signals is not tested: make -C native-helpers/sense');

describe('SignalHelper', () => {
  let helper: SignalHelper | undefined;

  function begin(helperPath: string) {
    const clock = new ManualClock(0);
    helper = new SignalHelper({ helperPath, clock, onChange: () => {}, onMessage: () => {} });
    helper.start();
    return { helper, clock };
  }

  afterEach(() => helper?.stop());

  it('is not waited for any longer than it may take', async () => {
    const { helper, clock } = begin('/nowhere/sense');
    const waited = helper.untilReady(3_000);
    clock.advance(3_000);
    await waited;
    expect(helper.isReady).toBe(false);
    expect(helper.problem).toContain('not there');
  });

  it.skipIf(!isBuilt)('leaves no timer behind once it is ready, which would keep a process from ending', async () => {
    const { helper, clock } = begin(DEFAULT_HELPER_PATH);
    await vi.waitUntil(() => helper.isReady, 20_000);
    const before = clock.pending;
    await helper.untilReady(3_000);
    expect(clock.pending).toBe(before);
  });
});
