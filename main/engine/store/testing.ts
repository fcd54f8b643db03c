/** Support for tests of this folder: a store of its own, with a clock that stands still. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../runtime/clock.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { openStore } from './store.ts';
import { type StoreSettings, storeSettings } from './store-settings.ts';
import type { FlowRecord, Store } from './types.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const START_MS = Date.UTC(2026, 0, 1);

export class FlowStoreScene {
  readonly clock: ManualClock;
  readonly store: Store;
  /** Of the database. */
  readonly path: string;
  readonly health: HealthRegistry;
  readonly #folder: string;

  private constructor(folder: string, path: string, clock: ManualClock, health: HealthRegistry, store: Store) {
    this.#folder = folder;
    this.path = path;
    this.clock = clock;
    this.health = health;
    this.store = store;
  }

  static async open(changes: Partial<StoreSettings> = {}): Promise<FlowStoreScene> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
    const clock = new ManualClock(START_MS);
    const settings = { ...defaultsOf(storeSettings), ...changes };
    const path = join(folder, 'data', 'holdfast.db');
    const health = new HealthRegistry();
    return new FlowStoreScene(folder, path, clock, health, await openStore({ path, clock, health, settings }));
  }

  flow(number: number, changes: Partial<FlowRecord> = {}): FlowRecord {
    return {
      firstUs: START_MS * 1000,
      lastUs: START_MS * 1000 + 10,
      protocol: 6,
      initiator: '10.0.0.5',
      initiatorPort: 40_000 + number,
      responder: '10.0.1.1',
      responderPort: 443,
      vlan: 0,
      tunnel: 0,
      initiatorPackets: 3,
      responderPackets: 2,
      initiatorBytes: 300,
      responderBytes: 5_000,
      service: 'tls',
      endReason: 0,
      ...changes,
    };
  }

  /** Days pass on the wall clock at once, and then the minute that brings the next pass of retention. */
  wait(days: number): void {
    this.store.flush();
    this.clock.setWallClock(this.clock.nowMs() + days * 24 * HOUR_MS);
    this.clock.advance(MINUTE_MS);
  }

  close(): void {
    this.store.close();
    rmSync(this.#folder, { recursive: true });
  }
}
