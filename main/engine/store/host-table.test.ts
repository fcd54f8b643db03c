import { afterEach, describe, expect, it } from 'vitest';
import { FlowStoreScene, HOUR_MS, START_MS } from './testing.ts';
import type { HostTally } from './types.ts';

let scene: FlowStoreScene;
afterEach(() => scene.close());

function tally(address: string, changes: Partial<HostTally> = {}): HostTally {
  return {
    address,
    hourMs: START_MS,
    firstSeenMs: START_MS,
    lastSeenMs: START_MS + 1_000,
    sentBytes: 10,
    receivedBytes: 20,
    flows: 1,
    services: 0b10,
    isProven: true,
    ...changes,
  };
}

const all = { sinceMs: 0, limit: 1_000, search: '' };

describe('hosts', () => {
  it('are told by bytes, over the hours that are asked for', async () => {
    scene = await FlowStoreScene.open();
    const later = { hourMs: START_MS + 5 * HOUR_MS, lastSeenMs: START_MS + 5 * HOUR_MS, services: 0b100 };
    scene.store.addHosts([tally('10.0.0.1'), tally('10.0.0.1', later), tally('10.0.0.2', { sentBytes: 500 })]);
    const { rows, total, rememberedSinceMs } = scene.store.listHosts(all);
    expect([total, rememberedSinceMs]).toEqual([2, START_MS]);
    expect(rows.map(({ address }) => address)).toEqual(['10.0.0.2', '10.0.0.1']);
    expect(rows[1]).toEqual({
      address: '10.0.0.1',
      firstSeenMs: START_MS,
      lastSeenMs: START_MS + 5 * HOUR_MS,
      sentBytes: 20,
      receivedBytes: 40,
      flows: 2,
      services: 0b110,
    });
    const lately = scene.store.listHosts({ ...all, sinceMs: START_MS + 5 * HOUR_MS });
    expect(lately.rows).toMatchObject([{ address: '10.0.0.1', sentBytes: 10, firstSeenMs: START_MS }]);
    expect(scene.store.listHosts({ ...all, limit: 1 })).toMatchObject({ total: 2, rows: [{ address: '10.0.0.2' }] });
  });

  it('are found by a part of the address, and by nothing that looks like a pattern', async () => {
    scene = await FlowStoreScene.open();
    scene.store.addHosts([tally('10.0.0.1'), tally('fe80::ab')]);
    expect(scene.store.listHosts({ ...all, search: '::AB' })).toMatchObject({
      total: 1,
      rows: [{ address: 'fe80::ab' }],
    });
    expect(scene.store.listHosts({ ...all, search: '%' })).toMatchObject({ total: 0, rows: [] });
  });

  it('are bounded: the oldest go, and the unproven only displace each other', async () => {
    scene = await FlowStoreScene.open({ hostCapacity: 100 });
    const many = (prefix: string, isProven: boolean) =>
      Array.from({ length: 300 }, (_, n) => tally(`${prefix}.${n}`, { isProven, lastSeenMs: START_MS + n }));
    scene.store.addHosts([...many('real', true).slice(0, 50), ...many('forged', false)]);
    scene.wait(0);
    const addresses = () => scene.store.listHosts(all).rows.map(({ address }) => address);
    expect(addresses().filter((address) => address.startsWith('real'))).toHaveLength(50);
    expect(new Set(addresses().filter((address) => address.startsWith('forged')))).toEqual(
      new Set(Array.from({ length: 10 }, (_, n) => `forged.${290 + n}`)),
    );
    scene.store.addHosts(many('real', true));
    scene.wait(0);
    const real = addresses().filter((address) => address.startsWith('real'));
    expect(real).toHaveLength(90);
    expect(real).toContain('real.299');
    expect(real).not.toContain('real.0');
  });

  it('and their hours go with time', async () => {
    scene = await FlowStoreScene.open({ hostDays: 60 });
    scene.store.addHosts([tally('10.0.0.1')]);
    scene.wait(32);
    expect(scene.store.listHosts(all)).toMatchObject({ total: 0, rememberedSinceMs: START_MS });
    scene.wait(29);
    expect(scene.store.listHosts(all).rememberedSinceMs).toBe(Number.POSITIVE_INFINITY);
  });
});
