import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../runtime/clock.ts';
import { codeOf } from '../runtime/failure.ts';
import { HealthRegistry } from '../runtime/health.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { openStore, type Store, storeSettings } from './index.ts';

const mayMount = process.geteuid?.() === 0 && canMount();

function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-mount-'));
  try {
    mount(place);
    execFileSync('umount', [place]);
    return true;
  } catch {
    console.log('skipped: a small file system cannot be mounted here (needs root outside a container)');
    return false;
  } finally {
    rmdirSync(place);
  }
}

function mount(place: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'holdfast-test', place], { stdio: 'ignore' });
}

describe.runIf(mayMount)('the store on a small file system', () => {
  let place: string;
  let clock: ManualClock;
  let health: HealthRegistry;
  let store: Store | undefined;

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'holdfast-full-'));
    mount(place);
    clock = new ManualClock(Date.UTC(2026, 0, 1));
    health = new HealthRegistry();
  });

  afterEach(() => {
    store?.close();
    store = undefined;
    execFileSync('umount', [place]);
    rmdirSync(place);
  });

  const entry = () => health.report().entries[0];

  async function open(): Promise<Store> {
    store = await openStore({ path: join(place, 'holdfast.db'), clock, health, settings: defaultsOf(storeSettings) });
    return store;
  }

  function fillDisk(): string {
    const filler = join(place, 'filler');
    for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) {
      try {
        for (;;) {
          writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
        }
      } catch (error) {
        expect(codeOf(error)).toBe('ENOSPC');
      }
    }
    return filler;
  }

  function write(target: Store, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const detail = { text: 'x'.repeat(1000) };
      target.appendJournal({ actor: 'engine', action: 'test', subject: String(index), detail });
    }
  }

  it('says that the disk is full, goes on, and catches up when there is room', async () => {
    const target = await open();
    write(target, 10);
    expect(target.flush()).toBe(true);
    const filler = fillDisk();
    write(target, 200);
    clock.advance(500);
    expect(entry()).toMatchObject({ state: 'degraded', counters: { pendingRows: 200, droppedRows: 0 } });
    expect(entry().detail).toContain('disk is full');
    // What was stored can still be read.
    expect(target.listJournal().rows).toHaveLength(10);
    rmSync(filler);
    clock.advance(60_000);
    expect(entry()).toMatchObject({ state: 'ok', counters: { pendingRows: 0 } });
    expect(target.verifyJournal()).toEqual({ intact: true, entries: 210 });
  });

  it('begins in memory when the disk is full from the start', async () => {
    const filler = fillDisk();
    const target = await open();
    write(target, 5);
    clock.advance(2_000);
    expect(entry()).toMatchObject({ state: 'degraded', counters: { pendingRows: 5 } });
    rmSync(filler);
    clock.advance(60_000);
    expect(entry().state).toBe('ok');
    expect(target.verifyJournal()).toEqual({ intact: true, entries: 5 });
  });

  it('says that the file system is read-only, and catches up when it is not', async () => {
    (await open()).close();
    health = new HealthRegistry();
    execFileSync('mount', ['-o', 'remount,ro', place]);
    const target = await open();
    write(target, 5);
    clock.advance(2_000);
    expect(entry()).toMatchObject({ state: 'degraded', counters: { pendingRows: 5 } });
    expect(entry().detail).toContain('can only be read');
    execFileSync('mount', ['-o', 'remount,rw', place]);
    clock.advance(60_000);
    expect(entry()).toMatchObject({ state: 'ok', counters: { pendingRows: 0 } });
  });
});
