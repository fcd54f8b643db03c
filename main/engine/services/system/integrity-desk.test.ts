import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IntegrityState, SYSTEM_CALLS } from '../../../../contract/api-system.ts';
import type { JournalInput } from '../../store/index.ts';
import { IntegrityDesk } from './integrity-desk.ts';

describe('IntegrityDesk', () => {
  let base: string;
  let journal: JournalInput[];
  let desk: IntegrityDesk;
  const at = (name: string) => join(base, 'etc', name);

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-desk-')));
    mkdirSync(join(base, 'etc'));
    mkdirSync(join(base, 'data'), { mode: 0o700 });
    writeFileSync(at('a'), 'one');
    journal = [];
    desk = newDesk();
  });

  afterEach(async () => {
    await desk.cancel();
    rmSync(base, { recursive: true, force: true });
  });

  const newDesk = () =>
    new IntegrityDesk({
      directory: join(base, 'data'),
      settings: () => ({ paths: [join(base, 'etc')], exclude: [], threads: 1 }),
      nowMs: () => 1_700_000_000_000,
      journal: (entry) => journal.push(entry),
    });

  /** The state when a run is over; each fits the contract. */
  function ended(begun: IntegrityState): Promise<IntegrityState> {
    return new Promise((resolve) => {
      const stop = desk.watch((state) => {
        expect(SYSTEM_CALLS['integrity.status'].output.safeParse(state).success).toBe(true);
        if (state.ended?.id !== begun.running?.id) return;
        queueMicrotask(() => stop());
        resolve(state);
      });
    });
  }

  const changes = (input: object = {}) => {
    const answer = desk.changes(SYSTEM_CALLS['integrity.changes'].input.parse(input));
    expect(SYSTEM_CALLS['integrity.changes'].output.safeParse(answer).success).toBe(true);
    return answer;
  };

  it('makes a baseline, finds changes, and takes them in one by one or all', async () => {
    expect(await desk.state()).toMatchObject({ baseline: null, failure: null, running: null, check: null });
    expect(await ended(desk.init('ada'))).toMatchObject({
      baseline: { entries: 2 },
      ended: { work: 'init', isDone: true },
    });
    writeFileSync(at('a'), 'two');
    writeFileSync(at('b'), 'new');
    chmodSync(at('b'), 0o4755);
    const state = await ended(desk.check(false));
    expect(state.check).toMatchObject({ added: 1, changed: 1, removed: 0, explained: 0 });
    expect(changes()).toMatchObject({
      total: 2,
      next: null,
      changes: [
        { path: at('a'), change: 'changed' },
        { path: at('b'), change: 'added', isNewlySetUid: true },
      ],
    });
    expect(changes({ search: '/B' }).total).toBe(1);
    expect(changes({ limit: 1 }).next).toBe('1');
    await expect(desk.accept(['/etc/none'], false, 'ada')).rejects.toThrow('found no change');
    expect(await desk.accept([at('a')], false, 'ada')).toMatchObject({ accepted: 1, state: { check: { changed: 0 } } });
    expect(await desk.accept([], true, 'ada')).toMatchObject({ accepted: 1 });
    expect((await ended(desk.check(true))).check).toMatchObject({ added: 0, changed: 0, isFull: true });
    expect(journal).toMatchObject([
      { actor: 'ada', action: 'integrity-baseline-made' },
      { action: 'integrity-changes-accepted', detail: { paths: [at('a')] } },
      { action: 'integrity-changes-accepted', detail: { paths: [at('b')] } },
    ]);
    desk = newDesk();
    expect(await desk.state()).toMatchObject({ baseline: { entries: 3 }, check: null });
    await expect(desk.accept([], true, 'ada')).rejects.toThrow('Nothing was checked');
  });

  it('does one thing at a time, and can be stopped', async () => {
    const first = desk.init('ada');
    expect(() => desk.check(false)).toThrow('under way');
    const refused = expect(desk.accept([], true, 'ada')).rejects.toThrow('under way');
    const over = ended(first);
    await Promise.all([refused, desk.cancel()]);
    expect(await over).toMatchObject({ ended: { isDone: false }, failure: { code: 'cancelled' }, baseline: null });
    await desk.cancel();
  });

  it('says what is wrong with the baseline', async () => {
    expect(await ended(desk.check(false))).toMatchObject({
      failure: { code: 'no-baseline' },
      ended: { isDone: false },
    });
    await ended(desk.init('ada'));
    writeFileSync(join(base, 'data/holdfast.integrity'), 'x');
    expect(await ended(desk.check(false))).toMatchObject({ failure: { code: 'baseline-tampered' } });
    desk = newDesk();
    expect(await desk.state()).toMatchObject({ failure: { code: 'baseline-tampered' }, baseline: null });
  });
});
