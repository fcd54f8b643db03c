import { describe, expect, it } from 'vitest';
import { HealthRegistry } from '../../runtime/health.ts';
import { HealthMirror } from './host-health.ts';

describe('HealthMirror', () => {
  it('shows the lines of another registry, with their counters, and takes them away again', () => {
    const there = new HealthRegistry();
    const here = new HealthRegistry();
    const mirror = new HealthMirror(here);
    let events = 1;
    const files = there.part('files', () => ({ events }));
    const logs = there.part('logs');
    files.degraded('Some are lost.', 'Nothing to do.');
    logs.off('Switched off.', 'Switch it on.');
    mirror.take(there.report().entries);
    expect(here.report()).toEqual(there.report());
    events = 2;
    files.ok('All is well.');
    logs.remove();
    mirror.take(there.report().entries);
    expect(here.report().entries).toEqual([
      { part: 'files', state: 'ok', detail: 'All is well.', counters: { events: 2 } },
    ]);
  });

  it('says of every line that it is true no more, but of those that were off', () => {
    const there = new HealthRegistry();
    const here = new HealthRegistry();
    const mirror = new HealthMirror(here);
    there.part('files').ok('Fine.');
    there.part('logs').off('Switched off.');
    mirror.take(there.report().entries);
    mirror.fail('Gone.', 'Wait.');
    expect(here.report().entries).toMatchObject([
      { part: 'files', state: 'failed', detail: 'Gone.', hint: 'Wait.' },
      { part: 'logs', state: 'off' },
    ]);
  });
});
