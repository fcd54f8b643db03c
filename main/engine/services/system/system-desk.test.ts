import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Inventory, inventorySchema, SYSTEM_CALLS } from '../../../../contract/api-system.ts';
import { ManualClock } from '../../runtime/clock.ts';
import type { PersistenceEntry } from '../../sensors/index.ts';
import { jsonPage } from './json-page.ts';
import { SystemDesk } from './system-desk.ts';
import type { lookAtSystem } from './system-look.ts';

const ENTRY: PersistenceEntry = {
  place: 'crontab',
  path: '/etc/crontab',
  content: '* * * * * root true',
  isMore: false,
  users: ['root'],
  package: 'dpkg:cron',
  changedMs: 1,
  firstSeenMs: undefined,
  isNew: false,
  isEnabled: undefined,
};
const ENTRIES: readonly PersistenceEntry[] = [
  ENTRY,
  { ...ENTRY, path: '/etc/cron.d/x', package: undefined, content: 'Evil', isNew: true, firstSeenMs: 5 },
  { ...ENTRY, place: 'motd', path: '/etc/update-motd.d/1' },
];

function deskOf(clock = new ManualClock()) {
  let looks = 0;
  const look = (async (task: { readonly look: string }) => {
    looks++;
    if (task.look === 'inventory') throw new Error('no hardware here');
    return { type: 'persistence', takenMs: 7, entries: ENTRIES };
  }) as unknown as typeof lookAtSystem;
  return { desk: new SystemDesk({ clock, dataDirectory: '/none', look }), clock, looks: () => looks };
}

const ask = (desk: SystemDesk, input: object = {}) =>
  desk.persistence(SYSTEM_CALLS['persistence.list'].input.parse(input));

describe('SystemDesk', () => {
  it('gives what is asked for, as the contract says', async () => {
    const { desk } = deskOf();
    const all = await ask(desk);
    expect(SYSTEM_CALLS['persistence.list'].output.parse(all)).toMatchObject({ takenMs: 7, total: 3, next: null });
    expect((await ask(desk, { isUnowned: true })).entries.map(({ path }) => path)).toEqual(['/etc/cron.d/x']);
    expect((await ask(desk, { isNew: true })).total).toBe(1);
    expect((await ask(desk, { places: ['motd'] })).total).toBe(1);
    expect((await ask(desk, { search: 'eViL' })).total).toBe(1);
  });

  it('looks once for many who ask, and again after a while', async () => {
    const { desk, clock, looks } = deskOf();
    await Promise.all([ask(desk), ask(desk)]);
    expect(looks()).toBe(1);
    clock.advance(11_000);
    const { next } = await ask(desk, { limit: 2 });
    expect(looks()).toBe(2);
    clock.advance(60_000);
    expect((await ask(desk, { limit: 2, cursor: next ?? '' })).entries).toHaveLength(1);
    expect(looks()).toBe(2);
  });

  it('does not keep a look that failed', async () => {
    const { desk, looks } = deskOf();
    await expect(desk.inventory(false)).rejects.toThrow('no hardware');
    await expect(desk.inventory(false)).rejects.toThrow('no hardware');
    expect(looks()).toBe(2);
  });
});

describe('a real look', () => {
  it('says what this computer is, as the contract says', { timeout: 60_000 }, async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'holdfast-look-'));
    const desk = new SystemDesk({ clock: new ManualClock(Date.now()), dataDirectory });
    try {
      const inventory: Inventory = inventorySchema.parse(await desk.inventory(true));
      expect(inventory.problems).toEqual([]);
      expect(inventory.users.find(({ name }) => name === 'root')).toMatchObject({ uid: 0, isAdministrator: true });
      expect(inventory.memory.bytes).toBeGreaterThan(0);
      expect(inventory.system.kernel).not.toBe('');
      const list = SYSTEM_CALLS['persistence.list'].output.parse(await ask(desk));
      expect(list.total).toBeGreaterThan(0);
    } finally {
      desk.stop();
      rmSync(dataDirectory, { recursive: true });
    }
  });
});

describe('jsonPage', () => {
  it('gives every item once, whatever they weigh', () => {
    const items = fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 5 }), (sizes, limit) => {
        const list = sizes.map((size, index) => `${index}${'x'.repeat(size)}`);
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; pages <= list.length; pages++) {
          const page = jsonPage(list, limit, cursor);
          seen.push(...page.items);
          if (page.next === null) break;
          cursor = page.next;
        }
        expect(seen).toEqual(list);
      }),
      { numRuns: 30 },
    );
    expect(jsonPage([1, 2], 5, 'nonsense').items).toEqual([1, 2]);
    expect(jsonPage([1, 2], 5, '99')).toEqual({ items: [], next: null });
  });
});
