import { describe, expect, it } from 'vitest';
import type { Status } from '../../contract/api-schemas.ts';
import type { EngineLink } from '../../contract/shell-schemas.ts';
import type { DesktopState } from './desktop-state.ts';
import { trayView } from './tray-view.ts';

const LINK: EngineLink = {
  state: 'connected',
  kind: 'service',
  role: 'admin',
  sinceMs: 0,
  failure: null,
  canEnable: false,
  whyNotEnable: '',
};
const STATUS: Status = {
  version: '0.1.0',
  startedMs: 0,
  uptimeSeconds: 1,
  mode: 'observe',
  health: [],
  interfaces: [
    {
      name: 'eth0',
      state: 'up',
      detail: '',
      packetsPerSecond: 0,
      bytesPerSecond: 0,
      received: 0,
      dropped: 0,
      bytes: 0,
    },
  ],
  traffic: { packetsPerSecond: 0, bytesPerSecond: 0, openFlows: 0 },
  pause: null,
  abilities: [{ id: 'isolate', isAvailable: false, why: 'This version cannot isolate.' }],
  alerts: { info: 0, low: 0, medium: 0, high: 0, critical: 0 },
  cost: { pid: 1, cpuPercent: 0, memoryBytes: 0 },
};
const STATE: DesktopState = { link: LINK, status: STATUS, role: 'admin', ownsEngine: false };

const view = (changes: Partial<DesktopState>) => trayView({ ...STATE, ...changes }, { timeText: () => '14:05' });
/** What can be pressed as it is, the rest in parentheses. */
const labels = (changes: Partial<DesktopState>) =>
  view(changes).items.map((item) =>
    item.type === 'separator' ? '-' : item.command === undefined ? `(${item.label})` : item.label,
  );

describe('the tray', () => {
  it('says that the computer is protected', () => {
    expect(view({})).toMatchObject({ state: 'protected', toolTip: 'Holdfast – Protected: watching eth0.' });
    expect(labels({})).toEqual([
      '(Protected: watching eth0.)',
      '-',
      'Alerts',
      'Pause for 15 minutes',
      '(Isolate this computer (this version cannot yet))',
      '-',
      'Open Holdfast',
      'Quit (protection goes on)',
    ]);
  });

  it.each<[string, Partial<DesktopState>, string, string]>([
    [
      'alerts',
      { status: { ...STATUS, alerts: { ...STATUS.alerts, high: 2 } } },
      'attention',
      '2 alerts need attention.',
    ],
    [
      'notices',
      { status: { ...STATUS, alerts: { ...STATUS.alerts, low: 2 } } },
      'protected',
      'Protected: watching eth0.',
    ],
    [
      'a gap',
      { status: { ...STATUS, health: [{ part: 'x', state: 'degraded', detail: 'no', counters: {} }] } },
      'attention',
      'Partly protected: watching eth0, but not everything works.',
    ],
    [
      'a pause',
      { status: { ...STATUS, pause: { untilMs: 1, sinceMs: 0, reason: '', actor: '' } } },
      'paused',
      'Paused until 14:05: nothing is watched.',
    ],
    [
      'nothing watched',
      { status: { ...STATUS, interfaces: [] } },
      'no-protection',
      'Not protected: no network is watched yet.',
    ],
    ['no word yet', { status: undefined }, 'no-protection', 'Asking the engine how it stands…'],
    [
      'a dead engine',
      {
        status: undefined,
        link: { ...LINK, state: 'failed', failure: { code: 'x', message: 'The engine ended: a\u202eb.', hint: '' } },
      },
      'no-protection',
      'Not protected: the engine ended: a\\u{202e}b.',
    ],
    [
      'an engine that starts',
      { status: undefined, link: { ...LINK, state: 'connecting' } },
      'no-protection',
      'Not protected: the engine is being started.',
    ],
  ])('tells of %s', (_what, changes, state, sentence) => {
    expect(view(changes)).toMatchObject({ state, toolTip: `Holdfast – ${sentence}` });
  });

  it('offers to start a dead engine', () => {
    expect(labels({ status: undefined, link: { ...LINK, state: 'failed' } })).toContain('Start the engine again');
  });

  it('offers only what this user may do', () => {
    expect(labels({ role: 'view' })).toContain('(Pause for 15 minutes (this user may only look))');
    expect(labels({ role: 'operate' })).toContain('Pause for 15 minutes');
    expect(labels({ role: 'emperor' })).toContain('(Pause for 15 minutes (this user may only look))');
  });

  it('offers to watch again while it is paused, and to isolate where that is possible', () => {
    const pause = { untilMs: 1, sinceMs: 0, reason: '', actor: '' };
    expect(labels({ status: { ...STATUS, pause } })).toContain('Watch again now');
    const abilities: Status['abilities'] = [{ id: 'isolate', isAvailable: true, why: '' }];
    expect(labels({ status: { ...STATUS, abilities } })).toContain('Isolate this computer…');
  });

  it('says what quitting means', () => {
    expect(labels({ ownsEngine: true })).toContain('Quit (ends protection)');
    expect(labels({ link: { ...LINK, state: 'lost' } })).toContain('Quit');
  });
});
