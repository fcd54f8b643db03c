import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_PREFERENCES, PreferenceStore } from './preferences.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-preferences-'));
  path = join(folder, 'app', 'preferences.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('preferences', () => {
  it('are the usual ones at first, and are kept', () => {
    const store = new PreferenceStore(path);
    expect(store.current.value).toEqual(DEFAULT_PREFERENCES);
    const told: string[] = [];
    store.current.watch(({ theme }) => told.push(theme));
    store.set({ ...DEFAULT_PREFERENCES, theme: 'dark' });
    expect(told).toEqual(['system', 'dark']);
    expect(new PreferenceStore(path).current.value.theme).toBe('dark');
    expect(readdirSync(join(folder, 'app'))).toEqual(['preferences.json']);
  });

  it('are the usual ones where the file is broken, which is kept aside', () => {
    mkdirSync(join(folder, 'app'));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        writeFileSync(path, text);
        const store = new PreferenceStore(path);
        expect(store.current.value).toEqual(DEFAULT_PREFERENCES);
        expect(store.keptAside).toBe(`${path}.broken`);
        expect(readFileSync(`${path}.broken`, 'utf8')).toBe(text);
        expect(existsSync(path)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('are not changed where they cannot be written, or make no sense', () => {
    writeFileSync(join(folder, 'app'), 'a file in the way');
    const store = new PreferenceStore(path);
    expect(() => store.set({ ...DEFAULT_PREFERENCES, theme: 'dark' })).toThrow('could not be kept');
    const notifications = { ...DEFAULT_PREFERENCES.notifications, quietFrom: '22:00' };
    expect(() => store.set({ ...DEFAULT_PREFERENCES, notifications })).toThrow('Quiet hours need');
    expect(store.current.value).toEqual(DEFAULT_PREFERENCES);
  });
});
