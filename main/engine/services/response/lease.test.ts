import { describe, expect, it } from 'vitest';
import { actionRecordSchema, MAX_ACTION_STEPS, MAX_ACTION_TARGETS } from '../../../../contract/api-actions.ts';
import { holding, journalOf, type Lease, leaseOf, naming, stepped } from './lease.ts';

const HOUR_MS = 3_600_000;
const NEW: Lease = {
  held: { bootId: 'b', bootMs: 1_000, processes: [] },
  record: {
    id: 'x-0123456789ab',
    kind: 'freeze',
    mode: 'act',
    state: 'planned',
    createdMs: 0,
    updatedMs: 0,
    expiresMs: 24 * HOUR_MS,
    actor: 'engine',
    sentence: '',
    reason: 'It is so.',
    setting: 'response.ransomware',
    value: 'freeze',
    alertId: 'a-1',
    targets: [],
    targetCount: 0,
    spared: [],
    steps: [],
  },
};
const frozen = (pid: number) => ({
  pid,
  startTicks: pid,
  name: `p${pid}`,
  image: `/usr/bin/p${pid}`,
  commandLine: 'p',
});
const HELD = holding(NEW, [frozen(7), frozen(8)], []);

describe('a lease', () => {
  it('says "froze" only of what was seen to stand still', () => {
    const said = (state: 'planned' | 'applied' | 'verified' | 'reverted' | 'expired' | 'failed' | 'ended') =>
      stepped(HELD, { state, actor: 'engine', nowMs: 5 }).record.sentence;
    expect(said('verified')).toBe(
      'Froze p7 (7) and p8 (8): they stand still until somebody decides, 24 hours at the longest.',
    );
    for (const state of ['planned', 'applied', 'reverted', 'expired', 'failed', 'ended'] as const) {
      expect(said(state)).not.toMatch(/^Froze/);
      expect(said(state)).toContain('p7 (7) and p8 (8)');
    }
    const simulated: Lease = { ...HELD, record: { ...HELD.record, mode: 'simulate' } };
    expect(stepped(simulated, { state: 'planned', actor: 'engine', nowMs: 5 }).record.sentence).toBe(
      'Would have frozen p7 (7) and p8 (8).',
    );
  });

  it('has no end to wait for once it is over', () => {
    expect(stepped(HELD, { state: 'verified', actor: 'engine', nowMs: 5 }).record.expiresMs).toBe(24 * HOUR_MS);
    expect(stepped(HELD, { state: 'reverted', actor: 'ann', nowMs: 5 }).record.expiresMs).toBeNull();
  });

  it('stays within the bounds of the contract, however long it lives and much it holds', () => {
    let lease = holding(
      NEW,
      Array.from({ length: 1_000 }, (_, index) => frozen(index + 1)),
      [],
    );
    for (let step = 0; step < 100; step++) {
      lease = stepped(lease, { state: step % 2 === 0 ? 'applied' : 'verified', actor: 'engine', nowMs: step });
    }
    expect(lease.record.steps).toHaveLength(MAX_ACTION_STEPS);
    expect(lease.record.steps[0]?.timeMs).toBe(0);
    expect(lease.record.targets).toHaveLength(MAX_ACTION_TARGETS);
    expect(lease.record.targetCount).toBe(1_000);
    expect(actionRecordSchema.safeParse(lease.record).success).toBe(true);
    expect(lease.record.sentence).toContain('(1000 processes in all)');
  });

  it('names what it could not hold', () => {
    const named = naming(NEW, { pid: 9, startedMs: 3, image: '/usr/bin/gpg', commandLine: 'gpg -c' });
    const { sentence } = stepped(named, { state: 'failed', actor: 'engine', note: 'It had ended.', nowMs: 5 }).record;
    expect(sentence).toBe('Could not freeze gpg (9). It had ended.');
  });

  it('comes back from the store as it was, and not at all where it was damaged', () => {
    const { record, held } = HELD;
    expect(leaseOf(JSON.parse(JSON.stringify({ record, held })))).toEqual(HELD);
    for (const damaged of [
      null,
      'x',
      {},
      { ...held, processes: 7 },
      { ...held, processes: [{ ...frozen(7), pid: -1 }] },
      { ...held, processes: [{ ...frozen(7), startTicks: 'x' }] },
      { ...held, bootId: undefined },
    ]) {
      expect(leaseOf({ record, held: damaged })).toBeUndefined();
    }
  });

  it('goes into the journal with who did it and the setting that decided', () => {
    const entry = journalOf(stepped(HELD, { state: 'reverted', actor: 'user ann', nowMs: 5 }));
    expect(entry).toMatchObject({ actor: 'user ann', action: 'freeze-reverted', subject: NEW.record.id });
    expect(entry.detail).toMatchObject({ 'response.ransomware': 'freeze', processes: ['p7 (7)', 'p8 (8)'] });
  });
});
