import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Profile } from '../../../../contract/api-models.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { readConditions } from './model-conditions.ts';
import { type ScheduleState, scheduleOf } from './model-schedule.ts';
import { modelSettings } from './model-settings.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 1_700_000_000_000;
const trained = (days: number) => ({ trainedMs: NOW_MS - days * DAY_MS }) as Profile;
const state = (changes: Partial<ScheduleState> = {}): ScheduleState => ({
  settings: defaultsOf(modelSettings),
  nowMs: NOW_MS,
  rows: 5_000,
  watchedMs: 2 * DAY_MS,
  active: undefined,
  isDrifted: false,
  triedMs: null,
  floodMs: null,
  conditions: () => ({ isOnMains: true, loadPerCore: 0.1 }),
  ...changes,
});
const MAY_BEGIN = { isDue: true, waitsFor: '' };
const NOT_DUE = { isDue: false, waitsFor: '' };

describe('the schedule of training', () => {
  it.each<[string, Partial<ScheduleState>, object]>([
    ['enough was seen', {}, MAY_BEGIN],
    ['there are too few rows', { rows: 1_999 }, NOT_DUE],
    ['it was watched for too short', { watchedMs: DAY_MS / 2 }, NOT_DUE],
    ['the last is a week old', { active: trained(7) }, MAY_BEGIN],
    ['the last is younger', { active: trained(6.9) }, NOT_DUE],
    ['the last is younger, but habits have moved', { active: trained(2), isDrifted: true }, MAY_BEGIN],
    ['it was tried today', { active: trained(9), triedMs: NOW_MS - DAY_MS / 2 }, NOT_DUE],
    ['it was tried yesterday', { active: trained(9), triedMs: NOW_MS - DAY_MS }, MAY_BEGIN],
    ['the last is of a clock that ran ahead', { active: trained(-400) }, MAY_BEGIN],
    [
      'it was tried, and there was a flood, by such a clock',
      { triedMs: NOW_MS + DAY_MS, floodMs: NOW_MS + DAY_MS },
      MAY_BEGIN,
    ],
  ])('when %s', (_when, changes, verdict) => expect(scheduleOf(state(changes))).toEqual(verdict));

  it.each<[string, Partial<ScheduleState>]>([
    ['flood', { floodMs: NOW_MS - 60_000 }],
    ['charger', { conditions: () => ({ isOnMains: false, loadPerCore: 0 }) }],
    ['less to do', { conditions: () => ({ isOnMains: true, loadPerCore: 0.6 }) }],
  ])('waits for: %s', (what, changes) => {
    const { isDue, waitsFor } = scheduleOf(state(changes));
    expect(isDue).toBe(true);
    expect(waitsFor).toContain(what);
  });
});

describe('whether a computer is on mains', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-power-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, Readonly<Record<string, Readonly<Record<string, string>>>>, boolean]>([
    ['a desktop', {}, true],
    [
      'a laptop that is charged',
      { AC: { type: 'Mains', online: '1' }, BAT0: { type: 'Battery', status: 'Charging' } },
      true,
    ],
    [
      'a laptop on battery',
      { AC: { type: 'Mains', online: '0' }, BAT0: { type: 'Battery', status: 'Discharging' } },
      false,
    ],
    [
      'a tablet at a charger',
      { usb: { type: 'USB', online: '1' }, BAT0: { type: 'Battery', status: 'Discharging' } },
      true,
    ],
    ['a battery alone', { BAT0: { type: 'Battery', status: 'Discharging' } }, false],
    ['a desktop with a mouse', { mouse: { type: 'Battery', scope: 'Device', status: 'Discharging' } }, true],
  ])('%s', (name, supplies, isOnMains) => {
    const directory = join(folder, name.replaceAll(' ', '-'));
    for (const [supply, files] of Object.entries(supplies)) {
      mkdirSync(join(directory, supply), { recursive: true });
      for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, supply, file), `${text}\n`);
    }
    expect(readConditions(directory).isOnMains).toBe(isOnMains);
    expect(readConditions(directory).loadPerCore).toBeGreaterThanOrEqual(0);
  });
});
